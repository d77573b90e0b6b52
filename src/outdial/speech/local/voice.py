"""Text-to-speech by hibari, two voices: as trained, and lowered by playing it slower than it was made."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from hibari import SAMPLE_RATE, Hibari

from outdial.audio.resample import to_line_rate
from outdial.domain.agent import Voice
from outdial.domain.errors import Unreachable
from outdial.speech.catalogue import AVA, SAM
from outdial.speech.local.cache import SentenceCache
from outdial.speech.local.models import check_voice
from outdial.speech.pool import SpeechPool
from outdial.speech.spoken import spoken

RENDER_WITHIN_S: Final = 10.0
_PITCH: Final = {AVA.name: 1.0, SAM.name: 0.87}
"""Factor on pitch and formants; the pace is kept."""
_GAIN: Final = 1.8
"""Brings sentences to about -20 dBFS, the usual level of speech on a line."""
_WHAT: Final = "local text-to-speech"


class HibariEngine:
    """The loaded model; safe to use from several threads."""

    def __init__(self) -> None:
        """Read the model and say a word, because the first one is slow: some 0.8 s.

        Raises:
            NotInstalled: the weights are not the expected ones.
        """
        self._hibari = Hibari(threads=1)
        check_voice(Path(self._hibari.model_path))
        self._grammar = threading.Lock()
        for phonemes in self.phonemes("Hello, Zwrmska."):  # a word in no lexicon loads the net that spells such words
            self.render(phonemes, AVA.name)

    def phonemes(self, text: str) -> list[str]:
        """One string for each sentence of ``text``."""
        with self._grammar:
            found: list[str] = self._hibari.phonemize(text)
        return found

    def render(self, phonemes: str, voice_name: str) -> bytes:
        """Line-rate PCM; the same every time."""
        pitch = _PITCH[voice_name]
        made = self._hibari.from_phonemes(phonemes, speed=1 / pitch, seed=1)
        return to_line_rate(np.asarray(made, np.float32) * _GAIN, SAMPLE_RATE * pitch)


class LocalVoice:
    """``TextToSpeech`` over a ``HibariEngine`` that may still be loading."""

    def __init__(
        self, engine: Callable[[], Awaitable[HibariEngine]], pool: SpeechPool, *, cache_bytes: int = 32_000_000
    ) -> None:
        self._engine = engine
        self._pool = pool
        self._cache = SentenceCache(cache_bytes)

    async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
        """Speak ``text``, one chunk a sentence.

        Raises:
            Unreachable: there is no such local voice, or the pool is overloaded or too slow.
            NotInstalled: the model could not be loaded.
        """
        if voice.name not in _PITCH:
            raise Unreachable(f"there is no local voice {voice.name!r}: choose one of {', '.join(_PITCH)}")
        words = spoken(text)
        pieces = self._cache.get(words, voice.name)
        if pieces is not None:
            for piece in pieces:
                yield piece
            return
        engine = await self._engine()
        rendered: list[bytes] = []
        for phonemes in await self._compute(partial(engine.phonemes, words)):
            rendered.append(
                await self._pool.run(partial(engine.render, phonemes, voice.name), within_s=RENDER_WITHIN_S, what=_WHAT)
            )
            yield rendered[-1]
        self._cache.put(words, voice.name, tuple(rendered))

    async def _compute(self, job: Callable[[], list[str]]) -> list[str]:
        return await self._pool.run(job, within_s=RENDER_WITHIN_S, what=_WHAT)
