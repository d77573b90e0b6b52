"""A customer changes their mind while the dialer is at it: what happens then, and who wins which race."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from attempt_builders import NOON, a_result, a_talk
from dialer_builders import PATIENCE_S, ScriptedOperator, SettableClock, World, a_dialer, always, running
from outdial.commands.change_call import Stopped, cancel_call, cancel_waiting, hang_up, reschedule_call
from outdial.dialer.steps import Step
from outdial.domain.attempt import Answered, Order, Progress, Result, Ringing, Said, Speaker, Turn
from outdial.domain.call import TERMINAL
from outdial.domain.errors import Conflict
from outdial.domain.events import EventType
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.request import RetryPolicy
from outdial.store import schema
from outdial.store.calls.waiting_calls import Selection
from outdial.store.database import Database
from store_builders import Ready

AGAIN = RetryPolicy(count=2, busy_min=0, not_picked_min=0, failed_min=0)
HELLO = Turn(Speaker.AGENT, "Hello Maya.", 0, 900)


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


@dataclass
class Phone:
    """A phone that rings, or talks, until it is hung up; ``hung_up`` answers then what the operator answers."""

    world: World
    answers: bool
    hung_up: Callable[[], Awaitable[Result]]
    up: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry_out(self, _: Order, report: Callable[[Progress], None]) -> Result:
        report(Ringing(self.world.clock()))
        if self.answers:
            report(Answered(self.world.clock()))
            report(Said(self.world.clock(), HELLO))
        self.up.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return await self.hung_up()
        raise AssertionError


async def no_result() -> Result:
    raise asyncio.CancelledError


async def ended(world: World, call_id: str) -> str:
    """The call's state once it is over."""
    await becomes_true(lambda: is_over(world, call_id))
    return str((await world.row(call_id))["state"])


async def is_over(world: World, call_id: str) -> bool:
    return (await world.row(call_id))["state"] in TERMINAL


async def becomes_true(true: Callable[[], Awaitable[bool]]) -> None:
    """Looks in the database again and again: the dialer tells nobody in this process what it has written."""
    async with asyncio.timeout(PATIENCE_S):
        while not await true():
            pass


async def stop(world: World, call_id: str) -> Stopped:
    return await cancel_call(world.db, world.workspace_id, call_id, now=world.clock)


class TestARingingPhone:
    async def test_is_left_alone_and_never_rung_again(self, world: World) -> None:
        call_id = await world.call(retry=AGAIN)
        phone = Phone(world, answers=False, hung_up=no_result)
        operator = ScriptedOperator(phone.carry_out)

        async with running(a_dialer(world, operator)):
            await phone.up.wait()
            assert await stop(world, call_id) is Stopped.STOPPING
            assert await ended(world, call_id) == "cancelled"

        (attempt,) = await world.attempts(call_id)
        assert (attempt["outcome"], attempt["reason"]) == ("cancelled", "stopped on request")
        assert (await world.told(call_id))[-3:] == [
            EventType.ATTEMPT_ENDED,
            EventType.CALL_ENDED,
            EventType.PROCESSED,
        ]

    async def test_that_turns_out_busy_at_that_moment_keeps_its_outcome_and_is_not_rung_again(
        self, world: World
    ) -> None:
        async def busy() -> Result:
            return a_result(Outcome.BUSY, at=world.clock())

        call_id = await world.call(retry=AGAIN)
        phone = Phone(world, answers=False, hung_up=busy)
        operator = ScriptedOperator(phone.carry_out)

        async with running(a_dialer(world, operator)):
            await phone.up.wait()
            await stop(world, call_id)
            assert await ended(world, call_id) == "cancelled"

        (attempt,) = await world.attempts(call_id)
        assert attempt["outcome"] == "busy"
        assert len(operator.orders) == 1


