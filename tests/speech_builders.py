"""Sound for tests, as a telephone line carries it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from outdial.audio.frames import FRAME_BYTES, LINE_RATE_HZ
from outdial.conversation.ports import SpeechToText, TextToSpeech
from outdial.domain.agent import Voice


async def sound_of(voice: TextToSpeech, text: str, who: Voice) -> bytes:
    return b"".join([chunk async for chunk in voice.say(text, who)])


async def words_in(ears: SpeechToText, pcm: bytes, language: str = "en-US") -> str:
    """What the ears make of ``pcm`` between two silences, handed over frame by frame as a conversation does."""
    hearing = ears.listen(language)
    silence = bytes(FRAME_BYTES)
    for _ in range(25):
        hearing.hear(silence)
    hearing.speech_began()
    padded = pcm + bytes(-len(pcm) % FRAME_BYTES)
    for at in range(0, len(padded), FRAME_BYTES):
        hearing.hear(padded[at : at + FRAME_BYTES])
    for _ in range(20):
        hearing.hear(silence)
    try:
        return await hearing.speech_ended()
    finally:
        await hearing.close()


def mu_law(pcm: bytes) -> bytes:
    """``pcm`` after G.711 mu-law (ITU-T G.711), coded and decoded."""
    samples = np.frombuffer(pcm, "<i2") / 32768
    coded = np.round(np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256) * 127) / 127
    decoded = np.sign(coded) * (np.power(256.0, np.abs(coded)) - 1) / 255
    return _pcm(decoded)


def noise(seconds: float, level_db: float, seed: int = 0) -> bytes:
    """White noise of ``level_db`` RMS below full scale."""
    samples = np.random.default_rng(seed).standard_normal(int(seconds * LINE_RATE_HZ)) * 10 ** (level_db / 20)
    return _pcm(samples)


def tone(seconds: float, *hz: float) -> bytes:
    at = np.arange(int(seconds * LINE_RATE_HZ)) / LINE_RATE_HZ
    return _pcm(0.2 * np.sin(2 * np.pi * np.outer(hz, at)).sum(axis=0))


def mixed(one: bytes, other: bytes) -> bytes:
    a, b = np.frombuffer(one, "<i2") / 32767, np.frombuffer(other, "<i2") / 32767
    length = min(len(a), len(b))
    return _pcm(a[:length] + b[:length])


def _pcm(samples: npt.NDArray[np.float64]) -> bytes:
    whole: npt.NDArray[np.int16] = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    return whole.tobytes()


def word_errors(said: list[str], heard: list[str]) -> int:
    """Words to change, add or leave out to make one of the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, start=1):
        before, row[0] = row[0], at
        for to, other in enumerate(heard, start=1):
            before, row[to] = row[to], min(before + (word != other), row[to] + 1, row[to - 1] + 1)
    return row[-1]
