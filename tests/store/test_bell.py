"""The bell on PostgreSQL: heard on commit, heard again after an outage; on SQLite nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.store.bell import LISTENER, listen, ring
from outdial.store.database import Database
from store_builders import Ready

PATIENCE_S = 60


class Ears:
    """Counts what is heard."""

    def __init__(self) -> None:
        self._heard = 0
        self._changed = asyncio.Event()

    def hear(self) -> None:
        self._heard += 1
        self._changed.set()

    async def heard(self) -> None:
        """Returns when something new is heard."""
        async with asyncio.timeout(PATIENCE_S):
            await self._changed.wait()
        self._changed.clear()

    @property
    def silent(self) -> bool:
        return not self._changed.is_set()


@pytest.fixture
async def postgresql(ready_databases: Ready, tmp_path: Path) -> AsyncIterator[Database]:
    async with ready_databases.database("postgresql", tmp_path) as database:
        yield database


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[Ears]:
    """Ears that are open: the first sound is that of the line coming up."""
    ears = Ears()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listen(database.url, ears.hear))
        await ears.heard()
        yield ears
        task.cancel()


class TestRinging:
    async def test_is_heard_by_everybody_once_it_is_committed(self, postgresql: Database) -> None:
        async with listening(postgresql) as one, listening(postgresql) as other:
            await postgresql.write(ring)

            await one.heard()
            await other.heard()

    async def test_is_not_heard_when_the_transaction_failed(self, postgresql: Database) -> None:
        def fails(conn: Connection) -> None:
            ring(conn)
            raise ValueError

        async with listening(postgresql) as ears:
            with pytest.raises(ValueError):  # noqa: PT011
                await postgresql.write(fails)
            assert ears.silent

            # What comes after it in order is heard, and alone.
            await postgresql.write(ring)
            await ears.heard()
            assert ears.silent

    async def test_is_heard_again_after_an_outage(self, postgresql: Database) -> None:
        async with listening(postgresql) as ears:
            await cut(postgresql)

            # The line came back: whoever rang meanwhile is heard now.
            await ears.heard()
            await postgresql.write(ring)
            await ears.heard()


class TestSqlite:
    async def test_has_no_bell(self, ready_databases: Ready, tmp_path: Path) -> None:
        async with ready_databases.database("sqlite", tmp_path) as database:
            await database.write(ring)

            await listen(database.url, pytest.fail)


async def cut(database: Database) -> None:
    """The server ends every connection that listens to this database."""

    def work(conn: Connection) -> None:
        cut = sa.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = :name AND datname = current_database()"
        )
        assert conn.execute(cut, {"name": LISTENER}).scalars().all() == [True]

    await database.write(work)
