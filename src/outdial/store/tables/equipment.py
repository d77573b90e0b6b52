"""What is rung with."""

from __future__ import annotations

import sqlalchemy as sa

from outdial.store.tables.columns import flag, json, key, limit, metadata, of, sealed_json, sealed_text, text, when

trunks = sa.Table(
    "trunks",
    metadata,
    key(),
    of("workspaces"),
    text("name"),
    # Its headers may carry a token.
    sealed_json("trunks", "definition"),
    sealed_text("trunks", "password"),
    # Who added it, or last said where it leads: "command" or "api" (``domain.attempt.Trunk``).
    text("added_by", "command"),
    limit("max_calls"),
    sa.Column("calls_per_s", sa.Float),
    when("created_at", nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
)

number_pools = sa.Table(
    "number_pools",
    metadata,
    key(),
    of("workspaces"),
    text("name"),
    when("created_at", nullable=False),
    sa.Index("ix_number_pools_workspace_id", "workspace_id"),
)

numbers = sa.Table(
    "numbers",
    metadata,
    key(),
    of("workspaces"),
    of("trunks"),
    of("number_pools", nullable=True),
    text("number"),
    text("display_name"),
    flag("outbound", default=True),
    flag("spam"),
    limit("max_calls"),
    json("tags"),
    # Which agent it belongs to, for whoever asks; calls are made from it whichever agent talks.
    sa.Column("agent_id", sa.Text),
    when("used_at"),
    when("created_at", nullable=False),
    sa.UniqueConstraint("workspace_id", "number"),
)
