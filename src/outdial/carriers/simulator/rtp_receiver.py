"""What comes in over RTP: packets made into frames in their right place, and keys. Pure: no socket, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from outdial.audio.frames import FRAME_BYTES, SILENCE
from outdial.carriers.simulator import rtp
from outdial.carriers.simulator.law import Law

_HEARD_FRAMES: Final = 500
"""How much unread sound is kept (10 s); a callee that does not listen must not fill the memory."""
_CONCEALED_FRAMES: Final = 5
"""A gap of up to this many lost packets is filled with silence, so that what follows keeps its place in time."""


class RtpReceiver:
    """``on_frame`` is called with every whole frame as it comes in."""

    def __init__(
        self, law: Law, digits_payload: int | None, on_frame: Callable[[bytes], None] = lambda _frame: None
    ) -> None:
        self._on_frame = on_frame
        self._law = law
        self._digits_payload = digits_payload
        self._frames: deque[bytes] = deque(maxlen=_HEARD_FRAMES)
        self._part = b""
        self._keys = ""
        self._event_seen: int | None = None
        self._expected: int | None = None
        self.every_digit = ""
        """All keys that came so far."""

    def frames(self) -> bytes:
        """Whole frames since the last call."""
        pcm = b"".join(self._frames)
        self._frames.clear()
        return pcm

    def digits(self) -> str:
        """Keys since the last call."""
        keys, self._keys = self._keys, ""
        return keys

    def key(self, key: str) -> None:
        self._keys += key
        self.every_digit += key

    def take(self, packet: rtp.Packet) -> None:
        lost = 0
        if self._expected is not None:
            lost = (packet.sequence - self._expected) & 0xFFFF
            if lost >= 0x8000:
                return  # late or double: its moment has passed
        self._expected = (packet.sequence + 1) & 0xFFFF
        if packet.payload_type == self._digits_payload:
            self._event(packet)
        elif packet.payload_type == self._law.payload_type:
            self._sound(packet.payload, lost)

    def _event(self, packet: rtp.Packet) -> None:
        if packet.timestamp != self._event_seen:
            self._event_seen = packet.timestamp  # all packets of one key carry one timestamp (RFC 4733 §2.5.1.2)
            self.key(rtp.event_digit(packet.payload))

    def _sound(self, payload: bytes, lost: int) -> None:
        if lost <= _CONCEALED_FRAMES:
            self._keep([SILENCE] * lost)
        pcm = self._part + self._law.decode(payload)
        whole = len(pcm) - len(pcm) % FRAME_BYTES
        self._keep([pcm[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)])
        self._part = pcm[whole:]

    def _keep(self, frames: Sequence[bytes]) -> None:
        self._frames.extend(frames)
        for frame in frames:
            self._on_frame(frame)
