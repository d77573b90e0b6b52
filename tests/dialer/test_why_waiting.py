"""Why a call waits and until when: each cause alone, and every two together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from itertools import combinations

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import NOON, a_result
from dialer_builders import World
from outdial.domain.attempt import Result
from outdial.domain.health import FAILURES_IN_A_ROW, REST
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.domain.record import CallRecord
from outdial.domain.request import RetryPolicy, Window
from outdial.domain.rules import CallingHours, CallingPolicy, Price, Rules
from outdial.domain.waiting import Cause
from outdial.store.calls.records import load_call, load_calls
from outdial.store.database import Database
from outdial.store.schema import call_requests, calls, numbers

IN_NEW_YORK = "+12125550123"
"""Where it is 07:00 at noon, UTC."""
ONCE_MORE = RetryPolicy(count=1, busy_min=60)
BY_THE_CLOCK: Mapping[Cause, timedelta] = {
    Cause.SCHEDULE: timedelta(hours=2),
    Cause.RETRY_DELAY: timedelta(hours=1),
    Cause.WINDOW: timedelta(hours=5),
    Cause.POLICY_HOURS: timedelta(hours=3),
    Cause.PROVIDER_HEALTH: REST,
}
"""How long after noon each of these alone lets the call below go."""
OF_THE_MOMENT = {Cause.CAPACITY, Cause.RATE_LIMIT}


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def record_of(world: World, call_id: str) -> CallRecord:
    found = await world.db.read(load_call, call_id, world.clock())
    assert found is not None
    return found


async def waits(world: World, call_id: str) -> tuple[tuple[str, ...], object]:
    record = await record_of(world, call_id)
    return record.blocked_by, record.next_eligible_at


class Situation:
    """A call to New York at noon, UTC, and what is in its way."""

    def __init__(self, world: World, *causes: Cause) -> None:
        self._world = world
        self._causes = causes

    async def call(self) -> str:
        """The call, when all this holds. No time passes."""
        world, has = self._world, self._causes.__contains__
        call_id = await world.call(to_number=IN_NEW_YORK, retry=ONCE_MORE)
        holder = await world.holder()
        (one,) = await world.claims(holder)
        if has(Cause.RETRY_DELAY):
            await world.finished(one, a_result(Outcome.BUSY, at=NOON))
        else:
            await world.finished(one, Result(NOON, Outcome.WORKER_LOST))
            await self._set(calls, calls.c.id == call_id, due_at=NOON + timedelta(days=9))
        if has(Cause.RATE_LIMIT):
            await world.call()
            await world.claims(holder)
            await world.trunk_takes(calls_per_s=0.01)
        if has(Cause.PROVIDER_HEALTH):
            await self._trunk_fails(holder)
        if has(Cause.CAPACITY):
            await world.number_takes(0)
        if has(Cause.CALLER_NUMBER):
            await self._set(numbers, sa.true(), spam=True)
        await world.has_rules(
            Rules(
                # Opens in New York at 15:00, UTC.
                policy=CallingPolicy(CallingHours(time(10), time(20)) if has(Cause.POLICY_HOURS) else None),
                price=Price(1_000_000) if has(Cause.CREDITS) else None,
            )
        )
        plan = Plan(
            retry=ONCE_MORE,
            window=Window(time(17), time(18), "UTC") if has(Cause.WINDOW) else None,
            scheduled_at=NOON + timedelta(hours=2) if has(Cause.SCHEDULE) else None,
        )
        await self._set(call_requests, call_requests.c.call_id == call_id, plan=plan.to_json())
        if not has(Cause.RETRY_DELAY):
            await self._set(calls, calls.c.id == call_id, due_at=plan.scheduled_at or NOON)
        return call_id

    async def _set(self, table: sa.Table, where: sa.ColumnElement[bool], **values: object) -> None:
        await self._world.run(table.update().where(where).values(**values))

    async def _trunk_fails(self, holder: str) -> None:
        await self._world.trunk_takes()
        for _ in range(FAILURES_IN_A_ROW):
            await self._world.call()
        for one in await self._world.claims(holder):
            await self._world.asked(one)
            await self._world.finished(one, a_result(Outcome.TRUNK_FAILED, at=NOON))
        if Cause.RATE_LIMIT in self._causes:
            await self._world.trunk_takes(calls_per_s=0.01)


@pytest.mark.parametrize("cause", Cause)
async def test_one_cause_is_named_alone(world: World, cause: Cause) -> None:
    call_id = await Situation(world, cause).call()

    until = NOON + BY_THE_CLOCK[cause] if cause in BY_THE_CLOCK else None
    assert await waits(world, call_id) == ((cause,), until)
    assert await world.claims(await world.holder()) == []


@pytest.mark.parametrize(("one", "other"), list(combinations(Cause, 2)))
async def test_two_causes_are_both_named_and_the_later_counts(world: World, one: Cause, other: Cause) -> None:
    call_id = await Situation(world, one, other).call()

    named = _named_of(one, other)
    known = all(cause in BY_THE_CLOCK for cause in named)
    until = NOON + max(BY_THE_CLOCK[cause] for cause in named) if known else None
    assert await waits(world, call_id) == (named, until)


def _named_of(one: Cause, other: Cause) -> tuple[Cause, ...]:
    """Both, but for what the other one makes pointless to say."""
    both = {one, other}
    if both == {Cause.SCHEDULE, Cause.RETRY_DELAY}:
        # The customer named another moment after the failure: it replaces the pause.
        return (Cause.SCHEDULE,)
    if both & {Cause.SCHEDULE, Cause.RETRY_DELAY, Cause.WINDOW, Cause.POLICY_HOURS}:
        # Its moment has not come: who knows how full it will be then.
        both -= OF_THE_MOMENT
    if Cause.CALLER_NUMBER in both:
        # There is no number that could be full, and no trunk of it that could rest.
        both -= {*OF_THE_MOMENT, Cause.PROVIDER_HEALTH}
    return tuple(cause for cause in Cause if cause in both)


class TestACallThatIsDue:
    async def test_waits_for_nothing_at_first_and_for_the_machines_then(self, world: World) -> None:
        call_id = await world.call()

        assert await waits(world, call_id) == ((), NOON)
        world.clock.forward(seconds=1)
        assert await waits(world, call_id) == (("capacity",), None)

    @pytest.mark.parametrize("limit", ["workspace", "number", "trunk"])
    async def test_waits_for_a_place_where_the_limit_is_reached(self, world: World, limit: str) -> None:
        if limit == "workspace":
            await world.has_rules(Rules(max_calls=1))
        elif limit == "number":
            await world.number_takes(1)
        else:
            await world.trunk_takes(max_calls=1)
        await world.call()
        await world.claimed()

        assert await waits(world, await world.call()) == (("capacity",), None)

    async def test_waits_for_nothing_while_one_of_its_numbers_is_free(self, world: World) -> None:
        await world.number_takes(0)
        await world.number()

        assert await waits(world, await world.call()) == ((), NOON)

    async def test_waits_for_whatever_is_in_the_way_of_each_of_its_numbers(self, world: World) -> None:
        await world.number_takes(0)
        elsewhere = await world.trunk()
        await world.trunk_takes(calls_per_s=0, trunk_id=elsewhere)
        await world.number(trunk_id=elsewhere)

        assert await waits(world, await world.call()) == (("capacity", "rate_limit"), None)


class TestOtherRules:
    async def test_a_cap_reached_makes_it_wait_until_the_dial_is_a_day_old(self, world: World) -> None:
        await world.has_rules(Rules(policy=CallingPolicy(per_day=1)))
        await world.call()
        await world.asked(await world.claimed())

        assert await waits(world, await world.call()) == (("policy_hours",), NOON + timedelta(days=1))

    async def test_a_suppressed_number_is_never_eligible(self, world: World) -> None:
        await world.suppressed()

        assert await waits(world, await world.call()) == (("policy_hours",), None)

    async def test_rules_nobody_can_read_are_waited_for(self, world: World) -> None:
        await world.has_rules(None)

        assert await waits(world, await world.call()) == (("policy_hours",), None)

    async def test_a_call_moved_under_rules_that_are_gone_says_when_it_goes(self, world: World) -> None:
        call_id = await world.call(due_at=NOON + timedelta(hours=3))

        assert await waits(world, call_id) == (("policy_hours",), NOON + timedelta(hours=3))

    async def test_a_moment_named_after_a_failure_has_come_though_the_pause_is_not_over(self, world: World) -> None:
        call_id = await Situation(world, Cause.RETRY_DELAY, Cause.SCHEDULE).call()
        sooner = Plan(retry=ONCE_MORE, scheduled_at=NOON + timedelta(minutes=5))
        await world.run(call_requests.update().where(call_requests.c.call_id == call_id).values(plan=sooner.to_json()))
        await world.run(calls.update().where(calls.c.id == call_id).values(due_at=sooner.scheduled_at))

        assert await waits(world, call_id) == (("schedule",), NOON + timedelta(minutes=5))
        world.clock.forward(minutes=5)
        assert await waits(world, call_id) == ((), NOON + timedelta(minutes=5))

    async def test_a_trunk_whose_rest_is_over_waits_for_its_probe_without_a_time(self, world: World) -> None:
        await Situation(world, Cause.PROVIDER_HEALTH).call()
        world.clock.forward(seconds=REST.total_seconds())
        waiting = await world.call(due_at=world.clock() + timedelta(seconds=1))
        world.clock.forward(seconds=1)
        assert await waits(world, waiting) == ((), world.clock())

        probes = await world.claims(await world.holder())

        assert len(probes) == 1
        assert probes[0].call_id != waiting
        assert await waits(world, waiting) == (("provider_health",), None)
        later = world.clock() + timedelta(hours=1)
        assert await waits(world, await world.call(scheduled_at=later)) == (("schedule", "provider_health"), later)

    async def test_a_rest_that_outlasts_the_window_is_followed_by_its_next_opening(self, world: World) -> None:
        world.clock.forward(seconds=40)
        holder = await world.holder()
        for _ in range(FAILURES_IN_A_ROW):
            await world.call()
        for one in await world.claims(holder):
            await world.asked(one)
            await world.finished(one, a_result(Outcome.TRUNK_FAILED, at=world.clock()))

        # Open until the end of 12:00; the rest ends at 12:01:10.
        call_id = await world.call(window=Window(time(9), time(12), "UTC"))

        tomorrow_at_nine = NOON.replace(hour=9) + timedelta(days=1)
        assert await waits(world, call_id) == (("window", "provider_health"), tomorrow_at_nine)


async def test_a_page_is_read_in_as_many_queries_as_one_call(world: World) -> None:
    ids = [await world.call(lane=f"list-{index}") for index in range(12)]

    await world.db.read(load_calls, ids, NOON)

    assert await world.db.read(_queries, ids[:1]) == await world.db.read(_queries, ids)


def _queries(conn: Connection, ids: Sequence[str]) -> int:
    """How many it takes to read these calls."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    sa.event.listen(conn, "before_cursor_execute", note)
    try:
        load_calls(conn, ids, NOON)
    finally:
        sa.event.remove(conn, "before_cursor_execute", note)
    return len(seen)
