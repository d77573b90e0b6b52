"""Agents' subscriptions, users, feedback, knowledge bases, jobs in the background."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_GIVEN_UP = sa.text("state = 'given_up'")
_COUNT_CALLEE_TURNS = {
    "sqlite": "SELECT count(*) FROM json_each(attempts.turns) AS t WHERE json_extract(t.value, '$.speaker') = 'callee'",
    "postgresql": "SELECT count(*) FROM json_array_elements(attempts.turns) AS t WHERE t ->> 'speaker' = 'callee'",
}
_HAS_TURNS = {"sqlite": "json_type(turns) = 'array'", "postgresql": "json_typeof(turns) = 'array'"}


def upgrade() -> None:
    op.add_column("api_keys", _text("access", "full"))
    op.add_column("numbers", sa.Column("agent_id", sa.Text))
    op.add_column("agents", sa.Column("subscriptions", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("attempts", sa.Column("callee_turns", sa.Integer, nullable=False, server_default="0"))
    engine = op.get_bind().dialect.name
    op.execute(
        f"UPDATE attempts SET callee_turns = ({_COUNT_CALLEE_TURNS[engine]})"
        f" WHERE turns IS NOT NULL AND {_HAS_TURNS[engine]}"
    )
    op.create_index(
        "ix_deliveries_given_up",
        "deliveries",
        ["workspace_id", "created_at"],
        sqlite_where=_GIVEN_UP,
        postgresql_where=_GIVEN_UP,
    )
    _people()
    _jobs()
    _knowledge()


def downgrade() -> None:
    for table in ("knowledge_items", "knowledge_bases", "jobs", "feedback", "users"):
        op.drop_table(table)
    op.drop_index("ix_deliveries_given_up", "deliveries")
    op.drop_column("attempts", "callee_turns")
    op.drop_column("agents", "subscriptions")
    op.drop_column("numbers", "agent_id")
    op.drop_column("api_keys", "access")


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _when(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _workspace() -> sa.Column[str]:
    return sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), nullable=False)


def _people() -> None:
    op.create_table(
        "users",
        _id(),
        _workspace(),
        _text("username"),
        _text("email"),
        _text("role", "member"),
        _text("invite_status", "success"),
        _when("created_at"),
        sa.UniqueConstraint("workspace_id", "email"),
    )
    op.create_table(
        "feedback",
        sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
        sa.Column("rating", sa.Float),
        _text("comment"),
        _when("created_at"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        _id(),
        _text("kind"),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        _when("due_at"),
        _int("tries"),
        _text("trouble"),
        _when("created_at"),
        sa.UniqueConstraint("kind", "subject"),
    )
    op.create_index("ix_jobs_due", "jobs", ["kind", "due_at"])


def _knowledge() -> None:
    op.create_table(
        "knowledge_bases",
        _id(),
        _workspace(),
        _text("name"),
        _int("revision"),
        _when("created_at"),
        _when("updated_at"),
    )
    op.create_index("ix_knowledge_bases_workspace", "knowledge_bases", ["workspace_id", "created_at"])
    op.create_table(
        "knowledge_items",
        _id(),
        sa.Column("knowledge_base_id", sa.Text, sa.ForeignKey("knowledge_bases.id"), nullable=False),
        _text("kind"),
        _text("name"),
        _text("file_type"),
        _int("size"),
        _text("state", "pending"),
        _text("trouble"),
        sa.Column("raw", sa.LargeBinary),
        sa.Column("text", sa.Text),
        sa.Column("faq", sa.JSON),
        _when("created_at"),
    )
    op.create_index("ix_knowledge_items_base", "knowledge_items", ["knowledge_base_id"])
