"""Transactions carried out as a whole: on SQLite in a thread, on PostgreSQL on the loop, in one greenlet.

What is to be done is written once, as a coroutine that awaits its connection and nothing else. To such a coroutine each
statement answers at once, so it never pauses: a thread runs it from begin to commit, or a greenlet, which steps aside
by itself while the server works. A hop to a thread and back for every statement, and a greenlet around each, cost four
times what the statement does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
"""Awaits its connection and nothing else."""


class Transactions(Protocol):
    async def run(self, work: Work[T]) -> T:
        """Carry ``work`` out in a transaction of its own and commit; its value. An exception rolls everything back."""
        ...

    async def dispose(self) -> None:
        """Let go of the connections, when what is under way has ended."""
        ...


class OnTheLoop:
    """Each on a connection of the pool, all at the same time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, work: Work[T]) -> T:
        async with self._engine.begin() as conn:
            return await conn.run_sync(lambda its: _finished(work(_AtOnce(its))))

    async def dispose(self) -> None:
        await self._engine.dispose()


class InThreads:
    """As many at the same time as the engine has connections; the others in the order in which they were asked for.

    One that is cancelled before its turn leaves nothing; later, it is carried out.
    """

    def __init__(self, engine: sa.Engine, threads: int) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sqlite")

    async def run(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, copy_context().run, self._carry_out, work)

    async def dispose(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)
        self._engine.dispose()

    def _carry_out(self, work: Work[T]) -> T:
        with self._engine.begin() as conn:
            return _finished(work(_AtOnce(conn)))


class _AtOnce(AsyncConnection):
    """Answers every statement at once, in the thread or greenlet that asks."""

    def __init__(self, connection: sa.Connection) -> None:
        self.sync_connection = connection
        self._its = connection

    async def execute(self, statement: Any, parameters: Any = None, **options: Any) -> sa.CursorResult[Any]:
        return self._its.execute(statement, parameters, **options)

    async def exec_driver_sql(
        self, statement: str, parameters: Any = None, execution_options: Any = None
    ) -> sa.CursorResult[Any]:
        return self._its.exec_driver_sql(statement, parameters, execution_options)


def _finished(work: Awaitable[T]) -> T:
    """The value of what never has to wait."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        value: T = done.value
        return value
    raise RuntimeError("a transaction may await nothing but its connection")
