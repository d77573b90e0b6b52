"""Speech-to-text by Whisper: one utterance at a time, decoded when its speaker falls silent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from outdial.audio.frames import LINE_RATE_HZ
from outdial.domain.errors import Unreachable
from outdial.speech.local.whisper import LONGEST_S, Whisper
from outdial.speech.pool import SpeechPool

DECODE_WITHIN_S: Final = 10.0
PRE_ROLL_MS: Final = 400
"""Sound kept from before ``speech_began``: the 300 ms the port promises, and a breath, which Whisper likes."""
_PRE_ROLL_BYTES: Final = 2 * LINE_RATE_HZ * PRE_ROLL_MS // 1000
_LONGEST_BYTES: Final = int(2 * LINE_RATE_HZ * LONGEST_S)
_WHAT: Final = "local speech-to-text"

WhisperSoon = Callable[[], Awaitable[Whisper]]


class LocalHearing:
    """``Hearing`` of one conversation. Of an utterance longer than 28 s the last 28 s are understood."""

    def __init__(self, whisper: WhisperSoon, pool: SpeechPool, language: str) -> None:
        self._whisper = whisper
        self._pool = pool
        self._language = language
        self._sound = bytearray()
        self._speaking = False

    def hear(self, pcm: bytes) -> None:
        self._sound += pcm
        keep = _LONGEST_BYTES if self._speaking else _PRE_ROLL_BYTES
        if len(self._sound) > keep:
            del self._sound[:-keep]

    def speech_began(self) -> None:
        self._speaking = True

    async def speech_ended(self) -> str:
        """What was said.

        Raises:
            Unreachable: the model cannot be loaded, knows no such language, or the pool is overloaded or too slow.
        """
        self._speaking = False
        if not self._language.lower().startswith("en"):
            raise Unreachable(f"the local speech-to-text understands English only, not {self._language!r}")
        utterance, self._sound = bytes(self._sound), self._sound[-_PRE_ROLL_BYTES:]
        whisper = await self._whisper()
        return await self._pool.run(partial(whisper.words, utterance), within_s=DECODE_WITHIN_S, what=_WHAT)

    async def close(self) -> None:
        self._sound.clear()


class LocalEars:
    """``SpeechToText`` for English; in other languages every utterance ends in ``Unreachable``."""

    def __init__(self, whisper: WhisperSoon, pool: SpeechPool) -> None:
        self._whisper = whisper
        self._pool = pool

    def listen(self, language: str) -> LocalHearing:
        return LocalHearing(self._whisper, self._pool, language)
