"""Pay in, take back, set a price, and ask whether there is enough for another call."""

from __future__ import annotations

import asyncio

import pytest

from credit_builders import ONE_A_MINUTE, Purse
from outdial.commands.credits import MOST_CREDITS, add_credits, can_pay, set_price
from outdial.domain.errors import Conflict, Invalid, NotFound
from outdial.domain.rules import MICROS, Price
from outdial.store import inventory
from outdial.store.database import Database
from outdial.store.policy.credits import Funds


@pytest.fixture
async def purse(database: Database) -> Purse:
    return await Purse(database).open(credits=10)


async def change(purse: Purse, credits: int) -> Funds:
    return await add_credits(purse.db, purse.workspace_id, credits * MICROS, now=purse.clock)


class TestCredits:
    async def test_are_paid_in_and_taken_back(self, purse: Purse) -> None:
        assert await change(purse, 5) == Funds(15 * MICROS, 0)
        assert await change(purse, -12) == Funds(3 * MICROS, 0)
        assert await purse.entries() == [10 * MICROS, 5 * MICROS, -12 * MICROS]

    async def test_are_not_taken_back_from_under_a_call(self, purse: Purse) -> None:
        await purse.talking(holding=4)

        with pytest.raises(Conflict, match="only 6 credits are free"):
            await change(purse, -7)

        assert await purse.entries() == [10 * MICROS]
        assert await change(purse, -6) == Funds(4 * MICROS, 4 * MICROS)

    async def test_are_taken_back_or_set_aside_but_never_both(self, purse: Purse) -> None:
        """Ten credits pay for two calls of four minutes, or can be taken back: whoever is first has them."""
        for _ in range(2):
            await purse.call()
        holder = await purse.holder()

        claims, taken = await asyncio.gather(purse.claims(holder), change(purse, -10), return_exceptions=True)

        funds = await purse.funds()
        assert funds.free_micros >= 0
        assert isinstance(claims, list)
        assert (not claims) == isinstance(taken, Funds)

    @pytest.mark.parametrize("credits", [0, MOST_CREDITS + 1, -MOST_CREDITS - 1])
    async def test_come_in_amounts_somebody_means(self, purse: Purse, credits: int) -> None:
        with pytest.raises(Invalid):
            await change(purse, credits)

    async def test_belong_to_a_workspace(self, purse: Purse) -> None:
        with pytest.raises(NotFound):
            await add_credits(purse.db, "nobody", MICROS, now=purse.clock)


class TestAPrice:
    async def test_makes_credits_count_and_is_shown_with_them(self, database: Database) -> None:
        purse = await Purse(database).open(credits=10, price=None)
        before = await database.read(inventory.workspace, purse.workspace_id)

        await set_price(database, purse.workspace_id, ONE_A_MINUTE)

        after = await database.read(inventory.workspace, purse.workspace_id)
        assert (before.price, after.price) == (None, ONE_A_MINUTE)
        assert after.funds == Funds(10 * MICROS, 0)

    async def test_must_be_one(self, purse: Purse) -> None:
        with pytest.raises(Invalid):
            await set_price(purse.db, purse.workspace_id, Price(MICROS, pulse_s=0))


class TestAWorkspace:
    async def test_can_pay_while_a_minute_is_free(self, database: Database) -> None:
        purse = await Purse(database).open(credits=5)
        await purse.talking(holding=4)
        one_left = await can_pay(database, purse.workspace_id)
        await purse.talking(holding=1)

        assert one_left
        assert not await can_pay(database, purse.workspace_id)

    async def test_that_was_never_given_any_cannot_pay(self, database: Database) -> None:
        purse = Purse(database)
        await purse.set_up()
        await purse.priced(ONE_A_MINUTE)

        assert not await can_pay(database, purse.workspace_id)

    async def test_that_counts_no_credits_always_can(self, database: Database) -> None:
        purse = await Purse(database).open(credits=1, price=None)

        assert await can_pay(database, purse.workspace_id)

    async def test_is_not_mistaken_for_another_that_asks_at_the_same_moment(self, database: Database) -> None:
        poor, rich = Purse(database), await Purse(database).open(credits=100)
        await poor.set_up()
        await poor.priced(ONE_A_MINUTE)

        answers = await asyncio.gather(*[can_pay(database, its.workspace_id) for its in (poor, rich, poor)])

        assert answers == [False, True, False]
