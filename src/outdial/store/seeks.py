"""Many seeks in one statement: a small query, answered by an index, run once for each of several keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

SEEKS_AT_ONCE: Final = 128
"""SQLite allows 500 terms of one UNION."""
_ARRAYS: Final = {str: "text[]", int: "bigint[]"}


def seek(conn: Connection, term: str, keys: Sequence[Mapping[str, Any]], **all_keys: Any) -> list[Any]:
    """The rows of ``term`` for each of ``keys``. Its ORDER BY and LIMIT are each key's own.

    ``term`` is a query in which ``{name}`` stands for that member of each key (a text or a whole number), and
    ``:name`` for what is the same for ``all_keys``.
    """
    if not keys:
        return []
    ask = _lateral if conn.dialect.name == "postgresql" else _unions
    rows: list[Any] = []
    for statement, values in ask(term, keys):
        rows += conn.execute(statement, values | all_keys).all()
    return rows


def _lateral(term: str, keys: Sequence[Mapping[str, Any]]) -> Iterator[tuple[sa.TextClause, dict[str, Any]]]:
    """PostgreSQL plans a UNION of a hundred terms for longer than it takes to answer it; this it plans once."""
    types = tuple((name, type(value)) for name, value in keys[0].items())
    yield lateral_of(term, types), {name: [key[name] for key in keys] for name in keys[0]}


@lru_cache(maxsize=64)
def lateral_of(term: str, types: tuple[tuple[str, type], ...]) -> sa.TextClause:
    """``term`` for arrays of keys, whose members have these names and types."""
    names = ", ".join(name for name, _ in types)
    arrays = ", ".join(f"CAST(:{name} AS {_ARRAYS[kind]})" for name, kind in types)
    each = term.format(**{name: f"keys.{name}" for name, _ in types})
    return sa.text(f"SELECT found.* FROM unnest({arrays}) AS keys({names}) CROSS JOIN LATERAL ({each}) AS found")


def _unions(term: str, keys: Sequence[Mapping[str, Any]]) -> Iterator[tuple[sa.TextClause, dict[str, Any]]]:
    for begin in range(0, len(keys), SEEKS_AT_ONCE):
        some = keys[begin : begin + SEEKS_AT_ONCE]
        # Filled up to a power of two with keys nobody has: few sizes of statement keep the statement cache warm.
        size = 1 << (len(some) - 1).bit_length()
        nobody = {name: type(value)() for name, value in some[0].items()}
        filled = [*some, *[nobody] * (size - len(some))]
        values = {f"{name}{at}": value for at, key in enumerate(filled) for name, value in key.items()}
        yield union_of(term, tuple(some[0]), size), values


@lru_cache(maxsize=256)
def union_of(term: str, names: tuple[str, ...], size: int) -> sa.TextClause:
    """``term`` for the keys numbered from 0 to ``size`` - 1."""
    each = (term.format(**{name: f":{name}{at}" for name in names}) for at in range(size))
    return sa.text(" UNION ALL ".join(f"SELECT * FROM ({one}) AS seek{at}" for at, one in enumerate(each)))
