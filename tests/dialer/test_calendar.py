"""What is due, whose it becomes, and from which number it is called."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta

import pytest

from attempt_builders import NOON, a_result
from dialer_builders import World
from outdial.domain.ids import call_sid
from outdial.domain.outcome import Outcome
from outdial.domain.request import RetryPolicy, Window
from outdial.store.database import Database


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


class TestAClaim:
    async def test_writes_the_intent_before_anything_is_dialled(self, world: World) -> None:
        call_id = await world.call()
        holder = await world.holder()

        (one,) = await world.claims(holder)

        row, (attempt,) = await world.row(call_id), await world.attempts(call_id)
        assert (row["state"], row["attempt"], row["worker"]) == ("active", 1, holder)
        assert (attempt["state"], attempt["worker"], attempt["dialed_at"]) == ("claimed", holder, None)
        assert attempt["sid"] == call_sid(call_id, 1)
        assert one.key == (call_id, 1)

    async def test_leaves_what_is_not_due_and_what_is_taken(self, world: World) -> None:
        await world.call(due_at=NOON + timedelta(seconds=1))
        due = await world.call(due_at=NOON)
        holder = await world.holder()

        first, second = await world.claims(holder), await world.claims(holder)

        assert [one.call_id for one in first] == [due]
        assert second == []

    async def test_never_exceeds_the_room(self, world: World) -> None:
        for index in range(7):
            await world.call(lane=f"lane-{index % 3}")
        holder = await world.holder()

        sizes = [len(await world.claims(holder, room)) for room in (0, 4, 4)]

        assert sizes == [0, 4, 3]

    async def test_shares_its_room_among_the_lanes(self, world: World) -> None:
        for _ in range(20):
            await world.call(lane="campaign", due_at=NOON - timedelta(hours=1))
        single = await world.call(lane="single")

        claims = await world.claims(await world.holder(), room=4)

        assert single in {one.call_id for one in claims}

    async def test_takes_the_longest_due_of_a_lane_first(self, world: World) -> None:
        await world.call(due_at=NOON - timedelta(minutes=1))
        oldest = await world.call(due_at=NOON - timedelta(minutes=9))

        (one,) = await world.claims(await world.holder(), room=1)

        assert one.call_id == oldest

    async def test_is_refused_to_a_holder_whose_lease_ran_out(self, world: World) -> None:
        await world.call()
        holder = await world.holder()
        await world.lease_ran_out(holder)

        assert await world.claims(holder) == []

    async def test_made_by_several_at_once_gives_each_call_to_one(self, world: World) -> None:
        for index in range(30):
            await world.call(lane=f"lane-{index % 4}")
        holders = [await world.holder(f"node-{index}") for index in range(4)]

        claimed = await asyncio.gather(*(world.claims(holder, room=20) for holder in holders))

        ids = [one.call_id for claims in claimed for one in claims]
        assert len(ids) == len(set(ids)) == 30


class TestHoursAreLookedAtAgain:
    async def test_and_a_call_that_became_due_too_late_waits_for_the_next_opening(self, world: World) -> None:
        morning = Window(time(9, 0), time(10, 0), "UTC")
        call_id = await world.call(window=morning, due_at=NOON - timedelta(hours=3))

        assert await world.claims(await world.holder()) == []

        row = await world.row(call_id)
        tomorrow_at_nine = NOON.replace(hour=9) + timedelta(days=1)
        assert (row["state"], row["attempt"], row["due_at"]) == ("registered", 0, tomorrow_at_nine)

    async def test_and_a_call_whose_clock_nobody_knows_is_never_made(self, world: World) -> None:
        call_id = await world.call(window=Window(timezone="Mars/Olympus"))

        assert await world.claims(await world.holder()) == []

        row = await world.row(call_id)
        assert (row["state"], row["outcome"]) == ("cancelled", "policy_blocked")
        assert [kind.value for kind in await world.told(call_id)] == ["call_ended", "processed"]


class TestTheCallerNumber:
    async def test_is_the_one_that_rested_longest(self, world: World) -> None:
        await world.number()
        await world.call()
        await world.call()
        holder = await world.holder()

        (first,) = await world.claims(holder, room=1)
        world.clock.forward(seconds=1)
        (second,) = await world.claims(holder, room=1)
        await world.call()
        (third,) = await world.claims(holder, room=1)

        assert {first.number_id, second.number_id} == set(world.number_ids)
        assert third.number_id == first.number_id

    async def test_rotates_within_one_claim(self, world: World) -> None:
        await world.number()
        for _ in range(4):
            await world.call()

        claims = await world.claims(await world.holder())

        used = [one.number_id for one in claims]
        assert sorted(used.count(number_id) for number_id in world.number_ids) == [2, 2]

    async def test_of_a_second_dial_is_one_the_callee_has_not_seen(self, world: World) -> None:
        await world.number()
        call_id = await world.call(retry=RetryPolicy(count=1, busy_min=0))
        holder = await world.holder()
        (first,) = await world.claims(holder)
        await world.finished(first, a_result(Outcome.BUSY, at=world.clock()))
        # Now the other number was used more recently than the first.
        world.clock.forward(seconds=1)
        await world.number_used(next(one for one in world.number_ids if one != first.number_id))
        world.clock.forward(seconds=1)

        (second,) = await world.claims(holder)

        assert second.key == (call_id, 2)
        assert second.number_id != first.number_id

    async def test_is_never_a_spam_flagged_or_disabled_one_of_the_pool(self, world: World) -> None:
        pool_id = await world.pool()
        await world.number(pool_id=pool_id, spam=True)
        await world.number(pool_id=pool_id, outbound=False)
        usable = await world.number(pool_id=pool_id)
        await world.call(pool_id=pool_id)

        (one,) = await world.claims(await world.holder())

        assert one.number_id == usable

    async def test_that_is_missing_makes_the_call_wait_as_it_is(self, world: World) -> None:
        call_id = await world.call(pool_id=await world.pool())

        assert await world.claims(await world.holder()) == []

        row = await world.row(call_id)
        assert (row["state"], row["attempt"], row["due_at"]) == ("registered", 0, NOON)

    async def test_that_became_usable_is_used_at_once(self, world: World) -> None:
        pool_id = await world.pool()
        call_id = await world.call(pool_id=pool_id)
        holder = await world.holder()
        assert await world.claims(holder) == []

        usable = await world.number(pool_id=pool_id)

        (one,) = await world.claims(holder)
        assert (one.call_id, one.number_id) == (call_id, usable)
