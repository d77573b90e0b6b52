"""Why calls wait and until when: worked out from what the claim itself goes by, never stored (Ringg §3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from outdial.domain.call import CallState
from outdial.domain.calling import Callee
from outdial.domain.ending import redial_delay
from outdial.domain.hours import opening
from outdial.domain.outcome import Outcome
from outdial.domain.places import Caller
from outdial.domain.plan import Plan
from outdial.domain.record import AttemptRecord
from outdial.domain.request import RetryPolicy
from outdial.domain.waiting import Cause, Wait
from outdial.store.calls.callees import load_callees
from outdial.store.calls.callers import CallerWish
from outdial.store.calls.survey import Survey, survey

_ABOUT_TO_GO: Final = timedelta(seconds=1)
"""A call this long overdue that nothing holds back: the machines are full, or none runs."""
_PASSING: Final = frozenset({Cause.CAPACITY, Cause.RATE_LIMIT})
"""Causes of a moment: they say nothing about a call whose moment has not come."""
_WITHOUT_A_TIME: Final = frozenset({Cause.CREDITS, Cause.CALLER_NUMBER, *_PASSING})
"""What ends by an event, not by the clock."""


@dataclass(frozen=True)
class Waiting:
    """A call that is registered or to be dialled again; ``last``: its last attempt."""

    wish: CallerWish
    to_number: str
    state: CallState
    due_at: datetime
    plan: Plan
    last: AttemptRecord | None = None


def why_waiting(conn: Connection, waiting: Sequence[Waiting], now: datetime) -> Mapping[str, Wait]:
    """For each of the calls, by its id."""
    if not waiting:
        return {}
    found = survey(conn, {one.wish.workspace_id for one in waiting}, now)
    keys = {(one.wish.workspace_id, one.to_number) for one in waiting}
    callees = load_callees(conn, keys, found.rules, now)
    return {one.wish.call_id: _wait(one, callees[one.wish.workspace_id, one.to_number], found) for one in waiting}


def _wait(one: Waiting, callee: Callee, found: Survey) -> Wait:
    now, workspace_id = found.now, one.wish.workspace_id
    ended = (one.last.outcome, one.last.ended_at) if one.last else (None, None)
    ready, causes = _by_plan(one.state, one.plan, *ended, now)
    leave = found.leave(ready, workspace_id, one.plan.window, callee)
    causes |= set(leave.causes)
    eligible = None if leave.at is None else max(leave.at, one.due_at)
    if leave.forbidden or (eligible is not None and eligible > now and not causes):
        # It ends as soon as it is due; or it was moved to then under rules that have changed since.
        causes.add(Cause.POLICY_HOURS)

    if found.hold(workspace_id, one.plan.limits.max_length_s) is None:
        causes.add(Cause.CREDITS)
    callers = found.usable(workspace_id, one.wish.number_ids, one.wish.pool_id)
    is_due = eligible is not None and eligible <= now
    in_the_way = _in_the_way(callers, found, frozenset() if is_due else _PASSING)
    causes |= in_the_way
    if Cause.PROVIDER_HEALTH in in_the_way and eligible is not None:
        if rested := _rested(callers, found):
            leave = found.leave(max(rested, eligible), workspace_id, one.plan.window, callee)
            eligible = leave.at
            causes |= set(leave.causes)
        elif is_due:
            eligible = None

    if not causes and one.due_at <= now - _ABOUT_TO_GO:
        causes.add(Cause.CAPACITY)
    if causes & _WITHOUT_A_TIME:
        eligible = None
    elif not causes:
        eligible = one.due_at
    if eligible is not None and one.plan.is_over(eligible):
        # It ends with its campaign, whatever else it waits for.
        causes.add(Cause.SCHEDULE)
        eligible = None
    return Wait(tuple(cause for cause in Cause if cause in causes), eligible)


def due_by_plan(
    state: CallState, plan: Plan, last_outcome: Outcome | None, last_ended_at: datetime | None, now: datetime
) -> datetime:
    """When a waiting call's own plan lets it ring, never in the past; the calling policy may make it later.

    Raises:
        Broken: its window cannot be read.
    """
    ready, _ = _by_plan(state, plan, last_outcome, last_ended_at, now)
    return opening(ready, plan.window)


def _by_plan(
    state: CallState, plan: Plan, last_outcome: Outcome | None, last_ended_at: datetime | None, now: datetime
) -> tuple[datetime, set[Cause]]:
    """When the call's schedule and pauses let it go, never in the past, and what in them is still to come."""
    scheduled_at = plan.scheduled_at
    again = _retry_at(plan.retry, last_outcome, last_ended_at) if state is CallState.RETRY else None
    if again and scheduled_at and last_ended_at and scheduled_at > last_ended_at:
        # The customer named another moment since: theirs counts, not the pause.
        again = None
    ready, causes = now, set[Cause]()
    if scheduled_at and scheduled_at > now:
        ready = scheduled_at
        causes.add(Cause.SCHEDULE)
    if again and again > now:
        ready = max(ready, again)
        causes.add(Cause.RETRY_DELAY)
    return ready, causes


def _in_the_way(callers: Iterable[Caller], found: Survey, but: frozenset[Cause]) -> frozenset[Cause]:
    """Why none of the numbers can be called from; empty: one of them can."""
    each = [found.places.against(caller) - but for caller in callers]
    if not each:
        return frozenset({Cause.CALLER_NUMBER})
    return frozenset().union(*each) if all(each) else frozenset()


def _rested(callers: Iterable[Caller], found: Survey) -> datetime | None:
    """When the first of their trunks has rested; None: none has a time, for its fate hangs on a call under way."""
    ends = [found.opens.get((Cause.PROVIDER_HEALTH, caller.trunk_id)) for caller in callers]
    return min((at for at in ends if at is not None), default=None)


def _retry_at(policy: RetryPolicy, outcome: Outcome | None, ended_at: datetime | None) -> datetime | None:
    """The end of the failed attempt and the minutes of its class; None: it has not ended, or is never repeated."""
    delay = None if outcome is None else redial_delay(policy, outcome)
    return None if delay is None or ended_at is None else ended_at + delay
