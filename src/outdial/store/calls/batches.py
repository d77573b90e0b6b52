"""Statements about many rows at once, of few shapes: what a statement costs is mostly to make and to prepare it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

T = TypeVar("T")
_LENGTHS: Final = (1, 10, 100)


def one_of(column: sa.ColumnElement[Any], name: str = "ids") -> sa.ColumnElement[bool]:
    """A condition for a statement made once: the column is among the values bound to ``name``, see ``padded``."""
    return column.in_(sa.bindparam(name, expanding=True))


def padded(values: Collection[T]) -> list[T]:
    """For an IN: the last value repeated up to one of few lengths, for each length is a statement of its own."""
    chosen = list(values)
    length = next((length for length in _LENGTHS if len(chosen) <= length), len(chosen))
    return chosen + chosen[-1:] * (length - len(chosen))


def fence(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The column in a condition on rows that are named by their keys.

    Written so that no partial index repeats it: until PostgreSQL has looked at a table again it believes such an index
    to be as small as it was, and would rather go through all of it than look up a hundred keys.
    """
    return sa.cast(column, sa.Text).concat(sa.literal_column("''"))


def update_each(
    conn: Connection, table: sa.Table, changes: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    """Change rows, each to its own values: pairs of what to find it by and what to set, by column name.

    One statement for all that are found by and set the same columns.
    """
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
    for where, values in changes:
        bound = {_found_by(name): value for name, value in where.items()} | dict(values)
        alike[tuple(where), tuple(values)].append(bound)
    for (where_names, value_names), rows in alike.items():
        conn.execute(_update(table, where_names, value_names), rows)


def _found_by(name: str) -> str:
    return f"found_by_{name}"


@lru_cache(maxsize=64)
def _update(table: sa.Table, where: tuple[str, ...], values: tuple[str, ...]) -> sa.Update:
    return (
        table.update()
        .where(*[table.c[name] == sa.bindparam(_found_by(name)) for name in where])
        .values({name: sa.bindparam(name) for name in values})
    )
