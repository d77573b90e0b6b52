"""Answered lines over real RTP: sound both ways, digits, holds, and who ended it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sip_builders import Caller, a_caller, a_phone, loudest_second, peak, tone
from sip_rtp_builders import a_rtp_peer, an_invite_to


class TestSound:
    @pytest.mark.parametrize("codec", ["pcmu", "pcma", "g722", "opus"])
    async def test_comes_back_from_an_echo_as_it_was_sent(self, caller: Caller, tmp_path: Path, codec: str) -> None:
        async with a_phone("answer", tmp_path, SDP_OF[codec]) as phone:
            call = await caller.place(phone.trunk(codecs=[codec]))
            await call.speak(tone(1000, 1800))
            heard = await call.hear(2000)
            await call.hang_up()
            assert await phone.finished() == 0

        assert loudest_second(heard, 1000) > 0.95
        assert len(heard) % 320 == 0

    async def test_that_is_hushed_stops_long_before_its_end(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            await call.speak(tone(1000, 20_000))
            await call.hear(600)
            await call.hush()
            await call.hear(600)
            silence = await call.hear(400)
            await call.hang_up()
            assert await phone.finished() == 0

        assert peak(silence) < 50

    async def test_longer_than_the_native_ring_is_sent_to_its_end(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            await call.speak(tone(400, 2500) + tone(1000, 1500))
            heard = await call.hear(4200)
            await call.hang_up()
            assert await phone.finished() == 0

        assert loudest_second(heard[: 2 * 8000 * 2], 400) > 0.95
        assert loudest_second(heard[-2 * 8000 * 2 :], 1000) > 0.95


SDP_OF = {
    "pcmu": {"payload": "0", "codec": "PCMU/8000"},
    "pcma": {"payload": "8", "codec": "PCMA/8000"},
    "g722": {"payload": "9", "codec": "G722/8000"},
    "opus": {"payload": "96", "codec": "opus/48000/2"},
}


class TestEarlyMedia:
    async def test_is_told_apart_and_never_heard(self, caller: Caller, tmp_path: Path) -> None:
        async with a_rtp_peer() as peer, a_phone("early_answer", tmp_path, {"rtp": str(peer.port)}) as phone:
            peer.play(phone, [(440, 1000), (1000, 20_000)])
            call = await caller.place(phone.trunk())
            heard = await call.hear(1500)
            await call.hang_up()
            assert await phone.finished() == 0

        assert call.rings == [True]
        assert loudest_second(heard, 1000) > 0.95
        assert loudest_second(heard, 440) < 0.05

    async def test_before_a_refusal_is_still_a_refusal(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("early_refuse", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            assert await phone.finished() == 0

        assert call.rings == [True]
        assert call.not_reached["outcome"] == "busy"


class TestDigits:
    async def test_we_press_reach_the_far_side_as_rfc_4733_events(self, caller: Caller, tmp_path: Path) -> None:
        async with a_rtp_peer() as peer, a_phone("answer", tmp_path, {"rtp": str(peer.port)}) as phone:
            call = await caller.place(phone.trunk())
            await call.press("15#")
            pressed = await peer.digits(3)
            await call.hang_up()
            assert await phone.finished() == 0

        assert pressed == "15#"

    async def test_pressed_on_the_far_side_arrive_once_each(self, caller: Caller, tmp_path: Path) -> None:
        async with a_rtp_peer() as peer, a_phone("answer", tmp_path, {"rtp": str(peer.port)}) as phone:
            call = await caller.place(phone.trunk())
            await peer.press(phone, "42*")
            pressed = await call.digits(3)
            await call.hang_up()
            assert await phone.finished() == 0

        assert pressed == "42*"

    async def test_sent_as_sip_info_arrive_too(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("sends_info", tmp_path, {"digit": "7"}) as phone:
            call = await caller.place(phone.trunk())
            pressed = await call.digits(1)
            await call.hang_up()
            assert await phone.finished() == 0

        assert pressed == "7"

    async def test_that_no_phone_has_are_refused(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            refused = await caller.ask("press", call=call.name, digits="1w2")
            await call.hang_up()
            assert await phone.finished() == 0

        assert refused["error"] == "Refused"


class TestTheEndOfACall:
    async def test_by_the_callee_is_told(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("callee_hangs_up", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            gone = await call.gone()
            await call.hang_up()
            assert await phone.finished() == 0

        assert gone == "the callee hung up"
        assert phone.messages("BYE") == []
        assert (await caller.ask("calls"))["calls"] == 0

    async def test_by_silence_is_the_carriers(self, tmp_path: Path) -> None:
        async with (
            a_caller(rtp_timeout_s=2) as caller,
            a_rtp_peer() as mute,
            a_phone("answer", tmp_path, {"rtp": str(mute.port)}) as phone,
        ):
            call = await caller.place(phone.trunk())
            gone = await call.gone()
            assert await phone.finished() == 0

        assert gone is not None
        assert gone.startswith("carrier: no sound")

    async def test_when_the_process_is_told_to_end_is_a_goodbye_to_all(self, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path, calls=30) as phone:
            async with a_caller() as caller:
                calls = await asyncio.gather(*(caller.place(phone.trunk()) for _ in range(30)))
                assert all(call.answered for call in calls)
                assert caller.process.stdin is not None
                caller.process.stdin.close()
                async with asyncio.timeout(20):
                    assert await caller.process.wait() == 0
            assert await phone.finished() == 0


class TestAStrangerWhoCallsUs:
    async def test_is_turned_away_and_talks_go_on(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk(), from_number="+15551230002")
            ours = phone.messages("INVITE")[0].header("Contact")
            answer = await an_invite_to(ours.strip("<>"))
            assert await call.gone(timeout_s=0.1) is None
            await call.hang_up()
            assert await phone.finished() == 0
        answer_when_idle = await an_invite_to(ours.strip("<>"))

        assert answer == 486
        assert answer_when_idle == 486

    async def test_with_a_malformed_invite_does_no_harm_to_a_talk(self, tmp_path: Path) -> None:
        """This very message corrupts the native heap when it is let in (docs/decisions/0003-sip.md)."""
        async with a_caller() as caller, a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            ours = phone.messages("INVITE")[0].header("Contact").strip("<>")
            answers = {await an_invite_to(ours, sender="<sip:x@127.0.0.1\r\nX: >") for _ in range(20)}
            await call.speak(tone(1000, 1000))
            heard = await call.hear(1200)
            await call.hang_up()
            assert await phone.finished() == 0
            assert (await caller.ask("calls"))["dead"] is None

        assert answers == {486}
        assert loudest_second(heard, 1000) > 0.9


class TestWhatTheFarSideMayDoInACall:
    async def test_hold_us_and_take_us_back(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("holds", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            await call.speak(tone(1000, 10_000))
            await call.hear(2500)
            heard = await call.hear(2000)
            assert await call.gone(timeout_s=0.1) is None
            await call.hang_up()
            assert await phone.finished() == 0

        assert loudest_second(heard, 1000) > 0.9

    async def test_ask_whether_we_are_there(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("options_in_call", tmp_path) as phone:
            call = await caller.place(phone.trunk(), from_number="+15551230003")
            await call.hear(800)
            await call.hang_up()

            assert await phone.finished() == 0

    async def test_but_not_make_us_ring_somebody_else(self, caller: Caller, tmp_path: Path) -> None:
        async with a_phone("transfers", tmp_path) as phone:
            call = await caller.place(phone.trunk(), from_number="+15551230004")
            await call.hear(800)
            await call.hang_up()

            assert await phone.finished() == 0

        assert (await caller.ask("calls"))["calls"] == 0
