"""What a real trunk does (SIPp plays it) and what is on record afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from platform_builders import Platform, a_platform
from sip_builders import a_phone
from sip_rtp_builders import a_rtp_peer

CALLEE = "+15550001111"
ONCE_AND_BRIEFLY = {
    "call_config": {"idle_timeout_warning": 2, "idle_timeout_end": 2, "call_retry_config": {"retry_count": 0}}
}
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """Scripted voices: here the line is looked at, not the words. A phone may ring for five seconds."""
    home = tmp_path_factory.mktemp("trunks")
    async with a_platform(home, SPEECH="scripted", SIMULATOR="false", RING_TIMEOUT_S="5") as running:
        running.mine["brief"] = await running.add_agent("brief", "{say: Hello., hang_up: true}")
        running.mine["patient"] = await running.add_agent("patient", "{ask: Hello., go: only}")
        step = '{say: One moment., press: "15#", hang_up: true}'
        running.mine["presses"] = await running.add_agent("presses", step)
        yield running


async def call_over(platform: Platform, name: str, port: int, agent: str = "brief", **trunk: str) -> str:
    """Place a call over a trunk of its own; the call's id."""
    number_id = await platform.add_trunk(name, f"+1555123{port % 10000:04d}", port, **trunk)
    return await platform.place(CALLEE, agent_id=platform.mine[agent], from_number_id=number_id, **ONCE_AND_BRIEFLY)


class TestAPhoneThatAnswers:
    async def test_is_talked_to_and_the_call_is_completed(self, platform: Platform, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            details = await platform.ended(await call_over(platform, "answers", phone.port))
            assert await phone.finished() == 0

        assert (details["call_status"], details["call_sub_status"]) == ("completed", "ACCEPTED")
        assert details["transcript"][0]["bot"] == "Hello."
        assert len(phone.messages("INVITE")) == 1

    async def test_and_hangs_up_leaves_a_completed_call(self, platform: Platform, tmp_path: Path) -> None:
        async with a_phone("callee_hangs_up", tmp_path) as phone:
            call_id = await call_over(platform, "hangs-up", phone.port, agent="patient")
            details = await platform.ended(call_id)
            assert await phone.finished() == 0

        assert details["call_status"] == "completed"
        assert details["end_reason"] in {"talked", "callee_left"}

    async def test_after_a_challenge_is_reached_with_the_trunks_password(
        self, platform: Platform, tmp_path: Path
    ) -> None:
        async with a_phone("digest", tmp_path) as phone:
            details = await platform.ended(
                await call_over(platform, "digest", phone.port, auth_user="acct1", password="secret")
            )
            assert await phone.finished() == 0

        assert details["call_status"] == "completed"
        assert len(phone.messages("INVITE")) == 2

    async def test_after_early_media_talks_only_once_it_has_answered(self, platform: Platform, tmp_path: Path) -> None:
        async with a_phone("early_answer", tmp_path) as phone:
            call_id = await call_over(platform, "early", phone.port)
            details = await platform.ended(call_id)
            assert await phone.finished() == 0
        kinds = [event["type"] for event in await platform.events(call_id)]

        assert details["call_status"] == "completed"
        assert kinds.index("ringing") < kinds.index("answered") < kinds.index("said")


class TestAPhoneThatIsNotReached:
    @pytest.mark.parametrize(
        ("answer", "end_reason", "sub_status"),
        [
            ("486 Busy Here", "busy", "USER_DID_NOT_JOIN"),
            ("603 Decline", "declined", "USER_DID_NOT_JOIN"),
            ("404 Not Found", "invalid_number", "NOT_ABLE_TO_CALL"),
            ("503 Service Unavailable", "trunk_failure", "FAILED"),
        ],
    )
    async def test_is_on_record_with_the_reason(
        self, platform: Platform, tmp_path: Path, answer: str, end_reason: str, sub_status: str
    ) -> None:
        code, _, phrase = answer.partition(" ")
        async with a_phone("refuse", tmp_path, {"status": answer, "code": code, "phrase": phrase}) as phone:
            call_id = await call_over(platform, f"refuses-{code}", phone.port)
            details = await platform.ended(call_id)
            assert await phone.finished() == 0

        assert (details["call_status"], details["call_sub_status"]) == ("failed", sub_status)
        assert details["end_reason"] == end_reason
        ended = [event["data"] for event in await platform.events(call_id) if event["type"] == "attempt_ended"]
        assert [data["sip_code"] for data in ended] == [int(code)]
        assert len(phone.messages("INVITE")) == 1

    async def test_for_nobody_picks_up_gets_a_cancel(self, platform: Platform, tmp_path: Path) -> None:
        async with a_phone("no_answer", tmp_path) as phone:
            details = await platform.ended(await call_over(platform, "nobody", phone.port))
            assert await phone.finished() == 0

        assert (details["call_status"], details["end_reason"]) == ("failed", "no_answer")
        assert len(phone.messages("CANCEL")) == 1

    async def test_though_its_answer_crossed_our_cancel_leaves_no_ghost_call(
        self, platform: Platform, tmp_path: Path
    ) -> None:
        async with a_phone("crossing", tmp_path) as phone:
            details = await platform.ended(await call_over(platform, "crossing", phone.port))
            assert await phone.finished() == 0

        assert (details["call_status"], details["end_reason"]) == ("failed", "no_answer")
        assert len(phone.messages("BYE")) == 1

    async def test_because_the_password_is_wrong_says_so(self, platform: Platform, tmp_path: Path) -> None:
        async with a_phone("digest_wrong", tmp_path) as phone:
            call_id = await call_over(platform, "wrong", phone.port, auth_user="acct1", password="wrong")
            details = await platform.ended(call_id)
            assert await phone.finished() == 0
        ended = next(event["data"] for event in await platform.events(call_id) if event["type"] == "attempt_ended")

        assert details["end_reason"] == "trunk_failure"
        assert "password" in ended["reason"]

    async def test_though_early_media_was_heard_talks_to_nobody(self, platform: Platform, tmp_path: Path) -> None:
        async with a_phone("early_refuse", tmp_path) as phone:
            call_id = await call_over(platform, "early-busy", phone.port)
            details = await platform.ended(call_id)
            assert await phone.finished() == 0

        assert (details["call_status"], details["end_reason"]) == ("failed", "busy")
        assert details["transcript"] == []


class TestDigits:
    async def test_the_callee_presses_are_on_record(self, platform: Platform, tmp_path: Path) -> None:
        async with a_phone("sends_info", tmp_path, {"digit": "7"}) as phone:
            call_id = await call_over(platform, "digits", phone.port, agent="patient")
            await platform.ended(call_id)
            assert await phone.finished() == 0
        pressed = "".join(
            event["data"]["digits"] for event in await platform.events(call_id) if event["type"] == "digits"
        )

        assert pressed == "7"

    async def test_the_agent_presses_reach_the_phone(self, platform: Platform, tmp_path: Path) -> None:
        async with a_rtp_peer() as peer, a_phone("answer", tmp_path, {"rtp": str(peer.port)}) as phone:
            call_id = await call_over(platform, "presses", phone.port, agent="presses")
            pressed = await peer.digits(3)
            details = await platform.ended(call_id)
            assert await phone.finished() == 0

        assert pressed == "15#"
        assert (details["call_status"], details["call_sub_status"]) == ("completed", "ACCEPTED")
