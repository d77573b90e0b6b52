"""Parts that fail in one way each, and lines that do: for conversations that must survive them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from outdial.conversation.ports import Dialogue, Hearing, Leg, Move, Say
from outdial.domain.agent import Brief, Voice
from outdial.domain.attempt import Turn
from outdial.domain.errors import Unreachable
from outdial.speech.scripted import ScriptedEars, ScriptedVoice


@dataclass
class FlakyVoice:
    """Fails at the sentences counted in ``fails_at`` (from 1, repetitions included), hangs at ``hangs_at``."""

    fails_at: Sequence[int] = ()
    hangs_at: Sequence[int] = ()
    after_words: int = 0
    asked: list[str] = field(default_factory=list)

    async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
        self.asked.append(text)
        number = len(self.asked)
        spoken = 0
        async for sound in ScriptedVoice().say(text, voice):
            if spoken == self.after_words and number in self.fails_at:
                raise Unreachable("the voice is out of order")
            if spoken == self.after_words and number in self.hangs_at:
                await asyncio.sleep(3600)
            spoken += 1
            yield sound


@dataclass
class FlakyLanguage:
    """Greets, then answers ``answer``; the calls counted in ``fails_at`` fail and those in ``hangs_at`` hang."""

    greeting: str
    answer: str
    fails_at: Sequence[int] = ()
    hangs_at: Sequence[int] = ()
    asked: list[str] = field(default_factory=list)

    def open(self, brief: Brief) -> Dialogue:
        del brief
        return self

    async def greet(self) -> AsyncIterator[Move]:
        yield Say(self.greeting)

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        del transcript
        self.asked.append(heard)
        if len(self.asked) in self.fails_at:
            raise Unreachable("the model is out of order")
        if len(self.asked) in self.hangs_at:
            await asyncio.sleep(3600)
        yield Say(self.answer)


@dataclass
class FlakyEars:
    """Understands, but for the utterances counted in ``fails_at``; those in ``hangs_at`` never come back."""

    fails_at: Sequence[int] = ()
    hangs_at: Sequence[int] = ()
    opened: int = 0
    asked: int = 0

    def listen(self, language: str) -> Hearing:
        self.opened += 1
        return _FlakyHearing(self, ScriptedEars().listen(language))


class _FlakyHearing:
    def __init__(self, ears: FlakyEars, inner: Hearing) -> None:
        self._ears = ears
        self._inner = inner

    def hear(self, pcm: bytes) -> None:
        self._inner.hear(pcm)

    def speech_began(self) -> None:
        self._inner.speech_began()

    async def speech_ended(self) -> str:
        self._ears.asked += 1
        if self._ears.asked in self._ears.fails_at:
            raise Unreachable("the recogniser is out of order")
        if self._ears.asked in self._ears.hangs_at:
            await asyncio.sleep(3600)
        return await self._inner.speech_ended()

    async def close(self) -> None:
        await self._inner.close()


class OtherLeg:
    """A line that does what another does; tests override what is wrong with it."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg

    def hear(self) -> bytes:
        return self.leg.hear()

    def speak(self, pcm: bytes) -> None:
        self.leg.speak(pcm)

    def hush(self) -> None:
        self.leg.hush()

    def digits(self) -> str:
        return self.leg.digits()

    async def press(self, digits: str) -> None:
        await self.leg.press(digits)

    async def hang_up(self) -> None:
        await self.leg.hang_up()

    @property
    def gone(self) -> str | None:
        return self.leg.gone
