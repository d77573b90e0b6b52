"""Sound of a wideband codec, brought down to the line rate: a low-pass filter, then every n-th sample."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from outdial.audio.frames import LINE_RATE_HZ
from outdial.domain.errors import Broken

_TAPS_PER_RATIO: Final = 24
_PASS_HZ: Final = 3600
"""Half way down; what lies above 4 kHz would come back as a false tone."""


class ToLineRate:
    """Converts one stream of 16-bit sound, any chunks of whole samples; keeps what the next chunk needs.

    Raises:
        Broken: ``rate_hz`` is not a multiple of the line rate (no codec we offer has such a one).
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        if rate_hz <= 0 or rate_hz % LINE_RATE_HZ or channels < 1:
            raise Broken(f"sound with {channels} channels at {rate_hz} Hz cannot be brought to {LINE_RATE_HZ} Hz")
        self._ratio = rate_hz // LINE_RATE_HZ
        self._channels = channels
        self._taps = _low_pass(self._ratio)
        self._past: NDArray[np.float32] = np.zeros(len(self._taps) - 1, dtype=np.float32)

    def convert(self, pcm: bytes) -> bytes:
        if self._ratio == 1 and self._channels == 1:
            return pcm
        samples = np.frombuffer(pcm, dtype="<i2").reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
        joined = np.concatenate((self._past, samples))
        heard_from = len(self._taps) - 1
        # What is kept begins where the next sample to give out begins to listen.
        count = -((heard_from - len(joined)) // self._ratio)
        if count <= 0:
            self._past = joined
            return b""
        low = np.convolve(joined, self._taps, mode="valid")[: count * self._ratio : self._ratio]
        self._past = joined[count * self._ratio :]
        return np.clip(np.rint(low), -32768, 32767).astype("<i2").tobytes()


def _low_pass(ratio: int) -> NDArray[np.float32]:
    """A windowed-sinc filter of odd length with unit gain; one tap for ratio 1."""
    if ratio == 1:
        return np.ones(1, dtype=np.float32)
    half = _TAPS_PER_RATIO * ratio // 2
    places = np.arange(-half, half + 1)
    cutoff = 2 * _PASS_HZ / (LINE_RATE_HZ * ratio)
    taps = cutoff * np.sinc(cutoff * places) * np.blackman(len(places))
    scaled: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return scaled
