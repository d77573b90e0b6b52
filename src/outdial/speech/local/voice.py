"""Text-to-speech by hibari, two voices: as trained, and lowered by playing it slower than it was made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from outdial.conversation.sentences import pieces
from outdial.domain.agent import Voice
from outdial.domain.errors import Unreachable
from outdial.speech.catalogue import AVA, SAM
from outdial.speech.local.cache import SentenceCache
from outdial.speech.local.engine_process import EngineProcess
from outdial.speech.pool import SpeechPool
from outdial.speech.spoken import spoken

T = TypeVar("T")

RENDER_WITHIN_S: Final = 10.0
PITCH: Final = {AVA.name: 1.0, SAM.name: 0.87}
"""Factor on pitch and formants; the pace is kept."""
_WHAT: Final = "local text-to-speech"


class LocalVoice:
    """``TextToSpeech`` by the engines of a pool, which may still be loading."""

    def __init__(self, pool: SpeechPool[EngineProcess], cache: SentenceCache, language: str = "en-US") -> None:
        """``language``: the locale numbers, dates and amounts are read in."""
        self._pool = pool
        self._cache = cache
        self._language = language

    def reading(self, language: str) -> LocalVoice:
        """The same voice for an agent of another language."""
        return LocalVoice(self._pool, self._cache, language)

    async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
        """Speak ``text``, one chunk a sentence.

        Raises:
            Unreachable: there is no such local voice, or the pool is overloaded or too slow.
            NotInstalled: the model could not be loaded.
        """
        if voice.name not in PITCH:
            raise Unreachable(f"there is no local voice {voice.name!r}: choose one of {', '.join(PITCH)}")
        words = spoken(text, self._language)
        if (known := self._cache.get(words, voice.name)) is not None:
            for sound in known:
                yield sound
            return
        rendered: list[bytes] = []
        async for sound in self._rendered(words, voice.name):
            rendered.append(sound)
            yield sound
        self._cache.put(words, voice.name, tuple(rendered))

    async def _rendered(self, words: str, voice_name: str) -> AsyncIterator[bytes]:
        """Words are more letters than what they were written as, so they are cut once more."""
        lane = object()
        for piece in pieces(words):
            for phonemes in await self._run(lambda engine, text=piece: engine.phonemes(text), lane):  # type: ignore[misc]
                yield await self._run(lambda engine, said=phonemes: engine.render(said, voice_name), lane)  # type: ignore[misc]

    async def _run(self, job: Callable[[EngineProcess], Awaitable[T]], lane: object) -> T:
        return await self._pool.run(job, lane=lane, within_s=RENDER_WITHIN_S, what=_WHAT)
