"""Locks on something that is no row, held until the transaction ends. On SQLite every writer is the only one anyway."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Connection


class Lock(IntEnum):
    """Keys of PostgreSQL's advisory locks."""

    TABLES = 7_310_000
    """While the tables change."""
    EVENTS = 7_310_001
    """From an event's numbering to its commit."""
    CLAIMS = 7_310_002
    """One claim at a time: what is counted while claiming stays so."""
    SEALING_KEYS = 7_310_003
    """While the agreement on keys changes."""


def take(conn: Connection, lock: Lock) -> None:
    """Wait until nobody else holds it."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock.value})")
