"""The doors of a seeded workspace."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_builders import Doors, open_doors, seed
from outdial.store.database import Database
from store_builders import a_database


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database; the store's own tests say that the other engine answers the same."""
    async with a_database("sqlite", tmp_path) as opened:
        yield opened


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    """The doors of the workspace in the documentation's examples."""
    await seed(sqlite)
    async with open_doors(sqlite, tmp_path) as opened:
        yield opened
