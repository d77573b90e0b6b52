"""Who belongs to a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outdial.store.database import Database
from outdial.store.schema import users


@dataclass(frozen=True)
class User:
    """``role``: ``owner``, ``admin`` or ``member``; ``invite_status``: ``success``, for nobody is asked by mail."""

    id: str
    username: str
    email: str
    role: str
    invite_status: str
    created_at: datetime


async def users_of(db: Database, workspace_id: str, *, limit: int = 20, offset: int = 0) -> list[User]:
    """The workspace's users, first come first."""
    asked = (
        sa.select(*(column for column in users.c if column.name != "workspace_id"))
        .where(users.c.workspace_id == workspace_id)
        .order_by(users.c.created_at, users.c.id)
        .limit(limit)
        .offset(offset)
    )
    async with db.reading() as conn:
        return [User(**row) for row in (await conn.execute(asked)).mappings()]
