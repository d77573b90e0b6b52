"""One callee's sound over RTP, and the clock that moves all of them.

A leg has no task and no reader of its own: ``MediaClock`` ticks every leg each 20 ms, and in one tick a leg drains
its socket and sends one packet. That keeps hundreds of lines cheap and evenly paced in one event loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from outdial.audio.frames import FRAME_MS
from outdial.carriers.simulator import rtp
from outdial.carriers.simulator.echo import EchoPath
from outdial.carriers.simulator.law import Law
from outdial.carriers.simulator.rtp_receiver import RtpReceiver
from outdial.carriers.simulator.rtp_sender import RtpSender

_PACKETS_A_TICK: Final = 50
_CAUGHT_UP_S: Final = 0.1
_PORT_TRIES: Final = 64


def open_socket(host: str) -> socket.socket:
    """A non-blocking UDP socket on an even port, as RTP wants it (RFC 3550 §11).

    Raises:
        OSError: no port or no file descriptor is left.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(_PORT_TRIES):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((host, 0))
        except OSError:
            sock.close()
            raise
        if sock.getsockname()[1] % 2 == 0:
            return sock
        sock.close()
    raise OSError(f"no even UDP port was found in {_PORT_TRIES} tries")


class RtpLeg:
    """The callee's end of an answered line (``conversation.ports.Leg``). Owns ``sock`` and closes it.

    ``bye`` hangs up: it is the signalling's part, tells the far side and calls ``end``. With ``echo`` what comes in
    goes out again.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        law: Law,
        ssrc: int,
        digits_payload: int | None,
        bye: Callable[[], Awaitable[None]],
        echo: EchoPath | None = None,
    ) -> None:
        self._sock = sock
        self._bye = bye
        if echo is None:
            self._in, self._out = RtpReceiver(law, digits_payload), RtpSender(law, digits_payload, ssrc)
        else:
            self._in = RtpReceiver(law, digits_payload, echo.arrive)
            self._out = RtpSender(law, digits_payload, ssrc, echo.leave)
        self._gone: str | None = None
        self._over = asyncio.Event()
        self._connected = False

    # The conversation's side.

    def hear(self) -> bytes:
        return self._in.frames()

    def speak(self, pcm: bytes) -> None:
        self._out.speak(pcm)

    def hush(self) -> None:
        self._out.hush()

    def digits(self) -> str:
        return self._in.digits()

    async def press(self, digits: str) -> None:
        if not self._over.is_set():
            await self._out.press(digits)

    async def hang_up(self) -> None:
        await self._bye()

    @property
    def gone(self) -> str | None:
        return self._gone

    # The network's side.

    @property
    def every_digit(self) -> str:
        """All keys the far side pressed so far."""
        return self._in.every_digit

    @property
    def down(self) -> bool:
        return self._over.is_set()

    async def ended(self) -> None:
        """Returns when the line is down."""
        await self._over.wait()

    def connect(self, host: str, port: int) -> None:
        """Send to, and take sound only from, this address. May be called again when the far side moves.

        Raises:
            OSError: the address is of no use.
        """
        self._sock.connect((host, port))
        self._connected = True

    def key_heard(self, key: str) -> None:
        """A key that came by signalling (SIP INFO)."""
        self._in.key(key)

    def end(self, why: str | None) -> None:
        """The line is down: nothing is sent or taken any more. ``why`` is None when the callee itself hung up."""
        if not self._over.is_set():
            self._gone = why
            self._over.set()
            self._sock.close()
            self._out.stop()

    def tick(self) -> None:
        """20 ms have passed: take what came, send one packet."""
        if self._connected and not self._over.is_set():
            self._receive()
            packet = self._out.next()
            if packet is not None:
                self._send(packet)

    def _receive(self) -> None:
        for _ in range(_PACKETS_A_TICK):
            try:
                packet = rtp.read(self._sock.recv(2048))
            except BlockingIOError:
                return
            except OSError:
                continue  # the far side's port is closed (yet or already): signalling will tell which
            if packet is not None:
                self._in.take(packet)

    def _send(self, packet: bytes) -> None:
        try:
            self._sock.send(packet)
        except OSError:
            return  # lost like any datagram; a far side that stays away ends the call by signalling


class MediaClock:
    """Ticks all legs every 20 ms from one task."""

    def __init__(self) -> None:
        self._legs: set[RtpLeg] = set()

    def add(self, leg: RtpLeg) -> None:
        self._legs.add(leg)

    def __len__(self) -> int:
        return len(self._legs)

    async def run(self) -> None:
        """Until cancelled. After a stall up to 100 ms are caught up; a longer one shifts the schedule."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.tick()
            due = max(due + FRAME_MS / 1000, loop.time() - _CAUGHT_UP_S)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def tick(self) -> None:
        gone = [leg for leg in self._legs if leg.down]
        self._legs.difference_update(gone)
        for leg in self._legs:
            leg.tick()
