"""Calls and attempts that somebody wants ended: fenced like everything else, so that a race has one winner.

Each of these holds the lock of one table's rows only, and waits for no second one: nothing here can stand in a
deadlock. Facts are returned; the caller appends them last in the same transaction (``events.append``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import CallState
from outdial.domain.events import Event, EventType
from outdial.domain.outcome import Outcome
from outdial.store.calls.batches import fence, one_of, padded
from outdial.store.calls.lanes import STILL_WAITS
from outdial.store.schema import attempts, calls

# Written out, not bound: a partial index is only used by a query that repeats its condition literally.
_TO_BE_STOPPED: Final = "stop_asked_at IS NOT NULL AND state <> 'ended'"
_STOPS: Final = sa.select(attempts.c.call_id, attempts.c.number).where(
    one_of(attempts.c.worker, "holders"), sa.text(_TO_BE_STOPPED)
)


@dataclass(frozen=True)
class Verdict:
    """How a call ends that waits."""

    state: CallState
    outcome: Outcome
    reason: str


ON_REQUEST: Final = Verdict(CallState.CANCELLED, Outcome.CANCELLED, "cancelled on request")
TOO_LATE: Final = Verdict(CallState.FAILED, Outcome.CAMPAIGN_ENDED, "the end of its campaign passed before it was made")


def forbidden(reason: str) -> Verdict:
    """It may never ring."""
    return Verdict(CallState.CANCELLED, Outcome.POLICY_BLOCKED, reason)


@dataclass(frozen=True)
class Standing:
    """Where a call is. ``stop_asked``: somebody wants the attempt under way ended."""

    state: CallState
    attempt: int
    stop_asked: bool


def standing(conn: Connection, workspace_id: str, call_id: str) -> Standing | None:
    """Where the call is now; None: the workspace has no such call."""
    found = conn.execute(
        sa.select(calls.c.state, calls.c.attempt, attempts.c.stop_asked_at)
        .outerjoin(attempts, (attempts.c.call_id == calls.c.id) & (attempts.c.number == calls.c.attempt))
        .where(calls.c.id == call_id, calls.c.workspace_id == workspace_id)
    )
    row = found.one_or_none()
    if row is None:
        return None
    state = CallState(row.state)
    return Standing(state, row.attempt, state is CallState.ACTIVE and row.stop_asked_at is not None)


def end_waiting(conn: Connection, ids: Collection[str], now: datetime, how: Verdict = ON_REQUEST) -> list[Event]:
    """End those of the calls that wait; the facts, two for each that did."""
    over = {"state": how.state.value, "outcome": how.outcome.value, "reason": how.reason}
    ended = conn.execute(
        calls.update()
        .where(calls.c.id.in_(ids), STILL_WAITS)
        .values(**over, ended_at=now)
        .returning(calls.c.id, calls.c.workspace_id, calls.c.attempt)
    )
    told = over | {"ended_by": ""}
    facts: list[Event] = []
    for row in ended:
        facts += [
            Event(row.id, row.workspace_id, EventType.CALL_ENDED, now, row.attempt, told),
            Event(row.id, row.workspace_id, EventType.PROCESSED, now, row.attempt),
        ]
    return facts


def free_ones(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Those of the calls that wait and are in nobody's hands, locked until the end of the transaction.

    Waiting for one while holding the others could end in a deadlock with whoever claims them.
    """
    free = sa.select(calls.c.id).where(calls.c.id.in_(ids), STILL_WAITS).with_for_update(skip_locked=True)
    return list(conn.scalars(free))


def ask_to_stop(conn: Connection, workspace_id: str, call_id: str, attempt: int, now: datetime) -> list[Event]:
    """Have the attempt ended by whoever carries it out; no fact: it has ended, or is to be stopped already."""
    asked = conn.execute(
        attempts.update()
        .where(
            attempts.c.call_id == call_id,
            attempts.c.number == attempt,
            fence(attempts.c.state) != "ended",
            attempts.c.stop_asked_at.is_(None),
        )
        .values(stop_asked_at=now)
    )
    if asked.rowcount == 0:
        return []
    return [Event(call_id, workspace_id, EventType.STOP_ASKED, now, attempt)]


def to_be_stopped(conn: Connection, holders: Collection[str]) -> list[tuple[str, int]]:
    """The attempts (call, number) of these holders that somebody wants ended; a seek, almost always for nothing."""
    found = conn.execute(_STOPS, {"holders": padded(holders)})
    return [(row.call_id, row.number) for row in found]
