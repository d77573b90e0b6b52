"""Ears, voice, mind and disk that fail: the call neither crashes nor hangs, and says what was wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from broken_parts import FlakyEars, FlakyLanguage, FlakyVoice
from line_builders import Callee, a_brief, talk
from outdial.carriers.simulator.memory_line import MemoryLine
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import HangUp, Hearing, Parts, Say
from outdial.conversation.talk import converse
from outdial.conversation.vad import VoiceActivity
from outdial.domain.agent import Voice
from outdial.domain.attempt import DigitsPressed, Said, TalkSummary
from outdial.domain.errors import Unreachable
from outdial.domain.outcome import EndedBy
from outdial.speech.scripted import ScriptedLanguage
from outdial.virtual_time import loop_clock, run

FAREWELL = "agent: I have to go now."


async def answers_twice(callee: Callee) -> None:
    await callee.hears("you?")
    await asyncio.sleep(0.6)
    callee.say("I am fine")
    await callee.is_silent_for(1)
    callee.say("did you hear me")
    await callee.hears_the_end()


async def answers(callee: Callee) -> None:
    await callee.hears("you?")
    await asyncio.sleep(0.6)
    callee.say("I am fine")
    await callee.hears_the_end()


class TestAVoiceThatFails:
    def test_once_is_asked_again(self) -> None:
        voice = FlakyVoice(fails_at=[1])

        talked = run(talk(voice=voice, language=ScriptedLanguage([Say("How are you?"), HangUp()])))

        assert voice.asked == ["How are you?", "How are you?"]
        assert talked.lines == ["agent: How are you?"]
        assert talked.summary.trouble == ""

    def test_for_good_ends_the_call_without_a_word(self) -> None:
        talked = run(talk(voice=FlakyVoice(fails_at=[1, 2]), language=ScriptedLanguage("How are you?")))

        assert talked.lines == []
        assert talked.summary.ended_by is EndedBy.AGENT
        assert talked.summary.trouble == "text-to-speech: the voice is out of order"

    def test_by_silence_ends_the_call_in_time(self) -> None:
        talked = run(talk(voice=FlakyVoice(hangs_at=[1, 2]), language=ScriptedLanguage("How are you?")))

        assert talked.summary.trouble == "text-to-speech: no answer in time"
        assert 20 <= talked.seconds <= 21

    def test_in_the_middle_of_a_sentence_leaves_what_was_heard(self) -> None:
        voice = FlakyVoice(fails_at=[1], after_words=2)

        talked = run(talk(voice=voice, language=ScriptedLanguage("How are you today?")))

        assert voice.asked == ["How are you today?"]
        assert talked.summary.trouble == "text-to-speech: the voice is out of order"


class TestAModelThatFails:
    def test_once_is_asked_again(self) -> None:
        language = FlakyLanguage("How are you?", "Good to hear.", fails_at=[1])

        talked = run(talk(script=answers, language=language))

        assert language.asked == ["I am fine", "I am fine"]
        assert "agent: Good to hear." in talked.lines
        assert talked.summary.trouble == ""

    def test_for_good_ends_the_call_with_the_farewell(self) -> None:
        language = FlakyLanguage("How are you?", "Good to hear.", fails_at=[1, 2])

        talked = run(talk(script=answers, language=language))

        assert talked.lines == ["agent: How are you?", "callee: I am fine", FAREWELL]
        assert talked.summary.ended_by is EndedBy.AGENT
        assert talked.summary.trouble == "language model: the model is out of order"

    def test_by_silence_ends_the_call_in_time(self) -> None:
        language = FlakyLanguage("How are you?", "Good to hear.", hangs_at=[1, 2])

        talked = run(talk(script=answers, language=language))

        assert talked.lines[-1] == FAREWELL
        assert talked.summary.trouble == "language model: no answer in time"
        assert talked.seconds < 30

    def test_without_a_farewell_just_hangs_up(self) -> None:
        language = FlakyLanguage("How are you?", "Good to hear.", fails_at=[1, 2])

        talked = run(talk(script=answers, language=language, brief=a_brief(farewell="")))

        assert talked.lines == ["agent: How are you?", "callee: I am fine"]
        assert talked.summary.ended_by is EndedBy.AGENT


class TestEarsThatFail:
    def test_once_are_opened_anew_and_the_callee_may_say_it_again(self) -> None:
        ears = FlakyEars(fails_at=[1])
        language = ScriptedLanguage("How are you?", [[Say("Yes. Goodbye."), HangUp()]])

        talked = run(talk(script=answers_twice, language=language, ears=ears))

        assert ears.opened == 2
        assert talked.lines == ["agent: How are you?", "callee: did you hear me", "agent: Yes. Goodbye."]
        assert talked.summary.trouble == "speech-to-text: the recogniser is out of order"

    def test_twice_in_a_row_end_the_call_with_the_farewell(self) -> None:
        talked = run(
            talk(script=answers_twice, language=ScriptedLanguage("How are you?"), ears=FlakyEars(fails_at=[1, 2]))
        )

        assert talked.lines == ["agent: How are you?", FAREWELL]
        assert talked.summary.trouble == "speech-to-text: the recogniser is out of order"

    def test_by_silence_do_not_hold_the_call(self) -> None:
        talked = run(
            talk(script=answers_twice, language=ScriptedLanguage("How are you?"), ears=FlakyEars(hangs_at=[1, 2]))
        )

        assert talked.lines[-1] == FAREWELL
        assert talked.summary.trouble == "speech-to-text: no answer in time"

    def test_that_cannot_be_opened_end_the_call(self) -> None:
        class Deaf:
            def listen(self, language: str) -> Hearing:
                raise Unreachable(f"no ears for {language}")

        talked = run(talk(language=ScriptedLanguage("How are you?"), ears=Deaf()))

        assert talked.summary.trouble == "no ears for en-US"
        assert talked.summary.ended_by is EndedBy.AGENT


class TestAPartThatBreaksItsPromise:
    def test_costs_its_own_call_only(self) -> None:
        class Confused:
            async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
                del voice
                yield b""
                raise ZeroDivisionError(text)

        talked = run(talk(voice=Confused(), language=ScriptedLanguage("How are you?")))

        assert talked.summary.trouble.startswith("broken: ZeroDivisionError")
        assert talked.callee.leg.gone is not None


class TestAReaderThatFails:
    def test_ends_its_call_and_hangs_up(self) -> None:
        async def told_to_nobody() -> tuple[TalkSummary, MemoryLine, int]:
            def report(said: Said | DigitsPressed) -> None:
                raise BrokenPipeError(said.at.isoformat())

            line, metronome = MemoryLine(), Metronome(VoiceActivity(slots=1))
            summary = await converse(
                line.caller,
                a_brief(),
                Parts(FlakyEars(), FlakyVoice(), ScriptedLanguage("Good morning.")),
                metronome=metronome,
                clock=loop_clock(),
                report=report,
                recording_path=None,
            )
            return summary, line, metronome.size

        summary, line, size = run(told_to_nobody())

        assert summary.trouble.startswith("broken: BrokenPipeError")
        assert (line.callee.gone, size) == ("the caller hung up", 0)


class TestADiskThatFails:
    def test_costs_the_recording_and_not_the_call(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        talked = run(
            talk(language=ScriptedLanguage([Say("Goodbye."), HangUp()]), recording=tmp_path / "file" / "talk.wav")
        )

        assert talked.lines == ["agent: Goodbye."]
        assert talked.summary.recording_ms == 0
        assert talked.summary.trouble.startswith("recording given up:")

    def test_because_it_is_full_is_named(self) -> None:
        language = ScriptedLanguage([Say("Goodbye."), HangUp()])

        talked = run(talk(language=language, recording=Path("/dev/full")))

        assert talked.summary.recording_ms == 0
        assert "No space left" in talked.summary.trouble
