"""Shared by all tests: async tests run on asyncio, real time; virtual-time tests call ``virtual_time.run``."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from outdial.store.database import Database
from postgres_server import NAMED, the_server
from proofs import recorder
from store_builders import ENGINES, Ready, a_database_url

# How fast something is is measured in benchmarks; a busy machine is no fault of a property.
settings.register_profile("outdial", deadline=None)
settings.load_profile("outdial")

# As a node logs: a traceback with the values of every variable takes seconds to write, and shows what is private.
_SHOWN = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _SHOWN])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-proofs", metavar="FILE", help="write down what each test asks and is told")


def pytest_configure(config: pytest.Config) -> None:
    if file := config.getoption("--record-proofs"):
        recorder.install(config, Path(file))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def postgres() -> Iterator[str]:
    """The URL of the PostgreSQL of this run, settled once; builders, and processes tests start, find it by its name."""
    before = dict(os.environ)
    with the_server(before) as url:
        os.environ[NAMED] = url
        yield url
    os.environ.pop(NAMED)
    os.environ.update({NAMED: before[NAMED]} if NAMED in before else {})


@pytest.fixture(scope="session")
def ready_databases(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[Ready]:
    ready = Ready(tmp_path_factory.mktemp("databases"))
    yield ready
    ready.drop()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each database engine in turn: ``sqlite``, ``postgresql``."""
    return str(request.param)


@pytest.fixture
async def database(engine: str, ready_databases: Ready, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with all tables and no rows; the test runs once on SQLite and once on PostgreSQL."""
    async with ready_databases.database(engine, tmp_path) as opened:
        yield opened


@pytest.fixture
async def database_url(engine: str, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database without any table, on SQLite and on PostgreSQL."""
    async with a_database_url(engine, tmp_path) as url:
        yield url
