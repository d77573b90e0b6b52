"""The database: opened once, brought to the present tables, read and written by transactions, closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Hashable, Mapping
from contextlib import asynccontextmanager
from typing import Final, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

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
from outdial.store.migrating import migrate as bring_up_to_date
from outdial.store.shared_reads import Fetch, SharedReads
from outdial.store.transactions import InThreads, OnTheLoop, Transactions, Work
from outdial.store.trouble import told_in_one_line

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
FROZEN_S: Final = 2.0
"""See ``Database.open``."""


class Database:
    """SQLite or PostgreSQL behind the same few verbs. Belongs to the event loop that opened it."""

    def __init__(self, url: sa.URL, frozen_s: float = FROZEN_S) -> None:
        self.url = url
        self._reader = reading_engine(url)
        self._writes, self._reads = _transactions(url, self._reader, frozen_s)
        self.inserts = Inserts(self._reader.dialect)
        self._group = GroupCommit(self.write, self.inserts)
        self._shared = SharedReads(self.read)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, url: str, *, migrate: bool = True, frozen_s: float = FROZEN_S) -> Self:
        """Connect to ``sqlite+aiosqlite:///path`` or ``postgresql+asyncpg://…`` and bring its tables up to date.

        ``frozen_s``: a writer that stands still in a transaction for so long is thrown out, and its locks go to others
        (PostgreSQL).

        Raises:
            Invalid: not such a URL.
            Unreachable: the database cannot be reached or used; the message is one line that says what to check.
        """
        parsed = parse_url(url)
        if migrate:
            with told_in_one_line(parsed):
                await bring_up_to_date(parsed)
        database = cls(parsed, frozen_s)
        try:
            await database.ping()
        except BaseException:
            await database._dispose()
            raise
        database._tasks = [
            asyncio.create_task(database._group.run(), name="group commit"),
            asyncio.create_task(database._shared.run(), name="shared reads"),
        ]
        return database

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


def _transactions(url: sa.URL, reader: AsyncEngine, frozen_s: float) -> tuple[Transactions, Transactions]:
    """Those that write, and those that read."""
    if url.drivername == SQLITE:
        return InThreads(sqlite_writer(url), 1), InThreads(sqlite_readers(url), SQLITE_READERS)
    return OnTheLoop(postgres_writers(url, frozen_s)), OnTheLoop(reader)
