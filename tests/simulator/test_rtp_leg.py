"""A callee's sound over RTP: what goes out, and what becomes of what comes in. No clock: the tests tick."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from outdial.audio.frames import FRAME_BYTES, SILENCE
from outdial.audio.levels import rms_dbfs, tone
from outdial.carriers.simulator import rtp
from outdial.carriers.simulator.law import LAWS
from outdial.carriers.simulator.rtp_leg import MediaClock, RtpLeg, open_socket
from outdial.carriers.simulator.sdp import EVENTS, PCMA, PCMU

LOUD = tone(1000, 20)


async def to_nobody() -> None:
    """There is no signalling in these tests."""


@contextmanager
def a_line(codec: int = PCMU, digits_payload: int | None = EVENTS) -> Iterator[tuple[RtpLeg, socket.socket]]:
    """A leg, and the socket of the caller it is connected to."""
    far = open_socket("127.0.0.1")
    near = open_socket("127.0.0.1")
    far.connect(near.getsockname())
    leg = RtpLeg(near, law=LAWS[codec], ssrc=7, digits_payload=digits_payload, bye=to_nobody)
    leg.connect(*far.getsockname())
    try:
        yield leg, far
    finally:
        leg.end(None)
        far.close()


def sent(far: socket.socket) -> list[rtp.Packet]:
    found: list[rtp.Packet] = []
    while True:
        try:
            packet = rtp.read(far.recv(2048))
        except BlockingIOError:
            return found
        assert packet is not None
        found.append(packet)


def a_packet(sequence: int, pcm: bytes = LOUD, codec: int = PCMU) -> bytes:
    return rtp.write(rtp.Packet(codec, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, 9, LAWS[codec].encode(pcm)))


async def press(leg: RtpLeg, keys: str) -> None:
    """Press keys on a leg that nothing but this moves."""
    pressing = asyncio.ensure_future(leg.press(keys))
    await asyncio.sleep(0)
    while not pressing.done():
        leg.tick()
        await asyncio.sleep(0)


class TestWhatGoesOut:
    def test_is_one_packet_a_tick_whether_there_is_something_to_say_or_not(self) -> None:
        with a_line() as (leg, far):
            leg.speak(LOUD * 2)
            for _ in range(4):
                leg.tick()
            packets = sent(far)

        assert [rms_dbfs(LAWS[PCMU].decode(packet.payload)) > -20 for packet in packets] == [True, True, False, False]
        assert [packet.marker for packet in packets] == [True, False, False, False]
        assert {(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(packets)} == {1}
        assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)} == {160}

    def test_is_silence_at_once_after_a_hush(self) -> None:
        with a_line() as (leg, far):
            leg.speak(LOUD * 50)
            leg.tick()
            leg.hush()
            leg.tick()
            packets = sent(far)

        assert [rms_dbfs(LAWS[PCMU].decode(packet.payload)) > -20 for packet in packets] == [True, False]

    def test_ends_with_the_line(self) -> None:
        with a_line() as (leg, far):
            leg.end("the caller hung up")
            leg.tick()

            assert sent(far) == []
            assert leg.gone == "the caller hung up"

    def test_goes_on_when_nobody_listens_at_the_far_side(self) -> None:
        with a_line() as (leg, far):
            far.close()
            for _ in range(10):
                leg.tick()

            assert leg.gone is None


class TestWhatComesIn:
    @pytest.mark.parametrize("codec", [PCMU, PCMA])
    def test_is_heard_in_whole_frames(self, codec: int) -> None:
        with a_line(codec) as (leg, far):
            for n in range(3):
                far.send(a_packet(n, codec=codec))
            leg.tick()
            heard = leg.hear()

            assert len(heard) == 3 * FRAME_BYTES
            assert rms_dbfs(heard) == pytest.approx(rms_dbfs(LOUD), abs=0.5)
            assert leg.hear() == b""

    def test_keeps_its_place_in_time_when_packets_are_lost(self) -> None:
        with a_line() as (leg, far):
            for n in (0xFFFE, 0xFFFF, 0x10002, 0x10003):
                far.send(a_packet(n))
            leg.tick()
            heard = leg.hear()

        frames = [heard[at : at + FRAME_BYTES] for at in range(0, len(heard), FRAME_BYTES)]
        assert [frame == SILENCE for frame in frames] == [False, False, True, True, False, False]

    def test_is_not_heard_twice_or_late(self) -> None:
        with a_line() as (leg, far):
            for n in (5, 5, 4, 6):
                far.send(a_packet(n))
            leg.tick()

            assert len(leg.hear()) == 2 * FRAME_BYTES

    def test_after_a_long_gap_goes_on_without_filling_it(self) -> None:
        with a_line() as (leg, far):
            far.send(a_packet(1))
            far.send(a_packet(5000))
            leg.tick()

            assert len(leg.hear()) == 2 * FRAME_BYTES

    def test_in_packets_of_another_length_is_cut_into_frames(self) -> None:
        with a_line() as (leg, far):
            for n in range(2):
                far.send(a_packet(n, LOUD + LOUD[: FRAME_BYTES // 2]))
            leg.tick()

            assert len(leg.hear()) == 3 * FRAME_BYTES

    def test_that_is_no_sound_is_ignored(self) -> None:
        with a_line() as (leg, far):
            far.send(b"")
            far.send(b"nonsense")
            far.send(rtp.write(rtp.Packet(96, 1, 160, 9, b"opus")))
            leg.tick()

            assert leg.hear() == b""

    def test_is_kept_for_ten_seconds_at_most_when_nobody_listens(self) -> None:
        with a_line() as (leg, far):
            for n in range(600):
                far.send(a_packet(n))
                leg.tick()

            assert len(leg.hear()) == 500 * FRAME_BYTES


class TestKeys:
    async def test_travel_from_one_leg_to_another(self) -> None:
        with a_line() as (leg, far), a_line() as (other, far_of_other):
            await press(leg, "15#")
            for packet in sent(far):
                far_of_other.send(rtp.write(packet))
                other.tick()

            assert other.digits() == "15#"
            assert other.digits() == ""
            assert other.every_digit == "15#"
            assert other.hear() == b""

    async def test_are_one_timestamp_and_three_ends_each(self) -> None:
        with a_line() as (leg, far):
            await press(leg, "55")
            packets = sent(far)

        assert len({packet.timestamp for packet in packets}) == 2
        assert [packet.payload[1] >> 7 for packet in packets] == [0, 0, 0, 0, 0, 1, 1, 1] * 2
        assert [packet.marker for packet in packets].count(True) == 2

    async def test_count_although_most_of_their_packets_are_lost(self) -> None:
        with a_line() as (leg, far):
            for n, key in enumerate("7#"):
                payload = rtp.event_payload(key, 960, end=True)
                far.send(rtp.write(rtp.Packet(EVENTS, 10 + n, 160 * n, 9, payload)))
            leg.tick()

            assert leg.digits() == "7#"

    async def test_are_tones_when_the_far_side_takes_no_events(self) -> None:
        with a_line(digits_payload=None) as (leg, far):
            await leg.press("5")
            for _ in range(8):
                leg.tick()
            packets = sent(far)

        assert [rms_dbfs(LAWS[PCMU].decode(packet.payload)) > -30 for packet in packets] == [True] * 5 + [False] * 3

    async def test_pressed_on_a_line_that_goes_down_do_not_wait_for_ever(self) -> None:
        with a_line() as (leg, _far):
            pressed = asyncio.ensure_future(leg.press("123456"))
            leg.tick()
            await asyncio.sleep(0)
            leg.end("the caller hung up")
            await pressed


class TestTheMediaClock:
    def test_moves_every_leg_once_a_tick_and_lets_go_of_those_that_ended(self) -> None:
        clock = MediaClock()
        with a_line() as (one, far_of_one), a_line() as (two, far_of_two):
            clock.add(one)
            clock.add(two)
            clock.tick()
            one.end(None)
            clock.tick()

            assert (len(sent(far_of_one)), len(sent(far_of_two)), len(clock)) == (1, 2, 1)
