"""Who is asking: from a key to its workspace, and what it may do there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.access import FULL, PUBLISHABLE
from outdial.domain.errors import Forbidden, Unauthorized
from outdial.domain.ids import digest_key
from outdial.store.database import Database
from outdial.store.schema import api_keys


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


async def _accesses(conn: AsyncConnection, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Access]:
    """By dialect and digest of a valid key."""
    columns = api_keys.c.dialect, api_keys.c.digest, api_keys.c.workspace_id, api_keys.c.id, api_keys.c.access
    rows = await conn.execute(
        sa.select(*columns).where(
            api_keys.c.digest.in_({digest for _, digest in keys}), api_keys.c.revoked_at.is_(None)
        )
    )
    return {
        (row.dialect, row.digest): Access(row.workspace_id, row.id, row.access == FULL, row.access == PUBLISHABLE)
        for row in rows
    }
