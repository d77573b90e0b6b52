"""Opening, reading and writing, on both engines."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from outdial.domain.errors import Invalid, Unreachable
from outdial.store.database import Database
from outdial.store.schema import cursors, metadata
from store_builders import a_database, a_slow_transaction, on_the_server


def count_cursors(conn: Connection) -> int:
    return conn.scalar(sa.select(sa.func.count()).select_from(cursors)) or 0


def add_cursor(conn: Connection, name: str = "webhooks") -> str:
    conn.execute(cursors.insert().values(name=name, seq=0))
    return name


class TestAnEmptyDatabase:
    async def test_is_given_exactly_the_tables_of_the_schema(self, database: Database) -> None:
        differences = await database.read(
            lambda conn: compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata)
        )

        assert differences == []

    async def test_is_brought_up_once_by_many_who_start_at_the_same_time(self, database_url: str) -> None:
        opened = await asyncio.gather(*(Database.open(database_url) for _ in range(4)))

        await opened[0].write(add_cursor)
        counts = [await database.read(count_cursors) for database in opened]
        for database in opened:
            await database.close()
        assert counts == [1, 1, 1, 1]

    async def test_opens_again_as_it_was_left(self, database_url: str) -> None:
        first = await Database.open(database_url)
        await first.write(add_cursor)
        await first.close()

        second = await Database.open(database_url)

        count = await second.read(count_cursors)
        await second.close()
        assert count == 1


class TestAWrite:
    async def test_returns_what_its_work_returns(self, database: Database) -> None:
        assert await database.write(add_cursor) == "webhooks"

    async def test_that_fails_leaves_nothing(self, database: Database) -> None:
        def work(conn: Connection) -> None:
            add_cursor(conn)
            raise ValueError("changed my mind")

        with pytest.raises(ValueError, match="changed my mind"):
            await database.write(work)

        assert await database.read(count_cursors) == 0

    async def test_takes_its_turn_among_others(self, database: Database) -> None:
        await asyncio.gather(*(database.write(partial(add_cursor, name=str(n))) for n in range(40)))

        assert await database.read(count_cursors) == 40

    async def test_cannot_be_made_through_a_reading_connection(self, database: Database) -> None:
        with pytest.raises((sa.exc.DBAPIError, Unreachable)):
            await database.read(add_cursor)


class TestReading:
    async def test_changes_nothing(self, database: Database) -> None:
        with pytest.raises((sa.exc.DBAPIError, Unreachable), match=r"read.?only"):
            await database.read(add_cursor)
        with pytest.raises((sa.exc.DBAPIError, Unreachable), match=r"read.?only"):
            await database.read(add_cursor)


class TestADatabaseThatCannotBeUsed:
    async def test_with_a_wrong_url_is_refused_without_repeating_the_password(self) -> None:
        with pytest.raises(Invalid, match="database_url must be sqlite") as refused:
            await Database.open("mysql://user:secret@host/name")

        assert "secret" not in str(refused.value)

    async def test_in_a_folder_that_does_not_exist_is_named_in_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / "nowhere" / "outdial.db"

        with pytest.raises(Unreachable, match="nowhere") as told:
            await Database.open(f"sqlite:///{path}")

        assert "\n" not in str(told.value)

    async def test_that_is_no_database_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "outdial.db"
        path.write_text("this is a letter, and much longer than a header" * 50)

        with pytest.raises(Unreachable, match="not a database"):
            await Database.open(f"sqlite:///{path}")

    async def test_where_no_server_listens_is_named_without_its_password(self) -> None:
        with pytest.raises(Unreachable, match=r"postgres:\*\*\*@127.0.0.1:1/") as told:
            await Database.open("postgresql+asyncpg://postgres:secret@127.0.0.1:1/outdial")

        assert "secret" not in str(told.value)
        assert "\n" not in str(told.value)

    async def test_that_comes_back_is_used_again_without_a_restart(self, tmp_path: Path) -> None:
        async with a_database("postgresql", tmp_path) as database:
            await on_the_server(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{database.url.database}' AND application_name = 'outdial'"
            )

            with pytest.raises(Unreachable, match="does not answer"):
                await database.read(lambda conn: conn.execute(sa.select(1)))

            assert await database.read(count_cursors) == 0
            assert await database.write(add_cursor) == "webhooks"

    async def test_does_not_wait_for_ever_for_another_programs_lock(self, tmp_path: Path) -> None:
        async with a_database("postgresql", tmp_path) as database:

            def hurry(conn: Connection) -> None:
                conn.exec_driver_sql("SET LOCAL lock_timeout = 50")
                add_cursor(conn)

            async with a_slow_transaction(database) as conn:
                await conn.exec_driver_sql("LOCK TABLE cursors")
                with pytest.raises(Unreachable, match="lock timeout"):
                    await database.write(hurry)
