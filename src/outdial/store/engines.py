"""Connections to either database, set so that what is committed is on disk and nothing waits for ever."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from outdial.domain.errors import Fault, Invalid

SQLITE: Final = "sqlite"
POSTGRES: Final = "postgresql+asyncpg"
DRIVERS: Final = {
    SQLITE: SQLITE,
    "sqlite+aiosqlite": SQLITE,
    "postgresql": POSTGRES,
    "postgres": POSTGRES,
    POSTGRES: POSTGRES,
}
"""The driver that is used, by the one a URL names."""

# Compact, and in ASCII: a customer's half of a surrogate pair is no reason to lose a call.
_TO_JSON: Final = json.JSONEncoder(separators=(",", ":")).encode

# Every engine is made with hide_parameters: errors are logged, and parameters are phone numbers and names.
_CONNECT_TIMEOUT_S: Final = 5.0
_STATEMENT_TIMEOUT_S: Final = 30.0
_POOL_TIMEOUT_S: Final = 10.0
_BUSY_TIMEOUT_MS: Final = 10_000
_POSTGRES_CONNECTIONS: Final = 8


def parse_url(text: str) -> sa.URL:
    """``text`` as a URL with the one driver used for its database.

    Raises:
        Invalid: not the URL of a SQLite file or a PostgreSQL database; the text itself is not repeated, it may
            hold a password.
    """
    shape = "sqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST:PORT/NAME"
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise Invalid(Fault(("database_url",), f"database_url must be {shape}")) from None
    driver = DRIVERS.get(url.drivername)
    if driver is None or not url.database or (driver == SQLITE and url.database == ":memory:"):
        raise Invalid(Fault(("database_url",), f"database_url must be {shape}"))
    return url.set(drivername=driver)


def sqlite_writer(url: sa.URL) -> sa.Engine:
    """The one connection that changes the file."""
    return _sqlite(url, 1, begin="BEGIN IMMEDIATE")


def sqlite_readers(url: sa.URL, connections: int) -> sa.Engine:
    """Connections that see one moment of the file per transaction, and cannot change it."""
    return _sqlite(url, connections, begin="BEGIN", read_only=True)


def sqlite_migrator(url: sa.URL) -> sa.Engine:
    """A connection that changes the tables: SQLite copies each, which enforced foreign keys would refuse."""
    return _sqlite(url, 1, begin="BEGIN IMMEDIATE", foreign_keys=False)


def postgres_writers(url: sa.URL, frozen_s: float) -> AsyncEngine:
    """Connections that change the database; ``frozen_s``: see ``Database.open``."""
    # The server disconnects a process frozen inside a transaction before others reach their lock_timeout.
    return _postgres(url, lock_timeout="6000", idle_in_transaction_session_timeout=str(round(frozen_s * 1000)))


def postgres_readers(url: sa.URL) -> AsyncEngine:
    """Connections that see one moment of the database per transaction, and cannot change it."""
    engine = _postgres(url, idle_in_transaction_session_timeout="30000")
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def postgres_migrator(url: sa.URL) -> AsyncEngine:
    """A connection that changes the tables: it may wait long for its neighbours to do the same."""
    return _postgres(url)


def _sqlite(
    url: sa.URL, connections: int, *, begin: str, read_only: bool = False, foreign_keys: bool = True
) -> sa.Engine:
    path = url.database or ""
    engine = sa.create_engine(
        url,
        # Transactions begin where they are told to, not where the driver guesses; each connection is lent by the pool
        # to one thread at a time.
        creator=lambda: sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        ),
        poolclass=sa.QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        pool_reset_on_return=None,
        json_serializer=_TO_JSON,
        hide_parameters=True,
    )
    _prepare_sqlite(engine, begin=begin, read_only=read_only, foreign_keys=foreign_keys)
    return engine


def _prepare_sqlite(engine: sa.Engine, *, begin: str, read_only: bool, foreign_keys: bool) -> None:
    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            # NORMAL would lose the last commits with the power: a 2xx must be on disk.
            "synchronous=FULL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
            f"query_only={'ON' if read_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgres(url: sa.URL, **server_settings: str) -> AsyncEngine:
    return create_async_engine(
        url,
        json_serializer=_TO_JSON,
        hide_parameters=True,
        pool_size=_POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        connect_args={
            "timeout": _CONNECT_TIMEOUT_S,
            "command_timeout": _STATEMENT_TIMEOUT_S,
            "server_settings": {"application_name": "outdial", **server_settings},
        },
    )
