"""Who is asking: from a key to its workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.errors import Unauthorized
from outdial.domain.ids import digest_key
from outdial.store.database import Database
from outdial.store.schema import api_keys


async def authenticate(db: Database, dialect: str, key: str) -> str:
    """The id of the workspace this key opens through this dialect's door.

    Takes the same time for every wrong key: what is compared is a digest, in an index.

    Raises:
        Unauthorized: no key, an unknown one, a revoked one, or another door's; the message never says which.
    """
    asked = dialect, digest_key(key)
    workspace_id = (await db.find(_workspaces, [asked])).get(asked)
    if workspace_id is None:
        raise Unauthorized("API key is missing or not valid")
    return workspace_id


async def _workspaces(conn: AsyncConnection, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Workspaces by dialect and digest of a valid key."""
    rows = await conn.execute(
        sa.select(api_keys.c.dialect, api_keys.c.digest, api_keys.c.workspace_id).where(
            api_keys.c.digest.in_({digest for _, digest in keys}), api_keys.c.revoked_at.is_(None)
        )
    )
    return {(row.dialect, row.digest): row.workspace_id for row in rows}
