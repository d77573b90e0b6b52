"""A campaign from its start to its last call: every row rung once, nobody too late, its end told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import NOON, a_result
from campaign_builders import (
    HOOK,
    a_campaign,
    a_file,
    calls_of,
    campaign,
    campaigner,
    cancelled,
    found,
    imported,
    killed_half_way,
    left_in,
    news,
    number_of,
    numbers,
    overrides,
    people,
    started,
    states_of,
    told,
    worked,
    worked_until,
)
from dialer_builders import World
from outdial.campaigns.making import AT_ONCE, call_id_of, make_some
from outdial.campaigns.starting import Started
from outdial.commands.credits import set_price
from outdial.commands.deliveries import replay
from outdial.domain.agent import Definition
from outdial.domain.agent_warnings import NO_LANGUAGE_MODEL
from outdial.domain.campaign import CampaignState
from outdial.domain.delivery import Try
from outdial.domain.errors import Conflict, Invalid, NoCredits, NotFound
from outdial.domain.events import EventType
from outdial.domain.ids import new_id
from outdial.domain.language_models import LanguageModels
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.domain.rules import Price
from outdial.jobs.runner import Jobs
from outdial.store.agents.versions import agents_by_id
from outdial.store.calls.lanes import LaneName
from outdial.store.database import Database
from outdial.store.schema import jobs
from outdial.store.webhooks import deliveries

OVER = [EventType.CALL_ENDED, EventType.PROCESSED]
SEVERAL = 2 * AT_ONCE + 7
"""Rows for several batches."""


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up(definition=Definition(greeting="Hello @{{callee_name}} of @{{company}}."))


async def rung(world: World, outcome: Outcome, room: int = 100) -> int:
    """Everybody who is due is rung, and it ends so."""
    claims = await world.claims(await world.holder(), room)
    for one in claims:
        await world.asked(one)
        await world.finished(one, a_result(outcome, at=world.clock()))
    return len(claims)


class TestAStart:
    async def test_makes_a_call_of_every_row_that_can_be_rung(self, world: World) -> None:
        file = a_file("+12025550143,Sam,Pune", "nobody,Robin,", "+12025550144,,Goa")
        starts_at = NOON + timedelta(minutes=30)
        config = {"retry_count": 2, "max_length_s": 77}
        list_id = (await imported(world, file, starts_at=starts_at, call_config=config)).id

        await started(world, list_id)
        await worked(world)

        first, second = await calls_of(world, list_id)
        plan = Plan.from_json(first["plan"])
        assert numbers([first, second]) == ["+12025550143", "+12025550144"]
        assert first["variables"] == {"mobile_number": "+12025550143", "callee_name": "Sam", "city": "Pune"}
        assert (first["id"], second["id"]) == (call_id_of(list_id, 1), call_id_of(list_id, 3))
        assert (first["callee_name"], second["callee_name"], first["callback"]) == ("Sam", "", None)
        assert (first["due_at"], plan.scheduled_at, plan.not_after) == (starts_at, starts_at, NOON + timedelta(hours=1))
        assert (plan.retry.count, plan.limits.max_length_s) == (2, 77)
        assert first["lane"] == str(LaneName(world.workspace_id, world.number_ids[0], list_id))
        assert first["warnings"] == ["missing_variable:company", "unused_variable:city"]
        assert await world.told(first["id"]) == [EventType.REGISTERED]

    async def test_warns_in_each_call_of_an_agent_without_a_language_model(self, world: World) -> None:
        campaign_id = await a_campaign(world, 2)
        agent = (await world.db.find(agents_by_id, [world.agent_id]))[world.agent_id]
        here, none = await campaign(world, campaign_id), LanguageModels(endpoint=False)

        await make_some(world.db, here, agent, {"ringg": overrides}, world.clock(), language_models=none)

        assert [call["warnings"][-1] for call in await calls_of(world, campaign_id)] == [NO_LANGUAGE_MODEL] * 2

    async def test_takes_what_it_says_before_what_was_imported(self, world: World) -> None:
        list_id = (await imported(world, people(1), options={"remove_invalid_rows": True})).id
        pool_id, later = await world.pool(), NOON + timedelta(hours=3)

        await started(
            world,
            list_id,
            number_ids=(),
            number_pool_id=pool_id,
            starts_at=later,
            ends_at=later + timedelta(hours=1),
            call_config={"retry_count": 5},
            share=40,
            callback_url=HOOK,
            options={"email": ["x"]},
        )

        kept = await campaign(world, list_id)
        assert (kept.state, kept.callers.number_pool_id, kept.share) == (CampaignState.SCHEDULED, pool_id, 40)
        assert (kept.starts_at, kept.ends_at) == (later, later + timedelta(hours=1))
        assert (kept.call_config, kept.callback_url) == ({"retry_count": 5}, HOOK)
        assert kept.options == {"remove_invalid_rows": True, "email": ["x"]}

    async def test_at_the_same_moment_as_another_loses_or_wins(self, world: World) -> None:
        list_id = (await imported(world, people(3))).id

        results = await asyncio.gather(*(started(world, list_id) for _ in range(4)), return_exceptions=True)

        assert sorted(type(one).__name__ for one in results) == ["Conflict"] * 3 + ["Started"]
        assert await left_in(world, jobs) == 1

    async def test_says_whether_another_campaign_is_under_way(self, world: World) -> None:
        lists = [(await imported(world, people(1))).id for _ in range(2)]

        answers = [await started(world, list_id) for list_id in lists]

        assert answers == [Started(has_ongoing_calls=False), Started(has_ongoing_calls=True)]

    @pytest.mark.parametrize(
        ("wish", "refusal", "field"),
        [
            ({"list_id": new_id()}, NotFound, "list_id"),
            ({"agent_id": new_id()}, NotFound, "agent_id"),
            ({"number_ids": (), "number_pool_id": new_id()}, NotFound, "number_pool_id"),
            ({"number_ids": (new_id(),)}, Invalid, "from_numbers"),
            ({"number_ids": (), "numbers": ("+15550009999",)}, Invalid, "from_numbers"),
            ({"number_ids": ()}, Invalid, "from_numbers"),
            ({"ends_at": NOON}, Invalid, "campaign_end_time"),
            ({"starts_at": NOON + timedelta(hours=2)}, Invalid, "campaign_end_time"),
        ],
    )
    async def test_that_names_what_is_not_there_starts_nothing(
        self, world: World, wish: dict[str, Any], refusal: type[Exception], field: str
    ) -> None:
        list_id = (await imported(world, people(1))).id

        with pytest.raises(refusal) as refused:
            await started(world, **{"list_id": list_id} | wish)

        error = refused.value
        assert field in (error.faults[0].path if isinstance(error, Invalid) else (getattr(error, "field", ""),))
        assert (await campaign(world, list_id)).state is CampaignState.DRAFT
        assert await left_in(world, jobs) == 0

    async def test_needs_credits_where_they_are_counted(self, world: World) -> None:
        list_id = (await imported(world, people(1))).id
        await set_price(world.db, world.workspace_id, Price(per_minute_micros=1_000_000))

        with pytest.raises(NoCredits):
            await started(world, list_id)

    async def test_of_a_list_that_is_over_is_refused(self, world: World) -> None:
        campaign_id = await a_campaign(world, 1)
        await cancelled(world, bulk_list_id=campaign_id)

        with pytest.raises(Conflict, match="over"):
            await started(world, campaign_id)


class TestMakingCalls:
    async def test_goes_on_where_it_was_killed_and_makes_each_once(self, world: World) -> None:
        campaign_id = await a_campaign(world, SEVERAL + AT_ONCE)
        await killed_half_way(world, "make", 0)
        made = len(await calls_of(world, campaign_id))

        world.clock.forward(minutes=3)
        await worked(world)

        everybody = sorted(number_of(row) for row in range(1, SEVERAL + AT_ONCE + 1))
        assert 0 < made < len(everybody)
        assert numbers(await calls_of(world, campaign_id)) == everybody

    async def test_is_done_once_by_several_at_a_time(self, world: World) -> None:
        campaign_id = await a_campaign(world, SEVERAL)
        agent = (await world.db.find(agents_by_id, [world.agent_id]))[world.agent_id]

        async def make() -> None:
            for _ in range(9):
                here = await campaign(world, campaign_id)
                await make_some(world.db, here, agent, {"ringg": overrides}, world.clock())

        await asyncio.gather(*(make() for _ in range(3)))

        assert len(await calls_of(world, campaign_id)) == SEVERAL
        assert (await campaign(world, campaign_id)).made_rows == SEVERAL

    async def test_ends_when_the_agent_is_archived(self, world: World) -> None:
        campaign_id = await a_campaign(world, 3)
        await world.archive_agent()

        await worked_until(world, NOON + timedelta(seconds=10))

        over = await campaign(world, campaign_id)
        assert (over.state, over.trouble) == (CampaignState.TERMINATED, "the agent was archived")
        assert await calls_of(world, campaign_id) == []


class TestACampaign:
    async def test_is_ongoing_from_its_start_and_complete_with_its_last_call(self, world: World) -> None:
        campaign_id = await a_campaign(world, 2, starts_at=NOON + timedelta(minutes=2), callback_url=HOOK)
        await worked_until(world, NOON + timedelta(seconds=119))
        before = await campaign(world, campaign_id)

        await worked_until(world, NOON + timedelta(minutes=2))
        began = await campaign(world, campaign_id)
        assert await rung(world, Outcome.COMPLETED, 1) + await rung(world, Outcome.BUSY, 1) == 2
        await worked_until(world, NOON + timedelta(minutes=3))

        over = await campaign(world, campaign_id)
        assert (before.state, began.state, over.state) == ("scheduled", "ongoing", "completed")
        assert await found(world, sa.select(jobs).where(jobs.c.kind == "campaign")) == []
        assert over.finished_at is not None
        assert await told(world, campaign_id) == [
            {
                "event_type": "campaign_completed",
                "campaign_id": campaign_id,
                "bulk_list_id": campaign_id,
                "name": "March renewals",
                "campaign_status": "completed",
                "total_count": 2,
                "completed_count": 1,
                "failed_count": 1,
                "cancelled_count": 0,
                "finished_at": f"{over.finished_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            }
        ]

    async def test_that_ends_ends_who_still_waits_and_lets_the_others_talk(self, world: World) -> None:
        campaign_id = await a_campaign(world, 3, call_config={"retry_count": 3}, callback_url=HOOK)
        await worked(world)
        holder = await world.holder()
        talking, busy = await world.claims(holder, 2)
        for one in (talking, busy):
            await world.asked(one)
        await world.finished(busy, a_result(Outcome.BUSY, at=NOON))

        world.clock.forward(hours=1)
        await worked_until(world, NOON + timedelta(hours=1, seconds=6))
        still = (await campaign(world, campaign_id)).state, await states_of(world, campaign_id)
        await world.finished(talking, a_result(Outcome.COMPLETED, at=world.clock()))
        await worked_until(world, NOON + timedelta(hours=1, seconds=20))

        assert still == (CampaignState.ONGOING, ["active", "failed", "failed"])
        row = await world.row(busy.call_id)
        assert (row["outcome"], row["reason"]) == (
            "campaign_ended",
            "the end of its campaign passed before it was made",
        )
        assert (await world.told(busy.call_id))[-2:] == OVER
        assert [one["failed_count"] for one in await told(world, campaign_id)] == [2]

    async def test_is_completed_once_by_several_workers(self, world: World) -> None:
        campaign_id = await a_campaign(world, 2, callback_url=HOOK)
        await worked(world)
        await rung(world, Outcome.COMPLETED)
        world.clock.forward(seconds=10)
        runners = [Jobs(world.db, [worker], world.clock) for worker in [campaigner(world.db, world.clock)] * 3]
        worker = campaigner(world.db, world.clock)

        await asyncio.gather(*(one.step(worker) for one in runners))
        await worked_until(world, world.clock() + timedelta(minutes=3))

        assert len(await told(world, campaign_id)) == 1

    async def test_has_its_end_told_again_on_request(self, world: World) -> None:
        campaign_id = await a_campaign(world, 1, callback_url=HOOK)
        await cancelled(world, bulk_list_id=campaign_id)
        await worked(world)
        (waiting,) = await news(world, campaign_id)

        def deliver(conn: Connection) -> None:
            assert deliveries.ready(conn, world.clock(), {waiting.lane: 10}) == [waiting.id]
            (mine,) = deliveries.claim(conn, [waiting.id], world.clock(), world.clock() + timedelta(minutes=1))
            deliveries.record(conn, mine, mine.tried(Try(world.clock(), status=204)))

        await world.db.write(deliver)
        again = await replay(world.db, world.workspace_id, waiting.id, now=world.clock)

        assert (again.body, again.url, again.state) == (waiting.body, HOOK, "waiting")
