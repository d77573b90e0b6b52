"""Workspaces: who may come in, what they may not ring, and what they owe."""

from __future__ import annotations

import sqlalchemy as sa

from outdial.store.tables.columns import SEQ, integer, json, key, metadata, micros, of, sealed_text, text, when

workspaces = sa.Table(
    "workspaces",
    metadata,
    key(),
    text("name"),
    # ``domain.rules.Rules``: calling policy, limit of calls, price.
    json("settings"),
    when("created_at", nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    key(),
    of("workspaces"),
    text("dialect"),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    text("hint"),
    # ``domain.access``.
    text("access", "full"),
    when("created_at", nullable=False),
    when("revoked_at"),
    sa.Index("ix_api_keys_workspace_id", "workspace_id"),
)

users = sa.Table(
    "users",
    metadata,
    key(),
    of("workspaces"),
    text("username"),
    text("email"),
    text("role", "member"),
    text("invite_status", "success"),
    when("created_at", nullable=False),
    sa.UniqueConstraint("workspace_id", "email"),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), primary_key=True),
    # As it was given; a subscriber is on the list once, under one of its numbers (``domain.numbers.canonical``).
    sa.Column("number", sa.Text, primary_key=True),
    text("subscriber"),
    text("reason"),
    when("created_at", nullable=False),
    sa.Index(
        "ix_suppressions_subscriber",
        "workspace_id",
        "subscriber",
        unique=True,
        sqlite_where=sa.text("subscriber <> ''"),
        postgresql_where=sa.text("subscriber <> ''"),
    ),
)

balances = sa.Table(
    "balances",
    metadata,
    # The sum of a workspace's credit entries, kept in the transactions that write them.
    sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), primary_key=True),
    micros("micros"),
)

credit_entries = sa.Table(
    "credit_entries",
    metadata,
    sa.Column("seq", SEQ, primary_key=True, autoincrement=True),
    of("workspaces"),
    when("at", nullable=False),
    micros("micros"),
    sa.Column("call_id", sa.Text),
    sa.Column("attempt", sa.Integer),
    text("note"),
    # An attempt is charged once.
    sa.UniqueConstraint("call_id", "attempt"),
    sa.Index("ix_credit_entries_workspace_id", "workspace_id", "seq"),
    sqlite_autoincrement=True,
)

answers = sa.Table(
    "answers",
    metadata,
    # What a create with an Idempotency-Key was answered, for whoever asks the same again.
    sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("dialect", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    text("fingerprint"),
    integer("status", 200),
    sealed_text("answers", "body"),
    when("created_at", nullable=False),
    sa.Index("ix_answers_created_at", "created_at"),
)
