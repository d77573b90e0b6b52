"""Calls for their readers: one, a page of history, and the facts of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import CallState
from outdial.domain.clock import Clock
from outdial.domain.errors import NotFound
from outdial.domain.events import Event
from outdial.domain.outcome import Outcome
from outdial.domain.record import CallRecord
from outdial.store import events
from outdial.store.calls.records import load_call, load_calls
from outdial.store.schema import attempts, calls


@dataclass(frozen=True)
class Filters:
    """What history or a report is restricted to. Both ends of the time span belong to it; empty: no restriction."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    agent_ids: frozenset[str] = frozenset()
    bulk_list_id: str = ""
    states: frozenset[CallState] = frozenset()
    outcomes: frozenset[Outcome] = frozenset()
    voicemail: bool | None = None
    """True: only calls a voicemail took; False: only others."""
    call_id: str = ""
    to_number: str = ""
    from_number: str = ""
    """Calls dialled from it at least once."""
    limit: int = 20
    offset: int = 0


def call_record(conn: Connection, workspace_id: str, call_id: str, *, now: Clock) -> CallRecord:
    """One call with its attempts.

    Raises:
        NotFound: the workspace has no such call.
    """
    record = load_call(conn, call_id, now())
    if record is None or record.workspace_id != workspace_id:
        raise NotFound("Call not found", field="call_id")
    return record


def history(conn: Connection, workspace_id: str, filters: Filters, *, now: Clock) -> tuple[list[CallRecord], int]:
    """A page of the workspace's calls, newest first, without their analyses; and how many there are in all."""
    where = tuple(conditions(workspace_id, filters))
    page = (
        sa.select(calls.c.id)
        .where(*where)
        .order_by(calls.c.created_at.desc(), calls.c.id.desc())
        .limit(filters.limit)
        .offset(filters.offset)
    )
    total = conn.scalar(sa.select(sa.func.count()).select_from(calls).where(*where)) or 0
    ids = list(conn.scalars(page))
    return load_calls(conn, ids, now(), analysed=False), total


def events_of(conn: Connection, workspace_id: str, call_id: str, after: int = 0) -> list[Event]:
    """The facts of one call numbered above ``after``, oldest first; none for a call of another workspace."""
    facts = events.events_of_call(conn, call_id, after)
    return [fact for fact in facts if fact.workspace_id == workspace_id]


def conditions(workspace_id: str, filters: Filters) -> Iterator[sa.ColumnElement[bool]]:
    """``filters`` on the table ``calls``."""
    yield calls.c.workspace_id == workspace_id
    for column, wanted in (
        (calls.c.bulk_list_id, filters.bulk_list_id),
        (calls.c.id, filters.call_id),
        (calls.c.to_number, filters.to_number),
    ):
        if wanted:
            yield column == wanted
    if filters.created_from is not None:
        yield calls.c.created_at >= filters.created_from
    if filters.created_to is not None:
        yield calls.c.created_at <= filters.created_to
    if filters.agent_ids:
        yield calls.c.agent_id.in_(sorted(filters.agent_ids))
    if filters.states:
        yield calls.c.state.in_(sorted(filters.states))
    if filters.outcomes:
        yield calls.c.outcome.in_(sorted(filters.outcomes))
    if filters.voicemail is not None:
        taken = calls.c.outcome == Outcome.VOICEMAIL.value
        yield taken if filters.voicemail else sa.not_(taken)
    if filters.from_number:
        yield sa.exists().where(attempts.c.call_id == calls.c.id, attempts.c.from_number == filters.from_number)
