"""An office on either engine, and a receiver that listens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from outdial.store.database import Database
from store_builders import a_database
from webhook_builders import Office, Receiver, a_receiver, an_office


@pytest.fixture
async def office(database: Database) -> Office:
    return await an_office(database)


@pytest.fixture
async def small_office(tmp_path: Path) -> AsyncIterator[Office]:
    """On SQLite alone, for what the database has no part in."""
    async with a_database("sqlite", tmp_path) as database:
        yield await an_office(database)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as listening:
        yield listening
