"""Lines that echo, in memory and over RTP: the caller's sound comes back, later and weaker."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from outdial.audio.frames import FRAME_BYTES, FRAME_SAMPLES
from outdial.audio.levels import tone
from outdial.carriers.simulator.callee import mute
from outdial.carriers.simulator.echo import Echo, EchoPath
from outdial.carriers.simulator.law import LAWS, Law
from outdial.carriers.simulator.network_memory import MemoryCarrier
from outdial.carriers.simulator.rtp import read
from outdial.carriers.simulator.rtp_receiver import RtpReceiver
from outdial.carriers.simulator.rtp_sender import RtpSender
from outdial.carriers.simulator.scenarios import PhoneBook
from outdial.carriers.simulator.sdp import PCMA, PCMU
from outdial.domain.outcome import NotReached
from outdial.virtual_time import loop_clock, run
from simulated_calls import a_dial

SOUND = tone(440, 400)


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]


def first_loud_ms(pcm: bytes) -> float:
    return float(np.flatnonzero(np.abs(np.frombuffer(pcm, np.int16)) > 50)[0]) / 8


def peak(pcm: bytes) -> int:
    return int(np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)).max())


class TestAnEchoPath:
    @pytest.mark.parametrize("delay_ms", [0, 20, 37.5, 600])
    @pytest.mark.parametrize("law", [None, LAWS[PCMU], LAWS[PCMA]])
    def test_brings_the_sound_back_after_its_delay_and_weaker(self, delay_ms: float, law: Law | None) -> None:
        path = EchoPath(Echo(delay_ms, -20), law)
        came = b""
        for frame in frames(SOUND) + [bytes(FRAME_BYTES)] * 40:
            path.arrive(frame)
            came += path.leave(bytes(FRAME_BYTES))

        assert delay_ms <= first_loud_ms(came) <= delay_ms + 2
        assert peak(came) == pytest.approx(peak(SOUND) / 10, rel=0.05)

    def test_mixes_it_into_what_is_said_there(self) -> None:
        path = EchoPath(Echo(0, -20))
        path.arrive(SOUND[:FRAME_BYTES])

        mixed = np.frombuffer(path.leave(tone(1000, 20)), np.int16).astype(np.int32)

        expected = np.frombuffer(tone(1000, 20), np.int16) + np.rint(np.frombuffer(SOUND[:FRAME_BYTES], np.int16) / 10)
        assert np.array_equal(mixed, expected.astype(np.int32))

    def test_keeps_its_delay_when_frames_come_late_and_all_at_once(self) -> None:
        path = EchoPath(Echo(100, 0))
        for _ in range(50):
            path.leave(bytes(FRAME_BYTES))
        for frame in frames(SOUND):
            path.arrive(frame)

        assert len(path._waiting) <= 2 * (800 + 5 * FRAME_SAMPLES)


class TestBothDepths:
    def test_in_memory_the_caller_hears_itself(self) -> None:
        async def call() -> bytes:
            book = PhoneBook()
            silent = replace(book.callee("+15550005100"), rings_s=0.1)
            async with MemoryCarrier(talk=mute, clock=loop_clock(), book=PhoneBook(anybody=silent)) as carrier:
                leg = await carrier.place(a_dial("+442071838750"), lambda _early: None)
                assert not isinstance(leg, NotReached)
                leg.speak(SOUND)
                await asyncio.sleep(1)
                return leg.hear()

        came = run(call())

        assert 100 <= first_loud_ms(came) <= 122
        assert peak(came) == pytest.approx(peak(SOUND) / 4, rel=0.1)

    def test_over_rtp_the_caller_hears_itself(self) -> None:
        law = LAWS[PCMA]
        path = EchoPath(Echo(60, -6))
        caller = RtpSender(law, None, ssrc=1)
        phone_in, phone_out = RtpReceiver(law, None, path.arrive), RtpSender(law, None, 2, path.leave)
        back = RtpReceiver(law, None)
        caller.speak(SOUND)
        for _ in range(40):
            for sender, receiver in ((caller, phone_in), (phone_out, back)):
                packet = read(sender.next() or b"")
                assert packet is not None
                receiver.take(packet)

        came = back.frames()

        assert 60 <= first_loud_ms(came) <= 62
        assert peak(came) == pytest.approx(peak(SOUND) / 2, rel=0.05)
