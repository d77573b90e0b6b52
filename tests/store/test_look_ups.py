"""Shared look-ups: asked one by one, answered together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import Broken, Unreachable
from outdial.store.database import Database
from outdial.store.schema import workspaces
from store_builders import NOON


def names(conn: Connection, ids: Collection[str]) -> Mapping[str, str]:
    """Names of workspaces; the one called ``rotten`` cannot be read."""
    rows = conn.execute(sa.select(workspaces.c.id, workspaces.c.name).where(workspaces.c.id.in_(ids))).all()
    if any(row.name == "rotten" for row in rows):
        raise Broken("stored wrong")
    return {row.id: row.name for row in rows}


async def a_workspace(database: Database, identity: str, name: str) -> None:
    def insert(conn: Connection) -> None:
        conn.execute(workspaces.insert().values(id=identity, name=name, settings={}, created_at=NOON))

    await database.write(insert)


class TestLookUpsAtTheSameTime:
    async def test_are_each_answered(self, database: Database) -> None:
        for n in range(5):
            await a_workspace(database, str(n), f"name {n}")

        answers = await asyncio.gather(*(database.find(names, [str(n)]) for n in range(7)))

        assert [answer.get(str(n)) for n, answer in enumerate(answers)] == [
            "name 0",
            "name 1",
            "name 2",
            "name 3",
            "name 4",
            None,
            None,
        ]

    async def test_are_answered_by_few_queries(self, database: Database) -> None:
        queries = 0

        def counted(conn: Connection, ids: Collection[str]) -> Mapping[str, str]:
            nonlocal queries
            queries += 1
            return names(conn, ids)

        await asyncio.gather(*(database.find(counted, [str(n)]) for n in range(100)))

        assert queries < 5

    async def test_do_not_fail_for_one_that_cannot_be_read(self, database: Database) -> None:
        await a_workspace(database, "good", "fine")
        await a_workspace(database, "bad", "rotten")

        answers = await asyncio.gather(
            database.find(names, ["good"]),
            database.find(names, ["bad"]),
            database.find(names, ["good"]),
            return_exceptions=True,
        )

        assert isinstance(answers[1], Broken)
        assert answers[0] == answers[2] == {"good": "fine"}

    async def test_see_what_was_committed_before_they_asked(self, database: Database) -> None:
        for n in range(20):
            asked_before = asyncio.create_task(database.find(names, [str(n)]))
            await a_workspace(database, str(n), f"name {n}")

            answer = await database.find(names, [str(n)])

            await asked_before
            assert answer == {str(n): f"name {n}"}

    async def test_are_refused_after_the_database_was_closed(self, database_url: str) -> None:
        database = await Database.open(database_url)
        await database.close()

        with pytest.raises(Unreachable):
            await database.find(names, ["1"])
