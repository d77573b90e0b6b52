"""The dialer at work on a real database, with an operator that does as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from attempt_builders import a_result, a_talk
from dialer_builders import PATIENCE_S, ScriptedOperator, World, a_dialer, always, running
from outdial.domain.attempt import Answered, Order, Progress, Result, Ringing, Said, Speaker, Turn
from outdial.domain.events import EventType
from outdial.domain.outcome import Outcome
from outdial.domain.request import RetryPolicy
from outdial.store.database import Database


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


class TestACallThatIsAnswered:
    async def test_is_dialled_talked_and_written_down(self, world: World) -> None:
        call_id = await world.call(variables={"date": "Monday"})
        turn = Turn(Speaker.AGENT, "Hello Maya.", 0, 900)

        async def talk(_: Order, report: Callable[[Progress], None]) -> Result:
            report(Ringing(world.clock()))
            report(Answered(world.clock()))
            report(Said(world.clock(), turn))
            return a_result(talk=a_talk(recording_ms=1500))

        operator = ScriptedOperator(talk)
        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)

        (order,) = operator.orders
        assert order.dial.trunk.password == "secret"
        assert order.brief.greeting == "Hello Maya."
        assert order.brief.variables == {"callee_name": "Maya", "mobile_number": "+15551112222", "date": "Monday"}
        assert order.recording_path == f"/recordings/2026/03/{call_id}-1.wav"
        assert (await world.row(call_id))["state"] == "completed"
        (attempt,) = await world.attempts(call_id)
        assert attempt["recording_path"] == f"2026/03/{call_id}-1.wav"
        assert attempt["turns"][1]["text"] == "Hi."
        assert await world.told(call_id) == [
            EventType.DIALING,
            EventType.RINGING,
            EventType.ANSWERED,
            EventType.SAID,
            EventType.ATTEMPT_ENDED,
            EventType.RECORDING_READY,
            EventType.CALL_ENDED,
        ]
        await world.analysed()
        assert (await world.told(call_id))[-2:] == [EventType.PLATFORM_ANALYSED, EventType.PROCESSED]


class TestACallThatIsNotReached:
    @pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.DECLINED, Outcome.TRUNK_FAILED])
    async def test_is_dialled_again_until_its_attempts_are_used_up(self, world: World, outcome: Outcome) -> None:
        call_id = await world.call(retry=RetryPolicy(count=2, busy_min=0, not_picked_min=0, failed_min=0))

        operator = always(outcome, world.clock)
        async with running(a_dialer(world, operator)):
            await operator.has_orders(3)

        assert [order.dial.attempt for order in operator.orders] == [1, 2, 3]
        assert (await world.row(call_id))["state"] == "failed"

    async def test_waits_its_minutes_before_it_is_dialled_again(self, world: World) -> None:
        call_id = await world.call(retry=RetryPolicy(count=1, busy_min=30))
        operator = always(Outcome.BUSY, world.clock)

        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)
        waiting = await world.row(call_id)
        world.clock.forward(minutes=30)
        async with running(a_dialer(world, operator)):
            await operator.has_orders(2)

        assert (waiting["state"], waiting["due_at"]) == ("retry", world.clock())
        assert (await world.row(call_id))["state"] == "failed"


class TestTwoDialersOnOneDatabase:
    async def test_never_dial_the_same_attempt(self, world: World) -> None:
        for index in range(40):
            await world.call(lane=f"lane-{index % 5}", retry=RetryPolicy(count=1, busy_min=0))
        operator = always(Outcome.BUSY, world.clock)
        left, right = (a_dialer(world, operator, name=name) for name in ("left", "right"))

        async with running(left, right):
            await operator.has_orders(80)

        dialled = Counter((order.dial.call_id, order.dial.attempt) for order in operator.orders)
        assert len(dialled) == 80
        assert set(dialled.values()) == {1}


class TestAClaimThatCannotBeBuilt:
    async def test_ends_with_a_reason_and_asks_no_carrier(self, world: World) -> None:
        call_id = await world.call(voice_id="no-such-voice")
        after = await world.call()
        operator = always(Outcome.COMPLETED, world.clock)

        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)

        assert [order.dial.call_id for order in operator.orders] == [after]
        (attempt,) = await world.attempts(call_id)
        assert attempt["outcome"] == "pre_call_failed"
        assert "no-such-voice" in attempt["reason"]
        assert attempt["dialed_at"] is None


class TestStopping:
    async def test_lets_a_talk_end(self, world: World) -> None:
        call_id = await world.call()
        hang_up = asyncio.Event()

        async def talk(_: Order, __: Callable[[Progress], None]) -> Result:
            await hang_up.wait()
            return a_result(at=world.clock())

        operator = ScriptedOperator(talk)
        dialer = a_dialer(world, operator)
        async with running(dialer):
            await operator.has_orders(1)
            dialer.stop()
            hang_up.set()

        assert (await world.row(call_id))["state"] == "completed"

    async def test_cuts_at_the_limit_and_rings_again_only_by_the_rules(self, world: World) -> None:
        ringing = await world.call(retry=RetryPolicy(count=1, failed_min=30), lane="a")
        talking = await world.call(retry=RetryPolicy(count=1, failed_min=30), lane="b")

        async def endless(order: Order, report: Callable[[Progress], None]) -> Result:
            if order.dial.call_id == talking:
                report(Answered(world.clock()))
            await asyncio.Event().wait()
            raise AssertionError

        operator = ScriptedOperator(endless)
        async with running(a_dialer(world, operator, stop_limit_s=0)):
            await operator.has_orders(2)

        assert (await world.row(ringing))["state"] == "retry"
        assert (await world.row(talking))["state"] == "error"

    async def test_at_once_still_writes_down_what_is_known(self, world: World) -> None:
        call_id = await world.call(retry=RetryPolicy(count=1, failed_min=30))

        async def endless(_: Order, __: Callable[[Progress], None]) -> Result:
            await asyncio.Event().wait()
            raise AssertionError

        operator = ScriptedOperator(endless)
        async with asyncio.timeout(PATIENCE_S):
            dialing = asyncio.create_task(a_dialer(world, operator).run())
            await operator.has_orders(1)
            dialing.cancel()
            await asyncio.wait([dialing])

        row, (attempt,) = await world.row(call_id), await world.attempts(call_id)
        assert dialing.cancelled()
        assert row["state"] == "retry"
        assert attempt["reason"] == "the platform was stopped during the attempt"

    async def test_gives_its_lease_back(self, world: World) -> None:
        operator = always(Outcome.COMPLETED, world.clock)
        call_id = await world.call()
        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)

        holder = (await world.attempts(call_id))[0]["worker"]

        assert holder.startswith("node#")
        assert not await world.is_live(holder)


class TestRoom:
    async def test_is_never_exceeded(self, world: World) -> None:
        for _ in range(12):
            await world.call()

        both_are_here = asyncio.Barrier(2)

        async def talk(_: Order, __: Callable[[Progress], None]) -> Result:
            await both_are_here.wait()
            return a_result(at=world.clock())

        operator = ScriptedOperator(talk, limit=2)
        async with running(a_dialer(world, operator)):
            await operator.has_orders(12)

        assert operator.most_active == 2


class TestAnOperatorThatBreaks:
    async def test_ends_that_attempt_only(self, world: World) -> None:
        broken = await world.call()

        async def script(order: Order, _: Callable[[Progress], None]) -> Result:
            if order.dial.call_id == broken:
                raise ValueError("a part failed")
            return a_result(at=world.clock())

        operator = ScriptedOperator(script)
        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)
            after = await world.call()
            await operator.has_orders(2)

        assert (await world.row(broken))["state"] == "error"
        assert "ValueError" in (await world.attempts(broken))[0]["reason"]
        assert (await world.row(after))["state"] == "completed"


class TestAfterACrash:
    async def test_the_attempts_of_the_process_before_are_ended_and_waiting_calls_are_dialled(
        self, world: World
    ) -> None:
        before = await world.holder("node")
        lost = await world.call()
        (one,) = await world.claims(before)
        await world.asked(one)
        await world.lease_ran_out(before)
        waiting = await world.call()

        operator = always(Outcome.COMPLETED, world.clock)
        async with running(a_dialer(world, operator)):
            await operator.has_orders(1)

        assert [order.dial.call_id for order in operator.orders] == [waiting]
        assert (await world.row(lost))["state"] == "error"


class TestADialerWhoseLeaseRanOut:
    async def test_goes_on_under_a_new_one_and_cuts_no_talk(self, world: World) -> None:
        first = await world.call()
        hang_up = asyncio.Event()

        async def talk(_: Order, report: Callable[[Progress], None]) -> Result:
            report(Answered(world.clock()))
            await hang_up.wait()
            return a_result(at=world.clock())

        operator = ScriptedOperator(talk)
        async with running(a_dialer(world, operator, heartbeat_s=0.05)):
            await operator.has_orders(1)
            await world.lease_ran_out((await world.attempts(first))[0]["worker"])
            second = await world.call()
            # Claimed only once there is a new lease; the reaper has been around by then.
            await operator.has_orders(2)
            hang_up.set()

        (before,), (after,) = await world.attempts(first), await world.attempts(second)
        assert before["worker"] != after["worker"]
        assert [(await world.row(call_id))["state"] for call_id in (first, second)] == ["completed", "completed"]


class TestADialerOnSqlite:
    async def test_declares_its_own_predecessor_dead_without_waiting_for_the_lease(self, world: World) -> None:
        before = await world.holder("node")

        operator = always(Outcome.COMPLETED, world.clock)
        async with running(a_dialer(world, operator, name="node")):
            await world.call()
            await operator.has_orders(1)
            predecessor_lives = await world.is_live(before)

        assert predecessor_lives == (world.db.url.get_backend_name() != "sqlite")
