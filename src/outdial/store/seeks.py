"""Many seeks in one statement: a UNION of one small query for each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

SEEKS_AT_ONCE: Final = 128
"""SQLite allows 500 terms of one UNION."""


def seeks(term: str, keys: Sequence[Mapping[str, Any]]) -> Iterator[tuple[sa.TextClause, dict[str, Any]]]:
    """Statements that run ``term`` once for each of ``keys``, and their values.

    ``term`` is a query whose parameters end in ``{0}`` where they differ from key to key: ``:key{0}``. Its ORDER BY
    and LIMIT are each key's own.
    """
    for begin in range(0, len(keys), SEEKS_AT_ONCE):
        some = keys[begin : begin + SEEKS_AT_ONCE]
        # Filled up to a power of two with keys nobody has: few sizes of statement keep the statement cache warm.
        size = 1 << (len(some) - 1).bit_length()
        nobody = dict.fromkeys(some[0], 0) | {"key": ""}
        filled = [*some, *[nobody] * (size - len(some))]
        yield (
            union_of(term, size),
            {f"{name}{at}": value for at, key in enumerate(filled) for name, value in key.items()},
        )


@lru_cache(maxsize=256)
def union_of(term: str, size: int) -> sa.TextClause:
    """``term`` for the keys numbered from 0 to ``size`` - 1."""
    return sa.text(" UNION ALL ".join(f"SELECT * FROM ({term.format(at)}) AS seek{at}" for at in range(size)))
