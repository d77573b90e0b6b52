"""What happened, and what is still to be done about it, by whom."""

from __future__ import annotations

import sqlalchemy as sa

from outdial.store.tables.columns import SEQ, flag, integer, json, key, metadata, sealed_json, sealed_text, text, when

events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", SEQ, primary_key=True, autoincrement=True),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("workspace_id", sa.Text, nullable=False),
    integer("attempt"),
    text("type"),
    when("at", nullable=False),
    json("data"),
    sa.Index("ix_events_call_id", "call_id", "seq"),
    sqlite_autoincrement=True,
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    key(),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("event_seq", sa.BigInteger, nullable=False),
    text("kind"),
    text("dialect"),
    text("method", "POST"),
    text("url"),
    sealed_json("deliveries", "headers"),
    sa.Column("body", sa.Text),
    text("state", "waiting"),
    when("due_at", nullable=False),
    integer("tries"),
    sa.Column("log", sa.JSON, nullable=False),
    when("created_at", nullable=False),
    when("ended_at"),
    # What waits for one origin of one workspace waits in one line (``domain.webhook_endpoint.lane_of``).
    text("lane"),
    # An event goes to an endpoint once, also when a fan-out is repeated after a crash.
    sa.UniqueConstraint("event_seq", "kind", "url"),
    # The deliveries of a call, in order: one endpoint is told its events one after the other.
    sa.Index("ix_deliveries_call_id", "call_id", "event_seq"),
    # What is due first in each line is a seek, however much an origin that is down has waiting.
    sa.Index(
        "ix_deliveries_lane",
        "lane",
        "due_at",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    # What an operator may want to send again.
    sa.Index(
        "ix_deliveries_given_up",
        "workspace_id",
        "created_at",
        sqlite_where=sa.text("state = 'given_up'"),
        postgresql_where=sa.text("state = 'given_up'"),
    ),
)

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    # Those with a secret of their own, and those that fail; of all others there is nothing to know.
    key(),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    flag("registered"),
    sealed_text("webhook_endpoints", "secret"),
    sealed_text("webhook_endpoints", "previous_secret"),
    when("previous_until"),
    integer("failures"),
    when("failing_since"),
    text("last_error"),
    when("paused_until"),
    when("disabled_at"),
    when("created_at", nullable=False),
    when("updated_at", nullable=False),
    sa.UniqueConstraint("workspace_id", "url"),
)

webhook_origins = sa.Table(
    "webhook_origins",
    metadata,
    # Only while its tries fail.
    sa.Column("lane", sa.Text, primary_key=True),
    integer("failures"),
    integer("hangs"),
    when("trying_until", nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    # "name#generation": a lease that ran out is never revived, its holder comes back under a new name.
    sa.Column("holder", sa.Text, primary_key=True),
    when("until", nullable=False),
)

sealing_keys = sa.Table(
    "sealing_keys",
    metadata,
    # Which keys secrets here are sealed with (``store.secrets.key_file``); the keys themselves lie elsewhere.
    sa.Column("id", sa.Text, primary_key=True),
    # ``store.secrets.keys.KeyState``.
    text("state"),
    when("created_at", nullable=False),
)

key_holders = sa.Table(
    "key_holders",
    metadata,
    # Nodes that run: which keys each has, and which it seals with. A new key waits until all have it.
    sa.Column("name", sa.Text, primary_key=True),
    json("keys"),
    text("sealing"),
    when("seen_at", nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    # Work in the background, written in the transaction that causes it (``domain.job``).
    key(),
    text("kind"),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("workspace_id", sa.Text, nullable=False),
    json("data"),
    when("due_at", nullable=False),
    integer("tries"),
    text("trouble"),
    when("created_at", nullable=False),
    sa.UniqueConstraint("kind", "subject"),
    sa.Index("ix_jobs_due", "kind", "due_at"),
)
