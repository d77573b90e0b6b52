"""Several nodes on one database, each with a home of its own, and what becomes of calls when one falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.commands.change_call import hang_up
from outdial.domain.clock import utc_now
from outdial.store import schema
from store_builders import server_url
from torn_wire import Wire, a_wire
from torture.arena import LIMIT, Arena, an_arena, until
from torture.blows import Blow, Victim

pytestmark = pytest.mark.timeout(300)
LONG = "This is a sentence that takes a good while to say so that much can happen in the middle of it."
"""About eight seconds."""


@asynccontextmanager
async def wires(how_many: int) -> AsyncIterator[list[Wire]]:
    """Each leads to the PostgreSQL server of the tests."""
    server = sa.make_url(server_url())
    address = server.host or "127.0.0.1", server.port or 5432
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(a_wire(*address)) for _ in range(how_many)]


async def a_long_talk(arena: Arena) -> tuple[str, int]:
    """The number of a call in which the agent has begun to speak, and which node has it in hand."""
    agent = await arena.nodes[0].add_agent("long", f'{{say: "{LONG}", hang_up: true}}')
    begun = asyncio.create_task(arena.reached("said"))
    await arena.place(1, agent)
    number = await begun
    return number, arena.nodes.index(arena.node_of(arena.owner(number)))


async def told(arena: Arena, number: str) -> list[dict[str, Any]]:
    return await arena.nodes[0].events(arena.call_id(number))


def forget_nothing(conn: Connection) -> None:
    """A transaction that writes, and changes nothing."""
    conn.execute(schema.cursors.delete().where(sa.false()))


class TestThreeMachines:
    async def test_keep_the_limits_together_and_survive_when_one_is_killed_and_one_cut_off(
        self, tmp_path: Path
    ) -> None:
        async with wires(3) as lines, an_arena("postgresql", 3, tmp_path, wires=[w.port for w in lines]) as arena:
            assert await arena.most_at_once() == LIMIT

            numbers, struck = await arena.struck(Blow("answered", Victim.TREE), calls=20)
            cut_off = lines[(arena.nodes.index(arena.node_of(struck.node)) + 1) % 3]
            cut_off.hang_up()
            with_one_left = await arena.verdict(numbers)
            cut_off.mend()
            await arena.recover(struck)

            assert with_one_left
            assert await arena.verdict(numbers)
            assert await arena.most_at_once() == LIMIT


class TestAMachineCutOffFromTheDatabase:
    @pytest.mark.parametrize("how", ["hang_up", "go_silent"])
    async def test_for_less_than_its_lease_talks_on_and_writes_it_all_down(self, tmp_path: Path, how: str) -> None:
        async with (
            wires(2) as lines,
            an_arena("postgresql", 2, tmp_path, wires=[w.port for w in lines], LEASE_S="15") as arena,
        ):
            number, owner = await a_long_talk(arena)

            ended = asyncio.create_task(arena.reached("ended"))
            getattr(lines[owner], how)()
            await ended
            lines[owner].mend()
            verdict = await arena.verdict({number})

            details = await arena.details(number)
            assert verdict
            assert (details["call_status"], details["transcript"][0]["bot"]) == ("completed", LONG)
            assert arena.peer.dialogs[number] == 1

    async def test_for_longer_is_given_up_but_nobody_is_rung_again_and_the_others_go_on(self, tmp_path: Path) -> None:
        async with (
            wires(2) as lines,
            an_arena("postgresql", 2, tmp_path, wires=[w.port for w in lines], LEASE_S="5") as arena,
        ):
            number, owner = await a_long_talk(arena)

            lines[owner].hang_up()
            given_up = await arena.verdict({number})
            others = await arena.verdict(await arena.place(4, node=1 - owner))
            await until(lambda: arena.peer.seen(number)[0].ended_at is not None, "the talk has ended by itself")
            lines[owner].mend()

            assert given_up
            assert others
            (end,) = [one for one in await told(arena, number) if one["type"] == "attempt_ended"]
            (seen,) = arena.peer.seen(number)
            assert end["data"]["outcome"] == "worker_lost"
            assert seen.ended_at is not None
            assert seen.ended_at > datetime.fromisoformat(end["at"]), "the talk was cut although both could hear"
            assert [one["type"] for one in await told(arena, number)].count("call_ended") == 1
            await arena.ready()
            assert await arena.verdict(await arena.place(4))


class TestAClaimerFrozenInTheMiddle:
    async def test_is_shown_the_door_and_the_others_go_on(self, tmp_path: Path) -> None:
        async with an_arena("postgresql", 2, tmp_path) as arena:
            numbers, struck = await arena.struck(Blow("claiming", Victim.FROZEN_TREE))
            before_it_wakes = await arena.verdict(numbers)
            struck.wake()

            assert before_it_wakes
            assert await arena.verdict(numbers)
            assert await arena.verdict(await arena.place(4))

    async def test_on_sqlite_holds_the_others_up_until_it_is_woken(self, tmp_path: Path) -> None:
        """One host: whoever freezes a process there can wake it. Nothing is lost meanwhile."""
        async with an_arena("sqlite", 2, tmp_path) as arena:
            # One: a second could not even be accepted once the first is being claimed.
            numbers, struck = await arena.struck(Blow("claiming", Victim.FROZEN_TREE), calls=1)
            writing = asyncio.create_task(arena.database.write(forget_nothing))
            held_up, _ = await asyncio.wait([writing], timeout=2)
            struck.wake()

            assert not held_up
            await writing
            assert await arena.verdict(numbers)


class TestAWish:
    async def test_written_down_by_one_machine_is_heard_by_the_one_that_talks(self, tmp_path: Path) -> None:
        async with an_arena("postgresql", 2, tmp_path, LEASE_S="15") as arena:
            number, _ = await a_long_talk(arena)
            over = asyncio.create_task(arena.reached("ended"))

            # This process is a third machine: it knows the database and nobody else.
            await hang_up(arena.database, arena.nodes[0].mine["workspace_id"], arena.call_id(number), now=utc_now)
            async with asyncio.timeout(4):
                assert await over == number
            assert await arena.verdict({number})

            details = await arena.details(number)
            assert details["call_status"] == "completed"
            assert LONG not in [turn.get("bot") for turn in details["transcript"]]


class TestANodeWithoutMediaWorkers:
    async def test_takes_calls_that_others_dial(self, tmp_path: Path) -> None:
        async with an_arena("postgresql", 1, tmp_path) as arena:
            front = await arena.join(tmp_path, MEDIA_WORKERS="0")

            async with front.client() as http:
                health = (await http.get("/health")).json()
            numbers = await arena.place(2, node=1)

            assert health["parts"]["media_workers"] == "off"
            assert front.children() == []
            assert await arena.verdict(numbers)
            await until(lambda: len(arena.endpoint.last) == 2, "both calls are reported")
