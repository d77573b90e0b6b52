"""Between the line's 8 kHz and everybody else's rate: clips with soxr, a model's input by a half-band filter."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from outdial.audio.frames import LINE_RATE_HZ

Floats = npt.NDArray[np.float32]

_SIDE: Final = 8
DOUBLING_REACH: Final = 2 * _SIDE - 1
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


def doubled(line: Floats) -> Floats:
    """``line`` is (batch, DOUBLING_REACH + n), its past in front; the result, (batch, 2 n), has twice the rate.

    It is ``_SIDE`` samples (1 ms at 8 kHz) late.
    """
    batch, length = len(line), line.shape[1] - DOUBLING_REACH
    both = np.zeros((batch, length, 2), np.float32)
    both[:, :, 0] = line[:, _SIDE - 1 : _SIDE - 1 + length]
    for k in range(_SIDE):
        left, right = _SIDE - 1 - k, _SIDE + k
        both[:, :, 1] += _WEIGHTS[k] * (line[:, left : left + length] + line[:, right : right + length])
    return both.reshape(batch, 2 * length)
