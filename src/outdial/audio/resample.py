"""Between the line's 8 kHz and everybody else's rate: whole clips with soxr, live batches by a half-band filter."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from outdial.audio.frames import LINE_RATE_HZ

Floats = npt.NDArray[np.float32]

_SIDE: Final = 8
_REACH: Final = 2 * _SIDE - 1
"""Samples of the past that doubling looks back on."""


def to_line_rate(samples: npt.NDArray[np.float32] | npt.NDArray[np.int16], rate_hz: float) -> bytes:
    """A whole mono clip of any rate as line-rate PCM; floats run from -1 to 1 and are clipped beyond."""
    floats = samples.astype(np.float32) / (32768 if samples.dtype == np.int16 else 1)
    line: Floats = soxr.resample(floats, rate_hz, LINE_RATE_HZ)
    return np.clip(np.rint(line * 32767), -32768, 32767).astype(np.int16).tobytes()


def from_line_rate(pcm: bytes, rate_hz: int) -> Floats:
    """Line-rate PCM as floats from -1 to 1 at another rate."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
    resampled: Floats = soxr.resample(samples, LINE_RATE_HZ, rate_hz)
    return resampled


def _half_band() -> Floats:
    """One side of the filter: weights of the samples 0.5, 1.5, ... away from the point between two samples."""
    distance = np.arange(_SIDE) + 0.5
    weights = np.sinc(distance) * (0.54 + 0.46 * np.cos(np.pi * distance / _SIDE))
    normal: Floats = (weights / (2 * weights.sum())).astype(np.float32)
    return normal


_WEIGHTS: Final = _half_band()


class Doubler:
    """Doubles the rate of many sounds at once, each with a memory of its own.

    ``past[slot]`` keeps the last samples of a sound. The result is ``_SIDE`` samples (1 ms at 8 kHz) late.
    """

    def __init__(self, slots: int) -> None:
        self.past: Floats = np.zeros((slots, _REACH), np.float32)

    def grow(self, slots: int) -> None:
        self.past = np.vstack([self.past, np.zeros((slots - len(self.past), _REACH), np.float32)])

    def reset(self, slot: int) -> None:
        self.past[slot] = 0

    def double(self, slots: npt.NDArray[np.intp], sounds: Floats) -> Floats:
        """``sounds`` is (batch, n), row i belongs to ``slots[i]``, no slot twice; the result is (batch, 2 n)."""
        batch, length = sounds.shape
        line = np.concatenate([self.past[slots], sounds], axis=1)
        self.past[slots] = line[:, length:]
        between = np.zeros((batch, length), np.float32)
        for k in range(_SIDE):
            left, right = _SIDE - 1 - k, _SIDE + k
            between += _WEIGHTS[k] * (line[:, left : left + length] + line[:, right : right + length])
        doubled = np.empty((batch, length, 2), np.float32)
        doubled[:, :, 0] = line[:, _SIDE - 1 : _SIDE - 1 + length]
        doubled[:, :, 1] = between
        return doubled.reshape(batch, 2 * length)
