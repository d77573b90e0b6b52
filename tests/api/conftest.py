"""The doors of a seeded workspace."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_builders import Doors, open_doors, seed
from outdial.store.database import Database
from store_builders import a_database


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the workspace of the documentation's examples; tests get copies of it."""
    folder = tmp_path_factory.mktemp("seeded")
    asyncio.run(_make(folder))
    return folder / "outdial.db"


async def _make(folder: Path) -> None:
    async with a_database("sqlite", folder) as database:
        await seed(database)


@pytest.fixture
async def sqlite(seeded: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """The seeded database; the store's own tests say that the other engine answers the same."""
    shutil.copy(seeded, tmp_path / "outdial.db")
    database = await Database.open(f"sqlite:///{tmp_path / 'outdial.db'}", migrate=False)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    """The doors of the workspace in the documentation's examples."""
    async with open_doors(sqlite, tmp_path) as opened:
        yield opened
