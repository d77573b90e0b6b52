"""Rows of a table that are to be done when they are due, each by one process at a time.

Whoever takes a row moves its ``due_at`` to when his claim ends, and is known by that moment afterwards: one that comes
back later finds the row taken by somebody else, or due again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy import Connection


class Due(Protocol):
    """A row as it was taken."""

    @property
    def id(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...


class DueQueue:
    """``table`` has an ``id`` and a ``due_at``; ``only``: of its rows, those that wait; ``then``: what orders rows that
    are due at the same moment."""

    def __init__(self, table: sa.Table, *only: sa.ColumnElement[bool], then: Sequence[sa.Column[Any]] = ()) -> None:
        self._table: Final = table
        self._only: Final = only
        self._order: Final = (table.c.due_at, *then)

    def claim(
        self, conn: Connection, chosen: sa.Select[Any], now: datetime, until: datetime, **changes: Any
    ) -> list[dict[str, Any]]:
        """Of the ``chosen`` rows take those that are due and free, longest due first: nobody else gets them before
        ``until``. As they stand now but for ``changes``."""
        table = self._table
        due = chosen.where(*self._only, table.c.due_at <= now).order_by(*self._order)
        rows = conn.execute(due.with_for_update(skip_locked=True)).mappings().all()
        if rows:
            taken = table.c.id.in_([row["id"] for row in rows])
            conn.execute(sa.update(table).where(taken).values(due_at=until, **changes))
        return [{**row, "due_at": until} for row in rows]

    def hold(self, conn: Connection, claimed: Due) -> bool:
        """Let nobody else take it while this transaction lasts. False: somebody has it by now; write nothing."""
        mine = sa.select(self._table.c.id).where(*self._as_claimed(claimed)).with_for_update()
        return conn.scalar(mine) is not None

    def change(self, conn: Connection, claimed: Due, **values: Any) -> bool:
        """False: somebody else has it by now."""
        return conn.execute(sa.update(self._table).where(*self._as_claimed(claimed)).values(**values)).rowcount == 1

    def strike_off(self, conn: Connection, claimed: Due) -> bool:
        """False: somebody else has it by now."""
        return conn.execute(sa.delete(self._table).where(*self._as_claimed(claimed))).rowcount == 1

    def _as_claimed(self, claimed: Due) -> tuple[sa.ColumnElement[bool], ...]:
        return *self._only, self._table.c.id == claimed.id, self._table.c.due_at == claimed.due_at
