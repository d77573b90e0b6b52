"""INSERTs, most compiled once: rows become plain tuples, so that many cost the driver's time and little more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from outdial.store import schema

Row = tuple[Any, ...]
_Encode = Callable[[Any], Any]


class Insert:
    """One table's INSERT for one dialect. Columns left out of a row get the table's default, or NULL."""

    def __init__(self, table: sa.Table, dialect: Dialect) -> None:
        columns = [column for column in table.columns if column is not table.autoincrement_column]
        self.sql: Final = str(table.insert().compile(dialect=dialect, column_keys=[column.name for column in columns]))
        self._encoders: Final = [(column.name, _default(column), _encoder(column, dialect)) for column in columns]

    def row(self, values: Mapping[str, Any]) -> Row:
        """``values`` by column name, as the driver wants them."""
        get = values.get
        return tuple(
            [encode(get(name, default)) if encode else get(name, default) for name, default, encode in self._encoders]
        )

    def write(self, conn: Connection, rows: Sequence[Row]) -> None:
        """Insert ``rows`` in this order."""
        if rows:
            conn.exec_driver_sql(self.sql, [*rows])


@lru_cache(maxsize=32)
def insert_into(table: sa.Table, dialect: Dialect) -> Insert:
    """Compiled once for each database that is open."""
    return Insert(table, dialect)


def upsert_into(conn: Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what becomes of rows that are there already (``on_conflict_do_…``): each dialect has its
    own class for those."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


class Inserts:
    """The INSERTs of the tables that grow by the thousand, parents before children and events last."""

    def __init__(self, dialect: Dialect) -> None:
        self.calls: Final = Insert(schema.calls, dialect)
        self.call_requests: Final = Insert(schema.call_requests, dialect)
        self.events: Final = Insert(schema.events, dialect)
        self.answers: Final = Insert(schema.answers, dialect)


def _default(column: sa.Column[Any]) -> object:
    """The server's default as a Python value: a bulk INSERT names every column."""
    if not isinstance(column.server_default, sa.DefaultClause):
        return None
    text = str(column.server_default.arg)
    return int(text) if isinstance(column.type, sa.Integer) else text


def _encoder(column: sa.Column[Any], dialect: Dialect) -> _Encode | None:
    encode = column.type.dialect_impl(dialect).bind_processor(dialect)
    return _sparing(encode) if isinstance(column.type, sa.JSON) and encode else encode


def _sparing(encode: _Encode) -> _Encode:
    """JSON whose commonest values, the empty ones, are not encoded again for every row."""
    empty: dict[type, Any] = {dict: encode({}), list: encode([]), type(None): encode(None)}
    return lambda value: encode(value) if value else empty.get(type(value)) or encode(value)
