"""Campaigns and the rows their calls are made of."""

from __future__ import annotations

import sqlalchemy as sa

from outdial.store.tables.columns import integer, json, key, limit, metadata, of, sealed_text, text, when

campaigns = sa.Table(
    "campaigns",
    metadata,
    # ``domain.campaign``; the id is the ``bulk_list_id`` of its calls.
    key(),
    of("workspaces"),
    of("agents"),
    text("dialect"),
    text("name"),
    text("state"),
    when("starts_at", nullable=False),
    when("ends_at", nullable=False),
    json("call_config"),
    json("mapping"),
    text("country_code"),
    json("callers"),
    sealed_text("campaigns", "callback_url"),
    json("options"),
    integer("total_rows"),
    integer("failed_rows"),
    # Rows that calls were made of: moved in the transaction that writes them.
    integer("made_rows"),
    limit("share"),
    text("trouble"),
    when("created_at", nullable=False),
    when("updated_at", nullable=False),
    when("finished_at"),
    sa.Index("ix_campaigns_workspace", "workspace_id", "created_at"),
)

campaign_rows = sa.Table(
    "campaign_rows",
    metadata,
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    text("mobile_number"),
    # ``domain.numbers.canonical`` of that; empty: it cannot be rung.
    text("subscriber"),
    text("callee_name"),
    json("variables"),
    # Why it cannot be rung; empty: it can.
    text("trouble"),
)

campaign_files = sa.Table(
    "campaign_files",
    metadata,
    # What was uploaded, until its rows are read out of it.
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
