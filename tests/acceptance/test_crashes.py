"""Processes are killed, not imagined to be: what is promised holds all the same."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from platform_builders import a_platform, eventually, free_tcp_port

pytestmark = pytest.mark.timeout(300)
STILL_S = 8.0
"""Longer than a node lets a media worker be silent; the operating system is what is stopped, no clock of ours."""
SILENT, EARLY = "+15550003002", "+15550003004"
LONG = {"call_config": {"idle_timeout_warning": 12, "idle_timeout_end": 15}}


class TestAMediaWorkerKilledInTheMiddleOfATalk:
    async def test_costs_its_own_calls_only(self, tmp_path: Path) -> None:
        async with a_platform(tmp_path / "home", SPEECH="scripted", MEDIA_WORKERS="2") as platform:
            # One call for each.
            await platform.workers_are_ready(2)
            asks = await platform.add_agent("asks", "{ask: Are you well, go: only}")
            says = await platform.add_agent("says", "{say: Goodbye., hang_up: true}")
            calls = [await platform.place(SILENT, agent_id=asks, **LONG) for _ in range(2)]
            await asyncio.gather(*(platform.talking(call) for call in calls))

            platform.children("bootstrap.media")[0].kill()
            assert await platform.is_up()
            ended = await asyncio.gather(*(platform.ended(call) for call in calls))

            assert sorted((one["call_status"], one["end_reason"]) for one in ended) == [
                ("completed", "idle"),
                ("error", "worker_lost"),
            ]
            lost = next(call for call, one in zip(calls, ended, strict=True) if one["call_status"] == "error")
            ending = next(event for event in await platform.events(lost) if event["type"] == "attempt_ended")
            assert "media worker" in ending["data"]["reason"]
            after = await platform.ended(await platform.place(EARLY, agent_id=says))
            assert after["call_status"] == "completed"


class TestANodeKilled:
    async def test_after_it_accepted_a_call_makes_it_when_it_is_back(self, tmp_path: Path) -> None:
        async with a_platform(tmp_path / "home", SPEECH="scripted") as platform:
            says = await platform.add_agent("says", "{say: Goodbye., hang_up: true}")
            soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
            window = {"call_time": {"call_start_time": "00:00", "call_end_time": "23:59", "scheduled_at": soon}}
            call = await platform.place(EARLY, agent_id=says, call_config=window)

            await platform.kill()
            await platform.start()
            details = await platform.ended(call)

            assert details["call_status"] == "completed"
            assert len(details["attempts"]) == 1

    async def test_in_the_middle_of_a_talk_ends_that_call_once_and_rings_nobody_again(self, tmp_path: Path) -> None:
        async with a_platform(tmp_path / "home", SPEECH="scripted") as platform:
            asks = await platform.add_agent("asks", "{ask: Are you well, go: only}")
            retry = {"call_retry_config": {"retry_count": 3, "retry_failed": 0}}
            call = await platform.place(SILENT, agent_id=asks, call_config=LONG["call_config"] | retry)
            await platform.talking(call)

            await platform.kill()
            await platform.start()
            details = await platform.ended(call)

            assert (details["call_status"], details["end_reason"]) == ("error", "worker_lost")
            assert len(details["attempts"]) == 1
            kinds = await platform.whole_story(call)
            assert kinds.count("call_ended") == kinds.count("processed") == 1


class TestANodeThatStandsStillWhileThreeCallsTalk:
    async def test_lets_all_of_them_complete_when_it_goes_on(self, tmp_path: Path) -> None:
        async with a_platform(tmp_path / "home", SPEECH="scripted") as platform:
            asks = await platform.add_agent("asks", "{ask: Are you well, go: only}")
            calls = [await platform.place(SILENT, agent_id=asks, **LONG) for _ in range(3)]
            await asyncio.gather(*(platform.talking(call) for call in calls))
            worker = platform.children("bootstrap.media")[0].pid

            assert platform.process is not None
            platform.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STILL_S)
            platform.process.send_signal(signal.SIGCONT)
            ended = await asyncio.gather(*(platform.ended(call) for call in calls))

            assert [(one["call_status"], one["end_reason"]) for one in ended] == [("completed", "idle")] * 3
            assert [child.pid for child in platform.children("bootstrap.media")] == [worker]


class TestACallback:
    async def test_reaches_a_receiver_that_was_down_and_a_node_that_was_killed(self, tmp_path: Path) -> None:
        port = free_tcp_port()
        allowed = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
        async with a_platform(tmp_path / "home", SPEECH="scripted", **allowed) as platform:
            says = await platform.add_agent("says", "{say: Goodbye., hang_up: true}")
            call = await platform.place(
                EARLY,
                agent_id=says,
                callback_url=f"http://127.0.0.1:{port}/hook?kept=1",
                callback_args={"headers": {"X-Token": "t"}, "params": {"source": "api"}},
            )
            await platform.ended(call)
            await platform.kill()
            async with _receiver(port) as received:
                await platform.start()
                await eventually(lambda: len(received) >= 6, "all six callbacks have come")

        # Each is tried again on its own schedule: none waits for another.
        assert sorted(one["body"]["event_type"] for one in received) == [
            "all_processing_completed",
            "call_completed",
            "call_registered",
            "call_started",
            "platform_analysis_completed",
            "recording_completed",
        ]
        assert {one["path"] for one in received} == {"/hook?kept=1&source=api"}
        assert {one["token"] for one in received} == {"t"}
        first = next(one["body"] for one in received if one["body"]["event_type"] == "call_registered")
        assert first["data"]["status"] == "registered"
        assert all(one["body"]["data"]["call_id"] == call for one in received)


@asynccontextmanager
async def _receiver(port: int) -> AsyncIterator[list[dict[str, Any]]]:
    received: list[dict[str, Any]] = []

    async def hook(request: web.Request) -> web.Response:
        token = request.headers.get("X-Token")
        received.append({"path": request.path_qs, "token": token, "body": await request.json()})
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield received
    finally:
        await runner.cleanup()


async def test_nothing_is_left_running_after_a_stop(tmp_path: Path) -> None:
    async with a_platform(tmp_path / "home", SPEECH="scripted") as platform:
        children = platform.children()
        assert len(children) == 2
    await eventually(lambda: not any(child.is_running() for child in children), "its children end with it")
