"""After rules were loosened: calls they had moved to a later moment are due again as their own plan says."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from outdial.domain.clock import Clock
from outdial.domain.errors import Broken
from outdial.domain.hours import HORIZON
from outdial.domain.plan import Plan
from outdial.store.calls import postponed
from outdial.store.calls.postponed import Postponed
from outdial.store.calls.waiting import due_by_plan
from outdial.store.database import Database

_AT_ONCE: Final = 250
"""Calls looked at in one transaction: a long list must not keep the dialer from the calendar."""


async def look_again(db: Database, workspace_id: str, *, now: Clock) -> int:
    """Make waiting calls due no later than their own plan says; how many were moved. The claim decides anew on each.

    Only calls the present rules' predecessors can have moved are looked at: no policy moves a call further than
    ``hours.HORIZON``.
    """
    moved, last = 0, ""
    while page := await db.read(postponed.page, workspace_id, (at := now(), at + HORIZON), after=last, limit=_AT_ONCE):
        last, at = page[-1].id, now()
        earlier = [(call, due_at) for call in page if (due_at := _due(call, at)) < call.due_at]
        moved += await db.write(postponed.bring_forward, earlier) if earlier else 0
    return moved


def _due(call: Postponed, now: datetime) -> datetime:
    try:
        return due_by_plan(call.state, Plan.from_json(call.plan), call.outcome, call.ended_at, now)
    except Broken:
        # A window nobody can read: the claim says so when its moment comes.
        return call.due_at
