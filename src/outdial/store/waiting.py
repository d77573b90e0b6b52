"""Why a call waits and until when: read from its plan and its last attempt, never stored (Ringg §3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from outdial.domain.call import CallState
from outdial.domain.ending import redial_delay
from outdial.domain.hours import opening
from outdial.domain.plan import Plan
from outdial.domain.record import AttemptRecord
from outdial.domain.request import RetryPolicy


@dataclass(frozen=True)
class Wait:
    """``blocked_by`` holds every cause; ``next_eligible_at`` None: it depends on an event, not on the clock."""

    blocked_by: tuple[str, ...]
    next_eligible_at: datetime | None


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
        causes.append("schedule")
        ready = plan.scheduled_at
    if state is CallState.RETRY and last is not None:
        again = retry_at(plan.retry, last)
        if again is not None and again > now:
            causes.append("retry_delay")
            ready = max(ready, again)
    opens = opening(ready, plan.window)
    if opens > ready:
        causes.append("window")
    if not callable_from:
        # When the calendar looks again is no promise: a number has to become usable first.
        return Wait((*causes, "caller_number"), opens if opens > now else None)
    # The calendar may hold a call back longer than its plan says, never less.
    eligible = max(opens, due_at)
    if eligible <= now:
        return Wait(("capacity",), None)
    return Wait(tuple(causes) or ("capacity",), eligible)


def retry_at(policy: RetryPolicy, last: AttemptRecord) -> datetime | None:
    """The end of the failed attempt and the minutes of its class; None: it has not ended, or is never repeated."""
    delay = None if last.outcome is None else redial_delay(policy, last.outcome)
    return None if delay is None or last.ended_at is None else last.ended_at + delay
