"""The database as the settings name it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from outdial.settings import Settings
from outdial.store.database import Database


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The installation's database, its tables up to date, with its keys and quotas; closed in the end.

    Raises: as ``Database.open``.
    """
    database = await Database.open(settings.database_url, keys_path=settings.keys_path, quotas=settings.quotas)
    try:
        yield database
    finally:
        await database.close()