class TestATalk:
    async def test_is_hung_up_and_keeps_its_words_and_its_recording(self, world: World) -> None:
        async def summary() -> Result:
            talk = replace(a_talk(ended_by=EndedBy.OPERATOR, recording_ms=1500), turns=(HELLO,))
            return a_result(at=world.clock(), talk=talk)

        call_id = await world.call(retry=AGAIN)
        phone = Phone(world, answers=True, hung_up=summary)

        async with running(a_dialer(world, ScriptedOperator(phone.carry_out))):
            await phone.up.wait()
            await hang_up(world.db, world.workspace_id, call_id, now=world.clock)
            assert await ended(world, call_id) == "completed"

        row, (attempt,) = await world.row(call_id), await world.attempts(call_id)
        assert (row["outcome"], row["ended_by"]) == ("completed", "operator")
        assert [turn["text"] for turn in attempt["turns"]] == ["Hello Maya."]
        assert attempt["recording_path"] == f"2026/03/{call_id}-1.wav"

    async def test_whose_worker_gives_no_result_keeps_what_was_reported(self, world: World) -> None:
        call_id = await world.call(retry=AGAIN)
        phone = Phone(world, answers=True, hung_up=no_result)

        async with running(a_dialer(world, ScriptedOperator(phone.carry_out))):
            await phone.up.wait()
            await stop(world, call_id)
            assert await ended(world, call_id) == "completed"

        row, (attempt,) = await world.row(call_id), await world.attempts(call_id)
        assert (row["outcome"], row["ended_by"]) == ("completed", "operator")
        assert [turn["text"] for turn in attempt["turns"]] == ["Hello Maya."]

    async def test_cut_by_the_platform_is_no_customers_wish(self, world: World) -> None:
        async def summary() -> Result:
            return a_result(at=world.clock(), talk=a_talk(ended_by=EndedBy.OPERATOR, recording_ms=1500))

        call_id = await world.call(retry=AGAIN)
        phone = Phone(world, answers=True, hung_up=summary)

        async with running(a_dialer(world, ScriptedOperator(phone.carry_out), stop_limit_s=0)):
            await phone.up.wait()

        row, (attempt,) = await world.row(call_id), await world.attempts(call_id)
        assert (row["state"], attempt["outcome"]) == ("error", "worker_lost")
        assert attempt["recording_ms"] == 1500

    async def test_is_hung_up_also_while_the_platform_waits_for_it_to_end(self, world: World) -> None:
        call_id = await world.call()
        phone = Phone(world, answers=True, hung_up=no_result)
        dialer = a_dialer(world, ScriptedOperator(phone.carry_out), stop_limit_s=PATIENCE_S)

        async with running(dialer):
            await phone.up.wait()
            dialer.stop()
            await stop(world, call_id)

        assert (await world.row(call_id))["ended_by"] == "operator"

    async def test_is_found_under_the_lease_it_was_claimed_under(self, world: World) -> None:
        call_id = await world.call()
        phone = Phone(world, answers=True, hung_up=no_result)

        async with running(a_dialer(world, ScriptedOperator(phone.carry_out), heartbeat_s=0.05)):
            await phone.up.wait()
            (before,) = await world.holders()
            await world.lease_ran_out(before)
            await becomes_true(lambda: has_a_new_lease(world))
            await stop(world, call_id)
            assert await ended(world, call_id) == "completed"

        assert (await world.attempts(call_id))[0]["worker"] == before


class TestAStopAtAnyMoment:
    async def test_rings_nobody_afterwards_and_ends_the_call_once(self, world: World) -> None:
        """Each call is cancelled at one of the steps of its first attempt, while the dialer goes on."""
        steps = [Step.CLAIMED, Step.ASKED, Step.HANDED_OVER]
        moments = {await world.call(retry=AGAIN): steps[index % len(steps)] for index in range(24)}
        phone = Phone(world, answers=False, hung_up=no_result)
        wishes: dict[str, asyncio.Task[Stopped]] = {}

        def watch(step: Step, attempt: tuple[str, int]) -> None:
            if moments[attempt[0]] is step:
                wishes[attempt[0]] = asyncio.create_task(stop(world, attempt[0]))

        dialer = a_dialer(world, ScriptedOperator(phone.carry_out), watch=watch)
        async with running(dialer):
            for call_id in moments:
                assert await ended(world, call_id) == "cancelled"

        assert {await wish for wish in wishes.values()} == {Stopped.STOPPING}
        for call_id in moments:
            assert len(await world.attempts(call_id)) == 1
            told = await world.told(call_id)
            assert told.count(EventType.STOP_ASKED) == told.count(EventType.CALL_ENDED) == 1

    async def test_by_many_at_once_neither_deadlocks_nor_rings_anybody_twice(self, world: World) -> None:
        """Claims, ends, stops, reschedules and a cancelled list meet on the same rows."""
        for_ever = RetryPolicy(count=1000, busy_min=0)
        ids = [await world.call(retry=for_ever, lane=f"lane-{index % 3}") for index in range(40)]
        operator = always(Outcome.BUSY, world.clock)
        left, right = (a_dialer(world, operator, name=name) for name in ("left", "right"))

        async def change(call_id: str) -> None:
            with suppress(Conflict):
                await reschedule_call(world.db, world.workspace_id, call_id, NOON, now=world.clock)
            with suppress(Conflict):
                await stop(world, call_id)

        async def change_all() -> None:
            everything = Selection(agent_id=world.agent_id)
            await cancel_waiting(world.db, world.workspace_id, everything, now=world.clock)

        async with running(left, right):
            await operator.has_orders(60)
            async with asyncio.TaskGroup() as customers:
                for call_id in ids:
                    customers.create_task(change(call_id))
                for _ in range(3):
                    customers.create_task(change_all())
            for call_id in ids:
                assert await ended(world, call_id) == "cancelled"

        dialled = [(order.dial.call_id, order.dial.attempt) for order in operator.orders]
        assert len(dialled) == len(set(dialled))
        for call_id in ids:
            told = await world.told(call_id)
            assert told.count(EventType.CALL_ENDED) == told.count(EventType.PROCESSED) == 1
            assert told[-2:] == [EventType.CALL_ENDED, EventType.PROCESSED]


