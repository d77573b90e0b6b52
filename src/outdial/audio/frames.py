"""The one shape of sound inside Outdial: 20 ms frames of 8 kHz mono PCM, signed 16-bit little-endian.

A telephone line carries nothing better on most trunks; whoever has another rate converts at the rim.
"""

from __future__ import annotations

from typing import Final

LINE_RATE_HZ: Final = 8000
FRAME_MS: Final = 20
FRAME_SAMPLES: Final = LINE_RATE_HZ * FRAME_MS // 1000
FRAME_BYTES: Final = 2 * FRAME_SAMPLES
SILENCE: Final = bytes(FRAME_BYTES)


def duration_ms(pcm: bytes) -> int:
    """Length of line-rate PCM in whole milliseconds."""
    return len(pcm) * 1000 // (2 * LINE_RATE_HZ)
