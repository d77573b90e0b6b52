"""Bringing every secret of a database under the key that is in use: those an older version stored in clear, and those
sealed with a key that leaves.

Row by row in batches, so that it can stop anywhere and go on later, beside nodes at work: a value that is sealed
already is left alone, and a batch is held while it is changed.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, Final, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.request import without_credentials
from outdial.store.schema import call_requests, metadata
from outdial.store.secrets.sealing import PREFIX, SealedJson, SealedText, Vault

T = TypeVar("T")
_BATCH: Final = 500
_EMPTY: Final = ("", "{}", "[]", "null", '""')
_CREDENTIALS: Final = '%"callback%'
_VACUUM_WAIT_S: Final = 10.0


class _Writes(Protocol):
    async def write(self, work: Callable[[Connection], T]) -> T: ...


_Change = Callable[[Mapping[Any, Any]], dict[str, Any]]
"""From the raw texts of a row to new values of some of its columns."""


async def reseal(database: _Writes, vault: Vault) -> int:
    """Seal with the key in use whatever is not; how many rows that changed.

    Raises:
        Broken: a value cannot be opened with any key of the file.
        Unreachable: the database did not answer; what is done stays done.
    """
    changed = 0
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, (SealedText, SealedJson))]
        if columns:
            changed += await _rewrite(database, table, columns, _stale(columns, vault.sealing), _opened(columns, vault))
    return changed


async def strip_requests(database: _Writes) -> int:
    """Take credentials out of the requests that older versions kept as they came; how many rows that changed."""
    body = call_requests.c.body
    holds = sa.cast(body, sa.Text).like(_CREDENTIALS)
    return await _rewrite(
        database, call_requests, [body], holds, lambda raw: {"body": without_credentials(json.loads(raw["body"]))}
    )


async def forget_what_was_there(url: sa.URL) -> None:
    """SQLite keeps what was overwritten in free pages and in its WAL until they are used again: write the file anew.

    Raises:
        sqlite3.Error: another program holds the file, or the disk is full.
    """
    await asyncio.to_thread(_vacuum, url.database or "")


async def _rewrite(
    database: _Writes, table: sa.Table, columns: list[sa.Column[Any]], stale: sa.ColumnElement[bool], change: _Change
) -> int:
    key = sa.tuple_(*table.primary_key.columns)
    raw = [sa.cast(column, sa.Text).label(column.name) for column in columns]
    asked = sa.select(*table.primary_key.columns, *raw).where(stale).order_by(*table.primary_key.columns)
    last: tuple[Any, ...] | None = None
    changed = 0
    while True:
        page = asked if last is None else asked.where(key > last)

        def work(conn: Connection, page: sa.Select[Any] = page) -> list[tuple[Any, ...]]:
            rows = conn.execute(page.limit(_BATCH).with_for_update()).mappings().all()
            for row in rows:
                mine = [column == row[column.name] for column in table.primary_key.columns]
                conn.execute(table.update().where(*mine).values(change(row)))
            return [tuple(row[column.name] for column in table.primary_key.columns) for row in rows]

        done = await database.write(work)
        changed += len(done)
        if len(done) < _BATCH:
            return changed
        last = done[-1]


def _stale(columns: list[sa.Column[Any]], sealing: str) -> sa.ColumnElement[bool]:
    """What holds something, and not under the key in use; an index would not help, nor is there one."""
    return sa.or_(*(condition for column in columns for condition in _needs(column, sealing)))


def _needs(column: sa.Column[Any], sealing: str) -> Iterator[sa.ColumnElement[bool]]:
    text = sa.cast(column, sa.Text)
    quote = '"' if isinstance(column.type, SealedJson) else ""
    yield text.not_in(_EMPTY) & text.not_like(f"{quote}{PREFIX}{sealing}:%")


def _opened(columns: list[sa.Column[Any]], vault: Vault) -> _Change:
    def change(row: Mapping[Any, Any]) -> dict[str, Any]:
        values = {}
        for column in columns:
            stored, kind = row[column.name], column.type
            if stored is None:
                continue
            if isinstance(kind, SealedJson):
                known = json.loads(stored)
                values[column.name] = vault.open_json(known, kind.place) if isinstance(known, str) else known
            elif isinstance(kind, SealedText):
                values[column.name] = vault.open(stored, kind.place)
        return values

    return change


def _vacuum(path: str) -> None:
    with closing(sqlite3.connect(path, timeout=_VACUUM_WAIT_S, isolation_level=None)) as file:
        file.execute("VACUUM")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
