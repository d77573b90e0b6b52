"""Why a call waits and until when: read from its plan and its last attempt, never stored (Ringg §3.4)."""

from __future__ import annotations

from datetime import datetime

from outdial.domain.call import CallState
from outdial.domain.ending import redial_delay
from outdial.domain.hours import opening
from outdial.domain.plan import Plan
from outdial.domain.record import AttemptRecord
from outdial.domain.request import RetryPolicy
from outdial.domain.waiting import Cause, Wait


def why_waiting(
    state: CallState,
    due_at: datetime,
    plan: Plan,
    last: AttemptRecord | None,
    now: datetime,
    *,
    callable_from: bool = True,
) -> Wait:
    """For a call that is registered or to be dialled again; ``callable_from``: one of its caller numbers is usable."""
    causes = []
    ready = now
    if plan.scheduled_at is not None and plan.scheduled_at > now:
        causes.append(Cause.SCHEDULE)
        ready = plan.scheduled_at
    if state is CallState.RETRY and last is not None:
        again = retry_at(plan.retry, last)
        if again is not None and again > now:
            causes.append(Cause.RETRY_DELAY)
            ready = max(ready, again)
    opens = opening(ready, plan.window)
    if opens > ready:
        causes.append(Cause.WINDOW)
    if not callable_from:
        # When the calendar looks again is no promise: a number has to become usable first.
        return Wait((*causes, Cause.CALLER_NUMBER), opens if opens > now else None)
    # The calendar may hold a call back longer than its plan says, never less.
    eligible = max(opens, due_at)
    if eligible <= now:
        return Wait((Cause.CAPACITY,), None)
    return Wait(tuple(causes) or (Cause.CAPACITY,), eligible)


def retry_at(policy: RetryPolicy, last: AttemptRecord) -> datetime | None:
    """The end of the failed attempt and the minutes of its class; None: it has not ended, or is never repeated."""
    delay = None if last.outcome is None else redial_delay(policy, last.outcome)
    return None if delay is None or last.ended_at is None else last.ended_at + delay
