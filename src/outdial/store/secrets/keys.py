"""Which key secrets are sealed with, agreed on by all nodes of a database.

::

    begun ──everything older is sealed──▶ in use ──another takes over──▶ leaving ──nothing is sealed with it──▶ (gone)
    coming ──every node has it──▶ in use

The first key is ``begun`` as long as rows of an older version may still hold secrets in clear. A key is ``coming``
until every node that runs has it: before, a value sealed with it could not be opened by some of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import Refused
from outdial.store.inserts import upsert_into
from outdial.store.locks import Lock, take
from outdial.store.schema import key_holders, sealing_keys
from outdial.store.secrets.sealing import Vault

HOLDER_LIFE: Final = timedelta(seconds=40)
"""A node not heard of for so long has stopped."""


class KeyState(StrEnum):
    BEGUN = "begun"
    IN_USE = "in_use"
    COMING = "coming"
    LEAVING = "leaving"


_SEALS: Final = (KeyState.BEGUN, KeyState.IN_USE)


@dataclass(frozen=True)
class Holder:
    """A node that runs."""

    name: str
    keys: frozenset[str]
    sealing: str


def lock(conn: Connection) -> None:
    """Let nobody else change the agreement until this transaction ends. On SQLite one writes anyway."""
    take(conn, Lock.SEALING_KEYS)


def states(conn: Connection) -> dict[str, KeyState]:
    """The keys agreed on, oldest first."""
    asked = sa.select(sealing_keys.c.id, sealing_keys.c.state).order_by(sealing_keys.c.created_at, sealing_keys.c.id)
    return {row.id: KeyState(row.state) for row in conn.execute(asked)}


def sealing_of(known: Mapping[str, KeyState]) -> str:
    """The key new values are sealed with; empty: none yet."""
    return next((name for name, state in known.items() if state in _SEALS), "")


def must_open(vault: Vault, known: Mapping[str, KeyState]) -> None:
    """
    Raises:
        Refused: this process lacks a key of the database.
    """
    lacking = [name for name in known if name not in vault.keys]
    if lacking and vault.file is not None:
        raise Refused(
            f"the secrets in this database are sealed with the key {lacking[0]}, and "
            f"{vault.file.path} does not hold it: "
            "copy that file from a node that runs or from your backup, or name it in OUTDIAL_SECRETS_KEY_FILE"
        )


def begin(conn: Connection, vault: Vault, at: datetime) -> bool:
    """Agree on a first key, if there is none yet: the first of the file, made if need be. Whether it was agreed on now.

    Raises:
        Refused: the file cannot be written, or as ``must_open``.
    """
    lock(conn)
    known = states(conn)
    new = not known and vault.file is not None
    if new and vault.file is not None:
        first = next(iter(vault.file.make()))
        add(conn, first, KeyState.BEGUN, at)
        known = {first: KeyState.BEGUN}
    vault.reload()
    must_open(vault, known)
    vault.sealing = sealing_of(known)
    return new


def add(conn: Connection, key_id: str, state: KeyState, at: datetime) -> None:
    conn.execute(sealing_keys.insert().values(id=key_id, state=state.value, created_at=at))


def move(conn: Connection, key_id: str, state: KeyState) -> None:
    conn.execute(sealing_keys.update().where(sealing_keys.c.id == key_id).values(state=state.value))


def tell(conn: Connection, name: str, vault: Vault, at: datetime) -> None:
    """Say that this node runs, and which keys it has."""
    values = {"keys": sorted(vault.keys), "sealing": vault.sealing, "seen_at": at}
    said = upsert_into(conn, key_holders).values(name=name, **values)
    conn.execute(said.on_conflict_do_update(index_elements=["name"], set_=values))


def leave(conn: Connection, name: str) -> None:
    conn.execute(key_holders.delete().where(key_holders.c.name == name))


def holders(conn: Connection, now: datetime) -> list[Holder]:
    """The nodes that run."""
    alive = sa.select(key_holders).where(key_holders.c.seen_at > now - HOLDER_LIFE).order_by(key_holders.c.name)
    return [Holder(row.name, frozenset(row.keys), row.sealing) for row in conn.execute(alive)]


def forget_leaving(conn: Connection) -> None:
    """Nothing is sealed with them any more."""
    lock(conn)
    conn.execute(sa.delete(sealing_keys).where(sealing_keys.c.state == KeyState.LEAVING.value))
