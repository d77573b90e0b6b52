"""The rule by which anybody is ever rung again."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attempt_builders import NOON, a_talk
from outdial.domain.attempt import Result
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
        assert after(Outcome.CANCELLED, Reached.CALLEE) == Ending(CallState.COMPLETED, ended_by=EndedBy.OPERATOR)


class TestAnAttemptThatNeverLeft:
    @pytest.mark.parametrize(("attempt", "state"), [(1, CallState.REGISTERED), (2, CallState.RETRY)])
    def test_is_not_counted(self, attempt: int, state: CallState) -> None:
        end = after(Outcome.WORKER_LOST, Reached.NOBODY, attempt)

        assert end == Ending(state, due_at=NOON, consumed=False)


class TestAlways:
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
