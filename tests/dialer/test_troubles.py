"""A database that goes away in the middle, and whether anybody is lost, told twice or rung twice for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from enum import Enum
from typing import Concatenate, ParamSpec, TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import a_result
from dialer_builders import PATIENCE_S, ScriptedOperator, World, a_dialer, always, running
from outdial.domain.attempt import Answered, Order, Progress, Result, Ringing, Said, Speaker, Turn
from outdial.domain.errors import Unreachable
from outdial.domain.events import EventType
from outdial.domain.outcome import Outcome
from outdial.store.calls.calendar import Claim
from outdial.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class Trouble(Enum):
    NONE = 0
    UNREACHABLE = 1
    COMMITS_UNHEARD = 2
    """The transaction takes place, its confirmation is lost."""


class ShakyDatabase(Database):
    """The same database over a connection that can be made to fail."""

    def __init__(self, url: sa.URL) -> None:
        super().__init__(url)
        self.trouble = Trouble.NONE
        self.failed = 0
        self.claim_unheard = asyncio.Event()
        self._failing = asyncio.Condition()

    async def write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        trouble = self.trouble
        if trouble is Trouble.NONE:
            return await super().write(work, *args, **kwargs)
        if trouble is Trouble.COMMITS_UNHEARD:
            match await super().write(work, *args, **kwargs):
                case [Claim(), *_]:
                    self.claim_unheard.set()
        async with self._failing:
            self.failed += 1
            self._failing.notify_all()
        raise Unreachable("the connection broke")

    async def has_failed(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._failing:
            await self._failing.wait_for(lambda: self.failed >= times)


@pytest.fixture
async def shaky(database: Database) -> AsyncIterator[ShakyDatabase]:
    other = ShakyDatabase(database.url)
    yield other
    await other.close()


@pytest.fixture
async def world(shaky: ShakyDatabase) -> World:
    return await World(shaky).set_up()


class TestAnOutageInTheMiddleOfATalk:
    @pytest.mark.parametrize("trouble", [Trouble.UNREACHABLE, Trouble.COMMITS_UNHEARD])
    async def test_neither_cuts_it_nor_loses_nor_doubles_a_word(
        self, world: World, shaky: ShakyDatabase, trouble: Trouble
    ) -> None:
        call_id = await world.call()

        async def talk(_: Order, report: Callable[[Progress], None]) -> Result:
            report(Ringing(world.clock()))
            shaky.trouble = trouble
            report(Answered(world.clock()))
            for word in ("one", "two", "three"):
                report(Said(world.clock(), Turn(Speaker.AGENT, word, 0, 500)))
            await shaky.has_failed(2)
            shaky.trouble = Trouble.NONE
            report(Said(world.clock(), Turn(Speaker.CALLEE, "four", 600, 900)))
            return a_result(at=world.clock())

        operator = ScriptedOperator(talk)
        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)

        assert (await world.row(call_id))["state"] == "completed"
        assert await world.told(call_id) == [
            EventType.DIALING,
            EventType.RINGING,
            EventType.ANSWERED,
            *[EventType.SAID] * 4,
            EventType.ATTEMPT_ENDED,
            EventType.CALL_ENDED,
        ]


class TestAClaimWhoseCommitWasNotHeardOf:
    async def test_is_given_back_and_dialled_as_the_same_attempt(self, world: World, shaky: ShakyDatabase) -> None:
        before = await world.call()
        call_id = await world.call(due_at=world.clock() + timedelta(seconds=1))
        operator = always(Outcome.COMPLETED, world.clock)

        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)
            shaky.trouble = Trouble.COMMITS_UNHEARD
            world.clock.forward(seconds=1)
            async with asyncio.timeout(PATIENCE_S):
                await shaky.claim_unheard.wait()
            shaky.trouble = Trouble.NONE
            # Long enough for its holder to be sure, well within the lease.
            world.clock.forward(seconds=11)
            await operator.has_orders(2)

        assert [(order.dial.call_id, order.dial.attempt) for order in operator.orders] == [(before, 1), (call_id, 1)]
        assert (await world.row(call_id))["state"] == "completed"
        assert len(await world.attempts(call_id)) == 1
