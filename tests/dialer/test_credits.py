"""Dials that have to be paid for: who may be rung, for how long, and that nobody spends what another one has."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from credit_builders import ONE_A_MINUTE, Purse
from dialer_builders import ScriptedOperator, a_dialer, order_for, running
from outdial.domain.attempt import Answered, Order, Progress, Result
from outdial.domain.outcome import Outcome
from outdial.domain.request import RetryPolicy
from outdial.domain.rules import MICROS
from outdial.domain.waiting import Cause
from outdial.store.calls.calendar import Claim
from outdial.store.calls.records import load_call
from outdial.store.calls.stops import ask_to_stop
from outdial.store.database import Database
from outdial.store.policy.credits import Funds

FOUR_MINUTES_S = 240
NOT_ANSWERED = [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.TRUNK_FAILED, Outcome.WORKER_LOST, Outcome.CANCELLED]


async def blocked_by(purse: Purse, call_id: str) -> tuple[Cause, ...]:
    record = await purse.db.read(load_call, call_id, purse.clock())
    assert record is not None
    return record.blocked_by


class TestADial:
    async def test_sets_aside_the_price_of_the_longest_talk(self, database: Database) -> None:
        purse = await Purse(database).open(credits=10)
        await purse.call(max_length_s=FOUR_MINUTES_S)

        await purse.claimed()

        assert await purse.funds() == Funds(10 * MICROS, 4 * MICROS)

    async def test_that_is_not_paid_for_waits_and_goes_once_it_is(self, database: Database) -> None:
        purse = await Purse(database).open(credits=0)
        call_id = await purse.call()
        holder = await purse.holder()

        before, why = await purse.claims(holder), await blocked_by(purse, call_id)
        await purse.pay_in(1)
        after = await purse.claims(holder)

        assert (before, why) == ([], (Cause.CREDITS,))
        assert [(one.call_id, one.attempt) for one in after] == [(call_id, 1)]

    async def test_talks_no_longer_than_is_left_to_pay_for_it(self, database: Database) -> None:
        purse = await Purse(database).open(credits=2)
        await purse.call(max_length_s=FOUR_MINUTES_S)

        one = await purse.claimed()

        order = await database.read(order_for, one)
        assert isinstance(order, Order)
        assert order.brief.limits.max_length_s == 120
        assert await purse.funds() == Funds(2 * MICROS, 2 * MICROS)

    async def test_talks_as_long_as_the_call_wants_when_it_is_paid_for(self, database: Database) -> None:
        purse = await Purse(database).open(credits=100)
        await purse.call(max_length_s=90.5)

        order = await database.read(order_for, await purse.claimed())

        assert isinstance(order, Order)
        assert order.brief.limits.max_length_s == 90.5

    async def test_again_is_paid_for_again(self, database: Database) -> None:
        purse = await Purse(database).open(credits=4)
        await purse.call(retry=RetryPolicy(count=1, busy_min=0), max_length_s=FOUR_MINUTES_S)
        first = await purse.claimed()
        await purse.asked(first)
        await purse.finished(first, Result(purse.clock(), Outcome.BUSY))

        second = await purse.claimed()

        assert second.attempt == 2
        assert await purse.funds() == Funds(4 * MICROS, 4 * MICROS)


class TestOneBalance:
    async def test_is_never_set_aside_twice_by_claimers_at_the_same_moment(self, database: Database) -> None:
        purse = await Purse(database).open(credits=10)
        for _ in range(12):
            await purse.call(max_length_s=60)
        holders = [await purse.holder(f"node-{index}") for index in range(6)]

        claimed = await asyncio.gather(*[purse.claims(holder) for holder in holders])

        assert sum(map(len, claimed)) == 10
        assert await purse.funds() == Funds(10 * MICROS, 10 * MICROS)

    async def test_is_spent_to_the_last_minute_by_several_dialers_and_not_beyond(self, database: Database) -> None:
        """Talks of a minute and a half cost two credits and hold four, or the two that are left: ten pay for five."""
        purse = await Purse(database).open(credits=10)
        call_ids = [await purse.call(max_length_s=FOUR_MINUTES_S) for _ in range(9)]
        seen: list[Funds] = []

        async def talk(_: Order, report: Callable[[Progress], None]) -> Result:
            report(Answered(purse.clock()))
            seen.append(await purse.funds())
            return purse.talk_of(minutes=1.5)

        operator = ScriptedOperator(talk)
        dialers = [a_dialer(purse, operator, name=name) for name in ("left", "middle", "right")]
        async with running(*dialers):
            await operator.has_orders(5)

        states = Counter([(await purse.row(call_id))["state"] for call_id in call_ids])
        assert states == {"completed": 5, "registered": 4}
        assert await purse.funds() == Funds(0, 0)
        assert await purse.entries() == [10 * MICROS] + [-2 * MICROS] * 5
        assert all(funds.free_micros >= 0 for funds in seen)

    async def test_of_one_workspace_does_not_hold_up_another(self, database: Database) -> None:
        poor, rich = await Purse(database).open(credits=0), await Purse(database).open(credits=1)
        await poor.call()
        call_id = await rich.call()

        claims = await rich.claims(await rich.holder())

        assert [one.call_id for one in claims] == [call_id]


class TestAnyStoryOfDialsAndEnds:
    @pytest.mark.parametrize("seed", range(4))
    async def test_leaves_what_there_is_above_what_is_set_aside_and_nothing_set_aside_at_the_end(
        self, database: Database, seed: int
    ) -> None:
        story = _Story(await Purse(database).open(credits=9), Random(seed))

        for _ in range(60):
            await story.goes_on()
            funds = await story.purse.funds()
            assert funds.balance_micros >= funds.held_micros >= 0
            assert funds.balance_micros == sum(await story.purse.entries())
        await story.ends()

        assert (await story.purse.funds()).held_micros == 0


class _Story:
    """Calls dialled, answered, stopped, lost and ended in an order that chance decides."""

    def __init__(self, purse: Purse, rng: Random) -> None:
        self.purse = purse
        self._rng = rng
        self._live: list[Claim] = []

    async def goes_on(self) -> None:
        steps = [self._dial, self._dial, self._answer, self._stop, self._talk, self._end, self._lose, self._pay_in]
        await self._rng.choice(steps)()
        self.purse.clock.forward(seconds=self._rng.uniform(0, 100))

    async def ends(self) -> None:
        while self._live:
            await self._rng.choice([self._talk, self._end, self._lose])()

    async def _dial(self) -> None:
        lengths = [30, 60, FOUR_MINUTES_S]
        await self.purse.call(max_length_s=self._rng.choice(lengths), retry=RetryPolicy(count=2, busy_min=0))
        claims = await self.purse.claims(await self.purse.holder(), room=2)
        for one in claims:
            await self.purse.asked(one)
        self._live += claims

    async def _answer(self) -> None:
        if self._live:
            await self.purse.recorded(self._rng.choice(self._live), Answered(self.purse.clock()))

    async def _stop(self) -> None:
        if self._live:
            one = self._rng.choice(self._live)
            await self.purse.db.write(ask_to_stop, one.workspace_id, one.call_id, one.attempt, self.purse.clock())

    async def _talk(self) -> None:
        if self._live:
            await self.purse.finished(self._one(), self.purse.talk_of(minutes=self._rng.uniform(0, 6)))

    async def _end(self) -> None:
        if self._live:
            await self.purse.finished(self._one(), Result(self.purse.clock(), self._rng.choice(NOT_ANSWERED)))

    async def _lose(self) -> None:
        if self._live:
            lost = self._one()
            await self.purse.lease_ran_out(lost.holder)
            await self.purse.reaped()
            # Its holder wakes up and tells what happened after all.
            if self._rng.random() < 0.5:
                await self.purse.finished(lost, self.purse.talk_of(minutes=2))

    async def _pay_in(self) -> None:
        await self.purse.priced(None if self._rng.random() < 0.2 else ONE_A_MINUTE)
        await self.purse.pay_in(self._rng.randint(1, 3))

    def _one(self) -> Claim:
        return self._live.pop(self._rng.randrange(len(self._live)))
