"""Who talks, and what they can look up."""

from __future__ import annotations

import sqlalchemy as sa

from outdial.store.tables.columns import integer, json, key, metadata, of, sealed_json, text, when

agents = sa.Table(
    "agents",
    metadata,
    key(),
    of("workspaces"),
    text("name"),
    text("tag"),
    text("type", "outbound"),
    sa.Column("active_version_id", sa.Text, nullable=False),
    json("settings"),
    # ``domain.subscription``: who else is told of this agent's calls.
    sealed_json("agents", "subscriptions", default="[]"),
    when("created_at", nullable=False),
    when("updated_at", nullable=False),
    when("archived_at"),
    sa.UniqueConstraint("workspace_id", "tag"),
)

agent_versions = sa.Table(
    "agent_versions",
    metadata,
    key(),
    of("agents"),
    integer("number", 1),
    text("description"),
    json("definition"),
    when("created_at", nullable=False),
    when("updated_at", nullable=False),
    # Nobody can choose it any more; calls that have it keep it.
    when("deleted_at"),
    sa.UniqueConstraint("agent_id", "number"),
)

knowledge_bases = sa.Table(
    "knowledge_bases",
    metadata,
    key(),
    of("workspaces"),
    text("name"),
    # Moves with every change of what can be looked up in it.
    integer("revision"),
    when("created_at", nullable=False),
    when("updated_at", nullable=False),
    sa.Index("ix_knowledge_bases_workspace", "workspace_id", "created_at"),
)

knowledge_items = sa.Table(
    "knowledge_items",
    metadata,
    key(),
    sa.Column("knowledge_base_id", sa.Text, sa.ForeignKey("knowledge_bases.id"), nullable=False),
    # "file", "url" or "faq"; its name is the file's, the URL or the question.
    text("kind"),
    text("name"),
    text("file_type"),
    integer("size"),
    text("state", "pending"),
    text("trouble"),
    # What was sent, until its text is read out of it.
    sa.Column("raw", sa.LargeBinary),
    sa.Column("text", sa.Text),
    sa.Column("faq", sa.JSON),
    when("created_at", nullable=False),
    sa.Index("ix_knowledge_items_base", "knowledge_base_id"),
)
