"""Would this be dialled now, and if not, why and when? Answered by what the calendar asks before each dial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.agent import TalkLimits
from outdial.domain.request import Window
from outdial.domain.waiting import Cause
from outdial.store import schema
from outdial.store.calls.callees import load_callees
from outdial.store.calls.survey import survey
from outdial.store.policy.suppressions import SuppressionRow, is_of


@dataclass(frozen=True)
class Forecast:
    """What would become of a call asked for now. ``forbidden``: why it would be cancelled; empty: it would not.

    ``at`` None: it would wait for something to happen, or is forbidden. Caller numbers and free lines are another
    question: they change from second to second.
    """

    at: datetime | None
    causes: tuple[Cause, ...]
    forbidden: str


def forecast(
    conn: Connection,
    workspace_id: str,
    number: str,
    *,
    window: Window | None,
    scheduled_at: datetime | None,
    now: datetime,
) -> Forecast:
    """What the customer's window, calling policy and credits say to a call to ``number``."""
    key = workspace_id, number
    stands = survey(conn, [workspace_id], now)
    callee = load_callees(conn, [key], stands.rules, now)[key]
    at = max(now, scheduled_at or now)
    leave = stands.leave(at, workspace_id, window, callee)
    if leave.forbidden:
        return Forecast(None, (), leave.forbidden)
    causes = ((Cause.SCHEDULE,) if at > now else ()) + leave.causes
    if stands.hold(workspace_id, TalkLimits().max_length_s) is None:
        return Forecast(None, (*causes, Cause.CREDITS), "")
    return Forecast(leave.at, causes, "")


def suppression_of(conn: Connection, workspace_id: str, number: str) -> SuppressionRow | None:
    """The number's entry on the workspace's suppression list, under it or another number of its subscriber."""
    table = schema.suppressions
    asked = (
        sa.select(table.c.number, table.c.reason, table.c.created_at)
        .where(table.c.workspace_id == workspace_id, is_of(number))
        .order_by(table.c.created_at)
        .limit(1)
    )
    row = conn.execute(asked).mappings().first()
    return None if row is None else SuppressionRow(**row)
