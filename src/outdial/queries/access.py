"""Who is asking: from a key to its workspace."""

from __future__ import annotations

import sqlalchemy as sa

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
    async with db.reading() as conn:
        workspace_id: str | None = await conn.scalar(
            sa.select(api_keys.c.workspace_id).where(
                api_keys.c.digest == digest_key(key),
                api_keys.c.dialect == dialect,
                api_keys.c.revoked_at.is_(None),
            )
        )
    if workspace_id is None:
        raise Unauthorized("API key is missing or not valid")
    return workspace_id
