"""Attempts of many calls written together: each by its own fate, and with as many statements as one alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import a_result, a_talk
from credit_builders import ONE_A_MINUTE, Purse
from dialer_builders import PATIENCE_S, World, always, ground
from outdial.dialer.attempt import Desk, attempt_writer
from outdial.dialer.notes import Notes
from outdial.domain.attempt import Answered, Order, Result, Ringing, Said, Speaker, Turn
from outdial.domain.events import Event, EventType
from outdial.domain.numbers import canonical
from outdial.domain.outcome import NotReached, Outcome
from outdial.domain.request import RetryPolicy
from outdial.domain.rules import MICROS, CallingPolicy, Rules
from outdial.store import schema
from outdial.store.batcher import Batcher, Kind
from outdial.store.calls.attempt_end import End, Finished, finish_all
from outdial.store.calls.attempts import Asked, Report, ask_all, record_all
from outdial.store.calls.calendar import Claim
from outdial.store.calls.orders import build_orders
from outdial.store.calls.stops import ask_to_stop
from outdial.store.database import Database
from outdial.store.events import append
from outdial.store.policy.credits import Bill, Funds, charge

ONCE_A_WEEK = Rules(CallingPolicy(suppression=True, per_week=1))


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def claimed(world: World, count: int, holder: str = "", **call: Any) -> list[Claim]:
    """So many, each for somebody else, in the order in which their calls were placed."""
    call_ids = [await world.call(**{"to_number": f"+1555777{index:04d}", **call}) for index in range(count)]
    claims = {one.call_id: one for one in await world.claims(holder or await world.holder())}
    return [claims[call_id] for call_id in call_ids]


async def dialled(world: World, count: int, holder: str = "", **call: Any) -> list[Claim]:
    claims = await claimed(world, count, holder, **call)
    await all_asked(world, claims)
    return claims


async def all_asked(world: World, claims: Sequence[Claim]) -> list[Asked | None]:
    def work(conn: Connection) -> list[Asked | None]:
        leaves = ask_all(conn, claims, world.clock())
        append(conn, [fact for leave in leaves if leave for fact in leave.facts])
        return leaves

    return await world.db.write(work)


async def all_recorded(world: World, reports: Sequence[Report]) -> list[list[Event] | None]:
    def work(conn: Connection) -> list[list[Event] | None]:
        told = record_all(conn, reports)
        append(conn, [fact for facts in told for fact in facts or ()])
        return told

    return await world.db.write(work)


async def all_finished(world: World, ends: Sequence[End]) -> list[Finished | None]:
    def work(conn: Connection) -> list[Finished | None]:
        ended = finish_all(conn, ends)
        append(conn, [fact for one in ended if one for fact in one.facts])
        return ended

    return await world.db.write(work)


async def stop_asked(world: World, one: Claim) -> None:
    await world.db.write(ask_to_stop, world.workspace_id, one.call_id, one.attempt, world.clock())


async def states(world: World, claims: Sequence[Claim]) -> list[str]:
    return [(await world.attempts(one.call_id))[0]["state"] for one in claims]


class TestOfManyThatAreToBeDialled:
    async def test_each_is_asked_or_not_for_its_own_sake(self, world: World) -> None:
        elsewhere = await World(world.db).set_up()
        await world.has_rules(ONCE_A_WEEK)
        good, others, stopped, unwanted, rung, again = claims = await claimed(world, 6)
        (unread,) = await claimed(elsewhere, 1)
        (late,) = await claimed(elsewhere, 1, await elsewhere.holder("late"))
        await stop_asked(world, stopped)
        await world.suppressed(unwanted.to_number)
        earlier = await world.call(to_number=rung.to_number)
        await world.insert(schema.attempts, **_a_dial_before(earlier, rung, world))
        await elsewhere.has_rules(None)
        await world.lease_ran_out(late.holder)
        batch = [replace(others, holder="somebody#else"), unread, stopped, good, unwanted, rung, late, again]

        leaves = await all_asked(world, batch)

        assert [leave is not None for leave in leaves] == [False, False, False, True, False, False, False, True]
        assert await states(world, claims) == ["dialing", *["claimed"] * 4, "dialing"]
        assert await states(elsewhere, [unread, late]) == ["claimed"] * 2
        assert [await world.told(one.call_id) for one in (good, again)] == [[EventType.DIALING]] * 2

    async def test_those_that_are_asked_again_are_told_once(self, world: World) -> None:
        claims = await claimed(world, 3)
        await all_asked(world, claims[:1])

        assert all(await all_asked(world, claims))

        assert [await world.told(one.call_id) for one in claims] == [[EventType.DIALING]] * 3

    async def test_the_first_of_a_number_does_not_stand_for_its_successor(self, world: World) -> None:
        """The number of an attempt that never happened is free again: two claims of one node differ by holder only."""
        (before,) = await claimed(world, 1, await world.holder())
        await world.lease_ran_out(before.holder)
        await world.reaped()
        after = await world.claimed()

        leaves = await all_asked(world, [before, after])
        ends = [End(one, a_result(Outcome.BUSY, at=world.clock())) for one in (after, before)]
        ended = await all_finished(world, ends)

        assert before.key == after.key
        assert [leave is not None for leave in leaves] == [False, True]
        assert [one is not None for one in ended] == [True, False]

    async def test_each_has_an_order_or_its_own_reason_why_not(self, world: World) -> None:
        good, trunkless = await claimed(world, 2)
        (voiceless,) = await claimed(world, 1, voice_id="deep")
        (unknown,) = await claimed(world, 1)
        mine = schema.attempts.c.call_id == trunkless.call_id
        await world.run(schema.attempts.update().where(mine).values(trunk_id="gone"))
        batch = [trunkless, good, voiceless, replace(unknown, attempt=7)]

        orders = await world.db.read(build_orders, batch, ground())

        reasons = [order.reason if isinstance(order, NotReached) else order.dial.to_number for order in orders]
        assert reasons == [
            "the trunk of +15550000000 no longer exists",
            good.to_number,
            "the voice 'deep' is not installed here",
            "the attempt is not on record",
        ]


class TestOfManyThatAreUnderWay:
    async def test_each_tells_what_is_new_of_it(self, world: World) -> None:
        ringing, talking, others, ended, heard = claims = await dialled(world, 5)
        now, turn = world.clock(), Turn(Speaker.CALLEE, "Yes.", 100, 400)
        await world.finished(ended, a_result(Outcome.BUSY, at=now))
        await world.recorded(heard, Ringing(now))

        told = await all_recorded(
            world,
            [
                Report(talking, 0, (Ringing(now), Answered(now), Said(now, turn))),
                Report(replace(others, holder="somebody#else"), 0, (Ringing(now),)),
                Report(ended, 0, (Ringing(now),)),
                Report(heard, 0, (Ringing(now), Answered(now))),
                Report(ringing, 0, (Ringing(now),)),
            ],
        )

        kinds = [facts if facts is None else [fact.type for fact in facts] for facts in told]
        talk = [EventType.RINGING, EventType.ANSWERED, EventType.SAID]
        assert kinds == [talk, None, None, [EventType.ANSWERED], [EventType.RINGING]]
        assert await states(world, claims) == ["ringing", "talking", "dialing", "ended", "talking"]
        assert (await world.told(heard.call_id))[1:] == [EventType.RINGING, EventType.ANSWERED]
        assert (await world.attempts(heard.call_id))[0]["ringing_at"] == now


class TestOfManyThatEnd:
    async def test_each_ends_as_it_did_and_costs_what_it_did(self, database: Database) -> None:
        world = await Purse(database).open(credits=100)
        again = RetryPolicy(count=1, busy_min=30)
        talked, charged, others, over, cut = claims = await dialled(world, 5, max_length_s=120)
        (busy,) = await dialled(world, 1, retry=again, max_length_s=120)
        (undone,) = await claimed(world, 1, max_length_s=120)
        said = Said(world.clock(), Turn(Speaker.AGENT, "Hello.", 0, 900))
        await all_recorded(world, [Report(one, 0, (Answered(world.clock()), said)) for one in (talked, charged, cut)])
        await world.finished(over, a_result(Outcome.BUSY, at=world.clock()))
        bill = Bill(world.workspace_id, charged.key, MICROS, world.clock())
        await database.write(charge, [bill])
        world.clock.forward(seconds=61)
        now = world.clock()

        ended = await all_finished(
            world,
            [
                End(over, world.talk_of(minutes=1)),
                End(busy, a_result(Outcome.BUSY, at=now)),
                End(undone, Result(now, Outcome.WORKER_LOST)),
                End(talked, world.talk_of(minutes=1)),
                End(replace(others, holder="somebody#else"), world.talk_of(minutes=1)),
                End(charged, world.talk_of(minutes=2)),
                End(cut, Result(now, Outcome.WORKER_LOST)),
                End(talked, world.talk_of(minutes=2)),
            ],
        )

        assert [one and one.ending.state.value for one in ended] == [
            *[None, "retry", "registered", "completed"],
            *[None, "completed", "error", None],
        ]
        assert [(await world.row(one.call_id))["state"] for one in claims] == [
            *["completed", "completed", "active", "failed", "error"]
        ]
        waiting = await world.row(undone.call_id)
        assert (waiting["attempt"], await world.attempts(undone.call_id)) == (0, [])
        assert [await world.cost(one.call_id) for one in (talked, charged, cut)] == [MICROS, 0, 2 * MICROS]
        assert [turn["text"] for turn in (await world.attempts(cut.call_id))[0]["turns"]] == ["Hello."]
        assert (await world.told(talked.call_id))[3:] == [*[EventType.ATTEMPT_ENDED, EventType.CALL_ENDED]]
        await world.analysed()
        for one in (talked, charged, cut, over):
            assert (await world.told(one.call_id)).count(EventType.PROCESSED) == 1
        for one in (busy, undone):
            assert EventType.PROCESSED not in await world.told(one.call_id)
        assert await world.funds() == Funds(97 * MICROS, 2 * MICROS)

    async def test_one_that_cannot_be_written_keeps_no_other_from_it(self, world: World) -> None:
        claims = await dialled(world, 3)
        await _make_unreadable(world, claims[1])
        async with _recording(world) as recorder:
            desk = Desk(always(Outcome.BUSY, world.clock), recorder, recorder, ground(), world.clock)

            done = [recorder.submit(desk.finish, End(one, a_result(Outcome.BUSY))) for one in claims]
            answers = await asyncio.gather(*done, return_exceptions=True)

        assert [isinstance(answer, Finished) for answer in answers] == [True, False, True]
        assert await states(world, claims) == ["ended", "dialing", "ended"]

    async def test_things_of_several_kinds_are_answered_to_whoever_asked(self, world: World) -> None:
        first, second = await claimed(world, 2)
        await all_asked(world, [second])
        async with _recording(world) as recorder:
            desk = Desk(always(Outcome.BUSY, world.clock), recorder, recorder, ground(), world.clock)
            asked = recorder.submit(desk.ask, first)
            ended = recorder.submit(desk.finish, End(second, a_result(Outcome.BUSY)))

            order, finished = await asyncio.gather(asked, ended)

        assert isinstance(order, Order)
        assert order.dial.call_id == first.call_id
        assert isinstance(finished, Finished)
        assert await states(world, [first, second]) == ["dialing", "ended"]


class TestWhatIsPatient:
    async def test_waits_for_company(self, world: World) -> None:
        patient, hasty = await dialled(world, 2)
        async with _recording(world, patience_s=3600) as recorder:
            desk = Desk(always(Outcome.BUSY, world.clock), recorder, recorder, ground(), world.clock)
            waits = recorder.submit(desk.finish, End(patient, a_result(Outcome.BUSY)), patient=True)
            await world.db.ping()
            waited = not waits.done()

            both = await asyncio.gather(waits, recorder.submit(desk.finish, End(hasty, a_result(Outcome.BUSY))))

        assert waited
        assert all(isinstance(one, Finished) for one in both)

    async def test_waits_no_longer_once_somebody_has_answered(self, world: World) -> None:
        (one,) = await dialled(world, 1)
        async with _recording(world, patience_s=3600) as recorder:
            notes = Notes(one, recorder)
            notes.take(Ringing(world.clock()))
            await world.db.ping()
            before = await states(world, [one])

            notes.take(Answered(world.clock()))
            await notes.written()

        assert (before, await states(world, [one])) == (["dialing"], ["talking"])


class TestWhatABatchCosts:
    """Statements, however many attempts are written with them."""

    @pytest.mark.parametrize(("step", "most"), [("ask", 6), ("note", 5), ("finish", 13)])
    async def test_does_not_grow_with_it(self, database: Database, step: str, most: int) -> None:
        costs = [await _statements_of(step, await Purse(database).open(credits=100), each) for each in (1, 4, 11)]

        assert costs[0] == costs[1] == costs[2] <= most


async def _statements_of(step: str, world: Purse, each: int) -> int:
    """What ``each`` attempts of every sort take of one step."""
    await world.has_rules(Rules(CallingPolicy(suppression=True, per_day=5, per_week=9), price=ONE_A_MINUTE))
    recorder = attempt_writer(world.db)
    desk = Desk(always(Outcome.BUSY, world.clock), recorder, recorder, ground(), world.clock)
    undone, asked, talking, cut = [await claimed(world, each, max_length_s=60) for _ in range(4)]
    if step == "ask":
        return await _statements(world, desk.ask, undone + asked)
    await all_asked(world, asked + talking + cut)
    now = world.clock()
    if step == "note":
        reports = [Report(one, 0, (Ringing(now), Answered(now))) for one in talking]
        reports += [Report(one, 0, (Ringing(now),)) for one in cut]
        return await _statements(world, _noting, reports)
    await all_recorded(world, [Report(one, 0, (Answered(now),)) for one in talking + cut])
    world.clock.forward(seconds=1)
    ends = [End(one, Result(now, Outcome.WORKER_LOST)) for one in undone]
    ends += [End(one, a_result(Outcome.BUSY)) for one in asked]
    ends += [End(one, a_result(talk=a_talk(recording_ms=5))) for one in talking]
    ends += [End(one, Result(world.clock(), Outcome.WORKER_LOST)) for one in cut]
    return await _statements(world, desk.finish, ends)


def _noting(conn: Connection, reports: Sequence[Report], facts: list[Event]) -> list[int]:
    for told in record_all(conn, reports):
        facts += told or ()
    return [len(report.progress) for report in reports]


async def _statements(world: World, kind: Kind, items: Sequence[Any]) -> int:
    """Executed in a transaction as the recorder makes it."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    def work(conn: Connection) -> None:
        facts: list[Event] = []
        sa.event.listen(conn, "before_cursor_execute", note)
        answers = kind(conn, items, facts)
        append(conn, facts)
        sa.event.remove(conn, "before_cursor_execute", note)
        assert all(answers)

    await world.db.write(work)
    return count


@asynccontextmanager
async def _recording(world: World, patience_s: float = 0.0) -> AsyncIterator[Batcher]:
    """What is submitted before the first wait is written together."""
    recorder = attempt_writer(world.db, patience_s)
    running = asyncio.create_task(recorder.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield recorder
    finally:
        running.cancel()


async def _make_unreadable(world: World, one: Claim) -> None:
    table = schema.call_requests
    await world.run(table.update().where(table.c.call_id == one.call_id).values(plan={}))


def _a_dial_before(call_id: str, like: Claim, world: World) -> dict[str, Any]:
    about = {"workspace_id": like.workspace_id, "to_number": like.to_number, "from_number": like.from_number}
    about |= {"subscriber": canonical(like.to_number)}
    held = {"number_id": like.number_id, "trunk_id": like.trunk_id, "version_id": like.version_id, "worker": "gone"}
    then = world.clock()
    return {"call_id": call_id, "number": 1, "state": "ended", "claimed_at": then, "dialed_at": then, **about, **held}
