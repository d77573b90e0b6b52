"""Shared by all tests: async tests run on asyncio, real time; virtual-time tests call ``virtual_time.run``."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from outdial.store.database import Database
from store_builders import ENGINES, a_database, a_database_url


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database with all tables; the test runs once on SQLite and once on PostgreSQL."""
    async with a_database(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture(params=ENGINES)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database without any table, on SQLite and on PostgreSQL."""
    async with a_database_url(request.param, tmp_path) as url:
        yield url
