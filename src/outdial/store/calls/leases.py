"""Leases: who is alive. A holder is ``name#generation``; a lease that ran out is never revived.

Whoever missed its own renewal cannot know what others have decided meanwhile, so it comes back under a new
generation and finds the attempts of the old one fenced off. Renewing takes no lock that claiming holds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.clock import from_micros
from outdial.domain.ids import new_id
from outdial.store.schema import calls, leases

_KEPT_AFTER_DEATH: Final = timedelta(hours=1)
"""Long after everything of a dead holder was reaped; until then its row may explain a log line."""
_SERVER_TIME: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_NOW: Final = {
    "postgresql": sa.literal_column(_SERVER_TIME, leases.c.until.type),
    "sqlite": sa.bindparam("now", type_=leases.c.until.type),
}
"""The clock leases go by, in a statement, by engine: see ``lease_time``."""
UNTIL: Final = {engine: (leases.c.until, now.label("lease_now")) for engine, now in _NOW.items()}
"""By engine, columns: until when a lease lasts, and the clock it goes by (binds ``now``)."""
LIVES: Final = {
    engine: sa.exists().where(leases.c.holder == sa.bindparam("holder"), leases.c.until > now)
    for engine, now in _NOW.items()
}
"""By engine, a condition for statements that bind ``holder`` and ``now``: the holder's lease has not run out."""


def lease_time(conn: Connection, now: datetime) -> datetime:
    """The clock leases go by: the server's on PostgreSQL, where hosts may disagree; ``now`` on SQLite, one host."""
    if conn.dialect.name != "postgresql":
        return now
    return from_micros(conn.exec_driver_sql(f"SELECT {_SERVER_TIME}").scalar_one())


def acquire(conn: Connection, name: str, now: datetime, life_s: float) -> str:
    """A new lease for ``name``; its holder, of a generation never used before."""
    holder = f"{name}#{new_id()}"
    until = lease_time(conn, now) + timedelta(seconds=life_s)
    conn.execute(leases.insert().values(holder=holder, until=until))
    return holder


def begin(conn: Connection, name: str, now: datetime, life_s: float) -> str:
    """The first lease of a process. On SQLite, one host, no other process of this name lives: its leases are over."""
    if conn.dialect.name == "sqlite":
        declare_dead(conn, name)
    return acquire(conn, name, now, life_s)


def renew(conn: Connection, holder: str, now: datetime, life_s: float) -> bool:
    """Extend a lease that still lives; False when it has run out: it stays dead."""
    at = lease_time(conn, now)
    renewed = conn.execute(
        leases.update()
        .where(leases.c.holder == holder, leases.c.until > at)
        .values(until=at + timedelta(seconds=life_s))
    )
    return renewed.rowcount == 1


def release(conn: Connection, holder: str) -> None:
    """Give a lease up; attempts still under way in its name are reaped at once."""
    conn.execute(leases.delete().where(leases.c.holder == holder))


def declare_dead(conn: Connection, name: str) -> int:
    """End every lease of ``name``, whatever its generation; how many there were.

    Only for the sole process of that name, as it starts: a node's name holds its HTTP port, which it alone listens on.
    """
    prefix = f"{name}#"
    ended = conn.execute(leases.delete().where(sa.func.substr(leases.c.holder, 1, len(prefix)) == prefix))
    return ended.rowcount


def forget_dead(conn: Connection, now: datetime) -> None:
    """Drop leases that ran out long ago and in whose name nothing is active any more."""
    long_ago = lease_time(conn, now) - _KEPT_AFTER_DEATH
    busy = sa.exists().where(calls.c.state == "active", calls.c.worker == leases.c.holder)
    conn.execute(leases.delete().where(leases.c.until < long_ago, ~busy))
