"""The suppression list for its readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outdial.store import schema
from outdial.store.database import Database


@dataclass(frozen=True)
class SuppressionRow:
    """A number that is never rung. ``reason``: why, as whoever added it said; may be empty."""

    number: str
    reason: str
    created_at: datetime


async def suppressions(db: Database, workspace_id: str, *, limit: int, after: str = "") -> list[SuppressionRow]:
    """A page of the workspace's list in the order of its numbers, from the one that follows ``after``.

    ``after`` is the last number of the page before; it need not be on the list any more.
    """
    table = schema.suppressions
    page = (
        sa.select(table.c.number, table.c.reason, table.c.created_at)
        .where(table.c.workspace_id == workspace_id, table.c.number > after)
        .order_by(table.c.number)
        .limit(limit)
    )
    async with db.reading() as conn:
        return [SuppressionRow(**row) for row in (await conn.execute(page)).mappings()]
