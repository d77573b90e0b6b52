"""What goes out over RTP: one packet for each 20 ms, sound or a piece of a key. Pure: no socket, no clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from outdial.audio.frames import FRAME_BYTES, FRAME_SAMPLES, SILENCE
from outdial.carriers.simulator import rtp, tones
from outdial.carriers.simulator.law import Law

_EVENT_PACKETS: Final = 5
_EVENT_ENDS: Final = 3
_EVENT_PAUSE: Final = 3


@dataclass(frozen=True, slots=True)
class _Event:
    """One packet of a key. ``age`` is the time since its first packet, in samples."""

    payload: bytes
    age: int


class RtpSender:
    """``ssrc`` is also where sequence and timestamp begin: they shall be random (RFC 3550 §5.1).

    ``mixed`` adds to a frame what leaves with it.
    """

    def __init__(
        self,
        law: Law,
        digits_payload: int | None,
        ssrc: int,
        mixed: Callable[[bytes], bytes] = lambda frame: frame,
    ) -> None:
        self._mixed = mixed
        self._law = law
        self._digits_payload = digits_payload
        self._ssrc = ssrc
        self._sequence = ssrc & 0xFFFF
        self._timestamp = ssrc
        self._first = True
        self._frames: deque[bytes] = deque()
        self._events: deque[_Event | None] = deque()
        self._pressed = asyncio.Event()

    def speak(self, pcm: bytes) -> None:
        self._frames.extend(
            pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0") for at in range(0, len(pcm), FRAME_BYTES)
        )

    def hush(self) -> None:
        self._frames.clear()

    async def press(self, digits: str) -> None:
        """Returns when the last key has left. Keys go as tones within the sound when the far side takes no events."""
        if self._digits_payload is None:
            self.speak(b"".join(tones.dtmf(key) for key in digits))
            return
        for key in digits:
            self._queue(key)
        self._pressed.clear()
        await self._pressed.wait()

    def stop(self) -> None:
        """Nothing will leave any more: whoever waits for a key goes on."""
        self._pressed.set()

    def next(self) -> bytes | None:
        """The packet of the next 20 ms; None in the pause after a key. Sound waits while keys are sent."""
        packet: bytes | None
        if self._events:
            event = self._events.popleft()
            packet = None if event is None else self._event_packet(event)
            if not self._events:
                self._pressed.set()
        else:
            frame = self._frames.popleft() if self._frames else SILENCE
            packet = self._packet(
                self._law.payload_type, self._law.encode(self._mixed(frame)), self._timestamp, marker=self._first
            )
            self._first = False
        self._timestamp = (self._timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
        return packet

    def _event_packet(self, event: _Event) -> bytes:
        began = (self._timestamp - event.age) & 0xFFFFFFFF
        return self._packet(self._digits_payload or 0, event.payload, began, marker=event.age == 0)

    def _packet(self, payload_type: int, payload: bytes, timestamp: int, *, marker: bool) -> bytes:
        packet = rtp.Packet(payload_type, self._sequence, timestamp, self._ssrc, payload, marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return rtp.write(packet)

    def _queue(self, key: str) -> None:
        """Five packets that grow, three that end the key, a pause (RFC 4733 §2.5.1)."""
        for n in range(_EVENT_PACKETS + _EVENT_ENDS):
            end = n >= _EVENT_PACKETS
            length = FRAME_SAMPLES * min(n + 1, _EVENT_PACKETS + 1)
            self._events.append(_Event(rtp.event_payload(key, length, end=end), FRAME_SAMPLES * n))
        self._events.extend([None] * _EVENT_PAUSE)
