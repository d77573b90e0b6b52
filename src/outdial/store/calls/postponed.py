"""Calls that wait for a moment later than they might have to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import CallState
from outdial.domain.outcome import Outcome
from outdial.store.bell import ring
from outdial.store.calls.lanes import STILL_WAITS, WAITING_SQL
from outdial.store.schema import attempts, call_requests, calls


@dataclass(frozen=True)
class Postponed:
    """A waiting call. ``plan``: as stored; ``outcome`` and ``ended_at``: of its latest attempt, if there was one."""

    id: str
    state: CallState
    due_at: datetime
    plan: Mapping[str, object]
    outcome: Outcome | None
    ended_at: datetime | None


def page(
    conn: Connection, workspace_id: str, span: tuple[datetime, datetime], *, after: str, limit: int
) -> list[Postponed]:
    """Those due within the span (without its beginning), by id, from the one that follows ``after``."""
    latest = (attempts.c.call_id == calls.c.id) & (attempts.c.number == calls.c.attempt)
    rows = conn.execute(
        sa.select(
            calls.c.id, calls.c.state, calls.c.due_at, call_requests.c.plan, attempts.c.outcome, attempts.c.ended_at
        )
        .join(call_requests, call_requests.c.call_id == calls.c.id)
        .outerjoin(attempts, latest)
        .where(
            sa.text(f"calls.{WAITING_SQL}"),
            calls.c.workspace_id == workspace_id,
            calls.c.due_at > span[0],
            calls.c.due_at <= span[1],
            calls.c.id > after,
        )
        .order_by(calls.c.id)
        .limit(limit)
    )
    return [
        Postponed(
            id=row.id,
            state=CallState(row.state),
            due_at=row.due_at,
            plan=row.plan,
            outcome=Outcome(row.outcome) if row.outcome else None,
            ended_at=row.ended_at,
        )
        for row in rows
    ]


def bring_forward(conn: Connection, earlier: Sequence[tuple[Postponed, datetime]]) -> int:
    """Make calls due then, unless they were dialled, rescheduled or ended since they were read; how many were moved."""
    moved = 0
    for call, due_at in sorted(earlier, key=lambda one: one[0].id):
        mine = (calls.c.id == call.id, STILL_WAITS, calls.c.due_at == call.due_at)
        moved += conn.execute(calls.update().where(*mine).values(due_at=due_at)).rowcount
    if moved:
        ring(conn)
    return moved
