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

from outdial.store.engines import SQLITE
from outdial.store.locks import Lock, take
from outdial.store.transactions import migrator

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


async def migrate(url: sa.URL) -> None:
    """Upgrade to the newest revision; returns at once when the database is there already.

    Alembic is busy for a second: it works in a thread with a loop of its own.
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
    tables = migrator(url)
    try:
        await tables.run(_to_the_newest)
    finally:
        await tables.dispose()


def _to_the_newest(conn: sa.Connection) -> None:
    take(conn, Lock.TABLES)
    command.upgrade(alembic_config(conn), "head")


@contextmanager
def _file_lock(url: sa.URL) -> Iterator[None]:
    """Held by one process at a time; left to the others when the process ends, however it ends."""
    with Path(f"{url.database}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
