"""The database: opened once, brought to the present tables, read and written by transactions, closed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection, Hashable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from outdial.domain.clock import utc_now
from outdial.domain.quotas import Quotas
from outdial.store import keys, resealing
from outdial.store.engines import (
    SQLITE,
    SQLITE_READERS,
    parse_url,
    postgres_writers,
    reading_engine,
    sqlite_readers,
    sqlite_writer,
)
from outdial.store.group_commit import GroupCommit, Rows
from outdial.store.inserts import Inserts
from outdial.store.key_file import KeyFile
from outdial.store.keys import KeyState
from outdial.store.migrating import migrate as bring_up_to_date
from outdial.store.sealing import Vault, entrust
from outdial.store.shared_reads import Fetch, SharedReads
from outdial.store.transactions import InThreads, OnTheLoop, Transactions, Work
from outdial.store.trouble import told_in_one_line

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
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
        self._reader = reading_engine(url)
        entrust(self._reader.dialect, self.vault)
        self._writes, self._reads = _transactions(url, self._reader, frozen_s, self.vault)
        self.inserts = Inserts(self._reader.dialect)
        self._group = GroupCommit(self.write, self.inserts)
        self._shared = SharedReads(self.read)
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
        """Connect to ``sqlite+aiosqlite:///path`` or ``postgresql+asyncpg://…`` and bring its tables up to date.

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
            with told_in_one_line(parsed):
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
            asyncio.create_task(database._group.run(), name="group commit"),
            asyncio.create_task(database._shared.run(), name="shared reads"),
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
        new = await self.write(lambda conn: keys.begin(conn, self.vault, at))
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
        await self.write(lambda conn: keys.move(conn, self.vault.sealing, KeyState.IN_USE))
        if changed:
            _log.info("secrets that were stored in clear are sealed now", rows=changed)

    async def ping(self) -> None:
        """Raises Unreachable: the database does not answer."""
        async with self.reading() as conn:
            await conn.execute(sa.select(1))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One read-only transaction: everything read inside is of one moment.

        Raises:
            Unreachable: the database did not answer.
        """
        with told_in_one_line(self.url):
            async with self._reader.connect() as conn:
                yield conn

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` in one read-only transaction; its value. Cheaper than ``reading`` for what is asked often.

        Raises:
            Unreachable: the database did not answer.
        """
        with told_in_one_line(self.url):
            return await self._reads.run(work)

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction and commit; its value. An exception rolls everything back.

        Raises:
            Unreachable: the database did not answer; whether the transaction took place may be unknown.
        """
        with told_in_one_line(self.url):
            return await self._writes.run(work)

    async def submit(self, rows: Rows) -> None:
        """Store ``rows`` in a transaction shared with whoever else submits now; returns after the commit.

        Raises: as ``GroupCommit.submit``.
        """
        await self._group.submit(rows)

    async def find(self, fetch: Fetch[K, V], keys: Collection[K]) -> Mapping[K, V]:
        """What ``fetch`` finds for ``keys``, in a query shared with whoever else asks it now.

        The answer may hold keys others asked for: take yours by ``get``, and check whose they are.

        Raises:
            Unreachable: the database did not answer.
        """
        return await self._shared.find(fetch, keys)

    async def close(self) -> None:
        """Finish what was submitted, then let go of the connections."""
        self._group.finish()
        self._shared.finish()
        await asyncio.gather(*self._tasks)
        await self._dispose()

    async def _dispose(self) -> None:
        await self._reader.dispose()
        await self._reads.dispose()
        await self._writes.dispose()


def _transactions(url: sa.URL, reader: AsyncEngine, frozen_s: float, vault: Vault) -> tuple[Transactions, Transactions]:
    """Those that write, and those that read."""
    if url.drivername == SQLITE:
        writer, readers = sqlite_writer(url), sqlite_readers(url)
        entrust(writer.dialect, vault)
        entrust(readers.dialect, vault)
        return InThreads(writer, 1), InThreads(readers, SQLITE_READERS)
    writers = postgres_writers(url, frozen_s)
    entrust(writers.dialect, vault)
    return OnTheLoop(writers), OnTheLoop(reader)
