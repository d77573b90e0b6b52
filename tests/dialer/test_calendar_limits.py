"""How much at once: never more than any limit allows, whoever claims, and never less for somebody else's backlog."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from attempt_builders import NOON, a_result
from dialer_builders import World
from outdial.carriers.sip.outcomes import not_reached
from outdial.domain.attempt import Answered, Ringing
from outdial.domain.health import FAILURES_IN_A_ROW, REST
from outdial.domain.outcome import NotReached, Outcome
from outdial.domain.request import RetryPolicy
from outdial.domain.rules import Price, Rules
from outdial.store.calls.calendar import Claim, glance
from outdial.store.database import Database
from outdial.store.policy.credits import free_micros
from outdial.store.schema import balances

PER_MINUTE = Price(per_minute_micros=1_000_000)


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def is_ready(world: World) -> bool:
    return await world.db.read(lambda conn: bool(glance(conn, world.clock(), world.clock()).lanes))


async def claim_until_nothing_is_left(world: World, holders: int = 3) -> list[Claim]:
    """Several at once, again and again."""
    names = [await world.holder(f"node-{index}") for index in range(holders)]
    taken: list[Claim] = []
    while batch := [
        one for claims in await asyncio.gather(*(world.claims(name, 7) for name in names)) for one in claims
    ]:
        taken += batch
    return taken


class TestCallsAtTheSameMoment:
    async def test_of_a_workspace_are_never_more_than_its_limit(self, world: World) -> None:
        await world.has_rules(Rules(max_calls=5))
        for index in range(20):
            await world.call(lane=f"list-{index % 3}")

        claims = await claim_until_nothing_is_left(world)

        assert len(claims) == 5
        assert not await is_ready(world)

    async def test_of_a_number_are_never_more_than_its_limit(self, world: World) -> None:
        second = await world.number()
        await world.number_takes(2, world.number_ids[0])
        await world.number_takes(3, second)
        for index in range(20):
            await world.call(lane=f"list-{index % 3}")

        claims = await claim_until_nothing_is_left(world)

        assert Counter(one.number_id for one in claims) == {world.number_ids[0]: 2, second: 3}

    async def test_of_a_trunk_are_never_more_than_its_limit(self, world: World) -> None:
        other = await world.trunk()
        number = await world.number(trunk_id=other)
        await world.trunk_takes(max_calls=4)
        await world.trunk_takes(max_calls=1, trunk_id=other)
        for number_id in (world.number_ids[0], number):
            for _ in range(9):
                await world.call(number_ids=[number_id])

        claims = await claim_until_nothing_is_left(world)

        assert Counter(one.trunk_id for one in claims) == {world.trunk_id: 4, other: 1}

    async def test_keep_to_every_limit_at_once(self, world: World) -> None:
        tight, loose = world.number_ids[0], await world.number()
        elsewhere = await world.number(trunk_id=await world.trunk())
        await world.has_rules(Rules(max_calls=7))
        await world.number_takes(2, tight)
        await world.trunk_takes(max_calls=5)
        for number_ids in ([tight], [loose], [elsewhere], [tight, loose, elsewhere]):
            for _ in range(8):
                await world.call(number_ids=number_ids)

        claims = await claim_until_nothing_is_left(world)

        numbers, trunks = Counter(one.number_id for one in claims), Counter(one.trunk_id for one in claims)
        assert len(claims) == 7
        assert numbers[tight] <= 2
        assert trunks[world.trunk_id] <= 5

    async def test_are_counted_from_what_lives_so_that_an_end_makes_room(self, world: World) -> None:
        await world.number_takes(1)
        await world.call()
        await world.call()
        holder = await world.holder()
        (first,) = await world.claims(holder)
        assert not await is_ready(world)

        await world.finished(first, a_result(at=world.clock()))

        assert await is_ready(world)
        assert len(await world.claims(holder)) == 1

    async def test_beyond_the_limit_stay_due_as_they_are(self, world: World) -> None:
        await world.number_takes(0)
        call_id = await world.call()

        assert await world.claims(await world.holder()) == []

        row = await world.row(call_id)
        assert (row["state"], row["attempt"], row["due_at"]) == ("registered", 0, NOON)


class TestCallsASecond:
    async def test_of_a_trunk_are_never_more_than_agreed_in_any_second(self, world: World) -> None:
        await world.trunk_takes(calls_per_s=8)
        for index in range(60):
            await world.call(lane=f"list-{index % 4}")
        holders = [await world.holder(f"node-{index}") for index in range(3)]

        claims: list[Claim] = []
        for _ in range(40):
            claims += [one for batch in await asyncio.gather(*map(world.claims, holders)) for one in batch]
            world.clock.forward(seconds=0.07)

        moments = sorted(one.claimed_at for one in claims)
        for within, most in ((1.0, 8), (0.25, 2)):
            span = timedelta(seconds=within)
            assert max(sum(begin <= at < begin + span for at in moments) for begin in moments) == most

    async def test_below_one_are_one_each_so_many_seconds(self, world: World) -> None:
        await world.trunk_takes(calls_per_s=0.5)
        for _ in range(3):
            await world.call()
        holder = await world.holder()

        taken = []
        for _ in range(5):
            taken.append(len(await world.claims(holder)))
            world.clock.forward(seconds=1)

        assert taken == [1, 0, 1, 0, 1]

    async def test_used_up_say_when_to_look_again(self, world: World) -> None:
        await world.trunk_takes(calls_per_s=4)
        for _ in range(2):
            await world.call()
        assert len(await world.claims(await world.holder())) == 1

        seen = await world.db.read(glance, world.clock(), world.clock() + timedelta(seconds=1))

        assert (seen.lanes, seen.next_due) == ([], world.clock() + timedelta(seconds=0.25))


class TestATrunkThatFailsAgainAndAgain:
    async def test_rests_and_then_is_tried_by_one_call_at_a_time(self, world: World) -> None:
        await failing(world, FAILURES_IN_A_ROW)
        for _ in range(3):
            await world.call()

        assert await world.claims(await world.holder()) == []
        world.clock.forward(seconds=REST.total_seconds())
        holder = await world.holder()
        (probe,) = await world.claims(holder)
        assert await world.claims(holder) == []

        await world.asked(probe)
        await world.recorded(probe, Ringing(world.clock()))
        assert len(await world.claims(holder)) == 2

    async def test_rests_again_when_the_probe_fails(self, world: World) -> None:
        await failing(world, FAILURES_IN_A_ROW)
        world.clock.forward(seconds=REST.total_seconds())

        await failing(world, 1)
        await world.call()

        assert await world.claims(await world.holder()) == []
        seen = await world.db.read(glance, world.clock(), world.clock() + REST)
        assert (seen.lanes, seen.next_due) == ([], world.clock() + REST)

    async def test_rests_on_however_long_it_stays_broken(self, world: World) -> None:
        await failing(world, FAILURES_IN_A_ROW)

        for _ in range(20):
            world.clock.forward(seconds=REST.total_seconds() + 15)
            await failing(world, 1)
            await world.call()
            assert await world.claims(await world.holder()) == []

    async def test_is_not_given_up_for_four_failures_or_for_calls_that_never_left(self, world: World) -> None:
        await failing(world, FAILURES_IN_A_ROW - 1)
        await failing(world, FAILURES_IN_A_ROW, asked=False)
        await world.call()

        assert len(await world.claims(await world.holder())) == 1

    @pytest.mark.parametrize(
        ("sip_code", "q850"),
        [
            *((403, cause) for cause in (50, 54, 55, 57, 65, 87)),
            *((488, cause) for cause in (50, 57, 65, 70, 79, 88)),
            *((503, 57), (500, 88), (403, 1), (403, 21), (503, 28)),
            *((code, 0) for code in (404, 410, 484, 485, 486, 600, 603, 604, 607, 608)),
        ],
    )
    async def test_because_of_numbers_that_cannot_be_rung_goes_on(self, world: World, sip_code: int, q850: int) -> None:
        await failing(world, FAILURES_IN_A_ROW + 1, refused=not_reached(sip_code, q850))
        await world.call()

        assert len(await world.claims(await world.holder())) == 1

    @pytest.mark.parametrize(
        ("sip_code", "q850"),
        [*((code, 0) for code in (401, 403, 407, 488, 500, 503)), (503, 34), (480, 38), (403, 16)],
    )
    async def test_of_its_own_rests(self, world: World, sip_code: int, q850: int) -> None:
        await failing(world, FAILURES_IN_A_ROW, refused=not_reached(sip_code, q850))
        await world.call()

        assert await world.claims(await world.holder()) == []

    async def test_rests_for_its_own_failures_whatever_numbers_came_between(self, world: World) -> None:
        for _ in range(FAILURES_IN_A_ROW):
            await failing(world, 2, refused=not_reached(403, 57))
            await failing(world, 1)
        await world.call()

        assert await world.claims(await world.holder()) == []

    async def test_costs_the_other_trunks_nothing(self, world: World) -> None:
        await failing(world, FAILURES_IN_A_ROW)
        elsewhere = await world.number(trunk_id=await world.trunk())
        await world.call()

        (one,) = await world.claims(await world.holder())

        assert one.number_id == elsewhere


class TestCredits:
    async def test_are_held_for_each_dial_and_never_for_more_than_there_is(self, world: World) -> None:
        await world.has_rules(Rules(price=PER_MINUTE))
        await world.insert(balances, workspace_id=world.workspace_id, micros=9_500_000)
        for _ in range(6):
            await world.call(max_length_s=240)

        claims = await claim_until_nothing_is_left(world)

        held = [(await world.attempts(one.call_id))[0] for one in claims]
        assert sorted((row["hold"], row["talk_limit_s"]) for row in held) == [
            (1_000_000, 60),
            (4_000_000, None),
            (4_000_000, None),
        ]
        assert await world.db.read(free_micros, [world.workspace_id]) == {world.workspace_id: 500_000}
        assert not await is_ready(world)

    async def test_too_few_for_one_call_may_do_for_a_shorter_one(self, world: World) -> None:
        await world.has_rules(Rules(price=Price(per_minute_micros=60_000, pulse_s=1)))
        await world.insert(balances, workspace_id=world.workspace_id, micros=30_000)
        await world.call(max_length_s=240, lane="long")
        assert not await is_ready(world)
        short = await world.call(max_length_s=20, lane="short")

        assert await is_ready(world)
        assert [one.call_id for one in await world.claims(await world.holder())] == [short]


class TestRotationUnderLimits:
    async def test_passes_over_a_number_without_room(self, world: World) -> None:
        rested, busy = world.number_ids[0], await world.number(max_calls=0)
        await world.number_used(rested)
        await world.call(number_ids=[rested, busy])

        (one,) = await world.claims(await world.holder())

        assert one.number_id == rested

    async def test_takes_a_number_tried_before_when_the_fresh_one_has_no_room(self, world: World) -> None:
        fresh = await world.number(max_calls=0)
        call_id = await world.call(number_ids=[world.number_ids[0], fresh], retry=RetryPolicy(count=1, busy_min=0))
        holder = await world.holder()
        (first,) = await world.claims(holder)
        await world.finished(first, a_result(Outcome.BUSY, at=world.clock()))

        (second,) = await world.claims(holder)

        assert second.key == (call_id, 2)
        assert second.number_id == first.number_id

    async def test_passes_over_a_number_whose_trunk_takes_no_more_this_second(self, world: World) -> None:
        elsewhere = await world.number(trunk_id=await world.trunk())
        await world.trunk_takes(calls_per_s=1)
        for _ in range(3):
            await world.call()

        claims = await world.claims(await world.holder())

        used = Counter(one.number_id for one in claims)
        assert used == {world.number_ids[0]: 1, elsewhere: 2}

    async def test_of_a_set_waits_in_one_line_in_whatever_order_it_is_named(self, world: World) -> None:
        second = await world.number()
        await world.call(number_ids=[world.number_ids[0], second])
        await world.call(number_ids=[second, world.number_ids[0]])

        claims = await world.claims(await world.holder())

        lanes = {(await world.row(one.call_id))["lane"] for one in claims}
        assert len(claims) == 2
        assert len(lanes) == 1


class TestABacklogAtItsLimit:
    async def test_keeps_nobody_else_waiting_and_is_not_even_looked_at(self, world: World) -> None:
        neighbour = await World(world.db, world.clock).set_up()
        await world.has_rules(Rules(max_calls=1))
        await world.call(due_at=NOON - timedelta(hours=2))
        holder = await world.holder()
        assert len(await world.claims(holder)) == 1
        await world.backlog(100_000, due_at=NOON - timedelta(hours=1))
        assert not await is_ready(world)

        theirs = await neighbour.call()

        assert await is_ready(world)
        assert [one.call_id for one in await world.claims(holder)] == [theirs]
        assert not await is_ready(world)

    async def test_shares_every_claim_with_single_calls_and_with_neighbours(self, world: World) -> None:
        neighbour = await World(world.db, world.clock).set_up()
        for _ in range(30):
            await world.call(lane="list", due_at=NOON - timedelta(hours=1))
        single, theirs = await world.call(), await neighbour.call()

        claims = await world.claims(await world.holder(), room=4)

        assert {single, theirs} <= {one.call_id for one in claims}


async def failing(world: World, times: int, *, asked: bool = True, refused: NotReached | None = None) -> None:
    """So many calls that the carrier refuses, one after the other."""
    holder = await world.holder("failing")
    for _ in range(times):
        await world.call()
        (one,) = await world.claims(holder, room=1)
        if asked:
            await world.asked(one)
        world.clock.forward(seconds=0.1)
        why = refused or NotReached(Outcome.TRUNK_FAILED)
        result = replace(a_result(why.outcome, at=world.clock()), sip_code=why.sip_code, q850=why.q850)
        await world.finished(one, result)


async def test_an_answered_probe_mends_a_trunk_while_it_talks(world: World) -> None:
    await failing(world, FAILURES_IN_A_ROW)
    world.clock.forward(seconds=REST.total_seconds())
    holder = await world.holder()
    await world.call()
    (probe,) = await world.claims(holder)
    await world.asked(probe)
    await world.recorded(probe, Answered(world.clock()))
    for _ in range(5):
        await world.call()

    assert len(await world.claims(holder)) == 5
