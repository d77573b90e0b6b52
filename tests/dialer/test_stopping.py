"""Somebody wants a call stopped while an attempt is under way: what becomes of both, and who wins a race."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from attempt_builders import a_result, a_talk
from dialer_builders import World
from outdial.domain.attempt import Answered, Result
from outdial.domain.events import Event, EventType
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.request import RetryPolicy
from outdial.store.calls.attempt_end import Finished
from outdial.store.calls.calendar import Claim
from outdial.store.calls.stops import ask_to_stop, end_waiting
from outdial.store.database import Database
from outdial.store.events import append, events_of_call

AGAIN = RetryPolicy(count=3, busy_min=0, failed_min=30)


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def stop(world: World, one: Claim) -> bool:
    """Ask for the attempt to be ended; whether it was still under way."""
    facts = await world.db.write(ask_to_stop, one.workspace_id, one.call_id, one.attempt, world.clock())
    return bool(facts)


async def cancel(world: World, call_id: str) -> bool:
    """End the call if it waits; whether it did."""

    def work(conn: Connection) -> bool:
        facts = end_waiting(conn, [call_id], world.clock())
        append(conn, facts)
        return bool(facts)

    return await world.db.write(work)


async def last_word(world: World, call_id: str) -> list[Event]:
    """What was told of the end of the call."""
    told = await world.db.read(events_of_call, call_id)
    return [event for event in told if event.type in {EventType.CALL_ENDED, EventType.PROCESSED}]


async def standing(world: World, call_id: str) -> tuple[str, str, list[str]]:
    """The state and outcome of the call, and the outcomes of its attempts."""
    row = await world.row(call_id)
    return row["state"], row["outcome"], [dial["outcome"] for dial in await world.attempts(call_id)]


class TestAnAttemptSomebodyWantsEnded:
    @pytest.mark.parametrize(
        ("dialled", "ends", "kept"),
        [
            pytest.param(True, Outcome.BUSY, "busy", id="after its dial"),
            pytest.param(True, None, "worker_lost", id="lost after its dial"),
            pytest.param(False, Outcome.WORKER_LOST, "cancelled", id="before its dial"),
            pytest.param(False, None, "cancelled", id="lost before its dial"),
        ],
    )
    async def test_cancels_the_call_and_keeps_what_became_of_itself(
        self, world: World, dialled: bool, ends: Outcome | None, kept: str
    ) -> None:
        """``ends`` None: its worker is lost, and it is reaped."""
        call_id = await world.call(retry=AGAIN)
        one = await world.claimed()
        left = dialled and await world.asked(one)
        await stop(world, one)

        assert left == dialled
        assert left or not await world.asked(one)
        if ends is None:
            await world.lease_ran_out(one.holder)
            await world.reaped()
        else:
            await world.finished(one, a_result(ends, at=world.clock()))

        assert await standing(world, call_id) == ("cancelled", "cancelled", [kept])
        assert len(await last_word(world, call_id)) == 2
        assert await world.claims(await world.holder()) == []

    async def test_says_why_it_ended_though_it_was_dialled(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)
        await stop(world, one)

        await world.finished(one, a_result(Outcome.CANCELLED, at=world.clock()))

        ended, processed = await last_word(world, call_id)
        assert ended.data == {"state": "cancelled", "outcome": "cancelled", "ended_by": "", "reason": ""}
        assert processed.type is EventType.PROCESSED

    async def test_counts_as_talked_once_somebody_has_answered(self, world: World) -> None:
        call_id = await world.call(retry=AGAIN)
        one = await world.claimed()
        await world.asked(one)
        await world.recorded(one, Answered(world.clock()))
        await stop(world, one)

        await world.finished(one, a_result(at=world.clock(), talk=a_talk(ended_by=EndedBy.OPERATOR)))

        assert await standing(world, call_id) == ("completed", "completed", ["completed"])
        assert (await world.row(call_id))["ended_by"] == "operator"
        await world.analysed()
        assert [fact.type for fact in await last_word(world, call_id)] == [EventType.CALL_ENDED, EventType.PROCESSED]

    async def test_counts_as_talked_also_when_only_the_answer_was_recorded(self, world: World) -> None:
        call_id = await world.call(retry=AGAIN)
        one = await world.claimed()
        await world.asked(one)
        await world.recorded(one, Answered(world.clock()))
        await stop(world, one)
        world.clock.forward(seconds=7)

        await world.finished(one, Result(world.clock(), Outcome.CANCELLED))

        (attempt,) = await world.attempts(call_id)
        assert await standing(world, call_id) == ("completed", "completed", ["completed"])
        assert (attempt["ended_by"], attempt["talk_ms"]) == ("operator", 7000)


class TestAHolderThatComesBackTooLate:
    async def test_does_not_bring_back_a_call_that_was_cancelled_meanwhile(self, world: World) -> None:
        call_id = await world.call(retry=AGAIN)
        one = await _given_up_for_lost(world)
        await cancel(world, call_id)
        before = await last_word(world, call_id)

        assert await world.finished(one, a_result(at=world.clock())) is None

        assert await standing(world, call_id) == ("cancelled", "cancelled", ["worker_lost"])
        assert await last_word(world, call_id) == before

    async def test_does_not_bring_back_a_call_that_was_stopped_before_it_was_lost(self, world: World) -> None:
        call_id = await world.call(retry=AGAIN)
        one = await world.claimed()
        await world.asked(one)
        await stop(world, one)
        await world.lease_ran_out(one.holder)
        await world.reaped()

        assert await world.finished(one, a_result(Outcome.BUSY, at=world.clock())) is None
        assert await world.finished(one, a_result(at=world.clock())) is None

        assert await standing(world, call_id) == ("cancelled", "cancelled", ["worker_lost"])

    async def test_and_a_cancellation_at_the_same_moment_have_one_winner(self, world: World) -> None:
        for _ in range(10):
            call_id = await world.call(retry=AGAIN)
            one = await _given_up_for_lost(world)

            finished, cancelled = await asyncio.gather(
                world.finished(one, a_result(at=world.clock())), cancel(world, call_id)
            )

            won = ("completed", "completed", ["completed"]) if finished else ("cancelled", "cancelled", ["worker_lost"])
            assert (finished is None) == cancelled
            assert await standing(world, call_id) == won
            await world.analysed()
            assert len(await last_word(world, call_id)) == 2


class TestAStopAndAnEndAtTheSameMoment:
    async def test_never_leave_a_stopped_call_to_be_dialled_again(self, world: World) -> None:
        for _ in range(10):
            call_id = await world.call(retry=AGAIN)
            one = await world.claimed()
            await world.asked(one)

            finished, in_time = await asyncio.gather(
                world.finished(one, a_result(Outcome.BUSY, at=world.clock())), stop(world, one)
            )

            assert isinstance(finished, Finished)
            state, _, dialled = await standing(world, call_id)
            assert (state, dialled) == ("cancelled" if in_time else "retry", ["busy"])
            await cancel(world, call_id)


async def _given_up_for_lost(world: World) -> Claim:
    """The claim of a holder declared lost after its dial; its call waits to be dialled again."""
    one = await world.claimed()
    await world.asked(one)
    await world.lease_ran_out(one.holder)
    await world.reaped()
    return one
