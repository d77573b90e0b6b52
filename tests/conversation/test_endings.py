"""The line goes down: by the callee, the carrier, or because nobody wants the talk any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

from broken_parts import OtherLeg
from line_builders import Callee, a_brief, talk
from outdial.audio.frames import FRAME_MS
from outdial.audio.wav import read_wav
from outdial.carriers.simulator.memory_line import MemoryLine
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import HangUp, Leg, Parts, Say
from outdial.conversation.talk import converse
from outdial.conversation.vad import VoiceActivity
from outdial.domain.attempt import TalkSummary
from outdial.domain.outcome import EndedBy
from outdial.speech.scripted import ScriptedEars, ScriptedLanguage, ScriptedVoice
from outdial.virtual_time import loop_clock, run

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen."


class TestACalleeWhoHangsUp:
    def test_in_the_middle_of_a_sentence_has_heard_only_half_of_it(self) -> None:
        async def leaves(callee: Callee) -> None:
            await callee.hears("five")
            await callee.leg.hang_up()

        talked = run(talk(script=leaves, language=ScriptedLanguage(LONG)))

        assert talked.summary.ended_by is EndedBy.CALLEE
        assert talked.lines == ["agent: one two three four five"]
        assert talked.summary.turns[0].interrupted

    def test_while_speaking_is_still_understood(self) -> None:
        async def leaves(callee: Callee) -> None:
            await callee.hears("fifteen.")
            await asyncio.sleep(1)
            callee.say("I am not interested goodbye")
            await callee.is_silent_for(0.04)
            await callee.leg.hang_up()

        talked = run(talk(script=leaves, language=ScriptedLanguage(LONG)))

        assert talked.lines[-1] == "callee: I am not interested goodbye"
        assert talked.summary.ended_by is EndedBy.CALLEE


class TestACarrierThatEndsTheCall:
    def test_is_told_apart_from_the_callee(self) -> None:
        class Cut(OtherLeg):
            @property
            def gone(self) -> str | None:
                return None if self.leg.gone is None else "carrier: no more sound came from the far side"

        async def leaves(callee: Callee) -> None:
            await callee.hears("five")
            await callee.leg.hang_up()

        def line(leg: Leg) -> Leg:
            return Cut(leg)

        talked = run(talk(script=leaves, language=ScriptedLanguage(LONG), line_of=line))

        assert talked.summary.ended_by is EndedBy.CARRIER


class TestALineThatDoesNotLetGo:
    def test_does_not_hold_the_call(self) -> None:
        class Stuck(OtherLeg):
            async def hang_up(self) -> None:
                await asyncio.sleep(3600)

        async def cannot_tell(callee: Callee) -> None:
            await callee.hears("Goodbye.")

        def line(leg: Leg) -> Leg:
            return Stuck(leg)

        language = ScriptedLanguage([Say("Goodbye."), HangUp()])

        talked = run(talk(script=cannot_tell, language=language, line_of=line))

        assert talked.seconds < 10
        assert "line" in talked.summary.trouble


class TestACancelledTalk:
    def test_hangs_up_and_keeps_what_was_said_and_recorded(self, tmp_path: Path) -> None:
        async def cancels() -> tuple[MemoryLine, TalkSummary]:
            line = MemoryLine()
            metronome = Metronome(VoiceActivity(slots=4))
            talking = a_long_talk(line, metronome, tmp_path / "talk.wav")
            await asyncio.sleep(2)
            talking.cancel()
            summary = await talking
            assert metronome.size == 0
            return line, summary

        line, summary = run(cancels())

        assert line.callee.gone is not None
        assert summary.ended_by is EndedBy.OPERATOR
        (turn,) = summary.turns
        assert turn.interrupted
        assert LONG.startswith(turn.text)
        assert 1900 <= summary.recording_ms <= 2000
        samples, _ = read_wav(tmp_path / "talk.wav")
        assert 1.9 <= len(samples) / 8000 <= 2.0

    def test_again_and_again_still_keeps_it(self, tmp_path: Path) -> None:
        async def cancels() -> TalkSummary:
            talking = a_long_talk(MemoryLine(), Metronome(VoiceActivity(slots=4)), tmp_path / "talk.wav")
            await asyncio.sleep(2)
            talking.cancel()
            await asyncio.sleep(0)
            talking.cancel()
            return await talking

        summary = run(cancels())

        assert summary.ended_by is EndedBy.OPERATOR
        assert len(summary.turns) == 1

    def test_ends_as_it_had_ended_when_the_line_was_down_already(self, tmp_path: Path) -> None:
        async def cancels() -> TalkSummary:
            line = MemoryLine()
            talking = a_long_talk(line, Metronome(VoiceActivity(slots=4)), tmp_path / "talk.wav")
            await asyncio.sleep(2)
            await line.callee.hang_up()
            await asyncio.sleep(FRAME_MS / 1000)
            talking.cancel()
            return await talking

        assert run(cancels()).ended_by is EndedBy.CALLEE


def a_long_talk(line: MemoryLine, metronome: Metronome, recording: Path) -> asyncio.Task[TalkSummary]:
    """One that goes on until somebody ends it."""
    return asyncio.create_task(
        converse(
            line.caller,
            a_brief(),
            Parts(ScriptedEars(), ScriptedVoice(), ScriptedLanguage(LONG)),
            metronome=metronome,
            clock=loop_clock(),
            report=lambda said: None,
            recording_path=recording,
        )
    )


class TestTheMetronomeAfterATalk:
    def test_rests(self) -> None:
        async def one_talk() -> int:
            metronome = Metronome(VoiceActivity(slots=4))
            await talk(language=ScriptedLanguage([HangUp()]), metronome=metronome)
            return metronome.size

        assert run(one_talk()) == 0
