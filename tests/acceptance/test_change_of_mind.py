"""A customer changes their mind about a call on a real trunk (SIPp plays it): what the phone sees, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from platform_builders import PATIENCE_S, Platform, a_platform
from sip_builders import a_phone
from sip_rtp_builders import a_rtp_peer

CALLEE = "+15550001111"
RUNG_AGAIN_AT_ONCE = {
    "call_config": {
        "idle_timeout_end": 600,
        "call_retry_config": {"retry_count": 3, "retry_busy": 0, "retry_not_picked": 0, "retry_failed": 0},
    }
}
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    home = tmp_path_factory.mktemp("change")
    async with a_platform(home, SPEECH="scripted", SIMULATOR="false") as running:
        running.mine["patient"] = await running.add_agent("patient", "{ask: Hello., go: only}")
        yield running


async def call_over(platform: Platform, name: str, port: int) -> str:
    number_id = await platform.add_trunk(name, f"+1555124{port % 10000:04d}", port)
    agent_id = platform.mine["patient"]
    return await platform.place(CALLEE, agent_id=agent_id, from_number_id=number_id, **RUNG_AGAIN_AT_ONCE)


async def comes_to(platform: Platform, call_id: str, kind: str) -> None:
    """Returns once an event of that kind is on record."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(event["type"] == kind for event in await platform.events(call_id)):
            pass


class TestARingingPhone:
    @pytest.mark.parametrize("scenario", ["no_answer", "crossing"])
    async def test_is_left_alone_and_never_rung_again(self, platform: Platform, tmp_path: Path, scenario: str) -> None:
        """Also when its answer crosses our CANCEL: then the line is taken down again at once."""
        async with a_phone(scenario, tmp_path) as phone:
            call_id = await call_over(platform, scenario, phone.port)
            await comes_to(platform, call_id, "ringing")
            await platform.outdial("cancel", call_id)
            details = await platform.ended(call_id)
            assert await phone.finished() == 0

        assert (details["call_status"], details["call_sub_status"]) == ("cancelled", "USER_TERMINATED")
        assert len(phone.messages("INVITE")) == len(phone.messages("CANCEL")) == 1
        assert len(phone.messages("BYE")) == (1 if scenario == "crossing" else 0)
        told = await platform.whole_story(call_id)
        assert told.count("attempt_ended") == told.count("call_ended") == told.count("processed") == 1


class TestATalk:
    async def test_is_hung_up_with_its_transcript_and_its_recording_kept(
        self, platform: Platform, tmp_path: Path
    ) -> None:
        # The sound goes to a peer that listens: SIPp itself would send the agent its own words back.
        async with a_rtp_peer() as peer, a_phone("answer", tmp_path, {"rtp": str(peer.port)}) as phone:
            call_id = await call_over(platform, "talks", phone.port)
            await comes_to(platform, call_id, "said")
            await platform.outdial("hang-up", call_id)
            details = await platform.ended(call_id)
            assert await phone.finished() == 0
        async with httpx.AsyncClient(trust_env=False) as http:
            recording = await http.get(details["recording_url"])

        assert (details["call_status"], details["call_sub_status"]) == ("completed", "USER_TERMINATED")
        assert details["transcript"][0]["bot"] == "Hello."
        assert recording.status_code == 200
        assert len(recording.content) > 8000
        assert len(phone.messages("BYE")) == 1
