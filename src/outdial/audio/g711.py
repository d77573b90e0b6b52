"""G.711, the coding of telephone lines: mu-law and A-law bytes from and to line-rate PCM (ITU-T G.711, tables 1 and 2).

Every conversion is one look-up in a table built when the module is loaded.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_Codes = npt.NDArray[np.uint8]
_Levels = npt.NDArray[np.int16]

_MU_BIAS: Final = 33
_MU_CLIP: Final = 8158


def _mu_law_levels() -> _Levels:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 1) + _MU_BIAS) << ((code & 0x70) >> 4)) - _MU_BIAS
    return (np.where(code & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


def _mu_law_codes() -> _Codes:
    level = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    magnitude = np.minimum(np.abs(level), _MU_CLIP) + _MU_BIAS
    segment = np.minimum(np.floor(np.log2(magnitude)).astype(np.int32) - 5, 7)
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)
    codes: _Codes = (code ^ np.where(level < 0, 0x7F, 0xFF)).astype(np.uint8)
    return codes


def _a_law_levels() -> _Levels:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code & 0x70) >> 4
    mantissa = ((code & 0x0F) << 4) + np.where(segment == 0, 8, 0x108)
    magnitude = mantissa << np.maximum(segment - 1, 0)
    levels: _Levels = np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
    return levels


def _a_law_codes() -> _Codes:
    level = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 3
    magnitude = np.where(level < 0, -level - 1, level)
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    code = (segment << 4) | ((magnitude >> np.maximum(segment, 1)) & 0x0F)
    return (code ^ np.where(level < 0, 0x55, 0xD5)).astype(np.uint8)


_MU_LEVELS: Final = _mu_law_levels()
_MU_CODES: Final = _mu_law_codes()
_A_LEVELS: Final = _a_law_levels()
_A_CODES: Final = _a_law_codes()


def mu_law_encode(pcm: bytes) -> bytes:
    """One byte for each 16-bit sample."""
    return _MU_CODES[np.frombuffer(pcm, np.uint16)].tobytes()


def mu_law_decode(code: bytes) -> bytes:
    """One 16-bit sample for each byte."""
    return _MU_LEVELS[np.frombuffer(code, np.uint8)].tobytes()


def a_law_encode(pcm: bytes) -> bytes:
    """One byte for each 16-bit sample."""
    return _A_CODES[np.frombuffer(pcm, np.uint16)].tobytes()


def a_law_decode(code: bytes) -> bytes:
    """One 16-bit sample for each byte."""
    return _A_LEVELS[np.frombuffer(code, np.uint8)].tobytes()