class TestANodeThatLooksOnceAnHour:
    """On PostgreSQL the bell wakes it; without one the tests would not end."""

    @pytest.fixture
    async def world(self, ready_databases: Ready, tmp_path: Path) -> AsyncIterator[World]:
        async with ready_databases.database("postgresql", tmp_path) as database:
            yield await World(database).set_up()

    @pytest.fixture
    async def elsewhere(self, world: World) -> AsyncIterator[World]:
        """The same calls, seen from another node."""
        url = world.db.url.render_as_string(hide_password=False)
        database = await Database.open(url, migrate=False)
        yield replace(world, db=database)
        await database.close()

    async def test_hears_that_another_node_stops_its_call(self, world: World, elsewhere: World) -> None:
        call_id = await world.call()
        phone = Phone(world, answers=False, hung_up=no_result)
        idle = a_dialer(elsewhere, ScriptedOperator(phone.carry_out, limit=0), name="idle", tick_s=3600)
        busy = a_dialer(world, ScriptedOperator(phone.carry_out), name="busy", tick_s=3600)

        async with running(busy, idle):
            await phone.up.wait()
            await stop(elsewhere, call_id)
            assert await ended(elsewhere, call_id) == "cancelled"

        assert (await world.attempts(call_id))[0]["worker"].startswith("busy#")

    async def test_hears_that_a_call_is_to_ring_now(self, world: World, elsewhere: World) -> None:
        call_id = await world.call(due_at=NOON + timedelta(days=1))
        operator = always(Outcome.COMPLETED, world.clock)

        async with running(a_dialer(world, operator, tick_s=3600)):
            await reschedule_call(elsewhere.db, world.workspace_id, call_id, NOON, now=world.clock)
            await operator.has_orders(1)


class TestACallDueSoon:
    async def test_is_not_kept_waiting_for_the_next_look(self, world: World) -> None:
        """The look sees the moment coming and is there when it comes, however long it would have slept."""
        moving = replace(world, clock=RunningClock())
        await moving.call(due_at=moving.clock() + timedelta(seconds=2))
        operator = always(Outcome.COMPLETED, moving.clock)

        async with running(a_dialer(moving, operator, tick_s=3600)):
            await operator.has_orders(1)


class RunningClock(SettableClock):
    """Goes from noon on, as fast as the loop's."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=self._loop.time() - self._began)


class TestTidyingUp:
    async def test_forgets_the_answers_of_yesterday(self, world: World) -> None:
        answers = schema.answers
        for key, created_at in (("old", NOON - timedelta(hours=25)), ("new", NOON)):
            await world.insert(
                answers, workspace_id=world.workspace_id, dialect="ringg", key=key, created_at=created_at
            )

        async with running(a_dialer(world, always(Outcome.COMPLETED, world.clock), tidy_s=0.01)):
            await becomes_true(lambda: only_the_new_answer_is_left(world))


async def only_the_new_answer_is_left(world: World) -> bool:
    return await world.db.read(lambda conn: list(conn.scalars(sa.select(schema.answers.c.key))) == ["new"])


async def has_a_new_lease(world: World) -> bool:
    return len(await world.holders()) > 1
