"""Who may be rung is decided at the claim, and looked at once more before the INVITE leaves."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa

from attempt_builders import NOON, a_result
from dialer_builders import World
from outdial.domain.attempt import Result
from outdial.domain.outcome import Outcome
from outdial.domain.request import RetryPolicy, Window
from outdial.domain.rules import CallingHours, CallingPolicy, Rules
from outdial.store.database import Database
from outdial.store.events import events_of_call
from outdial.store.schema import suppressions

IN_NEW_YORK, ALSO_THERE = "+12125550123", "+12125550199"
BY_DAY = Rules(CallingPolicy(hours=CallingHours(time(9), time(20))))
NINE_IN_NEW_YORK = datetime.fromisoformat("2026-03-02T09:00:00-05:00")
ONCE_A_DAY = Rules(CallingPolicy(per_day=1))


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


class TestTheClaim:
    async def test_moves_a_call_into_the_hours_where_the_person_is(self, world: World) -> None:
        await world.has_rules(BY_DAY)
        call_id = await world.call(to_number=IN_NEW_YORK)

        assert await world.claims(await world.holder()) == []

        row = await world.row(call_id)
        assert (row["state"], row["attempt"], row["due_at"]) == ("registered", 0, NINE_IN_NEW_YORK)

    async def test_ends_a_call_to_a_suppressed_number_and_says_why(self, world: World) -> None:
        await world.suppressed(IN_NEW_YORK)
        call_id = await world.call(to_number=IN_NEW_YORK)

        assert await world.claims(await world.holder()) == []

        row = await world.row(call_id)
        ended, processed = await world.db.read(events_of_call, call_id)
        assert (row["state"], row["outcome"]) == ("cancelled", "policy_blocked")
        assert row["reason"] == ended.data["reason"] == "the number is on the suppression list"
        assert (ended.type, processed.type) == ("call_ended", "processed")

    async def test_counts_the_dials_of_its_own_batch(self, world: World) -> None:
        await world.has_rules(ONCE_A_DAY)
        first, second = [await world.call(to_number=IN_NEW_YORK, lane=name) for name in ("a", "b")]
        other = await world.call(to_number=ALSO_THERE)

        claims = await world.claims(await world.holder())

        dialled = {one.call_id for one in claims}
        (left,) = {first, second} - dialled
        assert other in dialled
        assert len(dialled) == 2
        assert (await world.row(left))["due_at"] == NOON + timedelta(days=1)

    async def test_counts_the_dials_of_a_week_whatever_they_were_for(self, world: World) -> None:
        await world.has_rules(ONCE_A_DAY)
        holder = await world.holder()
        await world.call(to_number=IN_NEW_YORK)
        (one,) = await world.claims(holder)
        world.clock.forward(seconds=3)
        await world.asked(one)
        await world.finished(one, a_result(Outcome.BUSY, at=world.clock()))
        call_id = await world.call(to_number=IN_NEW_YORK)

        assert await world.claims(holder) == []

        assert (await world.row(call_id))["due_at"] == NOON + timedelta(days=1, seconds=3)

    async def test_does_not_count_a_dial_that_never_asked_its_carrier(self, world: World) -> None:
        await world.has_rules(ONCE_A_DAY)
        holder = await world.holder()
        await world.call(to_number=IN_NEW_YORK)
        (one,) = await world.claims(holder)
        await world.finished(one, Result(world.clock(), Outcome.TRUNK_FAILED, reason="no such trunk"))
        await world.call(to_number=IN_NEW_YORK)

        assert len(await world.claims(holder)) == 1

    async def test_takes_nothing_under_rules_nobody_can_read(self, world: World) -> None:
        neighbour = await World(world.db, world.clock).set_up()
        await world.has_rules(None)
        call_id, theirs = await world.call(), await neighbour.call()

        claims = await world.claims(await world.holder())

        row = await world.row(call_id)
        assert [one.call_id for one in claims] == [theirs]
        assert (row["state"], row["attempt"], row["due_at"]) == ("registered", 0, NOON)


class TestBeforeTheInvite:
    async def test_a_number_suppressed_since_the_claim_is_not_rung(self, world: World) -> None:
        await world.call(to_number=IN_NEW_YORK)
        one = await world.claimed()
        await world.suppressed(IN_NEW_YORK)

        assert not await world.asked(one)

    async def test_a_window_that_closed_since_the_claim_keeps_the_phone_silent(self, world: World) -> None:
        world.clock.forward(seconds=50)
        call_id = await world.call(window=Window(time(9), time(12), "UTC"))
        one = await world.claimed()
        world.clock.forward(seconds=10)

        assert not await world.asked(one)

        assert (await world.attempts(call_id))[0]["dialed_at"] is None

    async def test_a_window_in_its_last_second_is_open(self, world: World) -> None:
        world.clock.forward(seconds=50)
        await world.call(window=Window(time(9), time(12), "UTC"))
        one = await world.claimed()
        world.clock.forward(seconds=9)

        assert await world.asked(one)

    async def test_policy_hours_that_began_since_the_claim_hold(self, world: World) -> None:
        await world.call(to_number=IN_NEW_YORK)
        one = await world.claimed()
        await world.has_rules(BY_DAY)

        assert not await world.asked(one)

    async def test_rules_nobody_can_read_hold_everything(self, world: World) -> None:
        await world.call()
        one = await world.claimed()
        await world.has_rules(None)

        assert not await world.asked(one)

    async def test_the_dial_itself_is_not_one_too_many(self, world: World) -> None:
        await world.has_rules(ONCE_A_DAY)
        await world.call()

        assert await world.asked(await world.claimed())

    async def test_and_the_call_returns_to_the_calendar_that_decides_anew(self, world: World) -> None:
        call_id = await world.call(to_number=IN_NEW_YORK, retry=RetryPolicy(count=1))
        holder = await world.holder()
        one = await world.claimed(holder)
        await world.suppressed(IN_NEW_YORK)
        await world.asked(one)
        await world.finished(one, Result(world.clock(), Outcome.WORKER_LOST, reason="taken back before the dial"))
        returned = await world.row(call_id)

        assert await world.claims(holder) == []

        assert (returned["state"], returned["attempt"]) == ("registered", 0)
        assert (await world.row(call_id))["outcome"] == "policy_blocked"

    async def test_lifted_suppression_lets_it_ring(self, world: World) -> None:
        await world.suppressed()
        await world.run(sa.delete(suppressions))
        await world.call()

        assert await world.asked(await world.claimed())
