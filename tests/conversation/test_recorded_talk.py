"""The recording of a whole talk, over lines that lose, delay and stall."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from broken_parts import OtherLeg
from line_builders import Callee, a_brief, talk
from outdial.audio.frames import FRAME_BYTES, duration_ms
from outdial.audio.wav import read_wav
from outdial.conversation.ports import HangUp, Leg, Say
from outdial.domain.agent import TalkLimits
from outdial.domain.outcome import EndedBy
from outdial.speech.scripted import ScriptedLanguage, carried_words
from outdial.virtual_time import VirtualLoop, run

GOODBYE = ScriptedLanguage("How are you?", always=[Say("Goodbye."), HangUp()])


async def answers(callee: Callee) -> None:
    await callee.hears("you?")
    await asyncio.sleep(0.6)
    callee.say("very well thank you my friend")
    await callee.hears_the_end()


class Bursty(OtherLeg):
    """Sound comes in one lump every ``every`` beats."""

    every = 30

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._kept = bytearray()
        self._beats = 0

    def hear(self) -> bytes:
        self._beats += 1
        self._kept += self.leg.hear()
        if self._beats % self.every:
            return b""
        lump, self._kept = bytes(self._kept), bytearray()
        return lump


class GoesDead(OtherLeg):
    """No sound comes any more after the callee has spoken for a second: not even silence."""

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._loud = 0

    def hear(self) -> bytes:
        pcm = self.leg.hear()
        self._loud += any(pcm)
        return pcm if self._loud < 50 else b""


class Stalls(OtherLeg):
    """Blocks the loop for 300 ms at its hundredth beat."""

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._beats = 0

    def hear(self) -> bytes:
        self._beats += 1
        if self._beats == 100:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop._jumping.now += 0.3
        return self.leg.hear()


def bursty(leg: Leg) -> Leg:
    return Bursty(leg)


def goes_dead(leg: Leg) -> Leg:
    return GoesDead(leg)


def stalls(leg: Leg) -> Leg:
    return Stalls(leg)


def channel(path: Path, number: int) -> bytes:
    samples, _ = read_wav(path)
    return np.ascontiguousarray(samples[:, number]).tobytes()


def sounding_frames(pcm: bytes) -> list[int]:
    return [at // FRAME_BYTES for at in range(0, len(pcm), FRAME_BYTES) if any(pcm[at : at + FRAME_BYTES])]


class TestBothChannels:
    def test_are_as_long_as_the_talk_and_hold_its_words(self, tmp_path: Path) -> None:
        talked = run(talk(script=answers, language=GOODBYE, recording=tmp_path / "talk.wav"))

        samples, _ = read_wav(tmp_path / "talk.wav")
        assert len(samples) * 1000 // 8000 == talked.summary.talk_ms == talked.summary.recording_ms
        assert carried_words(channel(tmp_path / "talk.wav", 0)) == "How are you? Goodbye."
        assert carried_words(channel(tmp_path / "talk.wav", 1)) == "very well thank you my friend"

    def test_hold_each_turn_where_the_transcript_says(self, tmp_path: Path) -> None:
        talked = run(talk(script=answers, language=GOODBYE, recording=tmp_path / "talk.wav"))

        greeting, _, goodbye = talked.summary.turns
        sounding = sounding_frames(channel(tmp_path / "talk.wav", 0))
        for turn in (greeting, goodbye):
            first, end = turn.began_ms // 20, turn.ended_ms // 20
            assert [number for number in sounding if first - 2 <= number <= end + 2] == list(range(first, end))


class TestALineThatDeliversInBursts:
    def test_is_recorded_without_holes(self, tmp_path: Path) -> None:
        talked = run(talk(script=answers, language=GOODBYE, recording=tmp_path / "talk.wav", line_of=bursty))

        right = channel(tmp_path / "talk.wav", 1)
        assert duration_ms(right) == talked.summary.talk_ms
        sounding = sounding_frames(right)
        assert sounding == list(range(sounding[0], sounding[-1] + 1))
        assert carried_words(right) == "very well thank you my friend"


class TestALineThatGoesDead:
    def test_does_not_leave_the_agent_waiting_for_the_end_of_a_sentence(self) -> None:
        limits = TalkLimits(idle_warning_s=5, idle_end_s=8, max_length_s=60)

        talked = run(talk(script=answers, language=GOODBYE, line_of=goes_dead, brief=a_brief(limits=limits)))

        assert talked.summary.ended_by is EndedBy.AGENT
        assert talked.summary.talk_ms < 10_000


class TestALoopThatStalls:
    def test_leaves_the_same_silence_in_the_recording_as_on_the_line(self, tmp_path: Path) -> None:
        language = ScriptedLanguage([Say("one two three four five six seven eight nine ten."), HangUp()])

        talked = run(talk(language=language, recording=tmp_path / "talk.wav", line_of=stalls))

        left = channel(tmp_path / "talk.wav", 0)
        sounding = sounding_frames(left)
        silent = (sounding[-1] - sounding[0] + 1) - len(sounding)
        assert 300 // 20 - 5 <= silent <= 300 // 20
        spoken = b"".join(left[number * FRAME_BYTES :][:FRAME_BYTES] for number in sounding)
        assert carried_words(spoken) == talked.callee.words
        assert duration_ms(left) == talked.summary.talk_ms
