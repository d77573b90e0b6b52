"""API keys: made, shown once, stored as a digest, revoked, rotated."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid, NotFound
from outdial.domain.ids import digest_key, new_id
from outdial.store.database import Database
from outdial.store.schema import api_keys

_MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "ringg": lambda: str(uuid.uuid4()),
    "ringly": lambda: f"ok_{secrets.token_urlsafe(24)}",
    "native": lambda: f"od_{secrets.token_urlsafe(24)}",
}
DIALECTS: Final = tuple(_MAKERS)


async def create_key(db: Database, workspace_id: str, dialect: str, key: str | None = None, *, now: Clock) -> str:
    """A key for one dialect's door, returned in clear this once; ``key`` brings a customer's existing one along.

    Ringg keys are UUIDv4 strings; the others ``ok_`` or ``od_`` and 32 URL-safe characters.

    Raises:
        Invalid: no such dialect, or ``key`` is empty or holds blanks.
        Conflict: that key is in use already.
    """
    chosen = _usable(dialect, key)
    created_at = now()
    try:
        await db.write(lambda conn: _insert(conn, workspace_id, dialect, chosen, created_at))
    except sa.exc.IntegrityError as error:
        raise Conflict("this key cannot be used") from error
    return chosen


async def rotate_key(db: Database, workspace_id: str, dialect: str, old: str, *, now: Clock) -> str:
    """Revoke ``old`` and make another in the same transaction; the new key in clear, this once.

    Raises:
        NotFound: the workspace has no such valid key.
    """
    chosen, at = _usable(dialect, None), now()

    async def work(conn: AsyncConnection) -> None:
        await _revoke(conn, workspace_id, old, at)
        await _insert(conn, workspace_id, dialect, chosen, at)

    await db.write(work)
    return chosen


async def revoke_key(db: Database, workspace_id: str, key: str, *, now: Clock) -> None:
    """From the commit on, the key opens nothing.

    Raises:
        NotFound: the workspace has no such valid key.
    """
    at = now()
    await db.write(lambda conn: _revoke(conn, workspace_id, key, at))


def _usable(dialect: str, key: str | None) -> str:
    make = _MAKERS.get(dialect)
    if make is None:
        raise Invalid(Fault(("dialect",), f"dialect must be one of {', '.join(DIALECTS)}"))
    if key is None:
        return make()
    if not key or any(letter.isspace() for letter in key):
        raise Invalid(Fault(("key",), "key must be a string without blanks"))
    return key


async def _insert(conn: AsyncConnection, workspace_id: str, dialect: str, key: str, at: datetime) -> None:
    row: dict[str, Any] = {
        "id": new_id(),
        "workspace_id": workspace_id,
        "dialect": dialect,
        "digest": digest_key(key),
        "hint": key[-4:],
        "created_at": at,
    }
    await conn.execute(api_keys.insert().values(row))


async def _revoke(conn: AsyncConnection, workspace_id: str, key: str, at: datetime) -> None:
    done = await conn.execute(
        api_keys.update()
        .where(
            api_keys.c.workspace_id == workspace_id,
            api_keys.c.digest == digest_key(key),
            api_keys.c.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )
    if done.rowcount == 0:
        raise NotFound("API key not found", field="key")
