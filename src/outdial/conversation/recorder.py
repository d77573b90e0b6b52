"""The recording: agent left, callee right, both as long as the call has lasted at every moment."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from outdial.audio.frames import FRAME_BYTES, SILENCE
from outdial.audio.wav import StereoWriter

_WRITE_EVERY: Final = 100
"""Frames: two seconds at a time."""
_HOLD_BACK: Final = 50
"""Frames kept back on writing: what comes within a second after a gap still finds its place in it."""
_JITTER: Final = 3
"""Frames the far side may be late or early without being moved."""


class Track:
    """One channel on the wall clock: frame n is what sounded n x 20 ms after the answer.

    Sound that comes late in a burst fills the gap it left; what never came is silence, and what is too much is cut.
    """

    def __init__(self) -> None:
        self.sound = bytearray()
        self._gone = 0
        """Frames already taken away."""

    def put(self, pcm: bytes, now: int) -> None:
        """``pcm``, whole frames, came in at the end of period ``now`` (counted from 1)."""
        missing = now - self._length - len(pcm) // FRAME_BYTES
        if missing > _JITTER:
            self.sound += SILENCE * missing
        elif missing < -_JITTER:
            pcm = pcm[-missing * FRAME_BYTES :]
        self.sound += pcm

    def take(self, until: int) -> bytes:
        """Everything up to period ``until``, filled up with silence; it cannot be changed any more."""
        short = until - self._length
        if short > 0:
            self.sound += SILENCE * short
        size = max(until - self._gone, 0) * FRAME_BYTES
        taken = bytes(self.sound[:size])
        del self.sound[:size]
        self._gone = max(until, self._gone)
        return taken

    @property
    def _length(self) -> int:
        return self._gone + len(self.sound) // FRAME_BYTES


class Recorder:
    """Writes both tracks to disk. A disk that fails ends the recording, never the call: see ``trouble``."""

    def __init__(self, path: Path | None) -> None:
        self._agent = Track()
        self._callee = Track()
        self._written = 0
        self._writer: StereoWriter | None = None
        self.trouble = ""
        if path is not None:
            try:
                self._writer = StereoWriter(path)
            except OSError as error:
                self._give_up(error)

    def put(self, agent: bytes, callee: bytes, now: int) -> None:
        """What left and what came in up to the end of period ``now``."""
        if self._writer is None:
            return
        self._agent.put(agent, now)
        if callee:
            self._callee.put(callee, now)
        if now - self._written >= _WRITE_EVERY + _HOLD_BACK:
            self._write(now - _HOLD_BACK)

    def close(self, now: int) -> int:
        """Write what is left. Returns the length on disk in milliseconds, 0 if there is no recording."""
        self._write(now)
        if self._writer is None:
            return 0
        duration_ms = self._writer.duration_ms
        try:
            self._writer.close()
        except OSError as error:
            self._give_up(error)
        self._writer = None
        return duration_ms

    def _write(self, until: int) -> None:
        if self._writer is None:
            return
        try:
            self._writer.write(self._agent.take(until), self._callee.take(until))
        except OSError as error:
            self._give_up(error)
        self._written = until

    def _give_up(self, error: OSError) -> None:
        self.trouble = f"recording given up: {error.strerror or error}"
        if self._writer is not None:
            writer, self._writer = self._writer, None
            try:
                writer.close()
            except OSError:
                # The first error says what is wrong; closing after it can only repeat it.
                return
