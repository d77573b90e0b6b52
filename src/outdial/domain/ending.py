"""What the end of an attempt means for its call: the one rule by which anybody is ever rung again (Ringg §2.8, §3.3).

What decides is what is *known* of the attempt: whether the carrier was asked, and whether an answer was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outdial.domain.attempt import Result
from outdial.domain.call import CallState
from outdial.domain.errors import Broken
from outdial.domain.hours import opening
from outdial.domain.outcome import ANSWERED, RETRY_CLASS, EndedBy, Outcome, RetryClass
from outdial.domain.request import RetryPolicy, Window


class Reached(StrEnum):
    """How far an attempt is known to have come."""

    NOBODY = "nobody"
    """No carrier was asked: surely no phone rang."""
    CARRIER = "carrier"
    """A phone may have rung."""
    CALLEE = "callee"
    """Somebody answered."""


@dataclass(frozen=True)
class Ending:
    """Where the call goes. ``due_at`` is set exactly while another dial follows.

    ``consumed`` False: the attempt never happened and its number is free again; only while nobody was reached.
    ``attempt`` and ``call`` are what is recorded as the outcome of either; None: what the attempt ended with.
    """

    state: CallState
    due_at: datetime | None = None
    ended_by: EndedBy | None = None
    consumed: bool = True
    attempt: Outcome | None = None
    call: Outcome | None = None


def ending(
    result: Result,
    attempt: int,
    reached: Reached,
    retry: RetryPolicy,
    window: Window | None,
    *,
    stop_asked: bool = False,
) -> Ending:
    """What becomes of a call whose ``attempt`` (1-based) ended with ``result``.

    ``stop_asked``: somebody wanted it stopped. However the attempt ended, nobody is rung again.
    """
    if was_answered(result, reached):
        return _answered(result)
    if stop_asked:
        return _stopped(result, reached)
    if result.outcome is Outcome.WORKER_LOST and reached is Reached.NOBODY:
        state = CallState.REGISTERED if attempt == 1 else CallState.RETRY
        return Ending(state, due_at=result.at, consumed=False)
    match result.outcome:
        case Outcome.CANCELLED | Outcome.POLICY_BLOCKED:
            return Ending(CallState.CANCELLED)
        case Outcome.WORKER_LOST:
            return _again(result, attempt, retry, window) or Ending(CallState.ERROR)
        case _:
            return _again(result, attempt, retry, window) or Ending(CallState.FAILED)


def was_answered(result: Result, reached: Reached) -> bool:
    """Whether somebody, or a machine, was on the line: then there is a talk to look into, however short."""
    return reached is Reached.CALLEE or result.talk is not None or result.outcome in ANSWERED


def redial_delay(retry: RetryPolicy, outcome: Outcome) -> timedelta | None:
    """How long to wait before ringing that person again; None: never again."""
    minutes = {
        RetryClass.BUSY: retry.busy_min,
        RetryClass.NOT_PICKED: retry.not_picked_min,
        RetryClass.FAILED: retry.failed_min,
    }
    kind = RETRY_CLASS.get(outcome)
    return None if kind is None else timedelta(minutes=minutes[kind])


def _stopped(result: Result, reached: Reached) -> Ending:
    """Ended before anybody answered. The attempt keeps what became of it, if anything did before it was taken back."""
    taken_back = result.outcome is Outcome.WORKER_LOST and reached is Reached.NOBODY
    attempt = Outcome.CANCELLED if taken_back else None
    return Ending(CallState.CANCELLED, attempt=attempt, call=Outcome.CANCELLED)


def _answered(result: Result) -> Ending:
    """Somebody was on the line: never rung again, whatever went wrong afterwards."""
    ended_by = result.talk.ended_by if result.talk else None
    match result.outcome:
        case Outcome.TRANSFERRED:
            return Ending(CallState.FORWARDED, ended_by=ended_by)
        case Outcome.COMPLETED | Outcome.VOICEMAIL | Outcome.SCREENED:
            return Ending(CallState.COMPLETED, ended_by=ended_by)
        case Outcome.CANCELLED:
            talked = Outcome.COMPLETED
            ended_by = ended_by or EndedBy.OPERATOR
            return Ending(CallState.COMPLETED, ended_by=ended_by, attempt=talked, call=talked)
        case _:
            return Ending(CallState.ERROR, ended_by=ended_by)


def _again(result: Result, attempt: int, retry: RetryPolicy, window: Window | None) -> Ending | None:
    delay = redial_delay(retry, result.outcome)
    if delay is None or attempt > retry.count or result.permanent:
        return None
    try:
        return Ending(CallState.RETRY, due_at=opening(result.at + delay, window))
    except Broken:
        # A window nobody can read: better not rung at all than rung at night.
        return None
