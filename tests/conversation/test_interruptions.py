"""Who may interrupt whom, and what is left of the words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broken_parts import OtherLeg
from line_builders import Callee, a_brief, talk
from outdial.audio.frames import FRAME_MS
from outdial.audio.levels import tone
from outdial.audio.wav import read_wav
from outdial.conversation.manners import GOOD_MANNERS
from outdial.conversation.ports import HangUp, Leg, Say
from outdial.domain.agent import TalkLimits
from outdial.domain.attempt import Speaker
from outdial.speech.scripted import Answer, CannedEars, ScriptedLanguage, speech_sound
from outdial.virtual_time import run

LONG = "Your order will leave the warehouse tomorrow morning and then it will travel to you by ship and by train."
QUIETLY_ENDED = a_brief(limits=TalkLimits(idle_warning_s=2, idle_end_s=2))
GOODBYE: Answer = [Say("All right. Goodbye."), HangUp()]


async def interrupts(callee: Callee) -> None:
    await callee.hears("tomorrow")
    callee.say("stop please that is the wrong order")
    await callee.hears_the_end()


def sounding_ms(samples: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The milliseconds at which a channel's frames sound."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    return np.flatnonzero(np.abs(frames).max(axis=1) > 100) * FRAME_MS


class TestAnInterruption:
    def test_leaves_only_the_words_that_were_heard(self) -> None:
        talked = run(talk(script=interrupts, language=ScriptedLanguage(LONG, [GOODBYE])))

        cut = talked.summary.turns[0]
        assert cut.interrupted
        assert LONG.startswith(cut.text)
        assert talked.callee.words == f"{cut.text} All right. Goodbye."

    def test_is_answered(self) -> None:
        talked = run(talk(script=interrupts, language=ScriptedLanguage(LONG, [GOODBYE])))

        assert talked.lines[1:] == ["callee: stop please that is the wrong order", "agent: All right. Goodbye."]

    def test_silences_the_agent_in_the_recording(self, tmp_path: Path) -> None:
        run(talk(script=interrupts, language=ScriptedLanguage(LONG, [GOODBYE]), recording=tmp_path / "talk.wav"))

        samples, _ = read_wav(tmp_path / "talk.wav")
        agent, callee = sounding_ms(samples[:, 0]), sounding_ms(samples[:, 1])
        began, ended = callee[0], callee[-1]
        silence = agent[(agent > began) & (agent < ended)]
        window_and_beat_ms = 32 + 20
        assert silence.max() <= began + GOOD_MANNERS.interrupt_speech_ms + window_and_beat_ms + 60

    def test_hushes_the_line_in_the_beat_it_is_noticed(self) -> None:
        hushed: list[int] = []
        frames = 0

        class Counting(OtherLeg):
            def hear(self) -> bytes:
                nonlocal frames
                pcm = super().hear()
                frames += len(pcm) // 320
                return pcm

            def hush(self) -> None:
                hushed.append(frames * FRAME_MS)
                super().hush()

        def line(leg: Leg) -> Leg:
            return Counting(leg)

        talked = run(talk(script=interrupts, language=ScriptedLanguage(LONG, [GOODBYE]), line_of=line))

        speech = next(turn for turn in talked.summary.turns if turn.speaker is Speaker.CALLEE)
        lasted_at = speech.began_ms + GOOD_MANNERS.interrupt_speech_ms
        assert lasted_at <= hushed[0] <= lasted_at + 60
        assert talked.summary.turns[0].ended_ms <= hushed[0]

    def test_is_not_noticed_before_it_has_lasted(self) -> None:
        patient = replace(GOOD_MANNERS, interrupt_speech_ms=280)
        eager = replace(GOOD_MANNERS, interrupt_speech_ms=64)

        heard = [
            run(talk(script=interrupts, language=ScriptedLanguage(LONG, [GOODBYE]), manners=manners)).summary.turns[0]
            for manners in (eager, patient)
        ]

        assert heard[0].ended_ms < heard[1].ended_ms


class TestANoise:
    def test_too_short_for_a_word_does_not_interrupt(self) -> None:
        async def coughs(callee: Callee) -> None:
            await callee.hears("tomorrow")
            callee.make_noise(b"".join(speech_sound("mm"))[: 320 * 7])
            await callee.hears_the_end()

        talked = run(talk(script=coughs, language=ScriptedLanguage(LONG), brief=QUIETLY_ENDED))

        assert talked.lines == [f"agent: {LONG}"]
        assert not talked.summary.turns[0].interrupted

    def test_that_was_no_speech_lets_the_agent_go_on_with_the_rest(self) -> None:
        talked = run(
            talk(script=interrupts, language=ScriptedLanguage(LONG), ears=CannedEars([""]), brief=QUIETLY_ENDED)
        )

        first, rest = talked.summary.turns
        assert first.interrupted
        assert not rest.interrupted
        assert f"{first.text} {rest.text}" == LONG

    def test_like_a_tone_is_not_taken_for_speech(self) -> None:
        async def beeps(callee: Callee) -> None:
            await callee.hears("tomorrow")
            callee.make_noise(tone(1000, 1500))
            await callee.hears_the_end()

        talked = run(talk(script=beeps, language=ScriptedLanguage(LONG), brief=QUIETLY_ENDED))

        assert talked.lines == [f"agent: {LONG}"]


class TestABackchannel:
    def test_lets_the_agent_go_on(self) -> None:
        async def agrees(callee: Callee) -> None:
            await callee.hears("tomorrow")
            callee.say("Okay")
            await callee.hears_the_end()

        talked = run(talk(script=agrees, language=ScriptedLanguage(LONG), brief=QUIETLY_ENDED))

        spoken = [turn.text for turn in talked.summary.turns if turn.speaker is Speaker.AGENT]
        assert " ".join(spoken) == LONG
        assert "callee: Okay" in talked.lines

    @pytest.mark.parametrize(
        "words",
        ["Yeah", "uh huh", "okay okay", "right right", "haan", "achha", "haan haan ji", "theek hai", "I see", "yes"],
    )
    def test_of_any_kind_does_so(self, words: str) -> None:
        async def agrees(callee: Callee) -> None:
            await callee.hears("tomorrow")
            callee.say(words)
            await callee.hears_the_end()

        talked = run(talk(script=agrees, language=ScriptedLanguage(LONG, ["What?"]), brief=QUIETLY_ENDED))

        assert talked.callee.words == LONG
        assert f"callee: {words}" in talked.lines

    def test_to_a_question_half_put_is_its_answer(self) -> None:
        async def agrees(callee: Callee) -> None:
            await callee.hears("Tuesday")
            callee.say("yes yes")
            await callee.hears_the_end()

        language = ScriptedLanguage("Would you like to come to us on Tuesday morning at ten?", [GOODBYE])

        talked = run(talk(script=agrees, language=language))

        assert talked.lines[-2:] == ["callee: yes yes", "agent: All right. Goodbye."]

    def test_to_a_question_just_put_is_its_answer(self) -> None:
        async def agrees(callee: Callee) -> None:
            await callee.hears("Miller?")
            await asyncio.sleep(0.2)
            callee.say("haan ji")
            await callee.hears_the_end()

        language = ScriptedLanguage(f"Good day. Is this John Miller? {LONG}", [GOODBYE])

        talked = run(talk(script=agrees, language=language))

        assert talked.lines[-2:] == ["callee: haan ji", "agent: All right. Goodbye."]
        assert talked.summary.turns[0].interrupted

    def test_before_a_question_is_put_is_none(self) -> None:
        async def agrees(callee: Callee) -> None:
            await callee.hears("you")
            callee.say("yeah")
            await callee.hears("ten?")
            await asyncio.sleep(0.8)
            callee.say("no")
            await callee.hears_the_end()

        question = "And would you like to come to us on Tuesday morning at ten?"

        talked = run(talk(script=agrees, language=ScriptedLanguage(question, [GOODBYE])))

        assert talked.callee.words == f"{question} All right. Goodbye."

    def test_is_an_answer_when_the_agent_is_silent(self) -> None:
        async def agrees(callee: Callee) -> None:
            await callee.hears("right?")
            await asyncio.sleep(0.5)
            callee.say("Okay")
            await callee.hears_the_end()

        talked = run(talk(script=agrees, language=ScriptedLanguage("Is that right?", [GOODBYE])))

        assert talked.lines[1:] == ["callee: Okay", "agent: All right. Goodbye."]


class TestAShortAnswerIntoTheLastWords:
    def test_is_answered_when_the_agent_has_ended(self) -> None:
        async def is_quick(callee: Callee) -> None:
            await callee.hears("really")
            callee.make_noise(b"".join(speech_sound("yes"))[: 9 * 320])
            await callee.hears_the_end()

        language = ScriptedLanguage("So may I book it for you really now?", [GOODBYE])

        talked = run(talk(script=is_quick, language=language, ears=CannedEars(["yes"])))

        assert talked.lines == [
            "agent: So may I book it for you really now?",
            "callee: yes",
            "agent: All right. Goodbye.",
        ]
        assert not talked.summary.turns[0].interrupted


class TestSomebodyWhoPicksUpWithAHello:
    def test_still_hears_the_greeting(self) -> None:
        async def says_hello(callee: Callee) -> None:
            callee.say("hello")
            await callee.hears_the_end()

        talked = run(talk(script=says_hello, language=ScriptedLanguage([Say("Good day. It is Ada."), HangUp()])))

        spoken = [turn.text for turn in talked.summary.turns if turn.speaker is Speaker.AGENT]
        assert " ".join(spoken).endswith("It is Ada.")
        assert talked.summary.turns[-1].interrupted is False


class TestTheLastWords:
    def test_are_not_interrupted(self) -> None:
        async def talks_on(callee: Callee) -> None:
            await callee.hears("So")
            callee.say("goodbye and thank you very much")
            await callee.hears_the_end()

        talked = run(
            talk(script=talks_on, language=ScriptedLanguage([Say("So have a very nice day and goodbye."), HangUp()]))
        )

        assert talked.callee.words == "So have a very nice day and goodbye."
        assert not talked.summary.turns[0].interrupted

    def test_what_the_callee_says_into_them_is_written_down(self) -> None:
        async def talks_on(callee: Callee) -> None:
            await callee.hears("So")
            callee.say("bye")
            await callee.hears_the_end()

        talked = run(
            talk(script=talks_on, language=ScriptedLanguage([Say("So have a nice day and goodbye."), HangUp()]))
        )

        assert "callee: bye" in talked.lines


class TestNoiseThatNeverStops:
    def test_is_spoken_over_after_three_interruptions_in_vain(self) -> None:
        """A television, a street, a line that sends back all it is told, undamped."""

        async def television(callee: Callee) -> None:
            while callee.leg.gone is None:
                callee.say("one two three four five six")
                await callee.is_silent_for(0.7)

        minute = a_brief(limits=TalkLimits(idle_warning_s=600, idle_end_s=600, max_length_s=60))
        talked = run(
            talk(script=television, ears=CannedEars([""] * 100), language=ScriptedLanguage(LONG), brief=minute)
        )

        last = talked.summary.turns[-1]
        assert (last.text.endswith("by train."), last.interrupted) == (True, False)
        assert last.ended_ms < 30_000
