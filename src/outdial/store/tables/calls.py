"""Calls and what became of them. ``calls`` is the calendar and stays narrow; what nobody searches by lives in
``call_requests``."""

from __future__ import annotations

import sqlalchemy as sa

from outdial.store.tables.columns import integer, json, key, limit, metadata, micros, of, sealed_json, text, when

calls = sa.Table(
    "calls",
    metadata,
    key(),
    of("workspaces"),
    of("agents"),
    sa.Column("lane", sa.Text, nullable=False),
    text("state"),
    when("due_at", nullable=False),
    integer("attempt"),
    sa.Column("worker", sa.Text),
    text("to_number"),
    # ``domain.numbers.canonical`` of that: whom it is for, however the number is spelled.
    text("subscriber"),
    text("outcome"),
    text("ended_by"),
    # Why a call ended that was never dialled; every attempt has a reason of its own.
    text("reason"),
    text("dialect"),
    sa.Column("bulk_list_id", sa.Text),
    when("created_at", nullable=False),
    when("ended_at"),
    # Only waiting rows: the due query is a seek however many calls lie in the future or the past.
    sa.Index(
        "ix_calls_waiting",
        "lane",
        "due_at",
        sqlite_where=sa.text("state IN ('registered', 'retry')"),
        postgresql_where=sa.text("state IN ('registered', 'retry')"),
    ),
    # Only live calls: counting them is free.
    sa.Index(
        "ix_calls_active",
        "worker",
        "lane",
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    ),
    sa.Index("ix_calls_history", "workspace_id", "created_at"),
    # An agent's calls, newest first, and how many there are.
    sa.Index("ix_calls_agent", "agent_id", "created_at"),
    # A campaign's, by how far they are.
    sa.Index(
        "ix_calls_list",
        "bulk_list_id",
        "state",
        sqlite_where=sa.text("bulk_list_id IS NOT NULL"),
        postgresql_where=sa.text("bulk_list_id IS NOT NULL"),
    ),
)

call_requests = sa.Table(
    "call_requests",
    metadata,
    sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("version_id", sa.Text),
    sa.Column("voice_id", sa.Text),
    text("callee_name"),
    json("from_numbers"),
    sa.Column("number_pool_id", sa.Text),
    json("variables"),
    json("plan"),
    sealed_json("call_requests", "callback"),
    json("warnings"),
    sa.Column("call_category", sa.Text),
    sa.Column("parent_call_id", sa.Text),
    json("body"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    # The fence: an attempt of a call exists once, whoever else believes to own it.
    sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    text("sid"),
    text("state"),
    sa.Column("worker", sa.Text, nullable=False),
    text("workspace_id"),
    text("to_number"),
    text("subscriber"),
    text("from_number"),
    sa.Column("number_id", sa.Text, nullable=False),
    sa.Column("trunk_id", sa.Text, nullable=False),
    sa.Column("version_id", sa.Text, nullable=False),
    when("claimed_at", nullable=False),
    when("dialed_at"),
    when("ringing_at"),
    when("answered_at"),
    when("ended_at"),
    # Somebody wants it ended: a ringing phone is left alone, a talk hung up, and nobody rung again.
    when("stop_asked_at"),
    # What the talk may cost at most, and how long it may last for that; then what it did cost.
    micros("hold"),
    limit("talk_limit_s"),
    micros("cost"),
    text("outcome"),
    text("ended_by"),
    integer("sip_code"),
    integer("q850"),
    text("reason"),
    integer("talk_ms"),
    sa.Column("first_word_ms", sa.Integer),
    sa.Column("turns", sa.JSON),
    # How many of the turns are the callee's.
    integer("callee_turns"),
    sa.Column("captured", sa.JSON),
    text("recording_path"),
    integer("recording_ms"),
    # How many calls a number has made.
    sa.Index("ix_attempts_number_id", "number_id"),
    # How often somebody was rung lately, whatever for.
    sa.Index("ix_attempts_subscriber", "workspace_id", "subscriber", "claimed_at"),
    # How fast a trunk is asked, and how its last dials went.
    sa.Index("ix_attempts_trunk", "trunk_id", "claimed_at"),
    # Only live ones: limits are counted, never kept, so that no place can leak.
    sa.Index(
        "ix_attempts_live",
        "workspace_id",
        "trunk_id",
        "number_id",
        sqlite_where=sa.text("state <> 'ended'"),
        postgresql_where=sa.text("state <> 'ended'"),
    ),
    # What a holder is to end; almost always nothing.
    sa.Index(
        "ix_attempts_stop",
        "worker",
        sqlite_where=sa.text("stop_asked_at IS NOT NULL AND state <> 'ended'"),
        postgresql_where=sa.text("stop_asked_at IS NOT NULL AND state <> 'ended'"),
    ),
)

feedback = sa.Table(
    "feedback",
    metadata,
    # The last word counts.
    sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("rating", sa.Float),
    text("comment"),
    when("created_at", nullable=False),
)

analyses = sa.Table(
    "analyses",
    metadata,
    # ``domain.analysis``: what a talk told, written once.
    sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
    text("workspace_id"),
    # NULL: it failed; ``client`` also: nothing was asked.
    sa.Column("platform", sa.JSON(none_as_null=True)),
    sa.Column("client", sa.JSON(none_as_null=True)),
    # The platform's, once more, to be counted.
    text("classification"),
    text("made_by"),
    text("trouble"),
    when("created_at", nullable=False),
)
