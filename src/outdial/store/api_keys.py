"""API keys: only digests of them are stored, and their last four characters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.access import FULL, PUBLISHABLE
from outdial.domain.errors import Forbidden, Unauthorized
from outdial.domain.ids import digest_key
from outdial.store.database import Database
from outdial.store.paging import Place, page_of
from outdial.store.schema import api_keys

_MASTERS: Final = (
    sa.select(api_keys.c.id)
    .where(
        api_keys.c.workspace_id == sa.bindparam("whose"),
        api_keys.c.dialect == "native",
        api_keys.c.access == FULL,
        api_keys.c.revoked_at.is_(None),
    )
    .limit(1)
)
"""Keys that can make and withdraw keys."""


def add(
    conn: Connection, workspace_id: str, identity: str, key: str, *, dialect: str, access: str, at: datetime
) -> None:
    """
    Raises:
        IntegrityError: that key is in use already.
    """
    conn.execute(
        api_keys.insert().values(
            id=identity,
            workspace_id=workspace_id,
            dialect=dialect,
            digest=digest_key(key),
            hint=key[-4:],
            access=access,
            created_at=at,
        )
    )


def revoke(conn: Connection, workspace_id: str, key: str, at: datetime) -> str | None:
    """What the key could do; None: the workspace has no such valid one."""
    return _revoke(conn, workspace_id, api_keys.c.digest == digest_key(key), at)


def revoke_by_id(conn: Connection, workspace_id: str, key_id: str, at: datetime) -> str | None:
    """As ``revoke``."""
    return _revoke(conn, workspace_id, api_keys.c.id == key_id, at)


def can_be_managed(conn: Connection, workspace_id: str) -> bool:
    """Whether the workspace has a key left that can make others."""
    return conn.scalar(_MASTERS, {"whose": workspace_id}) is not None


def _revoke(conn: Connection, workspace_id: str, which: sa.ColumnElement[bool], at: datetime) -> str | None:
    valid = api_keys.c.workspace_id == workspace_id, api_keys.c.revoked_at.is_(None)
    revoked = api_keys.update().where(which, *valid).values(revoked_at=at).returning(api_keys.c.access)
    row = conn.execute(revoked).first()
    return None if row is None else str(row.access)


@dataclass(frozen=True)
class KeyRow:
    """``access``: one of ``domain.access.ACCESSES``. ``hint``: the key's last characters."""

    id: str
    dialect: str
    access: str
    hint: str
    created_at: datetime


def key_page(
    conn: Connection, workspace_id: str, *, limit: int, after: Place | None
) -> tuple[list[KeyRow], Place | None]:
    """Valid keys, oldest first, and where the page ended; None when nothing follows."""
    asked = sa.select(
        api_keys.c.id, api_keys.c.dialect, api_keys.c.access, api_keys.c.hint, api_keys.c.created_at
    ).where(api_keys.c.workspace_id == workspace_id, api_keys.c.revoked_at.is_(None))
    rows, end = page_of(conn, asked, api_keys, limit=limit, after=after)
    return [KeyRow(**row) for row in rows], end


@dataclass(frozen=True)
class Access:
    """What a key opens. ``full`` False: it reads and changes nothing.

    ``publishable``: it opens nothing by itself, see ``authenticate``.
    """

    workspace_id: str
    key_id: str
    full: bool
    publishable: bool

    def must_write(self) -> None:
        """
        Raises:
            Forbidden: the key only reads.
        """
        if not self.full:
            raise Forbidden("This API key may only read")


async def authenticate(db: Database, dialect: str, key: str, *, from_page: bool = False) -> Access:
    """What this key opens through this dialect's door.

    ``from_page``: whoever asks checks the page a publishable key comes from; only there it is let in.

    Takes the same time for every wrong key: what is compared is a digest, in an index.

    Raises:
        Unauthorized: no key, an unknown one, a revoked one, or another door's; the message never says which.
    """
    asked = dialect, digest_key(key)
    access = (await db.find(_accesses, [asked])).get(asked)
    if access is None or (access.publishable and not from_page):
        raise Unauthorized("API key is missing or not valid")
    return access


def _accesses(conn: Connection, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Access]:
    """By dialect and digest of a valid key."""
    columns = api_keys.c.dialect, api_keys.c.digest, api_keys.c.workspace_id, api_keys.c.id, api_keys.c.access
    rows = conn.execute(
        sa.select(*columns).where(
            api_keys.c.digest.in_({digest for _, digest in keys}), api_keys.c.revoked_at.is_(None)
        )
    )
    return {
        (row.dialect, row.digest): Access(row.workspace_id, row.id, row.access == FULL, row.access == PUBLISHABLE)
        for row in rows
    }
