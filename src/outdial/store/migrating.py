"""Bringing a database to the present tables, safely when several processes start at once."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from outdial.store.engines import SQLITE, migrating_engine

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 7_310_000
"""PostgreSQL advisory lock held while the tables change."""


async def migrate(url: sa.URL) -> None:
    """Upgrade to the newest revision; returns at once when the database is there already.

    Alembic is synchronous and busy for a second: it works in a thread with a loop of its own.
    """
    await asyncio.to_thread(_migrate, url)


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic, working on ``connection`` with the migrations that lie beside this file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _migrate(url: sa.URL) -> None:
    with _file_lock(url) if url.drivername == SQLITE else nullcontext():
        asyncio.run(_upgrade(url))


async def _upgrade(url: sa.URL) -> None:
    engine = migrating_engine(url)
    try:
        async with engine.begin() as conn:
            if url.drivername != SQLITE:
                await conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            await conn.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
    finally:
        await engine.dispose()


@contextmanager
def _file_lock(url: sa.URL) -> Iterator[None]:
    """Held by one process at a time; left to the others when the process ends, however it ends."""
    with Path(f"{url.database}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
