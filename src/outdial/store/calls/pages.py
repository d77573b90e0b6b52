"""A workspace's calls page by page: each page goes on where the last one ended, whatever was added meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import CallState
from outdial.domain.clock import Clock
from outdial.domain.outcome import Outcome
from outdial.domain.record import CallRecord
from outdial.store.calls.records import load_calls
from outdial.store.paging import Place
from outdial.store.schema import call_requests, calls


@dataclass(frozen=True)
class Wanted:
    """What a page is restricted to; ``created_from`` belongs to the span, ``created_to`` does not."""

    states: frozenset[CallState] = frozenset()
    agent_id: str = ""
    to_number: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    outcomes: frozenset[Outcome] = frozenset()
    bulk_list_id: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    """Names and texts: what a native call's metadata holds under that name is, as text, just this."""
    variables: tuple[tuple[str, str], ...] = ()


def call_page(
    conn: Connection, workspace_id: str, wanted: Wanted, *, limit: int, after: Place | None, now: Clock
) -> tuple[list[CallRecord], Place | None]:
    """Calls, newest first, and where the page ended; None when nothing follows."""
    mine = sa.select(calls.c.id, calls.c.created_at).where(
        calls.c.workspace_id == workspace_id, *_conditions(wanted, after)
    )
    held = [*_held(conn.dialect.name, wanted)]
    if held:
        mine = mine.join(call_requests, call_requests.c.call_id == calls.c.id).where(*held)
    page = mine.order_by(calls.c.created_at.desc(), calls.c.id.desc()).limit(limit + 1)
    rows = conn.execute(page).all()
    found = load_calls(conn, [row.id for row in rows[:limit]], now())
    more = len(rows) > limit
    return found, Place(rows[limit - 1].created_at, rows[limit - 1].id) if more else None


def bodies_of(conn: Connection, call_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """The requests as they came, by call."""
    asked = sa.select(call_requests.c.call_id, call_requests.c.body).where(call_requests.c.call_id.in_(call_ids))
    return {row.call_id: row.body for row in conn.execute(asked)}


def _conditions(wanted: Wanted, after: Place | None) -> Iterator[sa.ColumnElement[bool]]:
    if after is not None:
        yield calls.c.created_at <= after.created_at
        yield (calls.c.created_at < after.created_at) | (calls.c.id < after.id)
    if wanted.states:
        yield calls.c.state.in_(sorted(wanted.states))
    if wanted.agent_id:
        yield calls.c.agent_id == wanted.agent_id
    if wanted.to_number:
        yield calls.c.to_number == wanted.to_number
    if wanted.outcomes:
        yield calls.c.outcome.in_(sorted(wanted.outcomes))
    if wanted.bulk_list_id:
        yield calls.c.bulk_list_id == wanted.bulk_list_id
    if wanted.created_from is not None:
        yield calls.c.created_at >= wanted.created_from
    if wanted.created_to is not None:
        yield calls.c.created_at < wanted.created_to


def _held(engine: str, wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions on members of JSON objects: a search, unlike the others, and made last."""
    holds = _holds_on_postgresql if engine == "postgresql" else _holds_on_sqlite
    if wanted.metadata:
        # In other dialects a member of this name would mean something else, or nothing.
        yield calls.c.dialect == "native"
    for name, text in wanted.metadata:
        yield holds(("metadata", name), call_requests.c.body, text)
    for name, text in wanted.variables:
        yield holds((name,), call_requests.c.variables, text)


def _holds_on_postgresql(path: tuple[str, ...], column: sa.Column[Any], text: str) -> sa.ColumnElement[bool]:
    """``->>`` gives an object's text too: only scalars are compared."""
    held: sa.ColumnElement[Any] = column
    for member in path[:-1]:
        held = held.op("->")(sa.literal(member, sa.Text))
    name = sa.literal(path[-1], sa.Text)
    scalar = sa.func.json_typeof(held.op("->")(name)).in_(("string", "number", "boolean"))
    return sa.and_(scalar, held.op("->>", return_type=sa.Text())(name) == text)


def _holds_on_sqlite(path: tuple[str, ...], column: sa.Column[Any], text: str) -> sa.ColumnElement[bool]:
    """By the members themselves: a path would compare names as they are escaped in the stored text."""
    *outer, name = path
    at = ".".join(("$", *outer))
    member = sa.func.json_each(column, at).table_valued("key", "value", "type")
    shown = sa.case(
        (member.c.type == "text", member.c.value),
        (member.c.type.in_(("integer", "real")), sa.cast(member.c.value, sa.Text)),
        (member.c.type.in_(("true", "false")), member.c.type),
    )
    return sa.exists(sa.select(sa.literal(1)).select_from(member).where(member.c.key == name, shown == text))
