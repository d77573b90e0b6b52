"""One person under two numbers: whatever was laid down for one holds for the other."""

from __future__ import annotations

import pytest

from campaign_builders import a_file, cancelled, imported, started, worked
from dialer_builders import World
from outdial.commands.suppression import suppress, suppress_all, unsuppress
from outdial.domain.errors import NotFound
from outdial.domain.rules import CallingPolicy, Rules
from outdial.store.database import Database
from outdial.store.policy.forecast import forecast, suppression_of
from outdial.store.policy.suppressions import suppression_page

SPELLINGS = [
    ("+525512345678", "+5215512345678"),
    ("+5215512345678", "+525512345678"),
    ("+442079460123", "+4402079460123"),
    ("+4402079460123", "+442079460123"),
    ("+5491123456789", "+541123456789"),
    ("+551187654321", "+5511987654321"),
]
each = pytest.mark.parametrize(("one", "other"), SPELLINGS)


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def allowed(world: World, number: str) -> bool:
    found = await world.db.read(forecast, world.workspace_id, number, window=None, scheduled_at=None, now=world.clock())
    return not found.forbidden and found.at == world.clock()


class TestDoNotCall:
    @each
    async def test_holds_for_every_number_of_a_person(self, world: World, one: str, other: str) -> None:
        await suppress(world.db, world.workspace_id, one, "asked", now=world.clock)
        await world.call(to_number=other)
        await world.call(to_number="+12025550199")

        (claim,) = await world.claims(await world.holder())

        assert claim.to_number == "+12025550199"
        assert not await allowed(world, other)
        assert not await allowed(world, one)

    @each
    async def test_holds_for_a_call_that_was_claimed_already(self, world: World, one: str, other: str) -> None:
        await world.call(to_number=other)
        (claim,) = await world.claims(await world.holder())
        await suppress(world.db, world.workspace_id, one, now=world.clock)

        assert not await world.asked(claim)

    @each
    async def test_is_added_once_found_by_any_and_taken_back_by_any(self, world: World, one: str, other: str) -> None:
        first = await suppress(world.db, world.workspace_id, one, "asked", now=world.clock)
        again = await suppress(world.db, world.workspace_id, other, "again", now=world.clock)

        entry = await world.db.read(suppression_of, world.workspace_id, other)
        assert (first, again) == (True, False)
        assert entry is not None
        assert (entry.number, entry.reason) == (one, "asked")
        await unsuppress(world.db, world.workspace_id, other)
        assert await allowed(world, one)
        with pytest.raises(NotFound):
            await unsuppress(world.db, world.workspace_id, one)

    async def test_of_a_list_takes_each_person_once_with_the_first_reason(self, world: World) -> None:
        entries = [(number, f"{place}") for place, pair in enumerate(SPELLINGS) for number in pair]

        new = await suppress_all(world.db, world.workspace_id, entries, now=world.clock)

        rows = await world.db.read(suppression_page, world.workspace_id, limit=100)
        assert new == len(rows) == 4
        assert {row.number: row.reason for row in rows} == {
            "+525512345678": "0",
            "+442079460123": "2",
            "+5491123456789": "4",
            "+551187654321": "5",
        }


class TestCaps:
    @each
    async def test_count_every_number_of_a_person(self, world: World, one: str, other: str) -> None:
        await world.has_rules(Rules(CallingPolicy(per_day=1)))
        await world.call(to_number=one)
        (claim,) = await world.claims(await world.holder())
        await world.asked(claim)
        await world.call(to_number=other)

        assert await world.claims(await world.holder()) == []
        assert not await allowed(world, other)

    async def test_count_two_calls_of_one_moment(self, world: World) -> None:
        await world.has_rules(Rules(CallingPolicy(per_day=1)))
        for number in SPELLINGS[0]:
            await world.call(to_number=number)

        assert len(await world.claims(await world.holder())) == 1


class TestCancelling:
    @each
    async def test_by_number_finds_every_spelling(self, world: World, one: str, other: str) -> None:
        await world.call(to_number=one)

        assert await cancelled(world, numbers=(other,)) == 1

    @each
    async def test_finds_rows_no_call_was_made_of_yet(self, world: World, one: str, other: str) -> None:
        campaign_id = (await imported(world, a_file(f"{one},Sam,Pune", "+12025550143,Alex,Pune"))).id
        await started(world, campaign_id)

        assert await cancelled(world, numbers=(other,), bulk_list_id=campaign_id) == 1
        await worked(world)

        (claim,) = await world.claims(await world.holder())
        assert claim.to_number == "+12025550143"


async def test_what_is_dialled_is_the_number_as_it_was_given(world: World) -> None:
    await world.call(to_number="+5215512345678")

    (claim,) = await world.claims(await world.holder())

    assert claim.to_number == "+5215512345678"
