"""One callee's sound over RTP, and the clock that moves all of them.

A leg has no task and no reader of its own: ``MediaClock`` ticks every leg each 20 ms, and in one tick a leg drains
its socket and sends one packet. That keeps hundreds of lines cheap and evenly paced in one event loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from outdial.audio.frames import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, SILENCE
from outdial.carriers.simulator import rtp, tones
from outdial.carriers.simulator.law import Law

_HEARD_FRAMES: Final = 500
"""How much unread sound is kept (10 s); a callee that does not listen must not fill the memory."""
_CONCEALED_FRAMES: Final = 5
"""A gap of up to this many lost packets is filled with silence, so that what follows keeps its place in time."""
_PACKETS_A_TICK: Final = 50
_EVENT_PACKETS: Final = 5
_EVENT_ENDS: Final = 3
_EVENT_PAUSE: Final = 3
_MASK_16: Final = 0xFFFF
_MASK_32: Final = 0xFFFFFFFF


def open_socket(host: str) -> socket.socket:
    """A non-blocking UDP socket on an even port, as RTP wants it (RFC 3550 §11).

    Raises:
        OSError: no port or no file descriptor is left.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(64):
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
    raise OSError("no even UDP port was found in 64 tries")


class RtpLeg:
    """The callee's end of an answered line (``conversation.ports.Leg``). Owns ``sock`` and closes it.

    ``hang_up`` is the signalling's part: it is handed in and tells the far side.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        law: Law,
        ssrc: int,
        digits_payload: int | None,
        bye: Callable[[], Awaitable[None]],
    ) -> None:
        self._sock = sock
        self._law = law
        self._ssrc = ssrc
        self._digits_payload = digits_payload
        self._bye = bye
        self._gone: str | None = None
        self._over = asyncio.Event()
        self._connected = False
        self._out: deque[bytes] = deque()
        self._in: deque[bytes] = deque(maxlen=_HEARD_FRAMES)
        self._part = b""
        self._keys_in = ""
        self.every_digit = ""
        """All keys the far side pressed so far."""
        self._event_seen: int | None = None
        self._expected: int | None = None
        self._sequence = ssrc & 0x7FFF
        self._timestamp = ssrc
        self._first = True
        self._keys_out: deque[tuple[bytes, int, bool] | None] = deque()
        self._pressed: asyncio.Event | None = None

    def connect(self, host: str, port: int) -> None:
        """Send to, and take sound only from, this address. May be called again when the far side moves.

        Raises:
            OSError: the address is of no use.
        """
        self._sock.connect((host, port))
        self._connected = True

    # The conversation's side.

    def hear(self) -> bytes:
        pcm = b"".join(self._in)
        self._in.clear()
        return pcm

    def speak(self, pcm: bytes) -> None:
        for at in range(0, len(pcm), FRAME_BYTES):
            self._out.append(pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))

    def hush(self) -> None:
        self._out.clear()

    def digits(self) -> str:
        keys, self._keys_in = self._keys_in, ""
        return keys

    async def press(self, digits: str) -> None:
        """Returns when the last key has left. As tones within the sound when the far side takes no events."""
        if self._over.is_set():
            return
        if self._digits_payload is None:
            self.speak(b"".join(tones.dtmf(key) for key in digits))
            return
        for key in digits:
            self._queue_event(key)
        self._pressed = self._pressed or asyncio.Event()
        await self._pressed.wait()

    async def hang_up(self) -> None:
        await self._bye()

    @property
    def gone(self) -> str | None:
        return self._gone

    # The network's side.

    async def ended(self) -> None:
        """Returns when the line is down."""
        await self._over.wait()

    @property
    def down(self) -> bool:
        return self._over.is_set()

    def end(self, why: str | None) -> None:
        """The line is down: nothing is sent or taken any more. ``why`` is None when the callee itself hung up."""
        if not self._over.is_set():
            self._gone = why
            self._over.set()
            self._sock.close()
            if self._pressed is not None:
                self._pressed.set()

    def key_heard(self, key: str) -> None:
        """A key that came, in the sound or by signalling (SIP INFO)."""
        self._keys_in += key
        self.every_digit += key

    def tick(self) -> None:
        """20 ms have passed: take what came, send one packet."""
        if self._connected and not self._over.is_set():
            self._receive()
            self._send()

    def _receive(self) -> None:
        for _ in range(_PACKETS_A_TICK):
            try:
                packet = rtp.read(self._sock.recv(2048))
            except BlockingIOError:
                return
            except OSError:
                continue  # the far side's port is closed (yet or already): signalling will tell which
            if packet is not None:
                self._take(packet)

    def _take(self, packet: rtp.Packet) -> None:
        lost = 0
        if self._expected is not None:
            lost = (packet.sequence - self._expected) & _MASK_16
            if lost >= 0x8000:
                return  # late or double: its moment has passed
        self._expected = (packet.sequence + 1) & _MASK_16
        if packet.payload_type == self._digits_payload:
            if packet.timestamp != self._event_seen:
                self._event_seen = packet.timestamp  # all packets of one key carry one timestamp (RFC 4733 §2.5.1.2)
                self.key_heard(rtp.event_digit(packet.payload))
            return
        if packet.payload_type != self._law.payload_type:
            return
        if lost <= _CONCEALED_FRAMES:
            self._in.extend([SILENCE] * lost)
        pcm = self._part + self._law.decode(packet.payload)
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._in.extend(pcm[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES))
        self._part = pcm[whole:]

    def _send(self) -> None:
        if self._keys_out:
            event = self._keys_out.popleft()
            if event is not None:
                payload, started, first = event
                stamp = (self._timestamp - started) & _MASK_32
                self._send_packet(self._digits_payload or 0, payload, stamp, marker=first)
            if not self._keys_out and self._pressed is not None:
                self._pressed.set()
                self._pressed = None
        else:
            frame = self._out.popleft() if self._out else SILENCE
            self._send_packet(self._law.payload_type, self._law.encode(frame), self._timestamp, marker=self._first)
            self._first = False
        self._timestamp = (self._timestamp + FRAME_SAMPLES) & _MASK_32

    def _send_packet(self, payload_type: int, payload: bytes, timestamp: int, *, marker: bool) -> None:
        data = rtp.write(rtp.Packet(payload_type, self._sequence, timestamp, self._ssrc, payload, marker))
        self._sequence = (self._sequence + 1) & _MASK_16
        try:
            self._sock.send(data)
        except OSError:
            return  # lost like any datagram; a far side that stays away ends the call by signalling

    def _queue_event(self, key: str) -> None:
        """A key: five packets that grow, three that end it, a pause. One packet each tick."""
        for n in range(_EVENT_PACKETS + _EVENT_ENDS):
            end = n >= _EVENT_PACKETS
            length = FRAME_SAMPLES * min(n + 1, _EVENT_PACKETS + 1)
            self._keys_out.append((rtp.event_payload(key, length, end=end), FRAME_SAMPLES * n, n == 0))
        self._keys_out.extend([None] * _EVENT_PAUSE)


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
            due = max(due + FRAME_MS / 1000, loop.time() - 0.1)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def tick(self) -> None:
        gone = [leg for leg in self._legs if leg.down]
        self._legs.difference_update(gone)
        for leg in self._legs:
            leg.tick()
