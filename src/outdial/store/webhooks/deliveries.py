"""Deliveries and the fan-out's place in the list of facts: every statement that touches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.clock import from_micros, to_micros
from outdial.domain.delivery import Delivery, DeliveryState, Try
from outdial.domain.events import Event
from outdial.store.due_queue import DueQueue
from outdial.store.events import event_of
from outdial.store.inserts import upsert_into
from outdial.store.schema import cursors, deliveries, events
from outdial.store.seeks import seek

# A literal: a bound parameter would keep SQLite from using the index over waiting rows.
_WAITING: sa.ColumnElement[Any] = sa.literal_column(f"'{DeliveryState.WAITING}'")
_QUEUE: Final = DueQueue(deliveries, deliveries.c.state == _WAITING, then=[deliveries.c.event_seq])


@dataclass(frozen=True)
class ReplayWanted:
    """Which deliveries are to be sent again; what is left empty does not narrow them down.

    ``since`` and ``before``: by when they were made. ``claimed_until``: claims made by now end before that.
    """

    claimed_until: datetime
    call_id: str = ""
    endpoint_url: str = ""
    since: datetime | None = None
    before: datetime | None = None
    only_failed: bool = True


# A loose index scan, a few seeks for each lane: what waits for an origin that is down costs nothing.
_DUE_LANES: Final = sa.text(
    """
    WITH RECURSIVE lanes(lane) AS (
        SELECT (SELECT lane FROM deliveries WHERE state = 'waiting' ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT d.lane FROM deliveries d WHERE d.state = 'waiting' AND d.lane > lanes.lane
            ORDER BY d.lane LIMIT 1)
        FROM lanes WHERE lanes.lane IS NOT NULL
    ), firsts(lane, due_at) AS (
        SELECT lane, (SELECT d.due_at FROM deliveries d WHERE d.state = 'waiting' AND d.lane = lanes.lane
            ORDER BY d.due_at LIMIT 1)
        FROM lanes WHERE lane IS NOT NULL
    )
    SELECT lane, due_at FROM firsts WHERE due_at <= :now ORDER BY due_at
    """
)
_READY_IN_LANE: Final = """
    SELECT d.id FROM deliveries d
    WHERE d.state = 'waiting' AND d.lane = {key} AND d.due_at <= :now AND NOT EXISTS (
        SELECT 1 FROM deliveries earlier
        WHERE earlier.call_id = d.call_id AND earlier.url = d.url AND earlier.state = 'waiting' AND earlier.tries = 0
            AND (earlier.event_seq, earlier.kind) < (d.event_seq, d.kind)
    )
    ORDER BY d.due_at LIMIT {most}
