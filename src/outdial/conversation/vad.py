"""Who is speaking: Silero's voice activity model, run once for the calls of a process together.

The model judges windows of 32 ms, each with the memory of the windows before it. The windows of all calls that
became complete in one beat are gathered and judged in one run: four times cheaper than one run a call. Which rate
and why: ``docs/decisions/0004-voice-activity.md``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from outdial.audio.frames import LINE_RATE_HZ
from outdial.audio.resample import Floats
from outdial.conversation.silero import HISTORY_SAMPLES, MEMORY_SIZE, WINDOW_SAMPLES, Silero

WINDOW_BYTES: Final = 2 * WINDOW_SAMPLES
WINDOW_MS: Final = WINDOW_SAMPLES * 1000 // LINE_RATE_HZ
MAX_BATCH: Final = 64
"""Windows in one run: beyond this nothing gets cheaper and the loop is only blocked for longer."""
MAX_WAITING_BYTES: Final = 16 * WINDOW_BYTES
"""Half a second: what came before that is passed over after a stall, so that a late process can catch up."""


class Ear:
    """One call's place in the pool. ``verdicts`` are filled by ``VoiceActivity.run`` and emptied by ``take``."""

    def __init__(self, pool: VoiceActivity, slot: int) -> None:
        self._pool = pool
        self.slot = slot
        self.waiting = bytearray()
        self.verdicts: list[float] = []

    def push(self, pcm: bytes) -> None:
        """Line-rate PCM, any number of whole samples."""
        before = len(self.waiting)
        self.waiting += pcm
        if before < WINDOW_BYTES <= len(self.waiting):
            self._pool.ready.append(self)

    def take(self) -> list[float]:
        """Probabilities of speech, one for each window judged since the last call, in order."""
        verdicts, self.verdicts = self.verdicts, []
        return verdicts

    def forget(self) -> None:
        """Clear the model's memory of this call."""
        self._pool.reset(self.slot)

    def close(self) -> None:
        """Give the place back; a second time does nothing."""
        self._pool.release(self)


class VoiceActivity:
    """The pool: one model, one row of memory for each call, rows used again after a call has ended."""

    def __init__(self, *, slots: int = 64) -> None:
        self._model = Silero()
        self._history: Floats = np.zeros((slots, HISTORY_SAMPLES), np.float32)
        self._memory: Floats = np.zeros((2, slots, MEMORY_SIZE), np.float32)
        self._free = list(range(slots))[::-1]
        self.ready: list[Ear] = []

    def open(self) -> Ear:
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self.reset(slot)
        return Ear(self, slot)

    def release(self, ear: Ear) -> None:
        if ear.slot >= 0:
            self.ready = [other for other in self.ready if other is not ear]
            self._free.append(ear.slot)
            ear.slot = -1

    def reset(self, slot: int) -> None:
        self._history[slot] = 0
        self._memory[:, slot] = 0

    def run(self) -> None:
        """Judge every complete window; calls with several get them judged one after the other."""
        while self.ready:
            now, self.ready = self.ready, []
            for first in range(0, len(now), MAX_BATCH):
                self._judge(now[first : first + MAX_BATCH])
            self.ready = [ear for ear in now if len(ear.waiting) >= WINDOW_BYTES]

    def _judge(self, ears: list[Ear]) -> None:
        slots = np.array([ear.slot for ear in ears], np.intp)
        probabilities = self._infer(slots, self._windows(ears))
        for ear, probability in zip(ears, probabilities.tolist(), strict=True):
            ear.verdicts.append(probability)

    @staticmethod
    def _windows(ears: list[Ear]) -> Floats:
        parts = []
        for ear in ears:
            if len(ear.waiting) > MAX_WAITING_BYTES:
                del ear.waiting[:-MAX_WAITING_BYTES]
            parts.append(ear.waiting[:WINDOW_BYTES])
            del ear.waiting[:WINDOW_BYTES]
        samples = np.frombuffer(b"".join(parts), np.int16).reshape(-1, WINDOW_SAMPLES)
        return samples.astype(np.float32) * np.float32(1 / 32768)

    def _infer(self, slots: npt.NDArray[np.intp], windows: Floats) -> Floats:
        line = np.concatenate([self._history[slots], windows], axis=1)
        self._history[slots] = line[:, -HISTORY_SAMPLES:]
        probabilities, self._memory[:, slots] = self._model.run(line, self._memory[:, slots])
        return probabilities

    def _grow(self) -> None:
        old = len(self._history)
        self._history = np.concatenate([self._history, np.zeros_like(self._history)])
        self._memory = np.concatenate([self._memory, np.zeros_like(self._memory)], axis=1)
        self._free = list(range(old, 2 * old))[::-1]
