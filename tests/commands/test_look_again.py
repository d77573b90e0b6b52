"""Calls that a policy moved to a later hour, after it was loosened."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from attempt_builders import NOON, a_result
from dialer_builders import World
from outdial.commands.look_again import look_again
from outdial.domain.outcome import Outcome
from outdial.domain.request import RetryPolicy, Window
from outdial.domain.rules import CallingHours, CallingPolicy, Rules
from outdial.store.database import Database

NEW_YORK = "+12025550143"
AT_NINE_THERE = NOON.replace(hour=14)
NINE_TO_FIVE = Rules(CallingPolicy(CallingHours(time(9), time(17))))


@pytest.fixture
async def world(database: Database) -> World:
    world = await World(database).set_up(numbers=1)
    await world.has_rules(NINE_TO_FIVE)
    return world


async def due(world: World, call_id: str) -> datetime:
    moment: datetime = (await world.row(call_id))["due_at"]
    return moment


async def loosened(world: World) -> int:
    await world.has_rules(Rules())
    return await look_again(world.db, world.workspace_id, now=world.clock)


class TestACallMovedByThePolicy:
    async def test_is_due_at_once_when_the_policy_lets_it(self, world: World) -> None:
        call_id = await world.call(to_number=NEW_YORK)
        holder = await world.holder()
        assert await world.claims(holder) == []
        assert await due(world, call_id) == AT_NINE_THERE

        assert await loosened(world) == 1

        assert [one.call_id for one in await world.claims(holder)] == [call_id]

    async def test_still_waits_for_its_own_window(self, world: World) -> None:
        window = Window(time(13), time(20), "UTC")
        call_id = await world.call(to_number=NEW_YORK, window=window)
        await world.claims(await world.holder())

        await loosened(world)

        assert await due(world, call_id) == NOON.replace(hour=13)

    async def test_still_waits_for_its_pause(self, world: World) -> None:
        world.clock.now = NOON.replace(hour=21, minute=50)
        await world.has_rules(Rules())
        call_id = await world.call(to_number=NEW_YORK, retry=RetryPolicy(count=1, busy_min=30))
        one = await world.claimed()
        await world.asked(one)
        await world.finished(one, a_result(Outcome.BUSY, at=world.clock()))
        await world.has_rules(NINE_TO_FIVE)
        again = world.clock.forward(minutes=30)
        await world.claims(await world.holder("another"))
        assert await due(world, call_id) == AT_NINE_THERE + timedelta(days=1)
        world.clock.now = again - timedelta(minutes=10)

        await loosened(world)

        assert await due(world, call_id) == again

    async def test_is_left_alone_by_rules_that_allow_no_more(self, world: World) -> None:
        call_id = await world.call(to_number=NEW_YORK)
        await world.claims(await world.holder())

        await look_again(world.db, world.workspace_id, now=world.clock)
        await world.claims(await world.holder("another"))

        assert await due(world, call_id) == AT_NINE_THERE


async def test_a_schedule_is_nobodys_business(world: World) -> None:
    tomorrow = NOON + timedelta(days=1)
    call_id = await world.call(to_number=NEW_YORK, scheduled_at=tomorrow, due_at=tomorrow)

    assert await loosened(world) == 0

    assert await due(world, call_id) == tomorrow
