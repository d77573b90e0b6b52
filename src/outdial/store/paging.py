"""Pages of rows in the order they were made: each goes on where the last one ended, whatever was added meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection


@dataclass(frozen=True)
class Place:
    """Where a page ended: its last row."""

    created_at: datetime
    id: str


def page_of(
    conn: Connection, asked: sa.Select[Any], table: sa.Table, *, limit: int, after: Place | None
) -> tuple[list[dict[str, Any]], Place | None]:
    """The rows of ``asked``, oldest first, and where the page ended; None when nothing follows.

    ``table`` is whose ``id`` and ``created_at`` they are in the order of; both are among the columns asked for.
    """
    if after is not None:
        place = sa.tuple_(table.c.created_at, table.c.id)
        asked = asked.where(place > sa.tuple_(sa.literal(after.created_at, table.c.created_at.type), after.id))
    page = asked.order_by(table.c.created_at, table.c.id).limit(limit + 1)
    rows = [{**row} for row in conn.execute(page).mappings()]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], Place(last["created_at"], last["id"])
