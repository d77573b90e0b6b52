"""Whom a number reaches, anew: a zero behind the calling code is dropped also where the country dials none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from outdial.domain.numbers import canonical

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBERS = {
    "calls": (("id",), "to_number"),
    "attempts": (("call_id", "number"), "to_number"),
    "campaign_rows": (("campaign_id", "row"), "mobile_number"),
}
"""By table: its key, and its column of numbers."""


def upgrade() -> None:
    conn = op.get_bind()
    _merge_suppressions(conn)
    for table, (key, number) in _NUMBERS.items():
        _respell(conn, table, key, number)


def _merge_suppressions(conn: sa.Connection) -> None:
    """A subscriber who is on the list under several numbers stays under the first that was put on it."""
    columns = "workspace_id, number, subscriber FROM suppressions WHERE subscriber <> '' ORDER BY created_at, number"
    seen: set[tuple[str, str]] = set()
    again, changed = [], []
    for row in conn.execute(sa.text(f"SELECT {columns}")).mappings():
        key = {"workspace_id": row["workspace_id"], "number": row["number"]}
        subscriber = canonical(row["number"])
        if (row["workspace_id"], subscriber) in seen:
            again.append(key)
        elif subscriber != row["subscriber"]:
            changed.append(key | {"subscriber": subscriber})
        seen.add((row["workspace_id"], subscriber))
    mine = "WHERE workspace_id = :workspace_id AND number = :number"
    if again:
        conn.execute(sa.text(f"DELETE FROM suppressions {mine}"), again)
    if changed:
        conn.execute(sa.text(f"UPDATE suppressions SET subscriber = :subscriber {mine}"), changed)


def _respell(conn: sa.Connection, table: str, key: tuple[str, ...], number: str) -> None:
    columns = ", ".join(f'"{name}"' for name in key)
    found = conn.execute(
        sa.text(f"SELECT {columns}, {number} AS given, subscriber FROM {table} WHERE subscriber <> ''")
    )
    changed = [
        {f"key_{name}": row[name] for name in key} | {"subscriber": subscriber}
        for row in found.mappings()
        if (subscriber := canonical(row["given"])) != row["subscriber"]
    ]
    if changed:
        same = " AND ".join(f'"{name}" = :key_{name}' for name in key)
        conn.execute(sa.text(f"UPDATE {table} SET subscriber = :subscriber WHERE {same}"), changed)
