"""Campaigns somebody ends: no further call is made, what waits is over, and what is under way may finish."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attempt_builders import NOON, a_result
from campaign_builders import (
    HOOK,
    a_campaign,
    calls_of,
    campaign,
    cancelled,
    left_in,
    number_of,
    numbers,
    overrides,
    states_of,
    told,
    worked,
    worked_until,
)
from dialer_builders import World
from outdial.campaigns.making import AT_ONCE, make_some
from outdial.domain.campaign import CampaignState
from outdial.domain.ids import new_id
from outdial.domain.outcome import Outcome
from outdial.store.agents.versions import agents_by_id
from outdial.store.database import Database
from outdial.store.schema import calls

SEVERAL = 2 * AT_ONCE + 7
"""Rows for several batches."""


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


class TestATermination:
    async def test_half_way_through_making_calls_spares_all_others(self, world: World) -> None:
        campaign_id = await a_campaign(world, SEVERAL, callback_url=HOOK)
        agent = (await world.db.find(agents_by_id, [world.agent_id]))[world.agent_id]
        here = await campaign(world, campaign_id)
        await make_some(world.db, here, agent, {"ringg": overrides}, world.clock())
        (talking,) = await world.claims(await world.holder(), 1)
        await world.asked(talking)

        assert await cancelled(world, bulk_list_id=campaign_id) == SEVERAL - 1
        assert (await make_some(world.db, here, agent, {"ringg": overrides}, world.clock())).made_rows == 0
        await worked_until(world, NOON + timedelta(seconds=10))
        assert await told(world, campaign_id) == []
        await world.finished(talking, a_result(Outcome.COMPLETED, at=world.clock()))
        await worked_until(world, NOON + timedelta(seconds=20))

        (news,) = await told(world, campaign_id)
        assert (news["campaign_status"], news["completed_count"]) == ("terminated", 1)
        assert news["cancelled_count"] == SEVERAL - 1
        assert len(await calls_of(world, campaign_id)) == AT_ONCE

    async def test_rings_nobody_again_who_was_being_rung(self, world: World) -> None:
        campaign_id = await a_campaign(world, 2, call_config={"retry_count": 3, "retry_busy_min": 0})
        await worked(world)
        (ringing,) = await world.claims(await world.holder(), 1)
        await world.asked(ringing)
        assert await cancelled(world, bulk_list_id=campaign_id) == 1
        await world.finished(ringing, a_result(Outcome.BUSY, at=world.clock()))

        assert await world.claims(await world.holder()) == []
        await worked_until(world, NOON + timedelta(seconds=10))
        assert await states_of(world, campaign_id) == ["cancelled", "cancelled"]
        assert (await campaign(world, campaign_id)).state is CampaignState.TERMINATED

    async def test_of_some_numbers_takes_out_their_rows(self, world: World) -> None:
        campaign_id = await a_campaign(world, 3)

        assert await cancelled(world, numbers=(number_of(2),)) == 0
        assert await cancelled(world, bulk_list_id=campaign_id, numbers=(number_of(2), "+12025550143")) == 1
        assert await cancelled(world, numbers=(number_of(3),), in_lists=True) == 1
        await worked(world)

        assert numbers(await calls_of(world, campaign_id)) == [number_of(1)]
        assert (await campaign(world, campaign_id)).state is CampaignState.ONGOING

    async def test_of_an_agent_ends_its_campaigns(self, world: World) -> None:
        campaign_id = await a_campaign(world, 3)

        assert await cancelled(world, agent_id=new_id()) == 0
        assert await cancelled(world, agent_id=world.agent_id) == 3
        await worked(world)

        assert (await campaign(world, campaign_id)).state is CampaignState.TERMINATED
        assert await left_in(world, calls) == 0

    async def test_with_nothing_to_stop_changes_nothing(self, world: World) -> None:
        campaign_id = await a_campaign(world, 1)
        await worked(world)
        await world.claims(await world.holder())

        assert await cancelled(world, bulk_list_id=campaign_id) == 0
        assert (await campaign(world, campaign_id)).state is CampaignState.ONGOING
