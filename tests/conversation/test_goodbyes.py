"""Nobody says goodbye eight times."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from line_builders import Callee, Script, a_brief, talk
from outdial.conversation.manners import GOOD_MANNERS
from outdial.domain.agent import TalkLimits
from outdial.domain.attempt import Speaker
from outdial.domain.outcome import EndedBy
from outdial.speech.scripted import ScriptedLanguage
from outdial.virtual_time import run

LEAVING: Final = "Okay, thank you so much. Goodbye, have a nice day!"
GREETING: Final = "This is Ada. How are you?"
PATIENT: Final = a_brief(limits=TalkLimits(idle_warning_s=20, idle_end_s=40, max_length_s=120))


def answers(*lines: str, pause_s: float = 0.8) -> Script:
    """Says the next line whenever the agent has been silent for a while."""

    async def script(callee: Callee) -> None:
        for line in lines:
            before = heard = len(callee.words)
            beats = 0
            while (heard == before or beats < 50 * (pause_s + 1)) and callee.leg.gone is None:
                await asyncio.sleep(0.02)
                heard, now = len(callee.words), heard
                beats = beats + 1 if heard == now else 0
            if callee.leg.gone is None:
                callee.say(line)
        await callee.hears_the_end()

    return script


def goodbyes(lines: list[str]) -> int:
    return sum(line.startswith("agent:") and "oodbye" in line for line in lines)


class TestAModelThatSaysGoodbyeEveryTurn:
    def test_says_it_twice_and_the_call_ends(self) -> None:
        script = answers(*["what about the price then"] * 8)

        talked = run(talk(script=script, language=ScriptedLanguage(GREETING, always=LEAVING), brief=PATIENT))

        assert goodbyes(talked.lines) == 2
        assert talked.summary.ended_by is EndedBy.AGENT
        assert talked.summary.trouble == ""
        assert talked.callee.words.endswith("day!")
        assert 200 <= talked.summary.talk_ms - talked.summary.turns[-1].ended_ms <= 260

    def test_ends_it_at_once_when_the_callee_says_goodbye_too(self) -> None:
        script = answers("I am fine", "bye bye")

        talked = run(talk(script=script, language=ScriptedLanguage(GREETING, always=LEAVING), brief=PATIENT))

        assert talked.lines[-2:] == [f"agent: {LEAVING}", "callee: bye bye"]
        assert talked.summary.ended_by is EndedBy.AGENT
        assert talked.summary.talk_ms - talked.summary.turns[-1].ended_ms <= 700

    def test_answers_a_goodbye_and_ends(self) -> None:
        script = answers("no thanks bye")

        talked = run(talk(script=script, language=ScriptedLanguage(GREETING, always=LEAVING), brief=PATIENT))

        assert talked.lines[-1] == f"agent: {LEAVING}"
        assert talked.summary.talk_ms - talked.summary.turns[-1].ended_ms <= 260

    def test_hangs_up_soon_when_nobody_says_anything_more(self) -> None:
        script = answers("I am fine")

        talked = run(talk(script=script, language=ScriptedLanguage(GREETING, always=LEAVING), brief=PATIENT))

        silence_ms = talked.summary.talk_ms - talked.summary.turns[-1].ended_ms
        assert GOOD_MANNERS.goodbye_silence_ms <= silence_ms <= GOOD_MANNERS.goodbye_silence_ms + 100
        assert talked.summary.ended_by is EndedBy.AGENT
        assert "agent: Are you still there?" not in talked.lines

    def test_over_which_the_callee_says_goodbye_ends_his_sentence(self) -> None:
        async def script(callee: Callee) -> None:
            await callee.hears("you?")
            await asyncio.sleep(0.8)
            callee.say("I am fine")
            await callee.hears("Goodbye,")
            callee.say("goodbye")
            await callee.hears_the_end()

        talked = run(talk(script=script, language=ScriptedLanguage(GREETING, always=LEAVING), brief=PATIENT))

        assert talked.callee.words == f"{GREETING} {LEAVING}"
        assert goodbyes(talked.lines) == 1

    @pytest.mark.parametrize("language", ["hi-IN", "ar-AE"])
    def test_does_so_in_other_languages(self, language: str) -> None:
        leaving = {"hi-IN": "धन्यवाद, आपका दिन शुभ हो।", "ar-AE": "شكرا لك. مع السلامة."}[language]
        brief = replace(PATIENT, language=language)
        script = answers(*["what about the price then"] * 8)

        talked = run(talk(script=script, language=ScriptedLanguage(GREETING, always=leaving), brief=brief))

        assert talked.lines.count(f"agent: {leaving}") == 2


class TestACalleeWhoSaysByeAndAsksSomething:
    @pytest.mark.parametrize(
        "line", ["bye what was the time again", "okay bye wait what does it cost", "Bye? What do you mean?"]
    )
    def test_is_answered(self, line: str) -> None:
        script = answers("I am fine", line, "thank you bye")

        talked = run(
            talk(script=script, language=ScriptedLanguage(GREETING, [LEAVING, "It is at ten."]), brief=PATIENT)
        )

        assert f"callee: {line}" in talked.lines
        assert talked.lines[talked.lines.index(f"callee: {line}") + 1] == "agent: It is at ten."


class TestAGoodbyeOfTheCallee:
    def test_that_is_met_with_a_question_does_not_end_the_call(self) -> None:
        script = answers("bye", "no never mind")

        talked = run(
            talk(
                script=script, language=ScriptedLanguage(GREETING, ["Wait, is Monday better?", "Fine."]), brief=PATIENT
            )
        )

        assert "callee: no never mind" in talked.lines
        assert any(turn.speaker is Speaker.AGENT and turn.text == "Fine." for turn in talked.summary.turns)
