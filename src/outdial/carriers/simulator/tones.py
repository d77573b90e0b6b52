"""Sounds a network makes by itself, as whole frames of line-rate PCM; no speech model needed."""

from __future__ import annotations

from typing import Final

import numpy as np

from outdial.audio.frames import FRAME_BYTES, LINE_RATE_HZ
from outdial.audio.levels import tone

BEEP_HZ: Final = 1000
_DTMF_ROWS_HZ: Final = (697, 770, 852, 941)
_DTMF_COLUMNS_HZ: Final = (1209, 1336, 1477, 1633)
_DTMF_KEYS: Final = "123A456B789C*0#D"


def beep() -> bytes:
    """The voicemail's tone: 1 kHz, half a second."""
    return tone(BEEP_HZ, 500)


def ringback() -> bytes:
    """One North American ring: 440 + 480 Hz for 2 s, then 4 s of silence (ITU-T E.180 supplement 2)."""
    return _both(440, 480, 2000) + _silence(4000)


def dtmf(key: str) -> bytes:
    """100 ms of a key's two tones and 60 ms of silence (ITU-T Q.23), for lines without telephone events.

    Raises:
        ValueError: no such key.
    """
    row, column = divmod(_DTMF_KEYS.index(key.upper()), 4)
    return _both(_DTMF_ROWS_HZ[row], _DTMF_COLUMNS_HZ[column], 100) + _silence(60)


def whole_frames(pcm: bytes) -> bytes:
    """``pcm`` with silence up to the next whole frame."""
    return pcm + bytes(-len(pcm) % FRAME_BYTES)


def _both(low_hz: int, high_hz: int, length_ms: int) -> bytes:
    low = np.frombuffer(tone(low_hz, length_ms, level_dbfs=-18), np.int16)
    return (low + np.frombuffer(tone(high_hz, length_ms, level_dbfs=-18), np.int16)).tobytes()


def _silence(length_ms: int) -> bytes:
    return bytes(2 * LINE_RATE_HZ * length_ms // 1000)
