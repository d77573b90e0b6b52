"""A node that is asked to stop: no new dials, talks may end, the rest is handed over, and nothing is rung twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from torture.arena import STOPS_IN_S, Arena, an_arena
from torture.blows import Blow, Victim
from torture.verdict import records_of

pytestmark = pytest.mark.timeout(240)
ABOUT_FOUR_SECONDS = "This is said while the node is asked to stop."
ABOUT_TEN_SECONDS = f"{ABOUT_FOUR_SECONDS} It goes on for longer than it may, so its end is never heard."


async def stopped_in_a_talk(arena: Arena, text: str) -> tuple[str, set[str]]:
    """Stop the only node while its agent speaks and other calls wait; the talk's number and theirs."""
    agent = await arena.nodes[0].add_agent("says-it", f'{{say: "{text}", hang_up: true}}')
    begun = asyncio.create_task(arena.reached("said"))
    await arena.place(1, agent)
    number = await begun
    process = arena.nodes[0].process
    assert process is not None
    process.terminate()
    waiting = await arena.place(2)
    async with asyncio.timeout(STOPS_IN_S):
        await process.wait()
    return number, waiting


class TestANodeAskedToStop:
    async def test_lets_its_talks_end_and_leaves_what_waits_to_its_successor(self, tmp_path: Path) -> None:
        async with an_arena("sqlite", 1, tmp_path, DRAIN_S="20") as arena:
            number, waiting = await stopped_in_a_talk(arena, ABOUT_FOUR_SECONDS)

            meanwhile = await arena.database.read(records_of, waiting)
            rung_meanwhile = sum(arena.peer.dialogs[one] for one in waiting)
            await arena.ready()
            details = await arena.details(number)

            assert (details["call_status"], details["transcript"][0]["bot"]) == ("completed", ABOUT_FOUR_SECONDS)
            assert {one.state for one in meanwhile.values()} == {"registered"}
            assert rung_meanwhile == 0
            assert await arena.verdict({number, *waiting})

    async def test_cuts_a_talk_that_lasts_too_long_and_keeps_what_was_said(self, tmp_path: Path) -> None:
        async with an_arena("sqlite", 1, tmp_path, DRAIN_S="1") as arena:
            number, waiting = await stopped_in_a_talk(arena, ABOUT_TEN_SECONDS)

            await arena.ready()
            details = await arena.details(number)

            assert (details["call_status"], details["end_reason"]) == ("error", "worker_lost")
            said = details["transcript"][0]["bot"]
            assert said
            assert said != ABOUT_TEN_SECONDS
            assert arena.peer.dialogs[number] == 1
            assert await arena.verdict({number, *waiting})

    @pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
    async def test_gives_back_what_it_has_claimed_but_not_asked_for(self, tmp_path: Path, engine: str) -> None:
        async with an_arena(engine, 1, tmp_path, DRAIN_S="20") as arena:
            numbers, struck = await arena.struck(Blow("claimed", Victim.STOPPED_NODE), calls=2)
            process = arena.node_of(struck.node).process
            assert process is not None
            async with asyncio.timeout(STOPS_IN_S):
                await process.wait()

            left = await arena.database.read(records_of, numbers)
            rung = sum(arena.peer.dialogs[number] for number in numbers)
            await arena.ready()

            assert {(one.state, one.dialled, one.alive) for one in left.values()} == {("registered", 0, 0)}
            assert rung == 0
            assert await arena.verdict(numbers)
