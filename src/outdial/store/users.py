"""People of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.store.schema import users


def add(
    conn: Connection, workspace_id: str, identity: str, *, username: str, email: str, role: str, at: datetime
) -> None:
    """
    Raises:
        IntegrityError: the workspace has a user of that email.
    """
    conn.execute(
        users.insert().values(
            id=identity,
            workspace_id=workspace_id,
            username=username,
            email=email,
            role=role,
            invite_status="success",
            created_at=at,
        )
    )


def roles(conn: Connection, workspace_id: str) -> Mapping[str, str]:
    """By email."""
    theirs = sa.select(users.c.email, users.c.role).where(users.c.workspace_id == workspace_id)
    return {row.email: row.role for row in conn.execute(theirs)}


def remove(conn: Connection, workspace_id: str, email: str) -> None:
    conn.execute(users.delete().where(users.c.workspace_id == workspace_id, users.c.email == email))


@dataclass(frozen=True)
class User:
    """``role``: ``owner``, ``admin`` or ``member``; ``invite_status``: ``success``, for nobody is asked by mail."""

    id: str
    username: str
    email: str
    role: str
    invite_status: str
    created_at: datetime


def users_of(conn: Connection, workspace_id: str, *, limit: int = 20, offset: int = 0) -> list[User]:
    """The workspace's users, first come first."""
    asked = (
        sa.select(*(column for column in users.c if column.name != "workspace_id"))
        .where(users.c.workspace_id == workspace_id)
        .order_by(users.c.created_at, users.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [User(**row) for row in conn.execute(asked).mappings()]
