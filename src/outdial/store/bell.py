"""The bell: PostgreSQL tells every dialer at once that there is something to do now; on SQLite there is none.

Whoever rings says only "look": a ring that is lost costs at most a tick, for everybody looks that often anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
import structlog
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from outdial.store.engines import POSTGRES

LISTENER: Final = "outdial bell"
"""``application_name`` of the connections that listen."""
_CHANNEL: Final = "outdial"
_PATIENCE_S: Final = 5.0
_LOOK_EVERY_S: Final = 30.0
"""How often a silent line is tried: one that was cut without a word would stay silent for ever."""
_PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def ring(conn: Connection) -> None:
    """Wake every dialer when this transaction commits.

    PostgreSQL lets transactions that ring commit one at a time; with eight writers about half as many got through.
    So ring only for what should not wait a tick: a stop, or a call that has just become due.
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"NOTIFY {_CHANNEL}")


async def listen(url: sa.URL, on_ring: Callable[[], None]) -> None:
    """Calls ``on_ring`` whenever somebody rang, or may have rung while nobody listened. Runs until cancelled.

    The line is its own, outside the pools. While it is down whoever listens is a tick slower, and nothing else.
    """
    if url.drivername != POSTGRES:
        return
    engine = create_async_engine(
        url,
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={
            "timeout": _PATIENCE_S,
            "command_timeout": _PATIENCE_S,
            "server_settings": {"application_name": LISTENER},
        },
    )
    failures = 0
    while True:
        ears = _Ears(on_ring)
        try:
            await ears.attend(engine)
        except (sa.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as fault:
            failures = 0 if ears.heard else failures
            pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
            failures += 1
            _log.warning("nobody is woken by the database", again_in_s=pause_s, reason=type(fault).__name__)
            await asyncio.sleep(pause_s)


class _Ears:
    """One connection that listens."""

    def __init__(self, on_ring: Callable[[], None]) -> None:
        self._on_ring = on_ring
        self._gone = asyncio.Event()
        self.heard = False
        """Whether the line was ever up."""

    async def attend(self, engine: AsyncEngine) -> None:
        """Raises whatever the driver does when the line is down; until then it listens."""
        async with engine.connect() as conn:
            line: Any = (await conn.get_raw_connection()).driver_connection
            line.add_termination_listener(lambda _: self._gone.set())
            await line.add_listener(_CHANNEL, lambda *_: self._on_ring())
            self.heard = True
            # Whoever rang while this line was down was not heard.
            self._on_ring()
            while not self._gone.is_set():
                try:
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await self._gone.wait()
                except TimeoutError:
                    await line.execute("SELECT 1")
            raise ConnectionError("the connection was closed")
