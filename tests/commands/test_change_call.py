"""Changing one's mind about a call, at every moment of its life."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from attempt_builders import NOON, a_result
from dialer_builders import World
from outdial.commands.change_call import Stopped, cancel_call, cancel_waiting, hang_up, reschedule_call
from outdial.domain.attempt import Answered, Ringing
from outdial.domain.errors import Conflict, Invalid, NotFound
from outdial.domain.events import EventType
from outdial.domain.ids import new_id
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.domain.request import RetryPolicy, Window
from outdial.store.calls.calendar import Claim
from outdial.store.calls.waiting_calls import Selection
from outdial.store.database import Database
from outdial.store.schema import call_requests, calls

OVER = [EventType.CALL_ENDED, EventType.PROCESSED]
AGAIN = RetryPolicy(count=3)
BERLIN_BY_DAY = Window(time(9, 0), time(17, 0), "Europe/Berlin")


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def cancelled(world: World, call_id: str) -> Stopped:
    return await cancel_call(world.db, world.workspace_id, call_id, now=world.clock)


async def hung_up(world: World, call_id: str) -> None:
    await hang_up(world.db, world.workspace_id, call_id, now=world.clock)


async def rescheduled(world: World, call_id: str, at: datetime) -> datetime:
    return await reschedule_call(world.db, world.workspace_id, call_id, at, now=world.clock)


async def under_way(world: World, moment: str) -> Claim:
    """A call with redials left whose attempt has come this far."""
    await world.call(retry=AGAIN)
    one = await world.claimed()
    if moment != "claimed":
        await world.asked(one)
    if moment in ("ringing", "talking"):
        await world.recorded(one, Ringing(world.clock()))
    if moment == "talking":
        await world.recorded(one, Answered(world.clock()), known=1)
    return one


async def waiting_for_a_redial(world: World) -> str:
    one = await under_way(world, "asked")
    await world.finished(one, a_result(Outcome.BUSY, at=world.clock()))
    return one.call_id


UNDER_WAY = pytest.mark.parametrize("moment", ["claimed", "asked", "ringing", "talking"])


class TestCancellingAWaitingCall:
    async def test_ends_it_and_says_so_once(self, world: World) -> None:
        call_id = await world.call()

        assert await cancelled(world, call_id) is Stopped.CANCELLED

        row = await world.row(call_id)
        assert (row["state"], row["outcome"], row["ended_at"]) == ("cancelled", "cancelled", world.clock())
        assert row["reason"] == "cancelled on request"
        assert await world.told(call_id) == OVER
        assert await world.claims(await world.holder()) == []

    async def test_ends_it_between_two_dials(self, world: World) -> None:
        call_id = await waiting_for_a_redial(world)

        assert await cancelled(world, call_id) is Stopped.CANCELLED

        world.clock.forward(days=1)
        assert await world.claims(await world.holder()) == []
        assert (await world.told(call_id))[-2:] == OVER

    async def test_twice_is_refused_as_over(self, world: World) -> None:
        call_id = await world.call()
        await cancelled(world, call_id)

        with pytest.raises(Conflict, match="over: cancelled"):
            await cancelled(world, call_id)

        assert await world.told(call_id) == OVER


class TestStoppingAnAttempt:
    @UNDER_WAY
    async def test_is_written_down_for_its_dialer(self, world: World, moment: str) -> None:
        one = await under_way(world, moment)

        assert await cancelled(world, one.call_id) is Stopped.STOPPING

        (attempt,) = await world.attempts(one.call_id)
        assert attempt["stop_asked_at"] == world.clock()
        assert (await world.told(one.call_id))[-1] is EventType.STOP_ASKED

    @UNDER_WAY
    async def test_twice_is_once_also_by_hanging_up(self, world: World, moment: str) -> None:
        one = await under_way(world, moment)

        await cancelled(world, one.call_id)
        world.clock.forward(seconds=1)
        await hung_up(world, one.call_id)
        assert await cancelled(world, one.call_id) is Stopped.STOPPING

        (attempt,) = await world.attempts(one.call_id)
        assert attempt["stop_asked_at"] == NOON
        assert (await world.told(one.call_id)).count(EventType.STOP_ASKED) == 1

    async def test_before_the_carrier_is_asked_leaves_no_way_to_ask_it(self, world: World) -> None:
        one = await under_way(world, "claimed")

        await hung_up(world, one.call_id)

        assert not await world.asked(one)

    @pytest.mark.parametrize("moment", ["claimed", "asked", "ringing"])
    async def test_that_ends_busy_or_lost_at_the_same_moment_rings_nobody_again(
        self, world: World, moment: str
    ) -> None:
        for outcome in (Outcome.BUSY, Outcome.NO_ANSWER, Outcome.TRUNK_FAILED, Outcome.WORKER_LOST):
            one = await under_way(world, moment)
            await cancelled(world, one.call_id)

            await world.finished(one, a_result(outcome, at=world.clock()))

            row = await world.row(one.call_id)
            assert (row["state"], row["outcome"]) == ("cancelled", "cancelled")
            assert (await world.told(one.call_id))[-2:] == OVER
        world.clock.forward(days=1)
        assert await world.claims(await world.holder()) == []

    @pytest.mark.parametrize("moment", ["claimed", "asked", "ringing"])
    async def test_whose_worker_has_died_is_cancelled_and_not_dialled_again(self, world: World, moment: str) -> None:
        one = await under_way(world, moment)
        await cancelled(world, one.call_id)
        await world.lease_ran_out(one.holder)

        assert await world.reaped() == [one.call_id]

        assert (await world.row(one.call_id))["state"] == "cancelled"
        assert (await world.told(one.call_id)).count(EventType.CALL_ENDED) == 1


class TestHangingUp:
    async def test_a_waiting_call_is_refused(self, world: World) -> None:
        call_id = await world.call()

        with pytest.raises(Conflict, match="no attempt is under way"):
            await hung_up(world, call_id)

        assert (await world.row(call_id))["state"] == "registered"

    async def test_an_ended_call_is_refused(self, world: World) -> None:
        one = await under_way(world, "talking")
        await world.finished(one, a_result(at=world.clock()))

        with pytest.raises(Conflict, match="over: completed"):
            await hung_up(world, one.call_id)


class TestRescheduling:
    async def test_names_another_moment(self, world: World) -> None:
        call_id = await world.call()
        tomorrow = NOON + timedelta(days=1)

        assert await rescheduled(world, call_id, tomorrow) == tomorrow

        assert (await world.row(call_id))["due_at"] == tomorrow
        assert (await plan_of(world, call_id)).scheduled_at == tomorrow
        assert await world.told(call_id) == [EventType.RESCHEDULED]
        assert await world.claims(await world.holder()) == []

    async def test_moves_into_the_calls_own_hours(self, world: World) -> None:
        call_id = await world.call(window=BERLIN_BY_DAY)

        due_at = await rescheduled(world, call_id, datetime(2026, 3, 3, 20, 0, tzinfo=UTC))

        assert due_at == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
        assert (await world.row(call_id))["due_at"] == due_at

    async def test_without_an_offset_means_the_clock_on_the_wall_there(self, world: World) -> None:
        call_id = await world.call(window=BERLIN_BY_DAY)

        assert await rescheduled(world, call_id, datetime(2026, 3, 3, 15, 0)) == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)

    async def test_to_the_past_means_now(self, world: World) -> None:
        call_id = await world.call(due_at=NOON + timedelta(days=3))

        assert await rescheduled(world, call_id, NOON - timedelta(days=400)) == NOON

        assert (await plan_of(world, call_id)).scheduled_at == NOON
        assert (await world.claimed()).call_id == call_id

    async def test_replaces_the_pause_after_a_failed_attempt(self, world: World) -> None:
        call_id = await waiting_for_a_redial(world)

        await rescheduled(world, call_id, NOON)

        assert (await world.claimed()).attempt == 2

    @pytest.mark.parametrize("at", [NOON + timedelta(days=366), datetime(9999, 12, 31, 23, 59)])
    async def test_more_than_a_year_ahead_is_refused(self, world: World, at: datetime) -> None:
        call_id = await world.call()

        with pytest.raises(Invalid, match="365 days"):
            await rescheduled(world, call_id, at)

        assert (await world.row(call_id))["due_at"] == NOON

    @UNDER_WAY
    async def test_is_refused_while_an_attempt_is_under_way(self, world: World, moment: str) -> None:
        one = await under_way(world, moment)

        with pytest.raises(Conflict, match="under way"):
            await rescheduled(world, one.call_id, NOON)

        assert EventType.RESCHEDULED not in await world.told(one.call_id)

    async def test_is_refused_when_the_call_is_over(self, world: World) -> None:
        call_id = await world.call()
        await cancelled(world, call_id)

        with pytest.raises(Conflict, match="over"):
            await rescheduled(world, call_id, NOON)


class TestACallOfSomebodyElse:
    async def test_is_not_found_whatever_is_wanted(self, world: World) -> None:
        call_id, stranger = await world.call(), new_id()

        with pytest.raises(NotFound):
            await cancel_call(world.db, stranger, call_id, now=world.clock)
        with pytest.raises(NotFound):
            await hang_up(world.db, stranger, call_id, now=world.clock)
        with pytest.raises(NotFound):
            await reschedule_call(world.db, stranger, call_id, NOON, now=world.clock)
        with pytest.raises(NotFound):
            await cancelled(world, new_id())

        assert (await world.row(call_id))["state"] == "registered"


class TestCancellingManyCalls:
    async def test_ends_those_that_wait_and_tells_how_many(self, world: World) -> None:
        talking = await under_way(world, "talking")
        waiting = [await world.call() for _ in range(3)]

        ended = await cancel_waiting(world.db, world.workspace_id, Selection(agent_id=world.agent_id), now=world.clock)

        assert ended == 3
        assert {(await world.row(call_id))["state"] for call_id in waiting} == {"cancelled"}
        assert (await world.row(talking.call_id))["state"] == "active"
        assert [await world.told(call_id) for call_id in waiting] == [OVER] * 3

    async def test_takes_them_by_id_and_passes_over_unknown_ones(self, world: World) -> None:
        one, other = await world.call(), await world.call()

        ended = await cancel_waiting(
            world.db, world.workspace_id, Selection(call_ids=(one, one, new_id())), now=world.clock
        )

        assert ended == 1
        assert (await world.row(other))["state"] == "registered"

    async def test_takes_numbers_outside_lists_unless_told_otherwise(self, world: World) -> None:
        single, listed = await world.call(), await a_listed_call(world, "list-1")
        numbers = Selection(numbers=("+15551112222",))

        assert await cancel_waiting(world.db, world.workspace_id, numbers, now=world.clock) == 1
        assert (await world.row(single))["state"] == "cancelled"

        everywhere = Selection(numbers=("+15551112222",), in_lists=True)
        assert await cancel_waiting(world.db, world.workspace_id, everywhere, now=world.clock) == 1
        assert (await world.row(listed))["state"] == "cancelled"

    async def test_takes_a_list_or_some_numbers_of_it(self, world: World) -> None:
        one, other, single = await a_listed_call(world, "one"), await a_listed_call(world, "other"), await world.call()

        nobody = Selection(bulk_list_id="one", numbers=("+15550000000",))
        assert await cancel_waiting(world.db, world.workspace_id, nobody, now=world.clock) == 0
        assert await cancel_waiting(world.db, world.workspace_id, Selection(bulk_list_id="one"), now=world.clock) == 1

        assert (await world.row(one))["state"] == "cancelled"
        assert {(await world.row(call_id))["state"] for call_id in (other, single)} == {"registered"}

    async def test_needs_to_be_told_which(self, world: World) -> None:
        call_id = await world.call()

        with pytest.raises(Invalid):
            await cancel_waiting(world.db, world.workspace_id, Selection(in_lists=True), now=world.clock)

        assert (await world.row(call_id))["state"] == "registered"

    async def test_never_touches_another_workspace(self, world: World) -> None:
        call_id = await world.call()

        assert await cancel_waiting(world.db, new_id(), Selection(call_ids=(call_id,)), now=world.clock) == 0

        assert (await world.row(call_id))["state"] == "registered"

    async def test_in_great_number_takes_many_transactions(self, world: World) -> None:
        await world.fill(future=700, past=10)
        await world.run(calls.update().where(calls.c.state == "registered").values(bulk_list_id="many"))

        ended = await cancel_waiting(world.db, world.workspace_id, Selection(bulk_list_id="many"), now=world.clock)

        assert ended == 700


async def a_listed_call(world: World, bulk_list_id: str) -> str:
    call_id = await world.call()
    await world.run(calls.update().where(calls.c.id == call_id).values(bulk_list_id=bulk_list_id))
    return call_id


async def plan_of(world: World, call_id: str) -> Plan:
    stored = sa.select(call_requests.c.plan).where(call_requests.c.call_id == call_id)
    return Plan.from_json(await world.db.read(lambda conn: conn.execute(stored).scalar_one()))
