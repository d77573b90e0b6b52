"""The suppression list: numbers a workspace leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.store.schema import suppressions

_AT_ONCE: Final = 500


async def add(conn: AsyncConnection, workspace_id: str, reasons: Mapping[str, str], at: datetime) -> int:
    """Put numbers on the list, each with its reason; how many were not on it yet. Those that were stay as they are."""
    rows = [
        {"workspace_id": workspace_id, "number": number, "reason": reasons[number], "created_at": at}
        # In order: two lists added at the same moment must not wait for each other's rows.
        for number in sorted(reasons)
    ]
    added = 0
    for first in range(0, len(rows), _AT_ONCE):
        insert = _insert(conn).values(rows[first : first + _AT_ONCE]).on_conflict_do_nothing()
        added += len((await conn.execute(insert.returning(suppressions.c.number))).all())
    return added


async def remove(conn: AsyncConnection, workspace_id: str, number: str) -> bool:
    """Whether it was on the list."""
    mine = (suppressions.c.workspace_id == workspace_id, suppressions.c.number == number)
    return (await conn.execute(suppressions.delete().where(*mine))).rowcount == 1


def _insert(conn: AsyncConnection) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(suppressions) if conn.dialect.name == "postgresql" else sqlite.insert(suppressions)
