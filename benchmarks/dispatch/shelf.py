"""The databases of a run: made when they are first asked for, filled, and dropped at the end."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import sqlalchemy as sa
from benchmarks.dispatch import places
from benchmarks.dispatch.places import USUAL, Limits
from benchmarks.dispatch.platforms import BENCH_PYTHON, Library, Outdial, Platform
from benchmarks.dispatch.programs import Server, running

from outdial.store.database import Database

SERVER: Final = os.environ.get("OUTDIAL_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres")


class Shelf:
    """Databases made when they are first asked for, kept for the whole run and dropped at its end."""

    def __init__(self, stack: AsyncExitStack, past: int) -> None:
        """``past``: how many calls each has behind it."""
        self._stack = stack
        self._past = past
        self._made: dict[tuple[str, int], Platform] = {}

    async def outdial(self, engine: str, future: int = 0, limits: Limits = USUAL) -> Outdial:
        """With about so many calls waiting for tomorrow, and these limits from now on."""
        key = engine, future
        if key not in self._made:
            say(f"filling {engine} with {future} calls")
            self._made[key] = await self._stack.enter_async_context(an_outdial(engine, future, self._past))
        platform = self._made[key]
        assert isinstance(platform, Outdial)
        await places.limit(platform.db, limits)
        return platform

    async def library(self, future: int = 0) -> Platform:
        key = "library", future
        if key not in self._made:
            say(f"filling Procrastinate with {future} jobs")
            self._made[key] = await self._stack.enter_async_context(a_library(future, self._past))
        return self._made[key]


def say(line: str) -> None:
    """To whoever waits; the tables go to stdout."""
    print(f"  … {line}", file=sys.stderr, flush=True)


@asynccontextmanager
async def an_outdial(engine: str, future: int, past: int) -> AsyncIterator[Outdial]:
    async with (on_sqlite if engine == "sqlite" else on_postgresql)() as (url, server):
        db = await Database.open(url)
        try:
            await places.set_up(db, USUAL)
            await places.fill(db, future, past)
            await _settle(url)
            yield Outdial(engine, url, db, server)
        finally:
            await db.close()


@asynccontextmanager
async def a_library(future: int, past: int) -> AsyncIterator[Library]:
    async with on_postgresql() as (url, server):
        dsn = _dsn(url)
        async with running([BENCH_PYTHON, "-m", "benchmarks.dispatch.library_worker"], dsn=dsn, prepare=True):
            pass
        conn = await asyncpg.connect(dsn)
        try:
            library = Library(dsn, conn, server)
            await library.fill(future, past)
            yield library
        finally:
            await conn.close()


@asynccontextmanager
async def on_sqlite() -> AsyncIterator[tuple[str, Server]]:
    with tempfile.TemporaryDirectory(prefix="outdial-bench-", dir=Path.cwd()) as folder:
        yield f"sqlite:///{folder}/bench.db", Server(None)


@asynccontextmanager
async def on_postgresql() -> AsyncIterator[tuple[str, Server]]:
    server = sa.make_url(SERVER)
    name = f"outdial_bench_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(_dsn(SERVER))
    try:
        await admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.set(database=name).render_as_string(hide_password=False), Server(admin.get_server_pid())
        finally:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


async def _settle(url: str) -> None:
    """What the engine would have done in peace after so many inserts, so that it is not done while we measure."""
    if url.startswith("sqlite"):
        with sqlite3.connect(str(sa.make_url(url).database)) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    conn = await asyncpg.connect(_dsn(url))
    await conn.execute("VACUUM ANALYZE")
    await conn.execute("CHECKPOINT")
    await conn.close()


def _dsn(url: str) -> str:
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
