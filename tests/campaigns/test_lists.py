"""Lists as they are shown, weighed against credits, and deleted."""

from __future__ import annotations

import pytest

from attempt_builders import a_result
from campaign_builders import (
    a_campaign,
    a_file,
    calls_of,
    campaign,
    imported,
    importer,
    left_in,
    people,
    uploaded,
    worked,
    worked_until,
)
from dialer_builders import World
from outdial.campaigns.deleting import delete_list
from outdial.campaigns.rows import AT_ONCE
from outdial.commands.change_call import cancel_waiting
from outdial.commands.credits import add_credits, set_price
from outdial.domain.campaign import CampaignState
from outdial.domain.errors import Conflict, NotFound
from outdial.domain.ids import new_id
from outdial.domain.rules import Price
from outdial.store.calls.waiting_calls import Selection
from outdial.store.campaigns.reading import Balance, Counts, balance_check, campaign_page, find_campaign, rejected_rows
from outdial.store.database import Database
from outdial.store.schema import calls, campaign_files, campaign_rows, campaigns, jobs


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def counts(world: World) -> Counts | None:
    ((newest, *_), _) = await world.db.read(campaign_page, world.workspace_id, limit=1, offset=0, counts=True)
    return newest.counts


async def balance(world: World, campaign_id: str) -> Balance:
    return await world.db.read(balance_check, world.workspace_id, campaign_id)


async def deleted(world: World, campaign_id: str) -> None:
    await delete_list(world.db, world.workspace_id, campaign_id, now=world.clock)


class TestCampaigns:
    async def test_are_shown_newest_first_page_by_page(self, world: World) -> None:
        ids = []
        for _ in range(3):
            ids.append((await imported(world, people(1))).id)
            world.clock.forward(seconds=1)

        (second,), total = await world.db.read(campaign_page, world.workspace_id, limit=1, offset=1, counts=False)

        assert (second.campaign.id, second.counts, total) == (ids[1], None, 3)

    async def test_are_their_own_workspaces(self, world: World) -> None:
        campaign_id, stranger = (await imported(world, people(1))).id, new_id()

        assert await world.db.read(campaign_page, stranger, limit=9, offset=0, counts=True) == ([], 0)
        for ask in (find_campaign, balance_check):
            with pytest.raises(NotFound):
                await world.db.read(ask, stranger, campaign_id)
        with pytest.raises(NotFound):
            await rejected_rows(world.db, stranger, campaign_id)

    async def test_count_their_calls_as_they_go(self, world: World) -> None:
        await imported(world, a_file("+12025550143,,", "nobody,,"))
        seen = [await counts(world)]
        world.clock.forward(seconds=1)
        await a_campaign(world, 3)
        seen.append(await counts(world))
        await worked(world)
        (one,) = await world.claims(await world.holder(), 1)
        await world.asked(one)
        seen.append(await counts(world))
        await world.finished(one, a_result(at=world.clock()))
        seen.append(await counts(world))

        assert seen == [Counts(1, 0, 0), Counts(3, 3, 0), Counts(3, 2, 0), Counts(3, 2, 1)]

    async def test_show_rows_nobody_can_be_rung_by_page_by_page(self, world: World) -> None:
        wrong = [f"nobody-{row},Robin,Pune" for row in range(AT_ONCE + 1)]
        campaign_id = (await imported(world, a_file("+12025550143,Sam,Pune", *wrong))).id

        pages = [page async for page in await rejected_rows(world.db, world.workspace_id, campaign_id)]

        assert [len(page) for page in pages] == [AT_ONCE, 1]
        assert (pages[1][0].row, pages[1][0].mobile_number) == (AT_ONCE + 2, f"nobody-{AT_ONCE}")


class TestTheBalance:
    async def test_is_a_minute_for_each_row_that_can_be_rung(self, world: World) -> None:
        campaign_id = (await imported(world, a_file("+12025550143,,", "+12025550144,,", "nobody,,"))).id
        uncounted = await balance(world, campaign_id)
        await set_price(world.db, world.workspace_id, Price(per_minute_micros=500_000))
        await add_credits(world.db, world.workspace_id, 999_999, now=world.clock)
        short = await balance(world, campaign_id)
        await add_credits(world.db, world.workspace_id, 1, now=world.clock)

        assert uncounted == Balance(0, None, sufficient=True)
        assert short == Balance(1_000_000, 999_999, sufficient=False)
        assert await balance(world, campaign_id) == Balance(1_000_000, 1_000_000, sufficient=True)


class TestDeletingAList:
    async def test_takes_all_of_it(self, world: World) -> None:
        campaign_id = (await imported(world, people(AT_ONCE + 3))).id

        await deleted(world, campaign_id)
        with pytest.raises(NotFound):
            await campaign(world, campaign_id)
        await worked(world, importer)

        assert await left_in(world, campaigns, campaign_rows, jobs) == 0
        with pytest.raises(NotFound):
            await deleted(world, campaign_id)

    async def test_that_is_not_read_yet_takes_its_file(self, world: World) -> None:
        campaign_id = (await uploaded(world, people(3))).id

        await deleted(world, campaign_id)
        await worked(world, importer)

        assert await left_in(world, campaigns, campaign_rows, campaign_files, jobs) == 0

    async def test_leaves_the_calls_that_were_made(self, world: World) -> None:
        campaign_id = await a_campaign(world, 2)
        await worked(world)
        with pytest.raises(Conflict):
            await deleted(world, campaign_id)
        await cancel_waiting(world.db, world.workspace_id, Selection(bulk_list_id=campaign_id), now=world.clock)
        await worked_until(world, world.clock())

        await deleted(world, campaign_id)

        assert len(await calls_of(world, campaign_id)) == 2
        assert await left_in(world, calls) == 2

    async def test_whose_campaign_has_not_begun_is_refused(self, world: World) -> None:
        campaign_id = await a_campaign(world, 2)

        with pytest.raises(Conflict):
            await deleted(world, campaign_id)

        assert (await campaign(world, campaign_id)).state is CampaignState.SCHEDULED
