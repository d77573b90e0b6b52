"""The ledger, its sum, and what live attempts have set aside of it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import a_result
from credit_builders import ONE_A_MINUTE, Purse
from dialer_builders import finish
from outdial.domain.errors import Broken
from outdial.domain.events import Event, EventType
from outdial.domain.outcome import Outcome
from outdial.domain.request import RetryPolicy
from outdial.domain.rules import MICROS, Price
from outdial.store import schema
from outdial.store.calls.calendar import Claim
from outdial.store.database import Database
from outdial.store.events import append, events_of_call
from outdial.store.policy.credits import Bill, Funds, charge, free_micros, funds_of, settle
from store_builders import a_slow_transaction


@pytest.fixture
async def purse(database: Database) -> Purse:
    return await Purse(database).open(credits=10)


class TestWhatIsPaidIn:
    async def test_adds_up(self, purse: Purse) -> None:
        await purse.pay_in(5)

        assert await purse.funds() == Funds(15 * MICROS, 0)
        assert await purse.entries() == [10 * MICROS, 5 * MICROS]

    async def test_is_the_workspaces_own(self, purse: Purse) -> None:
        other = await Purse(purse.db).open(credits=1)

        assert await purse.funds() == Funds(10 * MICROS, 0)
        assert await other.funds() == Funds(1 * MICROS, 0)

    async def test_by_two_at_the_same_moment_is_paid_in_twice(self, database: Database) -> None:
        purse = Purse(database)
        await purse.set_up()

        await asyncio.gather(*[purse.pay_in(1) for _ in range(8)])

        assert await purse.funds() == Funds(8 * MICROS, 0)


class TestWhatIsSetAside:
    async def test_is_not_free(self, purse: Purse) -> None:
        await purse.talking(holding=4)
        await purse.dialling(holding=3)

        assert await purse.funds() == Funds(10 * MICROS, 7 * MICROS)
        assert await purse.db.read(free_micros, [purse.workspace_id, "nobody"]) == {
            purse.workspace_id: 3 * MICROS,
            "nobody": 0,
        }

    async def test_of_another_workspace_does_not_matter(self, purse: Purse) -> None:
        other = await Purse(purse.db).open(credits=10)
        await other.talking(holding=4)

        assert (await purse.funds()).held_micros == 0

    @pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.COMPLETED])
    async def test_is_free_again_however_the_attempt_ends(self, purse: Purse, outcome: Outcome) -> None:
        one = await purse.dialling(holding=4)

        await purse.finished(one, a_result(outcome, at=purse.clock()))

        assert await purse.funds() == Funds(10 * MICROS, 0)

    async def test_is_free_again_when_the_dial_never_left(self, purse: Purse) -> None:
        await purse.call()
        one = await purse.claimed()
        await purse.set_aside(one, 4)
        await purse.lease_ran_out(one.holder)

        await purse.reaped()

        assert await purse.funds() == Funds(10 * MICROS, 0)

    async def test_is_counted_by_a_seek_among_the_live_attempts(self, purse: Purse) -> None:
        plan = await purse.db.read(_plan_of_funds, purse.workspace_id)

        assert "ix_attempts_live" in plan


class TestATalk:
    async def test_is_charged_by_the_minute_begun(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)

        await purse.finished(one, purse.talk_of(minutes=1.1))

        assert await purse.funds() == Funds(8 * MICROS, 0)
        assert await purse.entries() == [10 * MICROS, -2 * MICROS]
        assert await purse.cost(one.call_id) == 2 * MICROS
        assert (await _ended(purse, one)).data["cost_micros"] == 2 * MICROS

    async def test_is_never_charged_more_than_was_set_aside(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)
        await purse.priced(Price(100 * MICROS))

        await purse.finished(one, purse.talk_of(minutes=3))

        assert await purse.funds() == Funds(6 * MICROS, 0)

    async def test_costs_nothing_once_credits_are_not_counted_any_more(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)
        await purse.priced(None)

        await purse.finished(one, purse.talk_of(minutes=3))

        assert await purse.funds() == Funds(10 * MICROS, 0)

    async def test_that_began_before_credits_were_counted_costs_nothing(self, database: Database) -> None:
        purse = await Purse(database).open(credits=10, price=None)
        one = await purse.talking(holding=0)
        await purse.priced(ONE_A_MINUTE)

        await purse.finished(one, purse.talk_of(minutes=3))

        assert await purse.funds() == Funds(10 * MICROS, 0)

    async def test_under_rules_nobody_can_read_ends_and_costs_nothing(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)
        await purse.run(schema.workspaces.update().values(settings={"price": "a lot"}))

        assert await purse.finished(one, purse.talk_of(minutes=3))

        assert await purse.funds() == Funds(10 * MICROS, 0)

    async def test_is_charged_once_when_its_end_is_written_twice(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)

        await purse.finished(one, purse.talk_of(minutes=1))
        await purse.finished(one, purse.talk_of(minutes=2))

        assert await purse.entries() == [10 * MICROS, -1 * MICROS]

    async def test_is_charged_once_when_a_transaction_is_run_again(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)
        work = _Ends(purse, [one], minutes=2)

        def broken_at_the_end(conn: Connection) -> None:
            work(conn)
            raise Broken("the connection was lost")

        with pytest.raises(Broken):
            await purse.db.write(broken_at_the_end)
        before = await purse.funds()
        await purse.db.write(work)

        assert before == Funds(10 * MICROS, 4 * MICROS)
        assert await purse.funds() == Funds(8 * MICROS, 0)

    async def test_of_a_worker_that_was_lost_is_charged_as_far_as_it_is_known(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)
        await purse.lease_ran_out(one.holder)
        purse.clock.forward(seconds=90)

        await purse.reaped()

        assert await purse.funds() == Funds(8 * MICROS, 0)
        assert (await _ended(purse, one)).data["cost_micros"] == 2 * MICROS

    async def test_of_a_worker_that_was_lost_for_long_costs_no_more_than_was_set_aside(self, purse: Purse) -> None:
        one = await purse.talking(holding=4)
        await purse.lease_ran_out(one.holder)
        purse.clock.forward(hours=9)

        await purse.reaped()

        assert await purse.funds() == Funds(6 * MICROS, 0)

    async def test_told_of_after_its_attempt_was_given_up_is_the_houses(self, purse: Purse) -> None:
        call_id = await purse.call(retry=RetryPolicy(count=1))
        one = await purse.claimed()
        await purse.asked(one)
        await purse.set_aside(one, 4)
        await purse.lease_ran_out(one.holder)
        await purse.reaped()
        # Meanwhile others may have it set aside.
        await purse.talking(holding=10)

        assert await purse.finished(one, purse.talk_of(minutes=3))

        assert (await purse.row(call_id))["state"] == "completed"
        assert await purse.funds() == Funds(10 * MICROS, 10 * MICROS)


class TestTheLedger:
    async def test_takes_one_charge_for_an_attempt(self, purse: Purse) -> None:
        bill = Bill(purse.workspace_id, ("call", 1), 5, purse.clock())

        once, again = [await purse.db.write(partial(charge, bills=[bill])) for _ in range(2)]

        assert (once, again) == ({("call", 1): 5}, {})
        assert await purse.entries() == [10 * MICROS, -5]

    @pytest.mark.parametrize("engine", ["postgresql"])
    async def test_and_the_balance_agree_after_many_ends_at_once(self, database: Database) -> None:
        """Several transactions end attempts of the same three workspaces, each in another order."""
        purses = [await Purse(database).open(credits=100) for _ in range(3)]
        talks = [[await purse.talking(holding=2) for purse in purses] for _ in range(4)]
        orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]]
        writers = asyncio.Barrier(len(orders))

        async def end(order: list[int], mine: list[Claim]) -> None:
            async with a_slow_transaction(database) as conn:
                facts: list[Event] = []
                for index in order:
                    done = await conn.run_sync(finish, mine[index], purses[index].talk_of(minutes=1))
                    facts += done.facts if done else ()
                    if index == order[0]:
                        # All have ended one and go on to the others' first: what was locked by now would deadlock.
                        await writers.wait()
                await conn.run_sync(append, facts)

        async with asyncio.timeout(20):
            await asyncio.gather(*[end(order, mine) for order, mine in zip(orders, talks, strict=True)])

        for purse in purses:
            assert await purse.funds() == Funds(96 * MICROS, 0)
            assert sum(await purse.entries()) == 96 * MICROS

    async def test_settles_workspaces_in_one_order(self, database: Database) -> None:
        one, two = [await Purse(database).open(credits=10) for _ in range(2)]
        there = {one.workspace_id: 1, two.workspace_id: 2}
        back = dict(reversed(there.items()))

        async with asyncio.timeout(20):
            await asyncio.gather(*[database.write(partial(settle, charged=each)) for each in [there, back] * 8])

        assert (await one.funds()).balance_micros == 10 * MICROS - 16
        assert (await two.funds()).balance_micros == 10 * MICROS - 32


class _Ends:
    """Work that ends these attempts with talks of so many minutes, as one transaction."""

    def __init__(self, purse: Purse, claims: list[Claim], minutes: float) -> None:
        self._purse, self._claims, self._minutes = purse, claims, minutes

    def __call__(self, conn: Connection) -> None:
        facts: list[Event] = []
        for one in self._claims:
            done = finish(conn, one, self._purse.talk_of(self._minutes))
            facts += done.facts if done else ()
        append(conn, facts)


async def _ended(purse: Purse, one: Claim) -> Event:
    told = await purse.db.read(events_of_call, one.call_id)
    return next(event for event in told if event.type is EventType.ATTEMPT_ENDED)


def _plan_of_funds(conn: Connection, workspace_id: str) -> str:
    asked: list[tuple[str, Any]] = []
    sqlite = conn.dialect.name == "sqlite"

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        asked.append((statement, values))

    sa.event.listen(conn, "before_cursor_execute", note)
    funds_of(conn, [workspace_id])
    sa.event.remove(conn, "before_cursor_execute", note)
    how = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
    statement, values = asked[-1]
    if not sqlite:
        # So few rows are read whole; what matters is that the index fits the question.
        conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
    rows = conn.exec_driver_sql(f"{how} {statement}", values)
    return "\n".join(str(row[-1]) for row in rows)
