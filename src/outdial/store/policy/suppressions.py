"""The suppression list: numbers a workspace leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.numbers import canonical
from outdial.store.inserts import upsert_into
from outdial.store.schema import suppressions

_AT_ONCE: Final = 500


def add(conn: Connection, workspace_id: str, reasons: Mapping[str, str], at: datetime) -> int:
    """Put numbers on the list, each with its reason; how many were not on it yet. Those that were stay as they are,
    and so does another number of the same subscriber; of two in ``reasons`` the first is taken."""
    by_subscriber: dict[str, str] = {}
    for number in reasons:
        by_subscriber.setdefault(canonical(number), number)
    rows = [
        {"workspace_id": workspace_id, "number": number, "subscriber": subscriber, "reason": reasons[number]}
        | {"created_at": at}
        # In order: two lists added at the same moment must not wait for each other's rows.
        for subscriber, number in sorted(by_subscriber.items())
    ]
    added = 0
    for first in range(0, len(rows), _AT_ONCE):
        insert = upsert_into(conn, suppressions).values(rows[first : first + _AT_ONCE]).on_conflict_do_nothing()
        added += len(conn.execute(insert.returning(suppressions.c.number)).all())
    return added


def remove(conn: Connection, workspace_id: str, number: str) -> bool:
    """Whether it was on the list, under whatever number of its subscriber."""
    mine = (suppressions.c.workspace_id == workspace_id, is_of(number))
    return conn.execute(suppressions.delete().where(*mine)).rowcount > 0


def is_of(number: str) -> sa.ColumnElement[bool]:
    """A condition on the list: an entry that keeps this number from being rung."""
    return sa.or_(suppressions.c.number == number, suppressions.c.subscriber == canonical(number))


@dataclass(frozen=True)
class SuppressionRow:
    """A number that is never rung. ``reason``: why, as whoever added it said; may be empty."""

    number: str
    reason: str
    created_at: datetime


def suppression_page(conn: Connection, workspace_id: str, *, limit: int, after: str = "") -> list[SuppressionRow]:
    """A page of the workspace's list in the order of its numbers, from the one that follows ``after``.

    ``after`` is the last number of the page before; it need not be on the list any more.
    """
    table = suppressions
    page = (
        sa.select(table.c.number, table.c.reason, table.c.created_at)
        .where(table.c.workspace_id == workspace_id, table.c.number > after)
        .order_by(table.c.number)
        .limit(limit)
    )
    return [SuppressionRow(**row) for row in conn.execute(page).mappings()]
