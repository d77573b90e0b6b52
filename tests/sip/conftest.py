from collections.abc import AsyncIterator

import pytest

from sip_builders import Caller, a_caller


@pytest.fixture(scope="module")
async def caller() -> AsyncIterator[Caller]:
    """Our side: one process for the tests of a module, as in production one for many calls."""
    async with a_caller() as running:
        yield running
