"""Databases of a test's own, on either engine."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from outdial.store.database import Database
from outdial.store.engines import postgres_writers
from outdial.store.schema import metadata
from outdial.store.trouble import translate_db_errors
from postgres_server import NAMED

ENGINES: Sequence[str] = ("sqlite", "postgresql")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def a_database_url(engine: str, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database of that engine; a PostgreSQL one is dropped at the end."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'outdial.db'}"
        return
    name = a_name()
    await on_the_server(f'CREATE DATABASE "{name}"')
    try:
        yield url_on_the_server(name)
    finally:
        await on_the_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def a_database(engine: str, folder: Path) -> AsyncIterator[Database]:
    """An open database of its own with the present tables and no rows."""
    async with a_database_url(engine, folder) as url:
        database = await Database.open(url)
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def a_slow_transaction(database: Database) -> AsyncIterator[AsyncConnection]:
    """One on PostgreSQL that stays open while the block does something else; ``Database.write`` waits for nothing."""
    engine = postgres_writers(database.url, frozen_s=30.0)
    try:
        with translate_db_errors(database.url):
            async with engine.begin() as conn:
                yield conn
    finally:
        await engine.dispose()


class Ready:
    """Databases with all tables and no rows, migrated once for all tests that run one after another.

    Each test gets a copy of the SQLite file. The PostgreSQL database is the same one, emptied: making and dropping
    one flushes the server's whole memory to disk.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.db"
        self._name = ""

    @asynccontextmanager
    async def database(self, engine: str, folder: Path) -> AsyncIterator[Database]:
        url = await (self._sqlite(folder) if engine == "sqlite" else self._postgres())
        # A machine with much else to do may leave a test standing for longer than nodes may be.
        database = await Database.open(url, migrate=False, frozen_s=30.0)
        try:
            if engine == "postgresql":
                await database.write(emptied)
            yield database
        finally:
            await database.close()

    def drop(self) -> None:
        if self._name:
            asyncio.run(on_the_server(f'DROP DATABASE "{self._name}" WITH (FORCE)'))

    async def _sqlite(self, folder: Path) -> str:
        if not self._file.exists():
            await (await Database.open(f"sqlite:///{self._file}")).close()
        path = folder / "outdial.db"
        shutil.copyfile(self._file, path)
        return f"sqlite:///{path}"

    async def _postgres(self) -> str:
        if not self._name:
            name = a_name()
            await on_the_server(f'CREATE DATABASE "{name}"')
            # It need not outlive a power cut: nothing waits for the disk.
            await on_the_server(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
            self._name = name
            await (await Database.open(url_on_the_server(self._name))).close()
        return url_on_the_server(self._name)


def emptied(conn: Connection) -> None:
    """No row is left, and events are numbered from 1 again; in one statement, for each test waits for it."""
    deletes = "".join(f"DELETE FROM {table.name}; " for table in reversed(metadata.sorted_tables))
    numbering = "PERFORM setval(pg_get_serial_sequence('events', 'seq'), 1, false);"
    conn.exec_driver_sql(f"DO $$ BEGIN {deletes}{numbering} END $$")


def a_name() -> str:
    return f"outdial_test_{uuid.uuid4().hex[:12]}"


def server_url() -> str:
    """The server these tests may make databases on, each dropped after its test: as ``conftest.py`` has settled it."""
    return os.environ[NAMED]


def url_on_the_server(name: str) -> str:
    return sa.make_url(server_url()).set(database=name).render_as_string(hide_password=False)


async def on_the_server(statement: str) -> None:
    """Run one statement outside any transaction on the PostgreSQL server for tests."""
    server = create_async_engine(server_url(), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with server.connect() as conn:
            await conn.execute(sa.text(statement))
    except OSError as error:
        shown = sa.make_url(server_url()).render_as_string(hide_password=True)
        raise RuntimeError(
            f"no PostgreSQL answers at {shown} ({error}): start it, or unset {NAMED} and the tests start one"
        ) from error
    finally:
        await server.dispose()