"""


def position(conn: Connection, reader: str) -> int:
    """The number of the last event ``reader`` is done with; 0 before its first."""
    return conn.scalar(sa.select(cursors.c.seq).where(cursors.c.name == reader)) or 0


def move_on(conn: Connection, reader: str, *, since: int, to: int) -> bool:
    """Move ``reader`` forward if it still is where it was ``since``; False: another process was faster."""
    if since == 0:
        conn.execute(upsert_into(conn, cursors).values(name=reader, seq=0).on_conflict_do_nothing())
    moved = conn.execute(sa.update(cursors).where(cursors.c.name == reader, cursors.c.seq == since).values(seq=to))
    return moved.rowcount == 1


def add(conn: Connection, new: Sequence[Delivery]) -> None:
    """Store deliveries; those whose event already goes to that URL in that kind are left as they are."""
    if new:
        rows = [_row_of(delivery) for delivery in new]
        conn.execute(upsert_into(conn, deliveries).on_conflict_do_nothing(), rows)


def due_lanes(conn: Connection, now: datetime) -> list[tuple[str, datetime]]:
    """Each line in which a delivery is due, and since when its first one is; longest due first."""
    found = conn.execute(_DUE_LANES, {"now": to_micros(now)})
    return [(row.lane, from_micros(row.due_at)) for row in found]


def ready(conn: Connection, now: datetime, shares: Mapping[str, int]) -> list[str]:
    """Ids of deliveries that may go out now: of each lane as many as its share, longest due first.

    An event waits for the first try of the earlier ones of its call to its URL, and for no more than that.
    """
    keys = [{"key": lane, "most": most} for lane, most in shares.items()]
    return [row.id for row in seek(conn, _READY_IN_LANE, keys, now=to_micros(now))]


def load(conn: Connection, ids: Sequence[str]) -> list[Delivery]:
    """Deliveries by id, longest due first; unknown ids are left out."""
    return [_delivery_of(row) for row in conn.execute(_in_line(ids)).mappings()]


def told_of(conn: Connection, some: Sequence[Delivery]) -> dict[int, Event]:
    """The events these deliveries are about, by number."""
    rows = conn.execute(sa.select(events).where(events.c.seq.in_({delivery.event_seq for delivery in some})))
    return {row["seq"]: event_of(row) for row in rows.mappings()}


def claim(conn: Connection, ids: Sequence[str], now: datetime, until: datetime) -> list[Delivery]:
    """Take those of ``ids`` that are still due: nobody else gets them before ``until``."""
    chosen = sa.select(deliveries).where(deliveries.c.id.in_(ids))
    return [_delivery_of(row) for row in _QUEUE.claim(conn, chosen, now, until)]


def record(conn: Connection, claimed: Delivery, after: Delivery) -> bool:
    """Store what became of a claimed delivery; False: the claim has run out and this news counts no more."""
    return _QUEUE.change(conn, claimed, **_progress_of(after))


def owed_before(conn: Connection, some: Sequence[Delivery]) -> dict[str, int]:
    """By the id of each: how many earlier events of its call its URL has not taken yet, those given up included."""
    if not some:
        return {}
    missing, asked = deliveries.alias("missing"), deliveries.alias("asked")
    rows = conn.execute(
        sa.select(asked.c.id, sa.func.count())
        .join(missing, (missing.c.call_id == asked.c.call_id) & (missing.c.url == asked.c.url))
        .where(
            asked.c.id.in_([each.id for each in some]),
            missing.c.state != sa.literal_column(f"'{DeliveryState.DELIVERED}'"),
            sa.tuple_(missing.c.event_seq, missing.c.kind) < sa.tuple_(asked.c.event_seq, asked.c.kind),
        )
        .group_by(asked.c.id)
    )
    counted = {row[0]: row[1] for row in rows}
    return dict.fromkeys((each.id for each in some), 0) | counted


def again(conn: Connection, over: Delivery, after: Delivery) -> bool:
    """Store ``over`` as it is ``after`` it was asked for once more; False: it is not as it was read any more."""
    as_read = (deliveries.c.state == over.state.value, deliveries.c.ended_at == over.ended_at)
    stored = conn.execute(
        sa.update(deliveries).where(deliveries.c.id == over.id, *as_read).values(lane=after.lane, **_progress_of(after))
    )
    return stored.rowcount == 1


def to_replay(conn: Connection, workspace_id: str, wanted: ReplayWanted, limit: int) -> list[str]:
    """Ids of the deliveries that were asked for again, oldest first."""
    columns = deliveries.c
    failed = columns.state == sa.literal_column(f"'{DeliveryState.GIVEN_UP}'")
    if not wanted.only_failed:
        failed |= columns.state == sa.literal_column(f"'{DeliveryState.DELIVERED}'")
    # One that is claimed is due when its claim ends: until then it may be under way.
    failed |= (columns.state == _WAITING) & (columns.tries > 0) & (columns.due_at > wanted.claimed_until)
    query = sa.select(columns.id).where(columns.workspace_id == workspace_id, failed)
    if wanted.call_id:
        query = query.where(columns.call_id == wanted.call_id)
    if wanted.since is not None:
        query = query.where(columns.created_at >= wanted.since)
    if wanted.before is not None:
        query = query.where(columns.created_at < wanted.before)
    if wanted.endpoint_url:
        begins = (columns.url.startswith(wanted.endpoint_url + mark, autoescape=True) for mark in "?#")
        query = query.where(sa.or_(columns.url == wanted.endpoint_url, *begins))
    return list(conn.scalars(query.order_by(columns.created_at, columns.event_seq, columns.id).limit(limit)))


def hasten(conn: Connection, waiting: Delivery, now: datetime) -> bool:
    """Let one that waits after a failed try go out now; False: it is not as it was read any more."""
    return _QUEUE.change(conn, waiting, due_at=now, lane=waiting.lane)


def page(
    conn: Connection,
    workspace_id: str,
    *,
    call_id: str = "",
    state: DeliveryState | None = None,
    after: Delivery | None = None,
    limit: int,
) -> list[Delivery]:
    """Deliveries of a workspace, newest first, from the one that follows ``after``."""
    query = sa.select(deliveries).where(deliveries.c.workspace_id == workspace_id)
    if call_id:
        query = query.where(deliveries.c.call_id == call_id)
    if state is not None:
        query = query.where(deliveries.c.state == sa.literal_column(f"'{state}'"))
    if after is not None:
        behind = (deliveries.c.created_at < after.created_at) | (deliveries.c.id < after.id)
        query = query.where(deliveries.c.created_at <= after.created_at, behind)
    rows = conn.execute(query.order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc()).limit(limit))
    return [_delivery_of(row) for row in rows.mappings()]


def deliveries_of_call(conn: Connection, call_id: str) -> list[Delivery]:
    """All deliveries of a call with their logs, in the order of its events."""
    query = sa.select(deliveries).where(deliveries.c.call_id == call_id)
    rows = conn.execute(query.order_by(deliveries.c.event_seq, deliveries.c.kind))
    return [_delivery_of(row) for row in rows.mappings()]


def _in_line(ids: Sequence[str]) -> sa.Select[Any]:
    chosen = sa.select(deliveries).where(deliveries.c.id.in_(ids))
    return chosen.order_by(deliveries.c.due_at, deliveries.c.event_seq)


def _row_of(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "call_id": delivery.call_id,
        "workspace_id": delivery.workspace_id,
        "event_seq": delivery.event_seq,
        "kind": delivery.kind,
        "dialect": delivery.dialect,
        "method": delivery.method,
        "url": delivery.url,
        "headers": dict(delivery.headers),
        "created_at": delivery.created_at,
        "lane": delivery.lane,
        **_progress_of(delivery),
    }


def _progress_of(delivery: Delivery) -> dict[str, Any]:
    """The columns that change while a delivery is under way."""
    return {
        "body": None if delivery.body is None else delivery.body.decode(),
        "state": delivery.state.value,
        "due_at": delivery.due_at,
        "tries": delivery.tries,
        "log": [
            {"at": tried.at.isoformat(), "ms": tried.ms, "status": tried.status, "error": tried.error}
            for tried in delivery.log
        ],
        "ended_at": delivery.ended_at,
    }


def _delivery_of(row: Any) -> Delivery:
    return Delivery(
        id=row["id"],
        call_id=row["call_id"],
        workspace_id=row["workspace_id"],
        event_seq=row["event_seq"],
        kind=row["kind"],
        dialect=row["dialect"],
        method=row["method"],
        url=row["url"],
        headers=row["headers"],
        body=None if row["body"] is None else row["body"].encode(),
        state=DeliveryState(row["state"]),
        due_at=row["due_at"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        tries=row["tries"],
        log=tuple(
            Try(datetime.fromisoformat(tried["at"]), tried["ms"], tried["status"], tried["error"])
            for tried in row["log"]
        ),
    )
