"""An attempt after its claim: fenced, ended exactly once, and what its end does to the call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from attempt_builders import a_result, a_talk
from dialer_builders import World
from outdial.domain.attempt import Answered, DigitsPressed, Result, Ringing, Said, Speaker, Turn
from outdial.domain.events import EventType
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.request import RetryPolicy
from outdial.store.calls.calendar import Claim
from outdial.store.database import Database

ONCE_MORE = RetryPolicy(count=1, failed_min=30)


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


class TestAskingTheCarrier:
    async def test_is_noted_before_anything_leaves(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()

        assert await world.asked(one)

        (attempt,) = await world.attempts(call_id)
        assert (attempt["state"], attempt["dialed_at"]) == ("dialing", world.clock())
        assert await world.told(call_id) == [EventType.DIALING]

    async def test_twice_is_told_once(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()

        assert await world.asked(one)
        assert await world.asked(one)

        assert await world.told(call_id) == [EventType.DIALING]

    async def test_is_refused_once_the_lease_has_run_out(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.lease_ran_out(one.holder)

        assert not await world.asked(one)

        assert await world.told(call_id) == []

    async def test_is_refused_to_anybody_but_the_holder(self, world: World) -> None:
        await world.call()
        one = await world.claimed()
        await world.asked(one)
        other = await world.holder("other")

        assert not await world.asked(_held_by(one, other))


class TestWhatHappensOnTheWay:
    async def test_is_told_in_order_and_moves_the_attempt(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)
        turn = Turn(Speaker.CALLEE, "Yes.", 100, 400, latency_ms=None)

        await world.recorded(one, Ringing(world.clock()))
        ringing = (await world.attempts(call_id))[0]["state"]
        progress = (Answered(world.clock()), Said(world.clock(), turn), DigitsPressed(world.clock(), "5"))
        await world.recorded(one, *progress, known=1)

        (attempt,) = await world.attempts(call_id)
        assert ringing == "ringing"
        assert (attempt["state"], attempt["answered_at"]) == ("talking", world.clock())
        assert await world.told(call_id) == [
            EventType.DIALING,
            EventType.RINGING,
            EventType.ANSWERED,
            EventType.SAID,
            EventType.DIGITS,
        ]

    async def test_is_not_told_twice_when_a_batch_was_committed_unnoticed(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)
        ringing, answered = Ringing(world.clock()), Answered(world.clock())

        await world.recorded(one, ringing)
        await world.recorded(one, ringing, answered, known=0)

        assert await world.told(call_id) == [EventType.DIALING, EventType.RINGING, EventType.ANSWERED]

    async def test_of_an_attempt_somebody_else_has_ended_is_not_told(self, world: World) -> None:
        call_id = await world.call(retry=ONCE_MORE)
        one = await world.claimed()
        await world.asked(one)
        await world.lease_ran_out(one.holder)
        await world.reaped()
        before = await world.told(call_id)

        assert not await world.recorded(one, Ringing(world.clock()))

        assert await world.told(call_id) == before


class TestTheEnd:
    async def test_of_a_talk_is_kept_whole(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)

        result = a_result(at=world.clock(), talk=a_talk(ended_by=EndedBy.AGENT, recording_ms=1500))
        await world.finished(one, result, recording_path="2026/03/x-1.wav")

        row, (attempt,) = await world.row(call_id), await world.attempts(call_id)
        assert (row["state"], row["outcome"], row["ended_by"], row["worker"]) == (
            "completed",
            "completed",
            "agent",
            None,
        )
        assert [turn["text"] for turn in attempt["turns"]] == ["Hello.", "Hi."]
        assert attempt["captured"] == {"kept": "yes"}
        assert (attempt["recording_path"], attempt["recording_ms"]) == ("2026/03/x-1.wav", 1500)
        assert (attempt["talk_ms"], attempt["first_word_ms"]) == (1500, 120)

    async def test_comes_once(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)
        await world.finished(one, a_result(Outcome.BUSY, at=world.clock()))
        row, told = await world.row(call_id), await world.told(call_id)

        again = await world.finished(one, a_result(at=world.clock.forward(seconds=1)))

        assert again is None
        assert await world.row(call_id) == row
        assert await world.told(call_id) == told

    async def test_is_not_written_by_anybody_but_the_holder(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)

        assert await world.finished(_held_by(one, "somebody#else"), a_result(at=world.clock())) is None

        assert (await world.row(call_id))["state"] == "active"

    async def test_without_a_recording_names_no_file(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)

        await world.finished(one, a_result(at=world.clock()), recording_path="2026/03/x-1.wav")

        assert (await world.attempts(call_id))[0]["recording_path"] == ""
        assert EventType.RECORDING_READY not in await world.told(call_id)


class TestAHolderThatIsLost:
    async def test_before_the_carrier_was_asked_costs_the_call_nothing(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.lease_ran_out(one.holder)

        assert await world.reaped() == [call_id]

        row = await world.row(call_id)
        assert (row["state"], row["attempt"], row["worker"]) == ("registered", 0, None)
        assert await world.attempts(call_id) == []
        assert (await world.claimed()).attempt == 1

    async def test_before_a_second_dial_leaves_the_call_waiting_for_it(self, world: World) -> None:
        call_id = await world.call(retry=RetryPolicy(count=1, busy_min=0))
        first = await world.claimed()
        await world.asked(first)
        await world.finished(first, a_result(Outcome.BUSY, at=world.clock()))
        second = await world.claimed()
        await world.lease_ran_out(second.holder)

        await world.reaped()

        row = await world.row(call_id)
        assert (row["state"], row["attempt"]) == ("retry", 1)
        assert (await world.claimed()).attempt == 2

    async def test_after_it_was_asked_counts_as_a_failure_and_is_retried_later(self, world: World) -> None:
        call_id = await world.call(retry=ONCE_MORE)
        one = await world.claimed()
        await world.asked(one)
        await world.lease_ran_out(one.holder)

        await world.reaped()

        row, (attempt,) = await world.row(call_id), await world.attempts(call_id)
        assert (row["state"], row["due_at"]) == ("retry", world.clock() + timedelta(minutes=30))
        assert (attempt["outcome"], attempt["state"]) == ("worker_lost", "ended")

    async def test_with_no_attempt_left_ends_the_call_in_error(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()
        await world.asked(one)
        await world.recorded(one, Ringing(world.clock()))
        await world.lease_ran_out(one.holder)

        await world.reaped()

        assert (await world.row(call_id))["state"] == "error"
        assert (await world.told(call_id))[-2:] == [EventType.CALL_ENDED, EventType.PROCESSED]

    async def test_during_a_talk_is_never_rung_again_and_what_was_said_is_kept(self, world: World) -> None:
        call_id = await world.call(retry=ONCE_MORE)
        one = await world.claimed()
        await world.asked(one)
        turn = Turn(Speaker.AGENT, "Hello.", 0, 900)
        await world.recorded(one, Answered(world.clock()), Said(world.clock(), turn))
        await world.lease_ran_out(one.holder)
        world.clock.forward(seconds=20)

        await world.reaped()

        (attempt,) = await world.attempts(call_id)
        assert (await world.row(call_id))["state"] == "error"
        assert [turn["text"] for turn in attempt["turns"]] == ["Hello."]
        assert attempt["talk_ms"] == 20_000

    async def test_is_reaped_once(self, world: World) -> None:
        call_id = await world.call(retry=ONCE_MORE)
        one = await world.claimed()
        await world.asked(one)
        await world.lease_ran_out(one.holder)

        assert await world.reaped() == [call_id]
        assert await world.reaped() == []

    async def test_is_not_reaped_while_its_lease_lives(self, world: World) -> None:
        await world.call()
        one = await world.claimed()
        await world.asked(one)
        world.clock.forward(seconds=20)

        assert await world.reaped() == []
        assert await world.reaped(one.holder, running=[one.key]) == []

    async def test_may_still_end_its_attempt_while_the_call_only_waits(self, world: World) -> None:
        call_id = await world.call(retry=ONCE_MORE)
        one = await world.claimed()
        await world.asked(one)
        await world.lease_ran_out(one.holder)
        await world.reaped()

        assert await world.finished(one, a_result(at=world.clock()))

        (attempt,) = await world.attempts(call_id)
        assert (await world.row(call_id))["state"] == "completed"
        assert attempt["outcome"] == "completed"

    async def test_that_says_itself_that_it_is_lost_neither_tells_it_again_nor_undoes_it(self, world: World) -> None:
        call_id = await world.call(retry=ONCE_MORE)
        one = await world.claimed()
        await world.asked(one)
        await world.lease_ran_out(one.holder)
        await world.reaped()
        due_at = (await world.row(call_id))["due_at"]
        world.clock.forward(seconds=5)

        for nobody_rung in (False, True):
            late = Result(world.clock(), Outcome.WORKER_LOST, nobody_rung=nobody_rung)
            assert await world.finished(one, late) is None

        assert len(await world.attempts(call_id)) == 1
        assert (await world.row(call_id))["due_at"] == due_at
        assert (await world.told(call_id)).count(EventType.ATTEMPT_ENDED) == 1

    async def test_comes_too_late_once_the_call_is_dialled_again(self, world: World) -> None:
        call_id = await world.call(retry=ONCE_MORE)
        one = await world.claimed()
        await world.asked(one)
        await world.lease_ran_out(one.holder)
        await world.reaped()
        world.clock.forward(minutes=31)
        again = await world.claimed()

        assert await world.finished(one, a_result(at=world.clock())) is None

        assert again.attempt == 2
        assert (await world.row(call_id))["state"] == "active"


class TestAClaimItsOwnHolderNeverHeardOf:
    async def test_is_given_back_though_the_lease_lives(self, world: World) -> None:
        call_id = await world.call()
        holder = await world.holder()
        await world.claimed(holder)
        at_once = await world.reaped(holder)
        world.clock.forward(seconds=11)

        later = await world.reaped(holder)

        assert (at_once, later) == ([], [call_id])
        assert (await world.row(call_id))["state"] == "registered"


def _held_by(one: Claim, holder: str) -> Claim:
    return replace(one, holder=holder)
