"""Another key for all secrets of a database, while nodes are at work.

Each step is written down before the next (``store.secrets.keys``), so whoever is broken off is finished by being run
again. The old key is in the file until nothing is sealed with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Refused
from outdial.store.database import Connection, Database
from outdial.store.secrets import keys
from outdial.store.secrets.key_file import KeyFile
from outdial.store.secrets.keys import Holder, KeyState
from outdial.store.secrets.resealing import reseal

PATIENCE_S: Final = keys.HOLDER_LIFE.total_seconds() + 10
"""Nodes look at their file and at the agreement every few seconds; one that was killed is forgotten after a while."""
SETTLES_S: Final = 2.0
"""A command that was just under way has written what it sealed with the old key."""
_POLL_S: Final = 0.5


@dataclass(frozen=True)
class Rotated:
    key_id: str
    rows: int
    """How many rows were sealed again."""


async def rotate_secrets(
    db: Database, *, now: Clock, patience_s: float = PATIENCE_S, settles_s: float = SETTLES_S
) -> Rotated:
    """Make a key, let every node have it, seal everything with it, remove the old one; or go on with what was begun.

    Raises:
        Conflict: a node that runs does not have the new key yet, or still seals with the old one; run it again.
        Refused: the database was opened without a file of keys, or the file cannot be written.
        Unreachable: the database did not answer; run it again.
    """
    file = db.vault.file
    if file is None:
        raise Refused("this database was opened without a file of keys")
    known = await db.read(keys.states)
    if KeyState.LEAVING not in known.values():
        await _take_over(db, file, await _coming(db, file, known, now), now, patience_s)
    db.vault.reload()
    new = db.vault.sealing = keys.sealing_of(await db.read(keys.states))
    rows = await reseal(db, db.vault)
    await _nodes(
        db, lambda holder: holder.sealing == new, now, patience_s, "nodes still seal with the old key, run this again"
    )
    await asyncio.sleep(settles_s)
    while more := await reseal(db, db.vault):
        rows += more
    await db.write(keys.forget_leaving)
    file.keep({new})
    db.vault.reload()
    return Rotated(new, rows)


async def _coming(db: Database, file: KeyFile, known: dict[str, KeyState], now: Clock) -> str:
    """The key that is to take over, in the file and agreed on."""
    coming = next((name for name, state in known.items() if state is KeyState.COMING), None)
    if coming is not None:
        if coming not in file.read():
            raise Conflict(
                f"the change to key {coming} was begun elsewhere: finish it there, or copy its {file.path} here"
            )
        return coming
    added, at = file.add(), now()

    def work(conn: Connection) -> None:
        keys.lock(conn)
        if {KeyState.COMING, KeyState.LEAVING} & set(keys.states(conn).values()):
            raise Conflict("somebody else has just begun to change the key: run it again")
        keys.add(conn, added, KeyState.COMING, at)

    await db.write(work)
    return added


async def _take_over(db: Database, file: KeyFile, coming: str, now: Clock, patience_s: float) -> None:
    lacking = f"nodes do not have the new key yet: copy {file.path} to their machines and run this again"
    await _nodes(db, lambda holder: coming in holder.keys, now, patience_s, lacking)

    def work(conn: Connection) -> None:
        keys.lock(conn)
        known = keys.states(conn)
        if known.get(coming) is KeyState.COMING:
            keys.move(conn, keys.sealing_of(known), KeyState.LEAVING)
            keys.move(conn, coming, KeyState.IN_USE)

    await db.write(work)


async def _nodes(db: Database, ready: Callable[[Holder], bool], now: Clock, patience_s: float, trouble: str) -> None:
    """Until all that run are ``ready``.

    Raises:
        Conflict: they are not after ``patience_s``; names them.
    """
    waited_s = 0.0
    while late := [one.name for one in await db.read(keys.holders, now()) if not ready(one)]:
        if waited_s >= patience_s:
            raise Conflict(f"{trouble}: {', '.join(late)}")
        await asyncio.sleep(_POLL_S)
        waited_s += _POLL_S
