"""Shared by all tests: async tests run on asyncio, real time; virtual-time tests call ``virtual_time.run``."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
