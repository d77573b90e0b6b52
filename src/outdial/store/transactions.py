"""Transactions carried out as a whole: on SQLite in a thread, on PostgreSQL in a greenlet of the event loop.

What is to be done is a plain function of a connection. A thread runs it from begin to commit, or a greenlet, which
steps aside by itself while the server works. A hop to a thread and back for every statement, or a greenlet around
each, cost four times what the statement does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine

from outdial.store import engines

T = TypeVar("T")
_SQLITE_READERS: Final = 4


class Transactions(Protocol):
    @property
    def dialect(self) -> Dialect: ...

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Carry ``work`` out in a transaction of its own and commit; its value. An exception rolls everything back."""
        ...

    async def dispose(self) -> None:
        """Let go of the connections, when what is under way has ended."""
        ...


class OnTheLoop:
    """Each on a connection of the pool, all at the same time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @property
    def dialect(self) -> Dialect:
        return self._engine.dialect

    async def run(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as conn:
            return await conn.run_sync(work)

    async def dispose(self) -> None:
        await self._engine.dispose()


class InThreads:
    """As many at the same time as there are threads; the others in the order in which they were asked for.

    One that is cancelled before its turn leaves nothing; later, it is carried out.
    """

    def __init__(self, engine: Engine, threads: int) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sqlite")

    @property
    def dialect(self) -> Dialect:
        return self._engine.dialect

    async def run(self, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, copy_context().run, self._carry_out, work)

    async def dispose(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)
        self._engine.dispose()

    def _carry_out(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as conn:
            return work(conn)


def writers(url: URL, frozen_s: float) -> Transactions:
    """``frozen_s``: see ``Database.open``."""
    if url.drivername == engines.SQLITE:
        # One: writers only get in each other's way.
        return InThreads(engines.sqlite_writer(url), 1)
    return OnTheLoop(engines.postgres_writers(url, frozen_s))


def readers(url: URL) -> Transactions:
    """Each sees one moment of the database, and cannot change it."""
    if url.drivername == engines.SQLITE:
        return InThreads(engines.sqlite_readers(url, _SQLITE_READERS), _SQLITE_READERS)
    return OnTheLoop(engines.postgres_readers(url))


def migrator(url: URL) -> Transactions:
    """For changes of the tables themselves."""
    if url.drivername == engines.SQLITE:
        return InThreads(engines.sqlite_migrator(url), 1)
    return OnTheLoop(engines.postgres_migrator(url))
