"""A look at the calendar: whether a claim is worth its lock, when to look again, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import NOON
from dialer_builders import World
from outdial.domain.clock import to_micros
from outdial.domain.rules import Price, Rules
from outdial.store.calls.batches import fence
from outdial.store.calls.calendar import Glance, glance
from outdial.store.calls.lanes import DUE_IN_LANE, DUE_LANES, STILL_WAITS, lanes_due
from outdial.store.calls.survey import LATELY, LIVE
from outdial.store.database import Database
from outdial.store.schema import calls
from outdial.store.seeks import lateral_of, union_of

AHEAD = timedelta(minutes=1)


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def seen(world: World, ahead: timedelta = AHEAD) -> Glance:
    return await world.db.read(glance, world.clock(), world.clock() + ahead)


class TestAGlance:
    async def test_at_an_empty_calendar_sees_nothing(self, world: World) -> None:
        assert await seen(world) == Glance([], next_due=None)

    async def test_sees_what_is_due(self, world: World) -> None:
        await world.call()

        assert await seen(world) == Glance([world.lane()], next_due=None)

    async def test_sees_when_the_next_call_is_due_up_to_its_horizon(self, world: World) -> None:
        for seconds in (50, 20, 90):
            await world.call(due_at=NOON + timedelta(seconds=seconds), lane=f"in {seconds}")

        assert await seen(world) == Glance([], next_due=NOON + timedelta(seconds=20))
        assert await seen(world, timedelta(seconds=10)) == Glance([], next_due=None)

    async def test_sees_both(self, world: World) -> None:
        await world.call()
        await world.call(due_at=NOON + AHEAD, lane="later")

        assert await seen(world) == Glance([world.lane()], next_due=NOON + AHEAD)

    @pytest.mark.parametrize("obstacle", ["workspace", "number", "trunk", "pace", "credits", "rules", "no number"])
    async def test_is_not_led_on_by_what_cannot_go(self, world: World, obstacle: str) -> None:
        match obstacle:
            case "workspace":
                await world.has_rules(Rules(max_calls=0))
            case "number":
                await world.number_takes(0)
            case "trunk":
                await world.trunk_takes(max_calls=0)
            case "pace":
                await world.trunk_takes(calls_per_s=0)
            case "credits":
                await world.has_rules(Rules(price=Price(1)))
            case "rules":
                await world.has_rules(None)
        number_ids: list[str] | None = [] if obstacle == "no number" else None
        for lane in ("a", "b"):
            await world.call(lane=lane, number_ids=number_ids)

        assert await seen(world) == Glance([], next_due=None)
        assert await world.claims(await world.holder()) == []

    async def test_sees_the_one_set_of_numbers_with_room_among_many_without(self, world: World) -> None:
        full = [await world.number(max_calls=0) for _ in range(3)]
        for index in range(200):
            await world.call(number_ids=full[:2], lane=f"list-{index}")
        assert not (await seen(world)).lanes

        call_id = await world.call(number_ids=[full[2], world.number_ids[0]])

        assert (await seen(world)).lanes
        assert [one.call_id for one in await world.claims(await world.holder())] == [call_id]

    async def test_agrees_with_the_claim_that_follows(self, world: World) -> None:
        await world.number_takes(2)
        for index in range(5):
            await world.call(lane=f"list-{index}")
        holder = await world.holder()

        story = [(bool((await seen(world)).lanes), bool(await world.claims(holder, room=1))) for _ in range(4)]

        assert story == [(True, True), (True, True), (False, False), (False, False)]


class TestLookingForDueCalls:
    async def test_is_a_seek_however_many_lie_in_the_future_or_the_past(self, world: World) -> None:
        await world.fill(future=15_000, past=15_000)
        future, now = world.lane("future"), to_micros(NOON)

        lanes = await world.db.read(_plan, DUE_LANES, {"by": now})
        due = await _seek_plan(world.db, DUE_IN_LANE, {"key": future, "most": 10}, now=now)

        for plan in (lanes, due):
            assert "ix_calls_waiting" in plan
            assert "SCAN calls" not in plan
            assert "Seq Scan on calls" not in plan

    async def test_finds_the_lane_with_something_due_among_many(self, world: World) -> None:
        for index in range(5):
            await world.call(lane=f"later-{index}", due_at=NOON + timedelta(days=1))
        await world.call(lane="due")
        assert await world.db.read(lanes_due, NOON) == {world.lane("due"): NOON}


class TestCountingWhatIsUp:
    async def test_is_a_seek_however_many_attempts_lie_in_the_past(self, world: World) -> None:
        await world.fill_attempts(15_000)
        since = to_micros(NOON - timedelta(minutes=10))
        key = {"key": world.trunk_id, "dials_since": since, "dials": 50, "results_since": since, "results": 50}

        live = await world.db.read(_plan, LIVE, {"workspaces": [world.workspace_id]})
        lately = await _seek_plan(world.db, LATELY, key)

        for plan, index in ((live, "ix_attempts_live"), (lately, "ix_attempts_trunk")):
            assert index in plan
            assert "SCAN attempts\n" not in f"{plan}\n"
            assert "Seq Scan on attempts" not in plan
        # In the order of the index: a busy trunk's last minutes are many.
        assert "Sort" not in lately
        assert "TEMP B-TREE" not in lately


async def _seek_plan(db: Database, term: str, key: Mapping[str, Any], **all_keys: Any) -> str:
    """As ``seek`` asks either engine, with two keys that are alike."""
    if db.url.get_backend_name() == "sqlite":
        values = {f"{name}{at}": value for at in range(2) for name, value in key.items()}
        return await db.read(_plan, union_of(term, tuple(key), 2), values | all_keys)
    types = tuple((name, type(value)) for name, value in key.items())
    return await db.read(_plan, lateral_of(term, types), {name: [value] * 2 for name, value in key.items()} | all_keys)


class TestCallsNamedByTheirIds:
    @pytest.mark.parametrize("condition", [STILL_WAITS, fence(calls.c.state) == "registered"], ids=["waits", "fence"])
    async def test_are_looked_up_by_them_whatever_the_statistics_believe(
        self, world: World, condition: sa.ColumnElement[bool]
    ) -> None:
        """A list is imported into a calendar that was empty when the statistics were made."""
        await world.fill(future=0, past=15_000)
        ids = [await world.call(due_at=NOON + timedelta(days=1)) for _ in range(20)]

        plan = await world.db.read(_plan, sa.select(calls.c.id).where(calls.c.id.in_(ids), condition), {})

        assert "ix_calls_waiting" not in plan
        assert "pk_calls" in plan or "sqlite_autoindex_calls" in plan


def _plan(conn: Connection, statement: sa.ClauseElement, values: Mapping[str, Any]) -> str:
    how = "EXPLAIN QUERY PLAN" if conn.dialect.name == "sqlite" else "EXPLAIN"
    text = (
        statement
        if isinstance(statement, sa.TextClause)
        else statement.params(values).compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True})
    )
    asked = sa.text(f"{how} {text}")
    rows = conn.execute(asked, values if isinstance(statement, sa.TextClause) else {}).all()
    return "\n".join(str(row[-1]) for row in rows)
