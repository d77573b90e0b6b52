"""An office on either engine, and a receiver that listens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from outdial.store.database import Database
from webhook_builders import Office, Receiver, a_receiver, an_office


@pytest.fixture
async def office(database: Database) -> Office:
    return await an_office(database)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as listening:
        yield listening
