"""What a node does about keys while it runs: says which it has, and seals with the one that is agreed on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from outdial.domain.clock import Clock
from outdial.domain.errors import OutdialError, Unreachable
from outdial.domain.ids import new_id
from outdial.store.database import Database
from outdial.store.secrets import keys

LOOKS_EVERY_S: Final = 5.0
_SAYS_EVERY: Final = keys.HOLDER_LIFE / 3
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def watched_keys(db: Database, name: str, clock: Clock) -> AsyncIterator[None]:
    """A node runs within.

    Raises: as ``KeyWatch.begin``.
    """
    watch = KeyWatch(db, name, clock)
    await watch.begin()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch.run(), name="keys of secrets")
        try:
            yield
        finally:
            watching.cancel()
            with suppress(Unreachable):
                await watch.end()


class KeyWatch:
    """``begin`` before anything is sealed, ``run`` until cancelled, ``end``. ``name``: for people; made unique here."""

    def __init__(self, db: Database, name: str, clock: Clock) -> None:
        self._db = db
        self._name = f"{name} ({new_id()[-6:]})"
        self._clock = clock
        self._said: tuple[frozenset[str], str] | None = None
        self._said_at = clock() - timedelta(days=1)
        self._lacking: list[str] = []

    async def begin(self) -> None:
        """First say which keys there are, then look at which are needed: a rotation does it the other way round, so
        that one of the two sees the other.

        Raises:
            Refused: a key of the database is not there.
            Unreachable: the database did not answer.
        """
        await self._say(self._clock())
        keys.must_open(self._db.vault, await self._db.read(keys.states))
        await self.look()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            try:
                await self.look()
            except (OutdialError, sa.exc.SQLAlchemyError) as trouble:  # it must not cost the node its calls
                _log.warning("keys of secrets cannot be looked after", reason=str(trouble))

    async def look(self) -> None:
        """Read the file and the agreement again.

        Raises:
            Refused: the file cannot be read.
            Unreachable: the database did not answer.
        """
        vault = self._db.vault
        if vault.file is None:
            return
        vault.reload()
        known = await self._db.read(keys.states)
        sealing = keys.sealing_of(known)
        if sealing in vault.keys:
            vault.sealing = sealing
        lacking = [one for one in known if one not in vault.keys]
        if lacking and lacking != self._lacking:
            _log.error("copy the file of keys here: a new key is not in it", key=lacking[0], file=str(vault.file.path))
        self._lacking = lacking
        now = self._clock()
        if self._said != (vault.keys, vault.sealing) or now - self._said_at >= _SAYS_EVERY:
            await self._say(now)

    async def end(self) -> None:
        """Say that it runs no more.

        Raises:
            Unreachable: the database did not answer; its word runs out by itself.
        """
        await self._db.write(keys.leave, self._name)

    async def _say(self, now: datetime) -> None:
        vault = self._db.vault
        said = (vault.keys, vault.sealing)
        await self._db.write(keys.tell, self._name, vault, now)
        self._said, self._said_at = said, now
