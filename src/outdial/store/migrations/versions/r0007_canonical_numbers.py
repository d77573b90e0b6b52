"""Whom a number reaches beside how it was written: calls, attempts, rows of lists, the suppression list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from outdial.domain.numbers import canonical

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WEEK_MICROS = 8 * 24 * 3600 * 1_000_000
"""Caps look back for a week; what is older, and what is over, is never asked for by its subscriber again."""
_NUMBERS = {
    "suppressions": (("workspace_id", "number"), "number", "1 = 1"),
    "calls": (("id",), "to_number", "state IN ('registered', 'retry', 'active')"),
    "attempts": (
        ("call_id", "number"),
        "to_number",
        f"claimed_at > (SELECT max(claimed_at) FROM attempts) - {_WEEK_MICROS}",
    ),
    "campaign_rows": (
        ("campaign_id", "row"),
        "mobile_number",
        "trouble = '' AND campaign_id IN"
        " (SELECT id FROM campaigns WHERE state NOT IN ('completed', 'failed', 'terminated'))",
    ),
}
"""By table: its key, its column of numbers, and which rows matter."""
_LIVE = sa.text("state <> 'ended'")
_ON_THE_LIST = sa.text("subscriber <> ''")


def upgrade() -> None:
    conn = op.get_bind()
    for table, (key, number, which) in _NUMBERS.items():
        op.add_column(table, sa.Column("subscriber", sa.Text, nullable=False, server_default=""))
        op.execute(f"UPDATE {table} SET subscriber = {number} WHERE {which}")
        _respell(conn, table, key, number, which)
    _merge(conn)
    op.create_index(
        "ix_suppressions_subscriber",
        "suppressions",
        ["workspace_id", "subscriber"],
        unique=True,
        sqlite_where=_ON_THE_LIST,
        postgresql_where=_ON_THE_LIST,
    )
    op.create_index("ix_attempts_subscriber", "attempts", ["workspace_id", "subscriber", "claimed_at"])
    op.drop_index("ix_attempts_callee", "attempts")
    # Of two that seem equally good SQLite takes the one made last: live attempts are to be counted by their own.
    op.drop_index("ix_attempts_live", "attempts")
    columns = ["workspace_id", "trunk_id", "number_id"]
    op.create_index("ix_attempts_live", "attempts", columns, sqlite_where=_LIVE, postgresql_where=_LIVE)


def downgrade() -> None:
    op.create_index("ix_attempts_callee", "attempts", ["workspace_id", "to_number", "claimed_at"])
    op.drop_index("ix_attempts_subscriber", "attempts")
    op.drop_index("ix_suppressions_subscriber", "suppressions")
    for table in _NUMBERS:
        op.drop_column(table, "subscriber")


def _respell(conn: sa.Connection, table: str, key: tuple[str, ...], number: str, which: str) -> None:
    """The few numbers that are written in more ways than one."""
    columns = ", ".join(f'"{name}"' for name in key)
    found = conn.execute(sa.text(f'SELECT {columns}, "{number}" AS given FROM {table} WHERE {which}'))
    odd = [
        {f"key_{name}": row[name] for name in key} | {"subscriber": subscriber}
        for row in found.mappings()
        if (subscriber := canonical(row["given"])) != row["given"]
    ]
    if odd:
        same = " AND ".join(f'"{name}" = :key_{name}' for name in key)
        conn.execute(sa.text(f"UPDATE {table} SET subscriber = :subscriber WHERE {same}"), odd)


def _merge(conn: sa.Connection) -> None:
    """A subscriber who is on the list under several numbers stays under the first that was put on it."""
    entries = conn.execute(
        sa.text("SELECT workspace_id, number, subscriber FROM suppressions ORDER BY created_at, number")
    )
    seen: set[tuple[str, str]] = set()
    again = []
    for row in entries.mappings():
        person = row["workspace_id"], row["subscriber"]
        if person in seen:
            again.append({"workspace_id": row["workspace_id"], "number": row["number"]})
        seen.add(person)
    if again:
        conn.execute(sa.text("DELETE FROM suppressions WHERE workspace_id = :workspace_id AND number = :number"), again)
