"""From a claim to an order that needs nothing more, or to a reason why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attempt_builders import NOON
from dialer_builders import World, ground, order_for
from outdial.domain.agent import Definition, TalkLimits, Voice
from outdial.domain.attempt import Order
from outdial.domain.outcome import NotReached, Outcome
from outdial.store import schema
from outdial.store.calls.calendar import Claim
from outdial.store.calls.orders import Ground
from outdial.store.database import Database


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up(definition=Definition(greeting="Hello @{{callee_name}}, {{product}}!"))


async def the_order(world: World, one: Claim, on: Ground | None = None) -> Order | NotReached:
    return await world.db.read(order_for, one, on)


class TestAnOrder:
    async def test_holds_the_words_of_the_agent_with_the_calls_variables(self, world: World) -> None:
        await world.call(callee_name="Maya", variables={"product": "tea", "callee_name": None})

        order = await the_order(world, await world.claimed())

        assert isinstance(order, Order)
        assert order.brief.greeting == "Hello Maya, tea!"
        assert order.brief.limits == TalkLimits()

    async def test_rings_the_callee_from_the_claimed_number_over_its_trunk(self, world: World) -> None:
        call_id = await world.call()
        one = await world.claimed()

        order = await the_order(world, one)

        assert isinstance(order, Order)
        assert (order.dial.call_id, order.dial.attempt) == (call_id, 1)
        assert (order.dial.to_number, order.dial.from_number) == ("+15551112222", "+15550000000")
        assert (order.dial.trunk.id, order.dial.trunk.password) == (world.trunk_id, "secret")
        assert order.recording_path == f"/recordings/{NOON:%Y/%m}/{call_id}-1.wav"

    async def test_speaks_with_the_voice_asked_for_else_with_one_of_the_agents_language(self, world: World) -> None:
        hindi, english = Voice("h", "Hira", "x", ("hi-IN",)), Voice("e", "Eve", "x", ("en-US",))
        voices = replace(ground(), voices={"h": hindi, "e": english})
        await world.call(voice_id="h", lane="asked")
        await world.call(lane="unasked")
        claims = await world.claims(await world.holder())

        orders = {one.call_id: await the_order(world, one, voices) for one in claims}

        spoken = [order.brief.voice for order in orders.values() if isinstance(order, Order)]
        assert sorted(voice.name for voice in spoken) == ["Eve", "Hira"]


class TestNoOrder:
    async def test_is_built_for_an_agent_that_was_archived(self, world: World) -> None:
        await world.call()
        one = await world.claimed()
        await world.archive_agent()

        refused = await the_order(world, one)

        assert refused == NotReached(Outcome.CANCELLED, reason="the agent was archived before the call was made")

    async def test_is_built_over_a_trunk_that_is_gone(self, world: World) -> None:
        await world.call()
        one = await world.claimed()
        await world.run(schema.attempts.update().values(trunk_id="gone"))

        refused = await the_order(world, one)

        assert refused == NotReached(Outcome.TRUNK_FAILED, reason="the trunk of +15550000000 no longer exists")

    async def test_is_built_with_a_voice_that_is_not_installed(self, world: World) -> None:
        await world.call(voice_id="deep")

        refused = await the_order(world, await world.claimed())

        assert isinstance(refused, NotReached)
        assert "'deep' is not installed" in refused.reason
        assert refused.outcome is Outcome.PRE_CALL_FAILED

    async def test_is_built_for_an_agent_that_cannot_talk(self, world: World) -> None:
        await world.call()

        refused = await the_order(
            world, await world.claimed(), replace(ground(), why_silent=lambda brief: f"{brief.agent_name} has no model")
        )

        assert isinstance(refused, NotReached)
        assert (refused.outcome, refused.permanent) == (Outcome.PRE_CALL_FAILED, True)
        assert refused.reason.startswith("the agent cannot talk: ")
        assert refused.reason.endswith(" has no model")

    async def test_is_built_without_any_voice(self, world: World) -> None:
        await world.call()

        refused = await the_order(world, await world.claimed(), replace(ground(), voices={}))

        assert isinstance(refused, NotReached)
