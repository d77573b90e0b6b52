"""API keys: made, shown once, stored as a digest, revoked, rotated."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from outdial.domain.access import ACCESSES, FULL, PUBLISHABLE
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.store import api_keys, workspaces
from outdial.store.database import Connection, Database
from outdial.store.policy.quotas import must_have_room
from outdial.store.trouble import IntegrityError

_MAKERS: Final[Mapping[str, Callable[[], str]]] = {
    "ringg": lambda: str(uuid.uuid4()),
    "ringly": lambda: f"ok_{secrets.token_urlsafe(24)}",
    "native": lambda: f"od_{secrets.token_urlsafe(24)}",
}
DIALECTS: Final = tuple(_MAKERS)


@dataclass(frozen=True)
class NewKey:
    """``key`` is in clear here, and nowhere else again: never log it."""

    id: str
    key: str = field(repr=False)
    created_at: datetime


async def create_key(db: Database, workspace_id: str, dialect: str, key: str | None = None, *, now: Clock) -> str:
    """A full key for one dialect's door, returned in clear this once; ``key`` brings a customer's existing one along.

    Raises: as ``issue_key``.
    """
    return (await issue_key(db, workspace_id, dialect, key, now=now)).key


async def issue_key(
    db: Database, workspace_id: str, dialect: str, key: str | None = None, *, access: str = FULL, now: Clock
) -> NewKey:
    """The same with what it may do, one of ``domain.access.ACCESSES``.

    Ringg keys are UUIDv4 strings; the others ``ok_`` or ``od_``, or ``pk_`` when publishable, and 32 URL-safe
    characters.

    Raises:
        Invalid: no such dialect or access, or ``key`` is empty or holds blanks.
        Conflict: that key is in use already.
    """
    chosen = _usable(dialect, key)
    if access not in ACCESSES:
        raise Invalid(Fault(("access",), f"access must be one of {', '.join(ACCESSES)}"))
    if access == PUBLISHABLE and dialect != "ringg":
        raise Invalid(Fault(("access",), "access may be publishable for ringg alone"))
    if access == PUBLISHABLE and key is None:
        chosen = f"pk_{secrets.token_urlsafe(24)}"
    new = NewKey(new_id(), chosen, now())

    def work(conn: Connection) -> None:
        must_have_room(conn, workspace_id, db.quotas, "keys")
        api_keys.add(conn, workspace_id, new.id, new.key, dialect=dialect, access=access, at=new.created_at)

    try:
        await db.write(work)
    except IntegrityError as error:
        raise Conflict("this key cannot be used") from error
    return new


async def rotate_key(db: Database, workspace_id: str, dialect: str, old: str, *, now: Clock) -> str:
    """Revoke ``old`` and make another that may do the same, in one transaction; the new key in clear, this once.

    Raises:
        NotFound: the workspace has no such valid key.
    """
    new = NewKey(new_id(), _usable(dialect, None), now())

    def work(conn: Connection) -> None:
        access = api_keys.revoke(conn, workspace_id, old, new.created_at)
        if access is None:
            raise NotFound("API key not found", field="key")
        api_keys.add(conn, workspace_id, new.id, new.key, dialect=dialect, access=access, at=new.created_at)

    await db.write(work)
    return new.key


async def withdraw_key(db: Database, workspace_id: str, key_id: str, *, now: Clock) -> None:
    """Revoke a key that is known by its id. The last full native key stays: without it nobody could make another.

    Raises:
        NotFound: the workspace has no such valid key.
        Conflict: it is the last one.
    """
    at = now()

    def work(conn: Connection) -> None:
        # One after the other: two keys withdrawn at the same moment must not be the last two.
        workspaces.hold_lightly(conn, workspace_id)
        if api_keys.revoke_by_id(conn, workspace_id, key_id, at) is None:
            raise NotFound("API key not found", field="key_id")
        if not api_keys.can_be_managed(conn, workspace_id):
            raise Conflict("the last full native key cannot be withdrawn: make another one first")

    await db.write(work)


def _usable(dialect: str, key: str | None) -> str:
    make = _MAKERS.get(dialect)
    if make is None:
        raise Invalid(Fault(("dialect",), f"dialect must be one of {', '.join(DIALECTS)}"))
    if key is None:
        return make()
    if not key or any(letter.isspace() for letter in key):
        raise Invalid(Fault(("key",), "key must be a string without blanks"))
    return key
