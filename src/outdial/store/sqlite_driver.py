"""aiosqlite with one thread hop a statement instead of four.

The stock cursor crosses to the connection's thread to be made, to execute, to fetch and to be closed. A hop costs a
wake-up of each side, more than most of our statements, and SQLAlchemy never asks for rows one by one anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")
_Rows = list[tuple[Any, ...]]


class OneHopConnection(aiosqlite.Connection):
    """What SQLAlchemy's aiosqlite dialect is handed for a connection."""

    def cursor(self) -> Any:  # the stock method is an awaitable in a context manager; SQLAlchemy only enters it
        return OneHopCursor(self)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run ``function`` in the connection's thread."""
        execute: Callable[..., Awaitable[T]] = self._execute
        return await execute(function, *arguments)

    def query(self, sql: str, parameters: Sequence[Any]) -> tuple[sqlite3.Cursor, _Rows]:
        """In the connection's thread: execute and fetch everything."""
        cursor = self._conn.execute(sql, parameters)
        return cursor, cursor.fetchall() if cursor.description else []

    def insert(self, sql: str, rows: Iterable[Sequence[Any]]) -> tuple[sqlite3.Cursor, _Rows]:
        """In the connection's thread: execute once for each row."""
        return self._conn.executemany(sql, rows), []


class OneHopCursor:
    """The part of ``aiosqlite.Cursor`` that SQLAlchemy uses."""

    arraysize = 1

    def __init__(self, connection: OneHopConnection) -> None:
        self._connection = connection
        self._rows: _Rows = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> OneHopCursor:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> OneHopCursor:
        return self._keep(await self._connection.run(self._connection.query, sql, parameters))

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> OneHopCursor:
        return self._keep(await self._connection.run(self._connection.insert, sql, rows))

    async def fetchall(self) -> _Rows:
        return self._rows

    async def close(self) -> None:
        """Nothing is open: everything was fetched."""

    def _keep(self, done: tuple[sqlite3.Cursor, _Rows]) -> OneHopCursor:
        cursor, self._rows = done
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        return self


async def connect(path: str, busy_timeout_s: float) -> OneHopConnection:
    """A connection whose transactions begin where they are told to, not where the driver guesses."""
    connection = OneHopConnection(
        lambda: sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None), iter_chunk_size=64
    )
    await connection
    return connection
