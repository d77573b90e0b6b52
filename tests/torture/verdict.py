"""What must be true of every call once everybody has recovered, whoever was struck and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import TERMINAL, AttemptState
from outdial.domain.events import EventType
from outdial.store import schema
from outdial.store.database import Database

RETRIES: Final = 1


@dataclass
class Record:
    """What the database says of one call."""

    state: str
    dialled: int = 0
    """Attempts on record whose carrier was asked."""
    alive: int = 0
    """Attempts that have not ended."""
    events: Counter[str] = field(default_factory=Counter)
    reports: int = 0
    """Deliveries of its last event."""


@dataclass(frozen=True)
class Verdict:
    """Numbers of the calls that went wrong, by how."""

    lost: tuple[str, ...] = ()
    """Without an end."""
    twice: tuple[str, ...] = ()
    """Rung more often than attempts are on record, or than was promised."""
    leaked: tuple[str, ...] = ()
    """A place is still taken."""
    doubled: tuple[str, ...] = ()
    """Not exactly one end is told."""

    def __bool__(self) -> bool:
        """All is well."""
        return not any(getattr(self, one.name) for one in fields(self))


def judge(records: Mapping[str, Record], dialogs: Mapping[str, int]) -> Verdict:
    """``records`` and ``dialogs`` (how often the peer was really called) by number."""
    return Verdict(
        lost=tuple(number for number, one in records.items() if one.state not in TERMINAL),
        twice=tuple(n for n, one in records.items() if not dialogs.get(n, 0) <= one.dialled <= 1 + RETRIES),
        leaked=tuple(number for number, one in records.items() if one.alive),
        doubled=tuple(number for number, one in records.items() if not _told_once(one)),
    )


def _told_once(one: Record) -> bool:
    return one.events[EventType.CALL_ENDED] == one.events[EventType.PROCESSED] == one.reports == 1


def settled(records: Mapping[str, Record]) -> bool:
    """Every call has ended and its end is being told; there is nothing more to wait for."""
    return all(one.state in TERMINAL and not one.alive and one.reports for one in records.values())


def records_of(conn: Connection, numbers: Collection[str]) -> dict[str, Record]:
    """By number; accepted calls only."""
    calls, attempts, events, deliveries = schema.calls, schema.attempts, schema.events, schema.deliveries
    found = conn.execute(sa.select(calls.c.id, calls.c.to_number, calls.c.state).where(_among(numbers)))
    by_id = {row.id: (row.to_number, Record(row.state)) for row in found}
    mine: Sequence[str] = tuple(by_id)
    for row in conn.execute(sa.select(attempts).where(attempts.c.call_id.in_(mine))):
        by_id[row.call_id][1].dialled += row.dialed_at is not None
        by_id[row.call_id][1].alive += row.state != AttemptState.ENDED
    for row in conn.execute(sa.select(events.c.call_id, events.c.type).where(events.c.call_id.in_(mine))):
        by_id[row.call_id][1].events[row.type] += 1
    last = sa.select(deliveries.c.call_id).join(events, events.c.seq == deliveries.c.event_seq)
    of_last = last.where(events.c.type == EventType.PROCESSED.value, deliveries.c.call_id.in_(mine))
    for call_id in conn.execute(of_last).scalars():
        by_id[call_id][1].reports += 1
    return dict(by_id.values())


def _among(numbers: Collection[str]) -> sa.ColumnElement[bool]:
    return schema.calls.c.to_number.in_(tuple(numbers))


def waiting_reports(conn: Connection) -> int:
    """Webhooks that nobody has been told yet."""
    waiting = sa.select(sa.func.count()).where(schema.deliveries.c.state == "waiting")
    return conn.execute(waiting).scalar_one()


async def is_whole(database: Database) -> bool:
    """SQLite's own look at the whole file; PostgreSQL looks after itself."""
    if database.url.drivername.startswith("postgresql"):
        return True
    return await database.read(lambda conn: bool(conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"))
