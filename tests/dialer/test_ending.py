"""The rule by which anybody is ever rung again."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attempt_builders import NOON, a_talk
from outdial.domain.attempt import Result, TalkSummary
from outdial.domain.call import TERMINAL, CallState
from outdial.domain.ending import Ending, Reached, ending
from outdial.domain.hours import is_open
from outdial.domain.outcome import ANSWERED, EndedBy, Outcome
from outdial.domain.request import RetryPolicy, Window

AGAIN = RetryPolicy(count=1, busy_min=10, not_picked_min=20, failed_min=30)
outcomes = st.sampled_from(list(Outcome))
reaches = st.sampled_from(list(Reached))
policies = st.builds(
    RetryPolicy,
    count=st.integers(0, 20),
    busy_min=st.floats(0, 10080),
    not_picked_min=st.floats(0, 10080),
    failed_min=st.floats(0, 10080),
)
windows = st.none() | st.builds(
    Window,
    start=st.times().map(lambda at: time(at.hour, at.minute)),
    end=st.times().map(lambda at: time(at.hour, at.minute)),
    timezone=st.sampled_from(["Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"]),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def after(outcome: Outcome, reached: Reached = Reached.CARRIER, attempt: int = 1, retry: RetryPolicy = AGAIN) -> Ending:
    return ending(Result(NOON, outcome), attempt, reached, retry, None)


def stopped(outcome: Outcome, reached: Reached = Reached.CARRIER, talk: TalkSummary | None = None) -> Ending:
    return ending(Result(NOON, outcome, talk=talk), 1, reached, AGAIN, None, stop_asked=True)


class TestSomebodyNotReached:
    @pytest.mark.parametrize(
        ("outcome", "minutes"),
        [
            (Outcome.BUSY, 10),
            (Outcome.NO_ANSWER, 20),
            (Outcome.DECLINED, 20),
            (Outcome.TRUNK_FAILED, 30),
            (Outcome.WORKER_LOST, 30),
        ],
    )
    def test_is_rung_again_after_the_minutes_of_that_outcome(self, outcome: Outcome, minutes: int) -> None:
        assert after(outcome) == Ending(CallState.RETRY, due_at=NOON + timedelta(minutes=minutes))

    def test_is_rung_again_when_the_window_opens(self) -> None:
        window = Window(time(14, 0), time(15, 0), "UTC")

        end = ending(Result(NOON, Outcome.BUSY), 1, Reached.CARRIER, AGAIN, window)

        assert end.due_at == NOON.replace(hour=14)

    def test_fails_when_the_attempts_are_used_up(self) -> None:
        assert after(Outcome.BUSY, attempt=2).state is CallState.FAILED

    @pytest.mark.parametrize("outcome", list(Outcome))
    def test_is_not_rung_again_where_that_cannot_help(self, outcome: Outcome) -> None:
        result = Result(NOON, outcome, nobody_rung=True, permanent=True)

        assert ending(result, 1, Reached.CARRIER, AGAIN, None).state is not CallState.RETRY

    def test_is_an_error_when_the_last_attempt_was_lost(self) -> None:
        assert after(Outcome.WORKER_LOST, attempt=2).state is CallState.ERROR

    def test_is_not_rung_by_a_clock_nobody_knows(self) -> None:
        end = ending(Result(NOON, Outcome.BUSY), 1, Reached.CARRIER, AGAIN, Window(timezone="Mars/Olympus"))

        assert end.state is CallState.FAILED


class TestSomebodyWhoAnswered:
    def test_ends_the_call(self) -> None:
        end = ending(Result(NOON, Outcome.COMPLETED, talk=a_talk()), 1, Reached.CALLEE, AGAIN, None)

        assert end == Ending(CallState.COMPLETED, ended_by=EndedBy.CALLEE)

    def test_and_was_handed_on_is_forwarded(self) -> None:
        assert after(Outcome.TRANSFERRED).state is CallState.FORWARDED

    def test_and_lost_the_line_to_a_crash_is_an_error(self) -> None:
        assert after(Outcome.WORKER_LOST, Reached.CALLEE).state is CallState.ERROR

    def test_and_was_cut_off_by_an_operator_counts_as_talked(self) -> None:
        talked = Outcome.COMPLETED

        assert after(Outcome.CANCELLED, Reached.CALLEE) == Ending(
            CallState.COMPLETED, ended_by=EndedBy.OPERATOR, attempt=talked, call=talked
        )


class TestAnAttemptThatNeverLeft:
    @pytest.mark.parametrize(("attempt", "state"), [(1, CallState.REGISTERED), (2, CallState.RETRY)])
    def test_is_not_counted(self, attempt: int, state: CallState) -> None:
        end = after(Outcome.WORKER_LOST, Reached.NOBODY, attempt)

        assert end == Ending(state, due_at=NOON, consumed=False)


class TestACallSomebodyWantsStopped:
    @pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.TRUNK_FAILED, Outcome.WORKER_LOST])
    def test_is_cancelled_while_its_attempt_keeps_what_became_of_it(self, outcome: Outcome) -> None:
        assert stopped(outcome) == Ending(CallState.CANCELLED, call=Outcome.CANCELLED)

    def test_before_its_dial_left_is_over_and_its_attempt_kept_as_cancelled(self) -> None:
        end = stopped(Outcome.WORKER_LOST, Reached.NOBODY)

        assert end == Ending(CallState.CANCELLED, attempt=Outcome.CANCELLED, call=Outcome.CANCELLED)

    def test_that_could_not_be_dialled_at_all_still_says_why(self) -> None:
        assert stopped(Outcome.TRUNK_FAILED, Reached.NOBODY).attempt is None

    def test_but_was_answered_counts_as_talked(self) -> None:
        end = stopped(Outcome.COMPLETED, Reached.CALLEE, talk=a_talk(ended_by=EndedBy.OPERATOR))

        assert end == Ending(CallState.COMPLETED, ended_by=EndedBy.OPERATOR)

    def test_but_was_hung_up_by_the_callee_first_says_so(self) -> None:
        end = stopped(Outcome.CANCELLED, Reached.CALLEE, talk=a_talk(ended_by=EndedBy.CALLEE))

        assert end.ended_by is EndedBy.CALLEE

    def test_but_lost_its_worker_during_the_talk_is_an_error_all_the_same(self) -> None:
        assert stopped(Outcome.WORKER_LOST, Reached.CALLEE).state is CallState.ERROR


class TestAlways:
    @given(outcome=outcomes, reached=reaches, attempt=st.integers(1, 30), retry=policies)
    def test_nobody_is_rung_again_after_a_stop(
        self, *, outcome: Outcome, reached: Reached, attempt: int, retry: RetryPolicy
    ) -> None:
        end = ending(Result(NOON, outcome), attempt, reached, retry, None, stop_asked=True)

        assert end.state in TERMINAL
        assert end.consumed

    @given(outcome=outcomes, reached=reaches, attempt=st.integers(1, 30), retry=policies, window=windows, at=moments)
    def test_another_dial_is_due_exactly_while_the_call_is_not_over(
        self,
        *,
        outcome: Outcome,
        reached: Reached,
        attempt: int,
        retry: RetryPolicy,
        window: Window | None,
        at: datetime,
    ) -> None:
        end = ending(Result(at, outcome), attempt, reached, retry, window)

        assert (end.state in TERMINAL) == (end.due_at is None)
        assert end.consumed or reached is Reached.NOBODY
        if end.due_at and end.consumed:
            assert attempt <= retry.count
            assert reached is not Reached.CALLEE
            assert outcome not in ANSWERED
            assert end.due_at >= at
            assert is_open(end.due_at, window)
