"""The sound of one utterance, with what came just before it was noticed."""

from __future__ import annotations

from typing import Final

from outdial.audio.frames import LINE_RATE_HZ

PRE_ROLL_MS: Final = 400
"""Sound kept from before ``speech_began``: the 300 ms the port promises, and a breath, which recognisers like."""
LONGEST_S: Final = 28.0
"""Of a longer utterance the last 28 s are kept: it is the end one answers to."""
_PRE_ROLL_BYTES: Final = 2 * LINE_RATE_HZ * PRE_ROLL_MS // 1000
LONGEST_BYTES: Final = 2 * int(LINE_RATE_HZ * LONGEST_S)


class UtteranceBuffer:
    """Line-rate PCM in; the utterance out when it has ended."""

    def __init__(self) -> None:
        self._sound = bytearray()
        self._speaking = False

    def hear(self, pcm: bytes) -> None:
        self._sound += pcm
        keep = LONGEST_BYTES if self._speaking else _PRE_ROLL_BYTES
        if len(self._sound) > keep:
            del self._sound[:-keep]

    def began(self) -> None:
        self._speaking = True

    def ended(self) -> bytes:
        """Everything since shortly before ``began``. Its end stays as the beginning of the next one."""
        self._speaking = False
        utterance = bytes(self._sound)
        del self._sound[:-_PRE_ROLL_BYTES]
        return utterance

    def clear(self) -> None:
        self._sound.clear()
