"""Calling policy, limits, credits, stopping a call, answers kept for idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITING = "state IN ('registered', 'retry')"
_LIVE = "state <> 'ended'"
_TO_BE_STOPPED = "stop_asked_at IS NOT NULL AND state <> 'ended'"


def upgrade() -> None:
    _limits()
    _attempts()
    _suppressions()
    _credits()
    _answers()
    # A lane also tells a list's calls from single ones.
    op.execute(f"UPDATE calls SET lane = lane || '|' || coalesce(bulk_list_id, '') WHERE {_WAITING}")


def downgrade() -> None:
    op.execute(f"UPDATE calls SET lane = rtrim(lane, '|') WHERE {_WAITING} AND bulk_list_id IS NULL")
    for table in ("answers", "credit_entries", "balances", "suppressions"):
        op.drop_table(table)
    for index in ("stop", "live", "trunk", "callee"):
        op.drop_index(f"ix_attempts_{index}", "attempts")
    for column in ("cost", "talk_limit_s", "hold", "stop_asked_at", "to_number", "workspace_id"):
        op.drop_column("attempts", column)
    op.drop_column("calls", "reason")
    op.drop_column("numbers", "max_calls")
    op.drop_column("trunks", "calls_per_s")
    op.drop_column("trunks", "max_calls")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _micros(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _workspace(*, key: bool = False) -> sa.Column[str]:
    return sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), primary_key=key, nullable=False)


def _limits() -> None:
    op.add_column("trunks", sa.Column("max_calls", sa.Integer))
    op.add_column("trunks", sa.Column("calls_per_s", sa.Float))
    op.add_column("numbers", sa.Column("max_calls", sa.Integer))
    op.add_column("calls", _text("reason"))


def _attempts() -> None:
    op.add_column("attempts", _text("workspace_id"))
    op.add_column("attempts", _text("to_number"))
    op.add_column("attempts", sa.Column("stop_asked_at", sa.BigInteger))
    op.add_column("attempts", _micros("hold"))
    op.add_column("attempts", sa.Column("talk_limit_s", sa.Integer))
    op.add_column("attempts", _micros("cost"))
    for column in ("workspace_id", "to_number"):
        op.execute(f"UPDATE attempts SET {column} = (SELECT c.{column} FROM calls c WHERE c.id = attempts.call_id)")
    op.create_index("ix_attempts_callee", "attempts", ["workspace_id", "to_number", "claimed_at"])
    op.create_index("ix_attempts_trunk", "attempts", ["trunk_id", "claimed_at"])
    _partial_index("ix_attempts_live", ["workspace_id", "trunk_id", "number_id"], _LIVE)
    _partial_index("ix_attempts_stop", ["worker"], _TO_BE_STOPPED)


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "attempts", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _suppressions() -> None:
    op.create_table(
        "suppressions",
        _workspace(key=True),
        sa.Column("number", sa.Text, primary_key=True),
        _text("reason"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )


def _credits() -> None:
    op.create_table("balances", _workspace(key=True), _micros("micros"))
    op.create_table(
        "credit_entries",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        _workspace(),
        sa.Column("at", sa.BigInteger, nullable=False),
        _micros("micros"),
        sa.Column("call_id", sa.Text),
        sa.Column("attempt", sa.Integer),
        _text("note"),
        sa.UniqueConstraint("call_id", "attempt"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credit_entries_workspace_id", "credit_entries", ["workspace_id", "seq"])


def _answers() -> None:
    op.create_table(
        "answers",
        _workspace(key=True),
        sa.Column("dialect", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        _text("fingerprint"),
        sa.Column("status", sa.Integer, nullable=False, server_default="200"),
        _text("body"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_answers_created_at", "answers", ["created_at"])
