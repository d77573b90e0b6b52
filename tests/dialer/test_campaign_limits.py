"""Calls of campaigns at their claim: none too late, and no list takes more than its share."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import NOON, a_result
from dialer_builders import World
from outdial.domain.events import EventType
from outdial.domain.ids import new_id
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.domain.request import RetryPolicy
from outdial.domain.rules import Rules
from outdial.domain.waiting import Cause
from outdial.store.calls.calendar import Claim, glance
from outdial.store.calls.records import load_call
from outdial.store.database import Database
from outdial.store.schema import call_requests, calls, campaigns

ENDS_AT = NOON + timedelta(minutes=10)


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def a_list(world: World, share: int | None) -> str:
    """A campaign and nothing but it."""
    campaign_id, at = new_id(), world.clock()
    names = dict.fromkeys(("dialect", "name", "country_code", "callback_url", "trouble"), "")
    texts: dict[str, Any] = {name: {} for name in ("call_config", "mapping", "callers", "options")}
    times = dict.fromkeys(("starts_at", "ends_at", "created_at", "updated_at"), at)
    whose = {"workspace_id": world.workspace_id, "agent_id": world.agent_id, "state": "ongoing", "share": share}
    await world.insert(campaigns, id=campaign_id, **names, **texts, **times, **whose)
    return campaign_id


async def a_call_of(world: World, list_id: str) -> str:
    call_id = await world.call(lane=list_id)
    await world.run(calls.update().where(calls.c.id == call_id).values(bulk_list_id=list_id))
    return call_id


async def a_call_until(world: World, not_after: datetime, **wishes: Any) -> str:
    call_id = await world.call(**wishes)
    plan = Plan(retry=wishes.get("retry", RetryPolicy()), not_after=not_after).to_json()
    await world.run(call_requests.update().where(call_requests.c.call_id == call_id).values(plan=plan))
    return call_id


async def waits(world: World, call_id: str) -> tuple[tuple[Cause, ...], datetime | None]:
    record = await world.db.read(load_call, call_id, world.clock())
    assert record is not None
    return record.blocked_by, record.next_eligible_at


async def lists_of(world: World, claims: list[Claim]) -> Counter[str]:
    return Counter([(await world.row(one.call_id))["bulk_list_id"] or "" for one in claims])


class TestACallAfterTheEndOfItsCampaign:
    async def test_is_not_rung_but_ends(self, world: World) -> None:
        call_id = await a_call_until(world, ENDS_AT)
        world.clock.now = ENDS_AT

        assert await world.claims(await world.holder()) == []

        row = await world.row(call_id)
        assert (row["state"], row["outcome"], row["ended_at"]) == ("failed", "campaign_ended", ENDS_AT)
        assert (await world.told(call_id))[-2:] == [EventType.CALL_ENDED, EventType.PROCESSED]
        assert await world.attempts(call_id) == []

    async def test_is_rung_a_moment_before_it(self, world: World) -> None:
        await a_call_until(world, ENDS_AT)
        world.clock.now = ENDS_AT - timedelta(microseconds=1)

        one = await world.claimed()

        assert await world.asked(one)

    async def test_is_not_rung_either_if_it_was_claimed_before(self, world: World) -> None:
        await a_call_until(world, NOON + timedelta(seconds=1))
        one = await world.claimed()

        world.clock.forward(seconds=1)

        assert not await world.asked(one)

    async def test_is_not_rung_again(self, world: World) -> None:
        call_id = await a_call_until(world, ENDS_AT, retry=RetryPolicy(count=3, busy_min=30))
        one = await world.claimed()
        await world.asked(one)
        await world.finished(one, a_result(Outcome.BUSY, at=NOON))
        told = await waits(world, call_id)

        world.clock.forward(minutes=30)
        claims = await world.claims(await world.holder("another"))

        assert told == ((Cause.SCHEDULE, Cause.RETRY_DELAY), None)
        assert claims == []
        assert (await world.row(call_id))["outcome"] == "campaign_ended"


class TestTheShareOfAList:
    @pytest.mark.parametrize(("share", "many"), [(30, 3), (39, 3), (1, 1), (0, 1), (100, 10), (None, 10)])
    async def test_is_of_the_calls_its_workspace_may_make(self, world: World, share: int | None, many: int) -> None:
        await world.has_rules(Rules(max_calls=10))
        list_id = await a_list(world, share)
        for _ in range(12):
            await a_call_of(world, list_id)

        claims = await world.claims(await world.holder(), 7) + await world.claims(await world.holder("another"))

        assert len(claims) == many

    async def test_leaves_the_rest_to_others(self, world: World) -> None:
        await world.has_rules(Rules(max_calls=10))
        small, other = await a_list(world, 20), await a_list(world, None)
        for _ in range(9):
            await a_call_of(world, small)
            await a_call_of(world, other)
            await world.call()

        taken = await lists_of(world, await world.claims(await world.holder()))

        assert (taken[small], sum(taken.values())) == (2, 10)

    async def test_is_free_again_when_a_call_ends(self, world: World) -> None:
        await world.has_rules(Rules(max_calls=4))
        list_id = await a_list(world, 25)
        first, second = [await a_call_of(world, list_id) for _ in range(2)]
        holder = await world.holder()
        (one,) = await world.claims(holder)
        world.clock.forward(seconds=2)
        held_back = second if one.call_id == first else first
        told, in_vain = await waits(world, held_back), await world.claims(holder)
        looked = await world.db.read(glance, world.clock(), world.clock())

        await world.finished(one, a_result(at=world.clock()))

        assert told == ((Cause.CAPACITY,), None)
        assert (in_vain, looked.lanes) == ([], [])
        assert [again.call_id for again in await world.claims(holder)] == [held_back]

    async def test_of_no_limit_is_none(self, world: World) -> None:
        list_id = await a_list(world, 1)
        for _ in range(5):
            await a_call_of(world, list_id)

        assert len(await world.claims(await world.holder())) == 5

    @pytest.mark.parametrize(("in_lists", "more"), [(False, 0), (True, 1)])
    async def test_costs_a_statement_where_there_is_a_list(self, world: World, in_lists: bool, more: int) -> None:
        await world.has_rules(Rules(max_calls=10))
        list_id = await a_list(world, 50)
        await (a_call_of(world, list_id) if in_lists else world.call())
        asked: list[str] = []

        def look(conn: Connection) -> None:
            sa.event.listen(conn, "before_cursor_execute", lambda *args: asked.append(args[2]))
            glance(conn, world.clock(), world.clock())

        await world.db.read(look)

        assert sum("campaigns" in statement for statement in asked) == more
