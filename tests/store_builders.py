"""Databases of a test's own, on either engine."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from outdial.store.database import Database

ENGINES: Sequence[str] = ("sqlite", "postgresql")
POSTGRES = os.environ.get("OUTDIAL_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres")
"""A server these tests may make databases on; each test's is dropped after it."""
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def a_database_url(engine: str, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database of that engine; a PostgreSQL one is dropped at the end."""
    if engine == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'outdial.db'}"
        return
    name = f"outdial_test_{uuid.uuid4().hex[:12]}"
    await on_the_server(f'CREATE DATABASE "{name}"')
    try:
        yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        await on_the_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def a_database(engine: str, folder: Path) -> AsyncIterator[Database]:
    """An open, empty database with the present tables."""
    async with a_database_url(engine, folder) as url:
        database = await Database.open(url)
        try:
            yield database
        finally:
            await database.close()


async def on_the_server(statement: str) -> None:
    """Run one statement outside any transaction on the PostgreSQL server for tests."""
    server = create_async_engine(POSTGRES, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with server.connect() as conn:
            await conn.execute(sa.text(statement))
    except OSError as error:
        shown = sa.make_url(POSTGRES).render_as_string(hide_password=True)
        raise RuntimeError(
            f"no PostgreSQL answers at {shown} ({error}): start one, or name another in OUTDIAL_TEST_POSTGRES"
        ) from error
    finally:
        await server.dispose()
