"""A far side's RTP in plain Python: tones and telephone-events, in and out (RFC 3550, RFC 4733)."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import numpy as np

from sip_builders import LOOPBACK, PATIENCE_S, Phone

PCMU: Final = 0
EVENTS: Final = 101
_KEYS: Final = "0123456789*#ABCD"
_SAMPLES: Final = 160


def ulaw(samples: Iterable[float]) -> bytes:
    """G.711 µ-law by its definition, one byte a sample."""
    coded = bytearray()
    for sample in samples:
        sign = 0x80 if sample < 0 else 0
        magnitude = min(32635, int(abs(sample))) + 132
        exponent = magnitude.bit_length() - 8
        coded.append(~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)) & 0xFF)
    return bytes(coded)


class RtpPeer(asyncio.DatagramProtocol):
    """Counts the digits that come in; sends a tone or digits to where the caller's INVITE wants its sound."""

    def __init__(self) -> None:
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._pressed: dict[int, str] = {}
        self._news = asyncio.Event()
        self._sequence = 0
        self._timestamp = 0
        self._hz = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if data[1] & 0x7F == EVENTS:
            (timestamp,) = struct.unpack_from("!I", data, 4)
            self._pressed[timestamp] = _KEYS[data[12]]  # every packet of one key press has one timestamp
            self._news.set()

    async def digits(self, count: int) -> str:
        async with asyncio.timeout(PATIENCE_S):
            while len(self._pressed) < count:
                self._news.clear()
                await self._news.wait()
        return "".join(self._pressed.values())

    async def press(self, phone: Phone, digits: str) -> None:
        """Each key: a marked first packet, updates, and the end sent three times (RFC 4733 §2.5.1)."""
        for digit in digits:
            self._timestamp += 1600
            for step, end in [(1, 0), (2, 0), (3, 0), (4, 0x80), (4, 0x80), (4, 0x80)]:
                event = struct.pack("!BBH", _KEYS.index(digit), end | 10, step * _SAMPLES)
                self._send(phone, EVENTS, event, marker=step == 1, advance=0)
                await asyncio.sleep(0.02)

    def begin_tone(self, phone: Phone, hz: float) -> None:
        self.change_tone(hz)
        self._tasks.append(asyncio.create_task(self._play(phone)))

    def change_tone(self, hz: float) -> None:
        self._hz = hz

    async def _play(self, phone: Phone) -> None:
        loop = asyncio.get_running_loop()
        while not (phone.trace.stat().st_size and phone.messages("INVITE")):  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.02)
        due, at = loop.time(), 0
        while True:
            places = np.arange(at, at + _SAMPLES)
            at += _SAMPLES
            self._send(phone, PCMU, ulaw(8000 * np.sin(2 * np.pi * self._hz * places / 8000)))
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _send(self, phone: Phone, payload: int, body: bytes, *, marker: bool = False, advance: int = _SAMPLES) -> None:
        assert self._transport is not None
        head = struct.pack("!BBHII", 0x80, payload | (0x80 if marker else 0), self._sequence, self._timestamp, 77)
        self._sequence += 1
        self._timestamp += advance
        self._transport.sendto(head + body, (LOOPBACK, _wanted_port(phone)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._transport is not None:
            self._transport.close()


def _wanted_port(phone: Phone) -> int:
    found = re.search(r"m=audio (\d+)", phone.messages("INVITE")[0].text)
    assert found is not None
    return int(found[1])


@asynccontextmanager
async def a_rtp_peer() -> AsyncIterator[RtpPeer]:
    """Bound to a free loopback port. Silent until told otherwise."""
    _, peer = await asyncio.get_running_loop().create_datagram_endpoint(RtpPeer, local_addr=(LOOPBACK, 0))
    try:
        yield peer
    finally:
        await peer.close()
