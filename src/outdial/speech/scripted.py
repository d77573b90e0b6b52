"""A voice and ears that need no model, the same every time: for tests, rehearsals and benchmarks.

``ScriptedVoice`` speaks real speech sound (any voice detector takes it for speech), which does not say the words but
carries them: the text of each word is written into the lowest bits of the last samples of its sound.
``ScriptedEars`` read the words back from the samples they heard. So, over a line that changes no sample, an
interrupted sentence is heard exactly as far as it was played. Over G.711 the bits are lost: take ``CannedEars``.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from outdial.audio.frames import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES
from outdial.audio.wav import read_wav
from outdial.conversation.ports import Dialogue, Hearing, Move, Say
from outdial.domain.agent import Brief, Voice
from outdial.domain.attempt import Turn

_SYNC: Final = bytes.fromhex("9d2ce7")
_LONGEST_WORD_BYTES: Final = 200
_PREROLL_BYTES: Final = FRAME_BYTES * 300 // FRAME_MS
_Samples = npt.NDArray[np.int16]


@cache
def _clip() -> _Samples:
    """The speech sound, with its lowest bits cleared."""
    with resources.as_file(resources.files(__package__).joinpath("clips", "speech.wav")) as path:
        samples, _ = read_wav(Path(path))
    return samples[:, 0] & np.int16(-2)


def word_frames(word: str) -> int:
    """How long a word sounds: 80 ms a letter and its blank, so words of four letters make two and a half a second."""
    return max(80 * (len(word) + 1) // FRAME_MS, 2 * len(_code(word)) // FRAME_SAMPLES)


def _code(word: str) -> bytes:
    """The bits of a word, one a byte: sync, length, text, check sum; filled up to whole frames at the front."""
    text = word.encode()[:_LONGEST_WORD_BYTES]
    body = bytes([len(text)]) + text
    bits = np.unpackbits(np.frombuffer(_SYNC + body + bytes([zlib.crc32(body) & 0xFF]), np.uint8))
    return bits.tobytes().rjust(-(-len(bits) // FRAME_SAMPLES) * FRAME_SAMPLES, b"\0")


def speech_sound(text: str) -> list[bytes]:
    """The sound of a text, word by word, each a whole number of frames."""
    clip = _clip()
    sounds = []
    at = 0
    for word in text.split():
        length = word_frames(word) * FRAME_SAMPLES
        samples = np.take(clip, np.arange(at, at + length), mode="wrap")
        code = np.frombuffer(_code(word), np.uint8)
        samples[-len(code) :] |= code
        sounds.append(samples.tobytes())
        at += length
    return sounds


def carried_words(pcm: bytes) -> str:
    """The words whose sound lies in ``pcm`` to its end."""
    bits = (np.frombuffer(pcm, np.int16) & 1).astype(np.uint8).tobytes()
    sync = np.unpackbits(np.frombuffer(_SYNC, np.uint8)).tobytes()
    words = []
    at = bits.find(sync)
    while at >= 0:
        body = np.packbits(np.frombuffer(bits[at + len(sync) :], np.uint8)[: 8 * (_LONGEST_WORD_BYTES + 2)]).tobytes()
        size = body[0] if body else 0
        if len(body) >= size + 2 and zlib.crc32(body[: size + 1]) & 0xFF == body[size + 1]:
            words.append(body[1 : size + 1].decode(errors="replace"))
        at = bits.find(sync, at + len(sync))
    return " ".join(words)


class ScriptedVoice:
    """A ``TextToSpeech``: about two and a half words a second, all of it there at once."""

    async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
        del voice
        for sound in speech_sound(text):
            yield sound


class ScriptedEars:
    """A ``SpeechToText`` that understands ``ScriptedVoice`` over a line that changes no sample."""

    def listen(self, language: str) -> Hearing:
        del language
        return _CarriedWords()


class _CarriedWords:
    def __init__(self) -> None:
        self._sound = bytearray()
        self._speaking = False

    def hear(self, pcm: bytes) -> None:
        self._sound += pcm
        if not self._speaking:
            del self._sound[:-_PREROLL_BYTES]

    def speech_began(self) -> None:
        self._speaking = True

    async def speech_ended(self) -> str:
        self._speaking = False
        sound, self._sound = bytes(self._sound), bytearray()
        return carried_words(sound)

    async def close(self) -> None:
        self._sound.clear()


class CannedEars:
    """A ``SpeechToText`` that hears the given lines, one for each time somebody has spoken; then nothing more."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = tuple(lines)

    def listen(self, language: str) -> Hearing:
        del language
        return _Canned(self._lines)


class _Canned:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = list(lines)

    def hear(self, pcm: bytes) -> None:
        """What is heard does not depend on the sound."""

    def speech_began(self) -> None:
        """Nor on when it began."""

    async def speech_ended(self) -> str:
        return self._lines.pop(0) if self._lines else ""

    async def close(self) -> None:
        self._lines.clear()


Answer = str | Sequence[Move] | Callable[[str], Sequence[Move]]
"""Words, moves, or what makes moves of the words that were heard."""


@dataclass(frozen=True)
class ScriptedLanguage:
    """A ``Language`` with a script: the greeting, then one answer after the other, then ``always``, again and again.

    ``by_word`` comes first: an answer for the first word of it that was heard.
    """

    greeting: Answer = ""
    answers: Sequence[Answer] = ()
    always: Answer = ""
    by_word: Mapping[str, Answer] = field(default_factory=dict)

    def open(self, brief: Brief) -> Dialogue:
        del brief
        return _ScriptedDialogue(self)


class _ScriptedDialogue:
    def __init__(self, script: ScriptedLanguage) -> None:
        self._script = script
        self._answers = list(script.answers)

    async def greet(self) -> AsyncIterator[Move]:
        for move in _moves(self._script.greeting, ""):
            yield move

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        del transcript
        for move in _moves(self._next(heard), heard):
            yield move

    def _next(self, heard: str) -> Answer:
        for word in heard.split():
            if word in self._script.by_word:
                return self._script.by_word[word]
        return self._answers.pop(0) if self._answers else self._script.always


def _moves(answer: Answer, heard: str) -> Sequence[Move]:
    if isinstance(answer, str):
        return [Say(answer)] if answer else []
    return answer(heard) if callable(answer) else answer
