"""Both ends of a line in memory, callees that follow a script, and what was left of it all. Virtual time only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outdial.audio.frames import FRAME_BYTES, duration_ms
from outdial.carriers.simulator.memory_line import MemoryLeg, MemoryLine
from outdial.conversation.manners import GOOD_MANNERS, Manners
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import (
    Dialogue,
    HangUp,
    Language,
    Leg,
    Move,
    Parts,
    Say,
    SpeechToText,
    TextToSpeech,
)
from outdial.conversation.talk import converse
from outdial.conversation.vad import VoiceActivity
from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.domain.attempt import DigitsPressed, Said, TalkSummary, Turn
from outdial.speech.scripted import ScriptedEars, ScriptedLanguage, ScriptedVoice, carried_words, speech_sound
from outdial.virtual_time import loop_clock

_LONGEST_CODE_BYTES = 8000
VOICE = Voice(id="scripted", name="scripted", engine="scripted", languages=("en-US",))


def a_brief(
    *,
    idle_question: str = "Are you still there?",
    farewell: str = "I have to go now.",
    limits: TalkLimits | None = None,
) -> Brief:
    return Brief(
        agent_name="Ada",
        language="en-US",
        voice=VOICE,
        greeting="",
        instructions="",
        flow=None,
        model="",
        idle_question=idle_question,
        farewell=farewell,
        limits=limits or TalkLimits(),
        variables={},
    )


@dataclass
class Callee:
    """The far end: every word it has heard so far, and the verbs of a person with a phone."""

    leg: MemoryLeg
    heard: list[str] = field(default_factory=list)
    _sound: bytearray = field(default_factory=bytearray)
    _sounds_until_s: float = 0.0

    @property
    def words(self) -> str:
        """What reached the callee, word by word."""
        self._sound += self.leg.hear()
        if words := carried_words(bytes(self._sound)):
            self.heard.append(words)
            self._sound.clear()
        del self._sound[:-_LONGEST_CODE_BYTES]
        return " ".join(self.heard)

    def say(self, text: str) -> None:
        self.make_noise(b"".join(speech_sound(text)))

    def make_noise(self, pcm: bytes) -> None:
        whole = pcm + bytes(-len(pcm) % FRAME_BYTES)
        now_s = asyncio.get_running_loop().time()
        self._sounds_until_s = max(self._sounds_until_s, now_s) + duration_ms(whole) / 1000
        self.leg.speak(whole)

    async def hears(self, words: str) -> None:
        """Wait until these words have come."""
        while words not in self.words:
            assert self.leg.gone is None, f"the call ended; heard only: {self.words}"
            await asyncio.sleep(0.02)

    async def is_silent_for(self, seconds: float) -> None:
        """Say what there is to say, then nothing for so long."""
        await asyncio.sleep(max(self._sounds_until_s - asyncio.get_running_loop().time(), 0) + seconds)

    async def hears_the_end(self) -> None:
        await self.leg.ended()


@dataclass
class Pensive:
    """A language that greets, thinks for a while, then gives its one answer and hangs up."""

    greeting: str
    answer: str
    thinks_s: float
    asked: list[str] = field(default_factory=list)

    def open(self, brief: Brief) -> Dialogue:
        del brief
        return self

    async def greet(self) -> AsyncIterator[Move]:
        yield Say(self.greeting)

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        del transcript
        self.asked.append(heard)
        await asyncio.sleep(self.thinks_s)
        yield Say(self.answer)
        yield HangUp()


Script = Callable[[Callee], Awaitable[None]]


async def listens(callee: Callee) -> None:
    await callee.hears_the_end()


@dataclass
class Talked:
    """What is left of a talk. ``reported`` is in the order it was reported."""

    summary: TalkSummary
    reported: Sequence[Said | DigitsPressed]
    callee: Callee
    seconds: float

    @property
    def lines(self) -> list[str]:
        return [f"{turn.speaker}: {turn.text}" for turn in self.summary.turns]


async def talk(
    *,
    script: Script = listens,
    language: Language | None = None,
    ears: SpeechToText | None = None,
    voice: TextToSpeech | None = None,
    brief: Brief | None = None,
    recording: Path | None = None,
    manners: Manners = GOOD_MANNERS,
    metronome: Metronome | None = None,
    line_of: Callable[[Leg], Leg] | None = None,
) -> Talked:
    """One conversation over a line in memory, with the real voice detector."""
    began_s = asyncio.get_running_loop().time()
    line = MemoryLine()
    callee = Callee(line.callee)
    reported: list[Said | DigitsPressed] = []
    parts = Parts(ears or ScriptedEars(), voice or ScriptedVoice(), language or ScriptedLanguage())
    async with asyncio.TaskGroup() as tasks:
        acting = tasks.create_task(_act(script, callee))
        summary = await converse(
            line_of(line.caller) if line_of else line.caller,
            brief or a_brief(),
            parts,
            metronome=metronome or Metronome(VoiceActivity(slots=4)),
            clock=loop_clock(),
            report=reported.append,
            recording_path=recording,
            manners=manners,
        )
        await acting
    return Talked(summary, reported, callee, asyncio.get_running_loop().time() - began_s)


async def _act(script: Script, callee: Callee) -> None:
    await script(callee)
