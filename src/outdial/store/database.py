"""The database: opened once, brought to the present tables, read and written by transactions, closed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Hashable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from outdial.domain.clock import utc_now
from outdial.domain.quotas import Quotas
from outdial.store import transactions
from outdial.store.batcher import Batcher, ByKind
from outdial.store.calls.creates import Creates, Rows
from outdial.store.engines import SQLITE, parse_url
from outdial.store.inserts import Inserts
from outdial.store.migrating import migrate as bring_up_to_date
from outdial.store.secrets import keys, resealing
from outdial.store.secrets.key_file import KeyFile
from outdial.store.secrets.keys import KeyState
from outdial.store.secrets.sealing import Vault, entrust
from outdial.store.trouble import translate_db_errors

__all__ = ["FROZEN_S", "Connection", "Database"]

P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Fetch = Callable[[Connection, Collection[K]], Mapping[K, V]]
"""Finds the values of many keys at once; keys without a value are left out. A module-level function."""
USUAL_QUOTAS: Final = Quotas()
FROZEN_S: Final = 2.0
"""See ``Database.open``."""
_log = structlog.get_logger()


class Database:
    """SQLite or PostgreSQL behind the same few verbs. Belongs to the event loop that opened it."""

    def __init__(self, url: sa.URL, frozen_s: float = FROZEN_S, quotas: Quotas = USUAL_QUOTAS) -> None:
        self.url = url
        self.quotas = quotas
        """What each workspace may have; commands that add something hold it to them."""
        self.vault = Vault()
        self._writes, self._reads = transactions.writers(url, frozen_s), transactions.readers(url)
        for one in (self._writes, self._reads):
            entrust(one.dialect, self.vault)
        self.inserts = Inserts(self._writes.dialect)
        self._creates = Creates(self.inserts)
        self._writer = Batcher(self.write)
        self._finder = Batcher(self.read, _found)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        migrate: bool = True,
        frozen_s: float = FROZEN_S,
        keys_path: Path | None = None,
        quotas: Quotas = USUAL_QUOTAS,
    ) -> Self:
        """Connect to ``sqlite:///path`` or ``postgresql+asyncpg://…`` and bring its tables up to date.

        ``frozen_s``: a writer that stands still in a transaction for so long is thrown out, and its locks go to others
        (PostgreSQL).

        ``keys_path``: the file of keys that secrets are sealed with, made if the database has none yet; what an older
        version stored in clear is sealed. Without it nothing is sealed, and what is sealed can neither be read nor
        written.

        Raises:
            Invalid: not such a URL.
            Refused: the file lacks a key of the database, or cannot be used.
            Unreachable: the database cannot be reached or used; the message is one line that says what to check.
        """
        parsed = parse_url(url)
        if migrate:
            with translate_db_errors(parsed):
                await bring_up_to_date(parsed)
        database = cls(parsed, frozen_s, quotas)
        try:
            if keys_path is not None:
                database.vault.use(KeyFile(keys_path))
            await database._agree_on_keys(utc_now())
        except BaseException:
            await database._dispose()
            raise
        database._tasks = [
            asyncio.create_task(database._writer.run(), name="creates"),
            asyncio.create_task(database._finder.run(), name="look-ups"),
        ]
        return database

    async def _agree_on_keys(self, at: datetime) -> None:
        """Raises: as ``open``."""
        if self.vault.file is None:
            if await self.read(keys.states):
                self.vault.lock()
            return
        known = await self.read(keys.states)
        if keys.sealing_of(known) and known[keys.sealing_of(known)] is KeyState.IN_USE:
            keys.must_open(self.vault, known)
            self.vault.sealing = keys.sealing_of(known)
            return
        new = await self.write(keys.begin, self.vault, at)
        await self._seal_older_rows(new=new)

    async def _seal_older_rows(self, *, new: bool) -> None:
        """What was stored in clear before there was a key; again at the next start, if it is broken off."""
        changed = await resealing.reseal(self, self.vault) + await resealing.strip_requests(self)
        if self.url.drivername == SQLITE and (changed or not new):
            try:
                await resealing.forget_what_was_there(self.url)
            except sqlite3.Error as error:
                _log.warning("free pages of the database may still hold secrets in clear", reason=str(error))
                return
        await self.write(keys.move, self.vault.sealing, KeyState.IN_USE)
        if changed:
            _log.info("secrets that were stored in clear are sealed now", rows=changed)

    async def ping(self) -> None:
        """Raises Unreachable: the database does not answer."""
        await self.read(lambda conn: conn.execute(sa.select(1)))

    async def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``work`` returns, carried out in one read-only transaction: everything it reads is of one moment.

        Raises:
            Unreachable: the database did not answer.
        """
        with translate_db_errors(self.url):
            return await self._reads.run(lambda conn: work(conn, *args, **kwargs))

    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``work`` returns, carried out in one transaction and committed. An exception rolls everything back.

        Raises:
            Unreachable: the database did not answer; whether the transaction took place may be unknown.
        """
        with translate_db_errors(self.url):
            return await self._writes.run(lambda conn: work(conn, *args, **kwargs))

    async def submit(self, rows: Rows) -> None:
        """Store ``rows`` in a transaction shared with whoever else submits now; returns after the commit.

        A caller that is cancelled before its transaction began leaves nothing; later, its rows may be stored.

        Raises:
            Unreachable: the database did not answer.
            IntegrityError: these rows, and only these, cannot be stored.
        """
        await self._writer.submit(self._creates.store, rows)

    async def find(self, fetch: Fetch[K, V], keys: Collection[K]) -> Mapping[K, V]:
        """What ``fetch`` finds for ``keys``, in a query shared with whoever else asks it now.

        The answer may hold keys others asked for: take yours by ``get``, and check whose they are.

        Raises:
            Unreachable: the database did not answer.
        """
        found: Mapping[K, V] = await self._finder.submit(fetch, keys, size=len(keys))
        return found

    async def close(self) -> None:
        """Finish what was submitted, then let go of the connections."""
        self._writer.finish()
        self._finder.finish()
        await asyncio.gather(*self._tasks)
        await self._dispose()

    async def _dispose(self) -> None:
        await self._reads.dispose()
        await self._writes.dispose()


def _found(conn: Connection, wanted: ByKind) -> ByKind:
    """By fetch and whoever asks: one query finds the keys of all."""
    found = {fetch: fetch(conn, {key for keys in several for key in keys}) for fetch, several in wanted.items()}
    return {fetch: [found[fetch]] * len(several) for fetch, several in wanted.items()}
