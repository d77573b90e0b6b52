"""Who is alive, and that the dead stay dead."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dialer_builders import World
from outdial.store.calls import leases
from outdial.store.database import Database


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


class TestALease:
    async def test_lives_while_it_is_renewed(self, world: World) -> None:
        holder = await world.holder()

        for _ in range(5):
            world.clock.forward(seconds=20)
            assert await world.renewed(holder)

        assert await world.is_live(holder)

    async def test_that_ran_out_is_never_revived(self, world: World) -> None:
        holder = await world.holder()
        await world.lease_ran_out(holder)

        assert not await world.renewed(holder)

        assert not await world.is_live(holder)

    async def test_that_was_given_back_is_gone(self, world: World) -> None:
        holder = await world.holder()

        await world.db.write(leases.release, holder)

        assert not await world.is_live(holder)

    async def test_of_the_same_name_is_of_another_generation(self, world: World) -> None:
        assert await world.holder("node") != await world.holder("node")


class TestDeclaringDead:
    async def test_ends_all_leases_of_that_very_name(self, world: World) -> None:
        old, older = await world.holder("node"), await world.holder("node")
        neighbour = await world.holder("node-2")

        assert await world.db.write(leases.declare_dead, "node") == 2

        assert [await world.is_live(one) for one in (old, older, neighbour)] == [False, False, True]


class TestForgetting:
    async def test_drops_the_long_dead_but_none_that_still_has_an_attempt(self, world: World) -> None:
        await world.set_up()
        await world.call()
        busy, idle, alive = await world.holder("busy"), await world.holder("idle"), await world.holder("alive")
        await world.claimed(busy)
        await world.lease_ran_out(busy)
        await world.lease_ran_out(idle)

        await world.db.write(leases.forget_dead, world.clock())

        assert set(await world.holders()) == {busy, alive}


class TestTheClockOfLeases:
    async def test_is_the_servers_own_where_hosts_share_one(self, world: World) -> None:
        holder = await world.holder()
        world.clock.forward(days=1)

        # A host whose clock runs a day ahead does not believe its neighbours dead on PostgreSQL.
        assert await world.is_live(holder) == (world.db.url.get_backend_name() == "postgresql")

    async def test_of_sqlite_is_the_one_handed_in(self, world: World) -> None:
        holder = await world.holder()
        ended = world.clock() + timedelta(seconds=30)

        assert await world.lives(holder, ended) == (world.db.url.get_backend_name() == "postgresql")
