"""Sound as Whisper sees it: 80 log-mel bands, 100 frames a second (arXiv 2212.04356 §2.2, Slaney's mel scale)."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

MODEL_RATE_HZ: Final = 16_000
FRAMES_PER_S: Final = 100
BANDS: Final = 80
_WINDOW: Final = 400
_HOP: Final = MODEL_RATE_HZ // FRAMES_PER_S


def log_mel(samples: Floats, seconds: float) -> Floats:
    """Bands x frames of ``samples`` (mono, 16 kHz, -1..1), with silence added up to ``seconds``."""
    wanted = max(round(seconds * MODEL_RATE_HZ), len(samples))
    wanted += -wanted % (2 * _HOP)  # the encoder halves the number of frames
    padded = np.zeros(wanted + _WINDOW, np.float32)
    half = _WINDOW // 2
    padded[half : half + len(samples)] = samples
    padded[:half] = samples[half:0:-1] if len(samples) > half else 0.0
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:wanted:_HOP]
    power = np.abs(np.fft.rfft(frames * _hann(), axis=1)) ** 2
    bands = np.log10(np.maximum(power @ _filters(), 1e-10))
    bands = np.maximum(bands, bands.max() - 8.0)
    return np.ascontiguousarray(((bands + 4.0) / 4.0).T, dtype=np.float32)


@cache
def _hann() -> Floats:
    return np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


@cache
def _filters() -> Floats:
    """Triangles of equal area, one column a band, over the FFT's bins."""
    bins = np.linspace(0, MODEL_RATE_HZ / 2, _WINDOW // 2 + 1)
    edges = _to_hz(np.linspace(0, float(_to_mel(MODEL_RATE_HZ / 2)), BANDS + 2))
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (edges[2:] - edges[:-2])).astype(np.float32)


_LINEAR_HZ: Final = 200 / 3
_BREAK_HZ: Final = 1000.0
_BREAK_MEL: Final = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP: Final = np.log(6.4) / 27.0


def _to_mel(hz: float) -> float:
    return hz / _LINEAR_HZ if hz < _BREAK_HZ else float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ, _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL)))
