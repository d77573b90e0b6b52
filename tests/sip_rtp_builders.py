"""A far side's RTP in plain Python: tones and telephone-events, in and out (RFC 3550, RFC 4733)."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast

import numpy as np

from sip_builders import LOOPBACK, PATIENCE_S, Phone, until

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
        self._tasks: list[asyncio.Task[None]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # by duck typing only, in Python 3.11
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

    def play(self, phone: Phone, tones: Sequence[tuple[float, int]]) -> None:
        """Tones one after the other, each (Hz, ms), from the INVITE on."""
        self._tasks.append(asyncio.create_task(self._play(phone, tones)))

    async def _play(self, phone: Phone, tones: Sequence[tuple[float, int]]) -> None:
        loop = asyncio.get_running_loop()
        await until(lambda: bool(phone.messages("INVITE")))
        due = loop.time()
        for hz, ms in tones:
            for frame in range(ms // 20):
                places = np.arange(frame * _SAMPLES, (frame + 1) * _SAMPLES)
                self._send(phone, PCMU, ulaw(8000 * np.sin(2 * np.pi * hz * places / 8000)))
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


async def an_invite_to(uri: str, *, sender: str = "<sip:stranger@example.invalid>") -> int:
    """A stranger's call: the first final status it gets, retransmitted answers passed over."""
    host, port = uri.split("@")[1].split(";", maxsplit=1)[0].split(":")
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        stranger.bind((LOOPBACK, 0))
        await loop.sock_connect(stranger, (host, int(port)))
        us = f"{LOOPBACK}:{stranger.getsockname()[1]}"
        sound = f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
        head = [
            f"INVITE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {us};branch=z9hG4bK{us}",
            f"From: {sender};tag=1",
            f"To: <{uri}>",
            f"Call-ID: {us}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:stranger@{us}>",
            "Max-Forwards: 70",
            "Content-Type: application/sdp",
            f"Content-Length: {len(sound)}",
        ]
        await loop.sock_sendall(stranger, ("\r\n".join(head) + "\r\n\r\n" + sound).encode())
        async with asyncio.timeout(PATIENCE_S):
            while (status := int((await loop.sock_recv(stranger, 4096)).split()[1])) < 200:
                pass
        return status


@asynccontextmanager
async def a_rtp_peer() -> AsyncIterator[RtpPeer]:
    """Bound to a free loopback port. Silent until told otherwise."""
    _, peer = await asyncio.get_running_loop().create_datagram_endpoint(RtpPeer, local_addr=(LOOPBACK, 0))
    try:
        yield peer
    finally:
        await peer.close()
