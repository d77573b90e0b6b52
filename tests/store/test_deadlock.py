"""Two transactions that wait for each other: PostgreSQL gives one up, and that one may simply be tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialer_builders import World
from outdial.domain.errors import Unreachable
from outdial.store.schema import numbers
from store_builders import Ready, a_slow_transaction


@pytest.fixture
async def world(ready_databases: Ready, tmp_path: Path) -> AsyncIterator[World]:
    async with ready_databases.database("postgresql", tmp_path) as database:
        yield await World(database).set_up(numbers=2)


async def test_of_two_that_wait_for_each_other_one_is_told_to_come_back(world: World) -> None:
    both_hold_one = asyncio.Barrier(2)

    async def take(ids: list[str]) -> None:
        async with a_slow_transaction(world.db) as conn:
            await conn.execute(numbers.update().where(numbers.c.id == ids[0]).values(spam=True))
            await both_hold_one.wait()
            await conn.execute(numbers.update().where(numbers.c.id == ids[1]).values(spam=True))

    ended = await asyncio.gather(take(world.number_ids), take(world.number_ids[::-1]), return_exceptions=True)

    assert [type(one) for one in ended if one is not None] == [Unreachable]
