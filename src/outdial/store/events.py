"""The list of facts. Its numbers are the order of everything, so they must appear in order too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.events import Event, EventType
from outdial.store.batcher import ByKind
from outdial.store.inserts import insert_into
from outdial.store.locks import Lock, take
from outdial.store.policy.credits import settle
from outdial.store.schema import events


def with_events(conn: Connection, items: ByKind) -> ByKind:
    """A ``batcher.Carry`` for kinds that take ``(conn, items, events)``, add what happened to the list, and return an
    answer for each item. Two items about the same attempt are never in one batch."""
    happened: list[Event] = []
    answers = {kind: kind(conn, some, happened) for kind, some in items.items()}
    append(conn, happened)
    return answers


def append(conn: Connection, facts: Sequence[Event]) -> None:
    """Write ``facts`` in this order, and settle what they say was charged; the last thing a transaction does.

    See ``lock_numbers``, and ``credits.settle`` for why balances change here and not where an attempt ends.
    """
    if not facts:
        return
    settle(conn, _charged(facts))
    lock_numbers(conn)
    insert = insert_into(events, conn.dialect)
    insert.write(conn, [insert.row(row_of(fact)) for fact in facts])


def _charged(facts: Sequence[Event]) -> dict[str, int]:
    """What ended attempts cost, by workspace."""
    charged: Counter[str] = Counter()
    for fact in facts:
        if fact.type is EventType.ATTEMPT_ENDED and (micros := fact.data.get("cost_micros")):
            charged[fact.workspace_id] += micros
    return charged


def lock_numbers(conn: Connection) -> None:
    """Let no other transaction number events until this one ends.

    PostgreSQL hands out numbers when a row is written but shows the row when its transaction commits: without the
    lock a reader could see 8, remember it, and never look at the 7 that commits a moment later: a webhook lost.
    SQLite has one writer at a time anyway. Take the lock last: a transaction that waits for another row while
    holding it would stop every other writer.
    """
    take(conn, Lock.EVENTS)


def events_after(conn: Connection, seq: int, limit: int = 500) -> list[Event]:
    """The facts numbered above ``seq``, oldest first."""
    rows = conn.execute(sa.select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit))
    return [event_of(row) for row in rows.mappings()]


def events_of_call(conn: Connection, call_id: str, after_seq: int = 0) -> list[Event]:
    """One call's facts numbered above ``after_seq``, oldest first."""
    rows = conn.execute(
        sa.select(events).where(events.c.call_id == call_id, events.c.seq > after_seq).order_by(events.c.seq)
    )
    return [event_of(row) for row in rows.mappings()]


def last_seq(conn: Connection) -> int:
    """The number of the newest fact; 0 before the first."""
    return conn.scalar(sa.select(sa.func.max(events.c.seq))) or 0


def row_of(fact: Event) -> dict[str, Any]:
    return {
        "call_id": fact.call_id,
        "workspace_id": fact.workspace_id,
        "attempt": fact.attempt,
        "type": fact.type.value,
        "at": fact.at,
        "data": dict(fact.data),
    }


def event_of(row: Mapping[Any, Any]) -> Event:
    return Event(
        call_id=row["call_id"],
        workspace_id=row["workspace_id"],
        type=EventType(row["type"]),
        at=row["at"],
        attempt=row["attempt"],
        data=row["data"],
        seq=row["seq"],
    )
