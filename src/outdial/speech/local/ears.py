"""Speech-to-text by Whisper: one utterance at a time, decoded when its speaker falls silent."""

from __future__ import annotations

from typing import Final

from outdial.domain.errors import Unreachable
from outdial.speech.local.engine_process import EngineProcess
from outdial.speech.pool import SpeechPool
from outdial.speech.utterance import UtteranceBuffer

DECODE_WITHIN_S: Final = 10.0
_WHAT: Final = "local speech-to-text"


class LocalHearing:
    """``Hearing`` of one conversation. Of an utterance longer than 28 s the last 28 s are understood."""

    def __init__(self, pool: SpeechPool[EngineProcess], language: str) -> None:
        self._pool = pool
        self._language = language
        self._utterance = UtteranceBuffer()

    def hear(self, pcm: bytes) -> None:
        self._utterance.hear(pcm)

    def speech_began(self) -> None:
        self._utterance.began()

    async def speech_ended(self) -> str:
        """What was said.

        Raises:
            Unreachable: the model cannot be loaded, knows no such language, or the pool is overloaded or too slow.
        """
        utterance = self._utterance.ended()
        if not self._language.lower().startswith("en"):
            raise Unreachable(f"the local speech-to-text understands English only, not {self._language!r}")
        return await self._pool.run(
            lambda engine: engine.words(utterance), lane=self, within_s=DECODE_WITHIN_S, what=_WHAT
        )

    async def close(self) -> None:
        self._utterance.clear()


class LocalEars:
    """``SpeechToText`` for English; in other languages every utterance ends in ``Unreachable``."""

    def __init__(self, pool: SpeechPool[EngineProcess]) -> None:
        self._pool = pool

    def listen(self, language: str) -> LocalHearing:
        return LocalHearing(self._pool, language)
