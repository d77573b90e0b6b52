"""Fifty calls at once on the simulated network: each ends as its callee wants it, and nothing is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from platform_builders import Platform, a_platform, eventually

pytestmark = pytest.mark.timeout(300)
BUSY, NOBODY, DECLINES, INVALID = "+15550002001", "+15550002002", "+15550002003", "+15550002004"
CONGESTION, HANGS_UP, SILENT, EARLY = "+15550002005", "+15550003001", "+15550003002", "+15550003004"
EXPECTED = {
    BUSY: {("failed", "busy")},
    NOBODY: {("failed", "no_answer")},
    DECLINES: {("failed", "declined")},
    INVALID: {("failed", "invalid_number")},
    CONGESTION: {("failed", "trunk_failure")},
    HANGS_UP: {("completed", "talked"), ("completed", "callee_left")},
    SILENT: {("completed", "idle")},
    EARLY: {("completed", "talked")},
}
TALKATIVE = "A first sentence that goes on for a good while so that somebody can hang up in the middle of it. And more."


class TestFiftyCallsAtOnce:
    async def test_end_as_they_should_and_leave_nothing_behind(self, tmp_path: Path) -> None:
        async with a_platform(tmp_path / "home", SPEECH="scripted", RING_TIMEOUT_S="15") as platform:
            says = await platform.add_agent("says", f'{{say: "{TALKATIVE}", hang_up: true}}')
            asks = await platform.add_agent("asks", "{ask: Are you well, go: only}")
            await self._warm_up(platform, says)
            before = _resources(platform)

            numbers = [list(EXPECTED)[place % len(EXPECTED)] for place in range(50)]
            calls = await asyncio.gather(
                *(platform.place(number, **_terms(asks if number == SILENT else says)) for number in numbers)
            )
            ended = await asyncio.gather(*(platform.ended(call) for call in calls))
            await eventually(lambda: _resources(platform)[0] == before[0], "the children are the same as before")

            wrong = [
                (number, call["call_status"], call["end_reason"])
                for number, call in zip(numbers, ended, strict=True)
                if (call["call_status"], call["end_reason"]) not in EXPECTED[number]
            ]
            assert not wrong
            stories = await asyncio.gather(*(platform.whole_story(call) for call in calls))
            assert all(story.count("processed") == 1 for story in stories)
            await eventually(lambda: _resources(platform)[1] <= before[1] + 3, "sockets and files are closed again")
            again = await platform.ended(await platform.place(EARLY, **_terms(says)))
            assert again["call_status"] == "completed"

    async def _warm_up(self, platform: Platform, agent: str) -> None:
        """What is opened once and kept is open before anything is counted."""
        await platform.ended(await platform.place(EARLY, **_terms(agent)))


def _terms(agent_id: str) -> dict[str, object]:
    return {"agent_id": agent_id, "call_config": {"idle_timeout_warning": 3, "idle_timeout_end": 4}}


def _resources(platform: Platform) -> tuple[set[int], int]:
    """The child processes, and how many files and sockets they hold open together."""
    children = platform.children()
    return {child.pid for child in children}, sum(child.num_fds() for child in children)
