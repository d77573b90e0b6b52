"""A workspace's valid keys for its readers: never the keys themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outdial.queries.call_pages import Place
from outdial.queries.pages import page_of
from outdial.store.database import Database
from outdial.store.schema import api_keys


@dataclass(frozen=True)
class KeyRow:
    """``access``: one of ``domain.access.ACCESSES``. ``hint``: the key's last characters."""

    id: str
    dialect: str
    access: str
    hint: str
    created_at: datetime


async def key_page(
    db: Database, workspace_id: str, *, limit: int, after: Place | None
) -> tuple[list[KeyRow], Place | None]:
    """Valid keys, oldest first, and where the page ended; None when nothing follows."""
    asked = sa.select(
        api_keys.c.id, api_keys.c.dialect, api_keys.c.access, api_keys.c.hint, api_keys.c.created_at
    ).where(api_keys.c.workspace_id == workspace_id, api_keys.c.revoked_at.is_(None))
    async with db.reading() as conn:
        rows, end = await page_of(conn, asked, api_keys, limit=limit, after=after)
    return [KeyRow(**row) for row in rows], end
