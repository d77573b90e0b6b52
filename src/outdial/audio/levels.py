"""How loud a sound is, and whether it holds a tone: how it is proved that sound came through."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from outdial.audio.frames import LINE_RATE_HZ

FULL_SCALE: Final = 32768.0
FLOOR_DBFS: Final = -96.0
"""The level of digital silence."""


def rms_dbfs(pcm: bytes) -> float:
    """Level of 16-bit PCM in dB below full scale: 0 is a full-scale square wave, ``FLOOR_DBFS`` is silence."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    if not samples.any():
        return FLOOR_DBFS
    return max(20 * math.log10(math.sqrt(float(np.mean(samples * samples))) / FULL_SCALE), FLOOR_DBFS)


def tone(frequency_hz: float, duration_ms: int, *, level_dbfs: float = -12.0) -> bytes:
    """A sine at line rate; ``level_dbfs`` is its RMS level."""
    time_s = np.arange(LINE_RATE_HZ * duration_ms // 1000) / LINE_RATE_HZ
    peak = FULL_SCALE * math.sqrt(2) * 10 ** (level_dbfs / 20)
    wave = np.clip(peak * np.sin(2 * math.pi * frequency_hz * time_s), -32768, 32767)
    return wave.astype(np.int16).tobytes()


def tone_share(pcm: bytes, frequency_hz: float) -> float:
    """How much of the sound's energy is at one frequency, 0 to 1 (Goertzel's algorithm as one dot product).

    About 1 for a pure tone, near 0 for silence, noise and speech; the width is the inverse of the sound's length.
    """
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    energy = float(np.dot(samples, samples))
    if energy == 0.0:
        return 0.0
    turn = np.exp(-2j * math.pi * frequency_hz / LINE_RATE_HZ * np.arange(len(samples)))
    return min(2 * abs(complex(np.dot(samples, turn))) ** 2 / (len(samples) * energy), 1.0)
