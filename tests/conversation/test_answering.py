"""Whoever picks up with a whole sentence still hears who is calling, and the first question."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from line_builders import Callee, Script, a_brief, talk
from outdial.conversation.ports import HangUp, Language, Say
from outdial.domain.agent import TalkLimits
from outdial.domain.attempt import Speaker
from outdial.language.flow import FlowLanguage
from outdial.speech.scripted import Answer, ScriptedLanguage, speech_sound
from outdial.virtual_time import run

SENTENCE: Final = "Yes hello John Miller speaking how can I help you"
GREETING: Final = "Hello, this is Ada from Acme Dental."
QUESTION: Final = "Do you have a minute?"
GOODBYE: Final[Answer] = [Say("All right. Goodbye."), HangUp()]
LIMITS: Final = TalkLimits(idle_warning_s=3, idle_end_s=3, max_length_s=60)
FLOW: Final = {
    "start": "minute",
    "steps": {
        "minute": {
            "ask": "Do you have a minute?",
            "expect": [{"hear": "yes", "go": "end"}, {"hear": "no", "go": "end"}],
        },
        "end": {"say": "All right. Goodbye.", "hang_up": True},
    },
}


def speaks_after(wait_s: float, *sentences: str) -> Script:
    async def script(callee: Callee) -> None:
        await asyncio.sleep(wait_s)
        for sentence in sentences:
            callee.say(sentence)
            await callee.is_silent_for(0.7)
        await callee.hears("minute?")
        await asyncio.sleep(0.8)
        callee.say("yes of course")
        await callee.hears_the_end()

    return script


async def for_five_seconds(callee: Callee) -> None:
    callee.make_noise(b"".join(speech_sound(SENTENCE * 3))[: 250 * 320])
    await callee.hears("minute?")
    await asyncio.sleep(0.8)
    callee.say("yes of course")
    await callee.hears_the_end()


WAYS: Final = {
    "before the first sound": speaks_after(0.0, SENTENCE),
    "into the first word": speaks_after(0.15, SENTENCE),
    "into the second word": speaks_after(0.5, SENTENCE),
    "twice": speaks_after(0.1, SENTENCE, "Hello who is there please tell me"),
    "three times": speaks_after(0.0, SENTENCE, "Hello who is there please", "I cannot hear you who is it"),
    "with a hello": speaks_after(0.1, "Hello"),
    "for five seconds": for_five_seconds,
}
MINDS: Final[dict[str, Language]] = {
    "a prompt": ScriptedLanguage(f"{GREETING} {QUESTION}", [GOODBYE]),
    "a flow": FlowLanguage(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mind", MINDS)
class TestSomebodyWhoAnswersWithASentence:
    def test_hears_the_greeting_and_the_question_and_answers_it(self, way: str, mind: str) -> None:
        brief = replace(a_brief(limits=LIMITS), greeting=GREETING, flow=FLOW)

        talked = run(talk(script=WAYS[way], language=MINDS[mind], brief=brief))

        assert f"{GREETING} {QUESTION} All right. Goodbye." in talked.callee.words
        assert talked.lines[-1] == "agent: All right. Goodbye."
        assert talked.lines[-2] == "callee: yes of course"


class TestAGreetingWithoutAQuestion:
    def test_is_followed_by_the_answer_to_what_the_callee_picked_up_with(self) -> None:
        async def script(callee: Callee) -> None:
            callee.say(SENTENCE)
            await callee.hears("Tuesday?")
            await callee.leg.hang_up()

        language = ScriptedLanguage(GREETING, ["Would it suit you on Tuesday?"])

        talked = run(talk(script=script, language=language))

        assert talked.callee.words == f"{GREETING} Would it suit you on Tuesday?"

    def test_is_followed_by_nothing_after_a_mere_hello(self) -> None:
        async def script(callee: Callee) -> None:
            callee.say("Hello")
            await callee.hears_the_end()

        language = ScriptedLanguage(GREETING, ["Would it suit you on Tuesday?"])

        talked = run(talk(script=script, language=language, brief=a_brief(limits=LIMITS)))

        assert "Tuesday" not in talked.callee.words


class TestARealQuestionIntoTheGreeting:
    def test_is_answered_when_the_callee_knows_who_is_calling(self) -> None:
        async def script(callee: Callee) -> None:
            await callee.hears("Dental.")
            callee.say("How did you get my number")
            await callee.hears_the_end()

        language = ScriptedLanguage(f"{GREETING} I am calling about your appointment next week. {QUESTION}", [GOODBYE])

        talked = run(talk(script=script, language=language))

        assert talked.lines[1:] == ["callee: How did you get my number", "agent: All right. Goodbye."]

    def test_does_not_keep_back_who_is_calling(self) -> None:
        async def script(callee: Callee) -> None:
            await callee.hears("this")
            callee.say("How did you get my number")
            await callee.hears("minute?")
            await callee.leg.hang_up()

        talked = run(talk(script=script, language=ScriptedLanguage(f"{GREETING} {QUESTION}")))

        after = [turn.text for turn in talked.summary.turns if turn.speaker is Speaker.AGENT][1]
        assert after == f"{GREETING} {QUESTION}"

    def test_is_listened_to_at_last_by_an_agent_who_never_gets_through(self) -> None:
        async def script(callee: Callee) -> None:
            for _ in range(7):
                callee.say("I do not want to talk")
                await callee.is_silent_for(0.9)
            await callee.hears_the_end()

        talked = run(talk(script=script, language=ScriptedLanguage(GREETING, always=GOODBYE)))

        assert talked.lines[-1] == "agent: All right. Goodbye."
