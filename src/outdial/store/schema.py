"""The tables. One source for both engines; ``migrations/`` brings a database here.

Times are whole microseconds since 1970 UTC in a BIGINT: exact, ordered and the same on both engines.
``calls`` is the calendar and stays narrow; what nobody searches by lives in ``call_requests``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


# SQLite numbers rows itself only for a plain INTEGER primary key.
_SEQ: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def _of(table: str, *, nullable: bool = False) -> sa.Column[str]:
    singular = table.rstrip("s")
    return sa.Column(f"{singular}_id", sa.Text, sa.ForeignKey(f"{table}.id"), nullable=nullable)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False)


def _when(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=nullable)


def _flag(name: str, *, default: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if default else sa.false())


def _int(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=str(default))


def _micros(name: str) -> sa.Column[int]:
    """Credits, in millionths: exact in every sum."""
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _limit(name: str) -> sa.Column[int]:
    """NULL: no limit."""
    return sa.Column(name, sa.Integer)


workspaces = sa.Table(
    "workspaces",
    metadata,
    _id(),
    _text("name"),
    # ``domain.rules.Rules``: calling policy, limit of calls, price.
    _json("settings"),
    _when("created_at", nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _id(),
    _of("workspaces"),
    _text("dialect"),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    _text("hint"),
    # "full" or "read".
    _text("access", "full"),
    _when("created_at", nullable=False),
    _when("revoked_at"),
    sa.Index("ix_api_keys_workspace_id", "workspace_id"),
)

users = sa.Table(
    "users",
    metadata,
    _id(),
    _of("workspaces"),
    _text("username"),
    _text("email"),
    _text("role", "member"),
    _text("invite_status", "success"),
    _when("created_at", nullable=False),
    sa.UniqueConstraint("workspace_id", "email"),
)

trunks = sa.Table(
    "trunks",
    metadata,
    _id(),
    _of("workspaces"),
    _text("name"),
    _json("definition"),
    _text("password"),
    _limit("max_calls"),
    sa.Column("calls_per_s", sa.Float),
    _when("created_at", nullable=False),
    sa.UniqueConstraint("workspace_id", "name"),
)

number_pools = sa.Table(
    "number_pools",
    metadata,
    _id(),
    _of("workspaces"),
    _text("name"),
    _when("created_at", nullable=False),
    sa.Index("ix_number_pools_workspace_id", "workspace_id"),
)

numbers = sa.Table(
    "numbers",
    metadata,
    _id(),
    _of("workspaces"),
    _of("trunks"),
    _of("number_pools", nullable=True),
    _text("number"),
    _text("display_name"),
    _flag("outbound", default=True),
    _flag("spam"),
    _limit("max_calls"),
    _json("tags"),
    # Which agent it belongs to, for whoever asks; calls are made from it whichever agent talks.
    sa.Column("agent_id", sa.Text),
    _when("used_at"),
    _when("created_at", nullable=False),
    sa.UniqueConstraint("workspace_id", "number"),
)

agents = sa.Table(
    "agents",
    metadata,
    _id(),
    _of("workspaces"),
    _text("name"),
    _text("tag"),
    _text("type", "outbound"),
    sa.Column("active_version_id", sa.Text, nullable=False),
    _json("settings"),
    # ``domain.subscription``: who else is told of this agent's calls.
    sa.Column("subscriptions", sa.JSON, nullable=False, server_default="[]"),
    _when("created_at", nullable=False),
    _when("updated_at", nullable=False),
    _when("archived_at"),
    sa.UniqueConstraint("workspace_id", "tag"),
)

agent_versions = sa.Table(
    "agent_versions",
    metadata,
    _id(),
    _of("agents"),
    _int("number", 1),
    _text("description"),
    _json("definition"),
    _when("created_at", nullable=False),
    _when("updated_at", nullable=False),
    sa.UniqueConstraint("agent_id", "number"),
)

calls = sa.Table(
    "calls",
    metadata,
    _id(),
    _of("workspaces"),
    _of("agents"),
    sa.Column("lane", sa.Text, nullable=False),
    _text("state"),
    _when("due_at", nullable=False),
    _int("attempt"),
    sa.Column("worker", sa.Text),
    _text("to_number"),
    _text("outcome"),
    _text("ended_by"),
    # Why a call ended that was never dialled; every attempt has a reason of its own.
    _text("reason"),
    _text("dialect"),
    sa.Column("bulk_list_id", sa.Text),
    _when("created_at", nullable=False),
    _when("ended_at"),
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
    _text("callee_name"),
    _json("from_numbers"),
    sa.Column("number_pool_id", sa.Text),
    _json("variables"),
    _json("plan"),
    _json("callback"),
    _json("warnings"),
    sa.Column("call_category", sa.Text),
    sa.Column("parent_call_id", sa.Text),
    _json("body"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    # The fence: an attempt of a call exists once, whoever else believes to own it.
    sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _text("sid"),
    _text("state"),
    sa.Column("worker", sa.Text, nullable=False),
    _text("workspace_id"),
    _text("to_number"),
    _text("from_number"),
    sa.Column("number_id", sa.Text, nullable=False),
    sa.Column("trunk_id", sa.Text, nullable=False),
    sa.Column("version_id", sa.Text, nullable=False),
    _when("claimed_at", nullable=False),
    _when("dialed_at"),
    _when("ringing_at"),
    _when("answered_at"),
    _when("ended_at"),
    # Somebody wants it ended: a ringing phone is left alone, a talk hung up, and nobody rung again.
    _when("stop_asked_at"),
    # What the talk may cost at most, and how long it may last for that; then what it did cost.
    _micros("hold"),
    _limit("talk_limit_s"),
    _micros("cost"),
    _text("outcome"),
    _text("ended_by"),
    _int("sip_code"),
    _int("q850"),
    _text("reason"),
    _int("talk_ms"),
    sa.Column("first_word_ms", sa.Integer),
    sa.Column("turns", sa.JSON),
    # How many of the turns are the callee's.
    _int("callee_turns"),
    sa.Column("captured", sa.JSON),
    _text("recording_path"),
    _int("recording_ms"),
    # How many calls a number has made.
    sa.Index("ix_attempts_number_id", "number_id"),
    # How often somebody was rung lately, whatever for.
    sa.Index("ix_attempts_callee", "workspace_id", "to_number", "claimed_at"),
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

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    _text("reason"),
    _when("created_at", nullable=False),
)

balances = sa.Table(
    "balances",
    metadata,
    # The sum of a workspace's credit entries, kept in the transactions that write them.
    sa.Column("workspace_id", sa.Text, sa.ForeignKey("workspaces.id"), primary_key=True),
    _micros("micros"),
)

credit_entries = sa.Table(
    "credit_entries",
    metadata,
    sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
    _of("workspaces"),
    _when("at", nullable=False),
    _micros("micros"),
    sa.Column("call_id", sa.Text),
    sa.Column("attempt", sa.Integer),
    _text("note"),
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
    _text("fingerprint"),
    _int("status", 200),
    _text("body"),
    _when("created_at", nullable=False),
    sa.Index("ix_answers_created_at", "created_at"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("workspace_id", sa.Text, nullable=False),
    _int("attempt"),
    _text("type"),
    _when("at", nullable=False),
    _json("data"),
    sa.Index("ix_events_call_id", "call_id", "seq"),
    sqlite_autoincrement=True,
)

leases = sa.Table(
    "leases",
    metadata,
    # "name#generation": a lease that ran out is never revived, its holder comes back under a new name.
    sa.Column("holder", sa.Text, primary_key=True),
    _when("until", nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    _id(),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("workspace_id", sa.Text, nullable=False),
    sa.Column("event_seq", sa.BigInteger, nullable=False),
    _text("kind"),
    _text("dialect"),
    _text("method", "POST"),
    _text("url"),
    _json("headers"),
    sa.Column("body", sa.Text),
    _text("state", "waiting"),
    _when("due_at", nullable=False),
    _int("tries"),
    sa.Column("log", sa.JSON, nullable=False),
    _when("created_at", nullable=False),
    _when("ended_at"),
    # An event goes to an endpoint once, also when a fan-out is repeated after a crash.
    sa.UniqueConstraint("event_seq", "kind", "url"),
    # The deliveries of a call, in order: one endpoint is told its events one after the other.
    sa.Index("ix_deliveries_call_id", "call_id", "event_seq"),
    sa.Index(
        "ix_deliveries_waiting",
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

feedback = sa.Table(
    "feedback",
    metadata,
    # The last word counts.
    sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("rating", sa.Float),
    _text("comment"),
    _when("created_at", nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    # Work in the background, written in the transaction that causes it (``domain.job``).
    _id(),
    _text("kind"),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("workspace_id", sa.Text, nullable=False),
    _json("data"),
    _when("due_at", nullable=False),
    _int("tries"),
    _text("trouble"),
    _when("created_at", nullable=False),
    sa.UniqueConstraint("kind", "subject"),
    sa.Index("ix_jobs_due", "kind", "due_at"),
)

analyses = sa.Table(
    "analyses",
    metadata,
    # ``domain.analysis``: what a talk told, written once.
    sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id"), primary_key=True),
    _text("workspace_id"),
    # NULL: it failed; ``client`` also: nothing was asked.
    sa.Column("platform", sa.JSON(none_as_null=True)),
    sa.Column("client", sa.JSON(none_as_null=True)),
    # The platform's, once more, to be counted.
    _text("classification"),
    _text("made_by"),
    _text("trouble"),
    _when("created_at", nullable=False),
)

campaigns = sa.Table(
    "campaigns",
    metadata,
    # ``domain.campaign``; the id is the ``bulk_list_id`` of its calls.
    _id(),
    _of("workspaces"),
    _of("agents"),
    _text("dialect"),
    _text("name"),
    _text("state"),
    _when("starts_at", nullable=False),
    _when("ends_at", nullable=False),
    _json("call_config"),
    _json("mapping"),
    _text("country_code"),
    _json("callers"),
    _text("callback_url"),
    _json("options"),
    _int("total_rows"),
    _int("failed_rows"),
    # Rows that calls were made of: moved in the transaction that writes them.
    _int("made_rows"),
    _limit("share"),
    _text("trouble"),
    _when("created_at", nullable=False),
    _when("updated_at", nullable=False),
    _when("finished_at"),
    sa.Index("ix_campaigns_workspace", "workspace_id", "created_at"),
)

campaign_rows = sa.Table(
    "campaign_rows",
    metadata,
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    _text("mobile_number"),
    _text("callee_name"),
    _json("variables"),
    # Why it cannot be rung; empty: it can.
    _text("trouble"),
)

campaign_files = sa.Table(
    "campaign_files",
    metadata,
    # What was uploaded, until its rows are read out of it.
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

knowledge_bases = sa.Table(
    "knowledge_bases",
    metadata,
    _id(),
    _of("workspaces"),
    _text("name"),
    # Moves with every change of what can be looked up in it.
    _int("revision"),
    _when("created_at", nullable=False),
    _when("updated_at", nullable=False),
    sa.Index("ix_knowledge_bases_workspace", "workspace_id", "created_at"),
)

knowledge_items = sa.Table(
    "knowledge_items",
    metadata,
    _id(),
    sa.Column("knowledge_base_id", sa.Text, sa.ForeignKey("knowledge_bases.id"), nullable=False),
    # "file", "url" or "faq"; its name is the file's, the URL or the question.
    _text("kind"),
    _text("name"),
    _text("file_type"),
    _int("size"),
    _text("state", "pending"),
    _text("trouble"),
    # What was sent, until its text is read out of it.
    sa.Column("raw", sa.LargeBinary),
    sa.Column("text", sa.Text),
    sa.Column("faq", sa.JSON),
    _when("created_at", nullable=False),
    sa.Index("ix_knowledge_items_base", "knowledge_base_id"),
)
