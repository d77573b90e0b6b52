"""Rows that were written before a migration mean the same after it, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from outdial.domain.numbers import canonical
from outdial.store.engines import parse_url
from outdial.store.migrating import alembic_config
from outdial.store.transactions import Transactions, migrator

NOW = 1_772_400_000_000_000
DAY = 24 * 3600 * 1_000_000
WORKSPACE, CALL, OVER, LIST = (f"00000000-0000-4000-8000-{place:012}" for place in range(4))


def moved(conn: Connection, revision: str, *, before: bool = False) -> None:
    """Bring the tables to a revision, or to the one just before it."""

    config = alembic_config(conn)
    wanted = revision
    if before:
        wanted = str(ScriptDirectory.from_config(config).get_revision(revision).down_revision)
    command.upgrade(config, wanted)


def put(conn: Connection, table: str, **values: Any) -> None:
    """A row as plain SQL: the present tables know columns that are not there yet."""
    names = ", ".join(f'"{name}"' for name in values)
    conn.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{n}' for n in values)})"), values)


async def found(tables: Transactions, statement: str) -> list[tuple[Any, ...]]:
    return await tables.run(lambda conn: [tuple(row) for row in conn.execute(sa.text(statement))])


def with_old_rows(conn: Connection) -> None:
    # Only what these rows refer to in the tables at hand matters here.
    if conn.dialect.name == "postgresql":
        conn.execute(sa.text("SET session_replication_role = replica"))
    put(conn, "workspaces", id=WORKSPACE, name="w", settings="{}", created_at=NOW)
    for number, reason, age in (
        ("+5215512345678", "second", 1),
        ("+525512345678", "first", 2),
        ("+4402079460123", "zero", 1),
        ("+12025550143", "plain", 1),
    ):
        values = {"workspace_id": WORKSPACE, "number": number, "reason": reason, "created_at": NOW - age}
        put(conn, "suppressions", **values)
    for call_id, state in ((CALL, "registered"), (OVER, "completed")):
        values = {"id": call_id, "workspace_id": WORKSPACE, "agent_id": "a", "lane": "l", "state": state}
        put(conn, "calls", **values, due_at=NOW, to_number="+5215512345678", created_at=NOW)
    ids = {name: name for name in ("worker", "number_id", "trunk_id", "version_id")}
    dialled = {"call_id": OVER, "workspace_id": WORKSPACE, "to_number": "+551187654321", "state": "ended"}
    for place, claimed_at in enumerate((NOW, NOW - 3 * DAY, NOW - 30 * DAY), 1):
        put(conn, "attempts", **dialled, **ids, number=place, claimed_at=claimed_at)
    times = dict.fromkeys(("starts_at", "ends_at", "created_at", "updated_at"), NOW)
    json = dict.fromkeys(("call_config", "mapping", "callers", "options"), "{}")
    put(conn, "campaigns", id=LIST, workspace_id=WORKSPACE, agent_id="a", state="scheduled", **times, **json)
    for row, trouble in ((1, ""), (2, "the number is missing")):
        values = {"campaign_id": LIST, "row": row, "mobile_number": "+5491123456789", "trouble": trouble}
        put(conn, "campaign_rows", **values, variables="{}")


@pytest.fixture
async def migrated(database_url: str) -> AsyncIterator[Transactions]:
    """A database with old rows, after ``0007``."""
    tables = migrator(parse_url(database_url))

    def work(conn: Connection) -> None:
        moved(conn, "0007", before=True)
        with_old_rows(conn)
        moved(conn, "0007")

    await tables.run(work)
    yield tables
    await tables.dispose()


class TestCanonicalNumbers:
    async def test_merge_what_was_suppressed_twice_and_keep_the_first(self, migrated: Transactions) -> None:
        rows = await found(migrated, "SELECT number, subscriber, reason FROM suppressions ORDER BY number")

        assert rows == [
            ("+12025550143", "+12025550143", "plain"),
            ("+4402079460123", "+442079460123", "zero"),
            ("+525512345678", "+525512345678", "first"),
        ]

    async def test_are_known_of_calls_that_wait_and_dials_that_count(self, migrated: Transactions) -> None:
        calls = await found(migrated, "SELECT id, to_number, subscriber FROM calls ORDER BY id")
        attempts = await found(migrated, "SELECT number, subscriber FROM attempts ORDER BY number")

        assert calls == [(CALL, "+5215512345678", "+525512345678"), (OVER, "+5215512345678", "")]
        assert attempts == [(1, "+5511987654321"), (2, "+5511987654321"), (3, "")]

    async def test_are_known_of_rows_that_can_still_be_rung(self, migrated: Transactions) -> None:
        rows = await found(migrated, "SELECT mobile_number, subscriber FROM campaign_rows ORDER BY row")

        assert rows == [("+5491123456789", "+541123456789"), ("+5491123456789", "")]


def with_zeros(conn: Connection) -> None:
    """As revision 0008 wrote them: the zero counted as part of the subscriber."""
    if conn.dialect.name == "postgresql":
        conn.execute(sa.text("SET session_replication_role = replica"))
    put(conn, "workspaces", id=WORKSPACE, name="w", settings="{}", created_at=NOW)
    for number, age in (("+390333123456", 1), ("+39333123456", 2), ("+340912345678", 1), ("+39061234567", 1)):
        values = {
            "workspace_id": WORKSPACE,
            "number": number,
            "subscriber": number,
            "reason": "",
            "created_at": NOW - age,
        }
        put(conn, "suppressions", **values)
    for call_id, subscriber in ((CALL, "+340912345678"), (OVER, "")):
        values = {"id": call_id, "workspace_id": WORKSPACE, "agent_id": "a", "lane": "l", "state": "registered"}
        put(conn, "calls", **values, subscriber=subscriber, due_at=NOW, to_number="+340912345678", created_at=NOW)


async def test_zeros_that_are_not_dialled_are_no_part_of_a_subscriber(database_url: str) -> None:
    tables = migrator(parse_url(database_url))

    def work(conn: Connection) -> None:
        moved(conn, "0009", before=True)
        with_zeros(conn)
        moved(conn, "0009")

    await tables.run(work)
    listed = await found(tables, "SELECT number, subscriber FROM suppressions ORDER BY number")
    calls = await found(tables, "SELECT id, subscriber FROM calls ORDER BY id")
    await tables.dispose()

    assert listed == [(number, canonical(number)) for number in ("+340912345678", "+39061234567", "+39333123456")]
    assert canonical("+390333123456") == "+39333123456"
    assert canonical("+39061234567") == "+39061234567"
    assert calls == [(CALL, canonical("+340912345678")), (OVER, "")]
