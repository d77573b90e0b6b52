"""What talks told, and campaigns with their rows and files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_IN_A_LIST = sa.text("bulk_list_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "analyses",
        sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
        _text("workspace_id"),
        sa.Column("platform", sa.JSON),
        sa.Column("client", sa.JSON),
        _text("classification"),
        _text("made_by"),
        _text("trouble"),
        _when("created_at"),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("agent_id", sa.Text, sa.ForeignKey("agents.id"), nullable=False),
        *(_text(name) for name in ("dialect", "name", "state")),
        *(_when(name) for name in ("starts_at", "ends_at")),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("call_config", "mapping")),
        _text("country_code"),
        sa.Column("callers", sa.JSON, nullable=False),
        _text("callback_url"),
        sa.Column("options", sa.JSON, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in _COUNTS),
        sa.Column("share", sa.Integer),
        _text("trouble"),
        *(_when(name) for name in ("created_at", "updated_at")),
        sa.Column("finished_at", sa.BigInteger),
    )
    op.create_index("ix_campaigns_workspace", "campaigns", ["workspace_id", "created_at"])
    op.create_table(
        "campaign_rows",
        sa.Column("campaign_id", sa.Text, primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        *(_text(name) for name in ("mobile_number", "callee_name")),
        sa.Column("variables", sa.JSON, nullable=False),
        _text("trouble"),
    )
    op.create_table(
        "campaign_files",
        sa.Column("campaign_id", sa.Text, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "ix_calls_list",
        "calls",
        ["bulk_list_id", "state"],
        sqlite_where=_IN_A_LIST,
        postgresql_where=_IN_A_LIST,
    )


def downgrade() -> None:
    op.drop_index("ix_calls_list", "calls")
    for table in ("campaign_files", "campaign_rows", "campaigns", "analyses"):
        op.drop_table(table)


_COUNTS = ("total_rows", "failed_rows", "made_rows")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _when(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
