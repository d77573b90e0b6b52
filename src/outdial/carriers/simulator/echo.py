"""A line that echoes: what the caller sends comes back to it, later and weaker, mixed into what the callee says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outdial.audio.frames import FRAME_BYTES, LINE_RATE_HZ, SILENCE
from outdial.carriers.simulator.law import Law

_LATE_FRAMES = 5
"""Frames that may come late and all at once without the echo coming later from then on."""


@dataclass(frozen=True)
class Echo:
    """``delay_ms`` from when a sound reaches the far end until it comes back; ``level_db`` below 0 is weaker."""

    delay_ms: float
    level_db: float


class EchoPath:
    """The far end of one call. With a ``law`` both ways are coded, as on a line that carries no codec itself."""

    def __init__(self, echo: Echo, law: Law | None = None) -> None:
        self._gain = 10 ** (echo.level_db / 20)
        self._law = law
        self._delay_bytes = 2 * round(echo.delay_ms * LINE_RATE_HZ / 1000)
        self._waiting = bytearray(self._delay_bytes)

    def arrive(self, frame: bytes) -> None:
        """The caller's sound reaches the far end."""
        self._waiting += self._coded(frame)
        del self._waiting[: -self._delay_bytes - _LATE_FRAMES * FRAME_BYTES]

    def leave(self, frame: bytes) -> bytes:
        """What goes back with the callee's ``frame``."""
        back = bytes(self._waiting[:FRAME_BYTES]).ljust(FRAME_BYTES, b"\0")
        del self._waiting[:FRAME_BYTES]
        if back == SILENCE:
            return self._coded(frame)
        echo = np.frombuffer(back, np.int16) * self._gain
        mixed = np.frombuffer(frame, np.int16) + np.rint(echo)
        return self._coded(np.clip(mixed, -32768, 32767).astype(np.int16).tobytes())

    def _coded(self, frame: bytes) -> bytes:
        return frame if self._law is None else self._law.decode(self._law.encode(frame))
