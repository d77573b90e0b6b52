"""After rules were loosened: calls they had moved to a later moment are due again as their own plan says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.call import CallState
from outdial.domain.clock import Clock
from outdial.domain.errors import Broken
from outdial.domain.hours import HORIZON
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.store.bell import ring
from outdial.store.database import Database
from outdial.store.lanes import STILL_WAITS, WAITING_SQL
from outdial.store.schema import attempts, call_requests, calls
from outdial.store.waiting import due_by_plan

_AT_ONCE: Final = 250
"""Calls looked at in one transaction: a long list must not keep the dialer from the calendar."""


async def look_again(db: Database, workspace_id: str, *, now: Clock) -> int:
    """Make waiting calls due no later than their own plan says; how many were moved. The claim decides anew on each.

    Only calls the present rules' predecessors can have moved are looked at: no policy moves a call further than
    ``hours.HORIZON``.
    """
    moved, last = 0, ""
    while page := await _page(db, workspace_id, now(), last):
        last = page[-1]["id"]
        moved += await _bring_forward(db, page, now())
    return moved


async def _page(db: Database, workspace_id: str, now: datetime, after: str) -> Sequence[Mapping[Any, Any]]:
    latest = (attempts.c.call_id == calls.c.id) & (attempts.c.number == calls.c.attempt)
    async with db.reading() as conn:
        rows = await conn.execute(
            sa.select(
                calls.c.id, calls.c.state, calls.c.due_at, call_requests.c.plan, attempts.c.outcome, attempts.c.ended_at
            )
            .join(call_requests, call_requests.c.call_id == calls.c.id)
            .outerjoin(attempts, latest)
            .where(
                sa.text(f"calls.{WAITING_SQL}"),
                calls.c.workspace_id == workspace_id,
                calls.c.due_at > now,
                calls.c.due_at <= now + HORIZON,
                calls.c.id > after,
            )
            .order_by(calls.c.id)
            .limit(_AT_ONCE)
        )
        return rows.mappings().all()


async def _bring_forward(db: Database, page: Sequence[Mapping[Any, Any]], now: datetime) -> int:
    earlier = {row["id"]: (row["due_at"], due) for row in page if (due := _due(row, now)) < row["due_at"]}

    async def work(conn: AsyncConnection) -> int:
        moved = 0
        for call_id, (was_due, due) in sorted(earlier.items()):
            # Unless it was dialled, rescheduled or ended since it was read.
            mine = (calls.c.id == call_id, STILL_WAITS, calls.c.due_at == was_due)
            moved += (await conn.execute(calls.update().where(*mine).values(due_at=due))).rowcount
        if moved:
            await ring(conn)
        return moved

    return await db.write(work) if earlier else 0


def _due(row: Mapping[Any, Any], now: datetime) -> datetime:
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    try:
        return due_by_plan(CallState(row["state"]), Plan.from_json(row["plan"]), outcome, row["ended_at"], now)
    except Broken:
        # A window nobody can read: the claim says so when its moment comes.
        moment: datetime = row["due_at"]
        return moment
