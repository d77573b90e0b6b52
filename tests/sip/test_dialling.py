"""Dials that nobody picks up, and dials that somebody does: the wire (SIPp) and what ``place`` returns."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
from pathlib import Path

import pytest

from sip_builders import CALLEE, CALLER, LOOPBACK, Caller, Message, a_phone, free_port, until


class TestAPhoneThatAnswers:
    async def test_rings_then_talks_then_hears_our_goodbye(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            await call.hang_up()

            assert await phone.finished() == 0

        assert call.answered
        assert call.rings == [False]
        assert len(phone.messages("BYE")) == 1
        assert (await caller.ask("calls"))["calls"] == 0

    async def test_is_called_by_number_and_told_who_calls(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            trunk = phone.trunk(display_name="Dr. Ünal & Co", headers={"X-Campaign": "42", "X-Odd": '%s%n "a" <b@c>;d'})
            call = await caller.place(trunk)
            await call.hang_up()
            assert await phone.finished() == 0
        invite = phone.messages("INVITE")[0]

        assert invite.first_line.startswith(f"INVITE sip:{CALLEE}@{LOOPBACK}:{phone.port}")
        assert invite.header("From").startswith(f'"Dr. Ünal & Co" <sip:{CALLER}@{LOOPBACK}')
        assert invite.header("X-Campaign") == "42"
        assert invite.header("X-Odd") == '%s%n "a" <b@c>;d'

    async def test_is_reached_over_tcp(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path, transport="tcp") as phone:
            call = await caller.place(phone.trunk())
            await call.hang_up()

            assert await phone.finished() == 0

        assert call.answered
        assert phone.messages("INVITE")[0].header("Via").startswith("SIP/2.0/TCP")

    async def test_is_reached_through_an_outbound_proxy(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            trunk = phone.trunk(host="pbx.invalid", port=5060, outbound_proxy=f"{LOOPBACK}:{phone.port}")
            call = await caller.place(trunk)
            await call.hang_up()
            assert await phone.finished() == 0

        assert phone.messages("INVITE")[0].first_line.startswith(f"INVITE sip:{CALLEE}@pbx.invalid")


class TestADialWhoseLastMomentIsOver:
    async def test_is_not_sent_and_says_that_nobody_was_rung(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            late = await caller.place(phone.trunk(), leave_s=0)
            in_time = await caller.place(phone.trunk(), leave_s=30)
            await in_time.hang_up()
            assert await phone.finished() == 0

        assert (late.not_reached["outcome"], late.not_reached["nobody_rung"]) == ("worker_lost", True)
        assert late.rings == []
        assert in_time.answered
        assert len(phone.messages("INVITE")) == 1
        assert (await caller.ask("calls"))["calls"] == 0


class TestSrtp:
    @pytest.mark.parametrize(
        ("srtp", "profile", "keys"), [("off", "RTP/AVP", 0), ("optional", "RTP/AVP", 1), ("mandatory", "RTP/SAVP", 1)]
    )
    async def test_is_offered_as_the_trunk_wants_it(
        self, caller: Caller, tmp_path: Path, srtp: str, profile: str, keys: int
    ) -> None:
        async with a_phone("refuse", tmp_path, {"status": "488 Not Acceptable Here"}) as phone:
            call = await caller.place(phone.trunk(srtp=srtp))
            assert await phone.finished() == 0
        offer = phone.messages("INVITE")[0].text

        assert re.search(rf"m=audio \d+ {profile} ", offer)
        assert ("a=crypto:" in offer) == bool(keys)
        assert call.not_reached["reason"].startswith("the trunk accepts none of our codecs or our SRTP")


class TestAPhoneThatRefuses:
    @pytest.mark.parametrize(
        ("answer", "outcome", "q850"),
        [
            (("486 Busy Here", ""), "busy", 0),
            (("600 Busy Everywhere", ""), "busy", 0),
            (("603 Decline", ""), "declined", 0),
            (("404 Not Found", ""), "invalid_number", 0),
            (("484 Address Incomplete", ""), "invalid_number", 0),
            (("480 Temporarily Unavailable", 'Q.850;cause=19;text="No answer"'), "no_answer", 19),
            (("403 Forbidden", ""), "trunk_failed", 0),
            (("403 Forbidden", 'Q.850;cause=57;text="Bearer capability not authorized"'), "trunk_failed", 57),
            (("488 Not Acceptable Here", "Q.850;cause=65"), "trunk_failed", 65),
            (("485 Ambiguous", ""), "invalid_number", 0),
            (("503 Service Unavailable", 'Q.850;cause=34;text="No circuit available"'), "trunk_failed", 34),
            (("503 Service Unavailable", "Q.850;cause=17"), "busy", 17),
            (("488 Not Acceptable Here", ""), "trunk_failed", 0),
        ],
    )
    async def test_gives_its_outcome(
        self, caller: Caller, tmp_path: Path, answer: tuple[str, str], outcome: str, q850: int
    ) -> None:
        status, reason = answer
        words = {"status": status} | ({"reason": f"Reason: {reason}"} if reason else {})

        async with a_phone("refuse", tmp_path, words) as phone:
            call = await caller.place(phone.trunk())
            assert await phone.finished() == 0

        assert call.not_reached["outcome"] == outcome
        assert call.not_reached["sip_code"] == int(status[:3])
        assert call.not_reached["q850"] == q850
        assert f"(SIP {status[:3]}" in call.not_reached["reason"]
        assert call.rings == []

    async def test_after_ringing_is_declined(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("ring_refuse", tmp_path, {"status": "603 Decline"}) as phone:
            call = await caller.place(phone.trunk())
            assert await phone.finished() == 0

        assert call.rings == [False]
        assert call.not_reached["outcome"] == "declined"


class TestAPhoneNobodyPicksUp:
    async def test_is_cancelled_when_the_ring_time_is_over(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("no_answer", tmp_path) as phone:
            call = await caller.place(phone.trunk(), ring_timeout_s=1.5)
            assert await phone.finished() == 0

        assert call.rings == [False]
        assert call.not_reached["outcome"] == "no_answer"
        assert call.not_reached["reason"] == "not answered within 1.5 s"
        assert len(phone.messages("CANCEL")) == 1

    async def test_leaves_no_ghost_call_when_its_answer_crosses_our_cancel(
        self, caller: Caller, tmp_path: Path
    ) -> None:
        async with a_phone("crossing", tmp_path) as phone:
            call = await caller.place(phone.trunk(), ring_timeout_s=1.5)
            assert await phone.finished() == 0

        assert call.not_reached["outcome"] == "no_answer"
        assert [m.first_line.split()[0] for m in phone.conversation() if m.received][-2:] == ["ACK", "BYE"]
        assert (await caller.ask("calls"))["calls"] == 0

    async def test_is_cancelled_when_the_dial_is(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("no_answer", tmp_path) as phone:
            dialling = asyncio.create_task(caller.place(phone.trunk(), call="cancelled"))
            await until(lambda: bool(phone.messages("INVITE")))
            await caller.ask("cancel", call="cancelled")
            await dialling

            assert await phone.finished() == 0

        assert (await caller.ask("calls"))["calls"] == 0


class TestATrunkThatWantsAPassword:
    async def test_gets_a_digest_it_can_check(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("digest", tmp_path) as phone:
            call = await caller.place(phone.trunk(auth_user="acct-1", password="s3cret; word"))
            await call.hang_up()
            assert await phone.finished() == 0
        invite = phone.messages("INVITE")[-1]

        assert call.answered
        assert digest_of(invite)["username"] == "acct-1"
        assert digest_of(invite)["response"] == expected_response(invite, "s3cret; word")

    async def test_and_refuses_ours_is_a_failed_trunk(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("digest_wrong", tmp_path) as phone:
            call = await caller.place(phone.trunk(auth_user="acct1", password="wrong"))
            assert await phone.finished() == 0
        invite = phone.messages("INVITE")[-1]

        assert digest_of(invite)["response"] != expected_response(invite, "s3cret; word")
        assert call.not_reached["outcome"] == "trunk_failed"
        assert "check auth user, password" in call.not_reached["reason"]


def digest_of(invite: Message) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="?([^",]+)"?', invite.header("Proxy-Authorization")))


def expected_response(invite: Message, password: str) -> str:
    """The digest a trunk computes itself (RFC 2617 §3.2.2, qop=auth)."""
    d = digest_of(invite)
    secret = hashlib.md5(f"{d['username']}:{d['realm']}:{password}".encode()).hexdigest()
    request = hashlib.md5(f"INVITE:{d['uri']}".encode()).hexdigest()
    parts = (secret, d["nonce"], d["nc"], d["cnonce"], d["qop"], request)
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class TestATrunkThatIsDown:
    async def test_of_a_customers_that_leads_inside_hears_no_invite(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk(host="localhost", added_by="api"))

            assert call.not_reached["outcome"] == "trunk_failed"
            assert "leads to an internal address" in call.not_reached["reason"]
            assert LOOPBACK not in call.not_reached["reason"]
            assert phone.messages("INVITE") == []

    async def test_refusing_connections_is_unreachable(self, caller: Caller) -> None:
        trunk = {"id": "t", "name": "Down", "host": LOOPBACK, "port": free_port(socket.SOCK_STREAM), "transport": "tcp"}

        call = await caller.place(trunk)

        assert call.error == (
            "Unreachable",
            "trunk Down refuses connections: check host, port and transport",
        )

    async def test_without_a_name_in_dns_is_unreachable(self, caller: Caller) -> None:
        call = await caller.place({"id": "t", "name": "Nowhere", "host": "no.such.invalid"})

        kind, message = call.error
        assert kind == "Unreachable"
        assert "host name of trunk Nowhere cannot be found" in message

    async def test_on_another_network_than_ours_is_unreachable(self, caller: Caller) -> None:
        call = await caller.place({"id": "t", "name": "Far", "host": "192.0.2.1"})

        kind, message = call.error
        assert kind == "Unreachable"
        assert "net_interface" in message

    async def test_and_silent_is_unreachable_after_timer_b(self, caller: Caller) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind((LOOPBACK, 0))
            call = await caller.place(
                {"id": "t", "name": "Mute", "host": LOOPBACK, "port": silent.getsockname()[1]}, ring_timeout_s=45
            )

        kind, message = call.error
        assert kind == "Unreachable"
        assert "does not answer at all" in message


class TestWhatCannotTravelInAMessage:
    async def test_a_number_with_a_line_break_is_never_sent(self, caller: Caller) -> None:
        call = await caller.place({"id": "t", "name": "T", "host": LOOPBACK, "port": 9}, to_number="+1555\r\nX: y")

        assert call.not_reached["outcome"] == "invalid_number"
        assert "to_number" in call.not_reached["reason"]

    async def test_a_header_with_a_line_break_is_a_failed_trunk(self, caller: Caller) -> None:
        trunk = {"id": "t", "name": "T", "host": LOOPBACK, "port": 9, "headers": {"X-A": "b\r\nVia: evil"}}

        call = await caller.place(trunk)

        assert call.not_reached["outcome"] == "trunk_failed"
        assert "headers: X-A" in call.not_reached["reason"]
