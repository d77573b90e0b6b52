"""Many calls, for a file: page after page, each read by itself, so that no transaction is as long as a download."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.clock import Clock
from outdial.domain.record import CallRecord
from outdial.store.calls.reading import Filters, conditions
from outdial.store.calls.records import load_calls
from outdial.store.database import Database
from outdial.store.schema import calls

_PAGE: Final = 100


async def call_pages(
    db: Database, workspace_id: str, filters: Filters, *, now: Clock
) -> AsyncIterator[list[CallRecord]]:
    """The workspace's calls, newest first, ``filters.limit`` at most: pages of at most 100, none of them empty.

    Each page goes on where the last one ended: a call is never in it twice, whatever is added meanwhile.

    Raises:
        Unreachable: the database did not answer.
    """
    wanted = (
        sa.select(calls.c.id, calls.c.created_at)
        .where(*conditions(workspace_id, filters))
        .order_by(calls.c.created_at.desc(), calls.c.id.desc())
    )
    page, left = wanted.offset(filters.offset), filters.limit
    while left > 0:
        size = min(left, _PAGE)
        rows, found = await db.read(_page, page.limit(size), now())
        if found:
            yield found
        if len(rows) < size:
            return
        page, left = wanted.where(*_after(rows[-1].created_at, rows[-1].id)), left - size


def _page(conn: Connection, page: sa.Select[Any], now: datetime) -> tuple[Sequence[sa.Row[Any]], list[CallRecord]]:
    rows = conn.execute(page).all()
    return rows, load_calls(conn, [row.id for row in rows], now)


def _after(created_at: datetime, call_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Behind that call; the first condition alone is a seek in the index."""
    return calls.c.created_at <= created_at, (calls.c.created_at < created_at) | (calls.c.id < call_id)
