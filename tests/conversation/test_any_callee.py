"""Callees who do anything at any moment: the conversation never loses its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from line_builders import Callee, a_brief, talk
from outdial.audio.frames import FRAME_BYTES
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Dialogue, HangUp, Hearing, Move, Press, Say
from outdial.conversation.vad import VoiceActivity
from outdial.domain.agent import Brief, TalkLimits
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.errors import Unreachable
from outdial.speech.scripted import CannedEars, speech_sound
from outdial.virtual_time import run

MAX_LENGTH_S = 15.0
VOICE_ACTIVITY = VoiceActivity(slots=1)
SOUND = b"".join(speech_sound("one two three four five six seven eight"))

Deed = tuple[str, float]
"""What the callee does, and how long it takes or waits, in seconds."""
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["wait", "wait", "sound", "sound", "sound", "keys", "leave"]),
        st.sampled_from([0.1, 0.2, 0.4, 0.6, 0.9, 2.0]),
    ),
    min_size=3,
    max_size=14,
)
ANSWERS = st.lists(
    st.lists(
        st.sampled_from([Say("Yes. "), Say("One moment please, I will look. "), Say("Fine"), Press("1"), HangUp()]),
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)


@dataclass(frozen=True)
class Moody:
    """Thinks for a while, then gives its next answer; fails for good at the third."""

    answers: Sequence[Sequence[Move]]
    thinks_s: float

    def open(self, brief: Brief) -> Dialogue:
        del brief
        return _Moods(self)


class Deaf:
    """A ``Hearing`` that keeps nothing."""

    def hear(self, pcm: bytes) -> None:
        """Looks at nothing."""

    def speech_began(self) -> None:
        """Keeps nothing."""

    async def close(self) -> None:
        """Holds nothing."""


@dataclass(frozen=True)
class SlowEars:
    """``CannedEars`` that take a while."""

    lines: Sequence[str]
    takes_s: float

    def listen(self, language: str) -> Hearing:
        return _Slow(CannedEars(self.lines).listen(language), self.takes_s)


class _Slow(Deaf):
    def __init__(self, inner: Hearing, takes_s: float) -> None:
        self._inner = inner
        self._takes_s = takes_s

    async def speech_ended(self) -> str:
        await asyncio.sleep(self._takes_s)
        return await self._inner.speech_ended()


class _Moods:
    def __init__(self, mind: Moody) -> None:
        self._mind = mind
        self._asked = 0

    async def greet(self) -> AsyncIterator[Move]:
        for move in self._mind.answers[0]:
            yield move

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        assert heard
        assert transcript
        self._asked += 1
        await asyncio.sleep(self._mind.thinks_s)
        if self._asked in (3, 4):
            raise Unreachable("not in the mood")
        for move in self._mind.answers[self._asked % len(self._mind.answers)]:
            yield move


async def does(callee: Callee, deeds: Sequence[Deed]) -> None:
    for deed, seconds in deeds:
        match deed:
            case "wait":
                await callee.is_silent_for(seconds)
            case "sound":
                callee.make_noise(SOUND[: int(seconds * 50) * FRAME_BYTES])
            case "keys":
                await callee.leg.press("12#"[: 1 + int(seconds)])
            case "leave":
                await callee.leg.hang_up()
                return
    await callee.hears_the_end()


class TestAnyCallee:
    @settings(max_examples=40, deadline=None)
    @given(
        DEEDS,
        ANSWERS,
        st.lists(st.sampled_from(["", "okay", "what is it"]), max_size=6),
        st.sampled_from([0.0, 0.7]),
        st.sampled_from([0.0, 0.8]),
    )
    def test_leaves_a_conversation_that_ends_in_time_with_its_turns_in_order(
        self, deeds: list[Deed], answers: list[list[Move]], words: list[str], thinks_s: float, hears_s: float
    ) -> None:
        async def script(callee: Callee) -> None:
            await does(callee, deeds)

        talked = run(
            talk(
                script=script,
                language=Moody(answers, thinks_s),
                ears=SlowEars(words, hears_s),
                brief=a_brief(limits=TalkLimits(idle_warning_s=2, idle_end_s=4, max_length_s=MAX_LENGTH_S)),
                metronome=Metronome(VOICE_ACTIVITY),
            )
        )

        summary = talked.summary
        assert "broken" not in summary.trouble
        assert summary.talk_ms <= MAX_LENGTH_S * 1000
        assert all(turn.text and 0 <= turn.began_ms <= turn.ended_ms <= summary.talk_ms for turn in summary.turns)
        agent = [turn for turn in summary.turns if turn.speaker is Speaker.AGENT]
        assert all(earlier.ended_ms <= later.began_ms for earlier, later in pairwise(agent))
        assert talked.callee.leg.gone is not None or ("leave" in [deed for deed, _ in deeds])
