"""Silence and length: what happens when the callee says nothing, or the talk goes on for ever."""

from __future__ import annotations

import asyncio

from line_builders import Callee, a_brief, talk
from outdial.conversation.ports import HangUp, Say
from outdial.domain.agent import TalkLimits
from outdial.domain.outcome import EndedBy
from outdial.speech.scripted import ScriptedLanguage
from outdial.virtual_time import run

GREETS = ScriptedLanguage("Good morning. How are you?")
BEAT_MS = 20


class TestACalleeWhoSaysNothing:
    def test_is_asked_once_and_then_the_agent_hangs_up(self) -> None:
        talked = run(talk(language=GREETS, brief=a_brief(limits=TalkLimits(idle_warning_s=5, idle_end_s=10))))

        assert talked.lines == ["agent: Good morning. How are you?", "agent: Are you still there?"]
        assert talked.summary.ended_by is EndedBy.IDLE

    def test_both_patiences_run_from_the_same_silence(self) -> None:
        talked = run(talk(language=GREETS, brief=a_brief(limits=TalkLimits(idle_warning_s=5, idle_end_s=10))))

        greeting, warning = talked.summary.turns
        assert 0 <= warning.began_ms - greeting.ended_ms - 5000 <= 3 * BEAT_MS
        assert 0 <= talked.summary.talk_ms - greeting.ended_ms - 10000 <= 3 * BEAT_MS

    def test_is_not_asked_when_the_end_does_not_come_after_the_warning(self) -> None:
        for end_s in (4.0, 6.0):
            limits = TalkLimits(idle_warning_s=6, idle_end_s=end_s)

            talked = run(talk(language=GREETS, brief=a_brief(limits=limits)))

            assert talked.lines == ["agent: Good morning. How are you?"]
            assert talked.summary.ended_by is EndedBy.IDLE

    def test_after_no_greeting_is_asked_too(self) -> None:
        talked = run(talk(brief=a_brief(limits=TalkLimits(idle_warning_s=3, idle_end_s=8))))

        assert talked.lines == ["agent: Are you still there?"]
        assert 8000 <= talked.summary.talk_ms <= 8000 + 3 * BEAT_MS

    def test_with_no_question_to_ask_the_agent_just_waits(self) -> None:
        talked = run(talk(language=GREETS, brief=a_brief(idle_question="")))

        assert talked.lines == ["agent: Good morning. How are you?"]
        assert talked.summary.ended_by is EndedBy.IDLE


class TestACalleeWhoComesBack:
    def test_has_all_the_time_again(self) -> None:
        async def answers_the_second_question(callee: Callee) -> None:
            await callee.hears("there?")
            await asyncio.sleep(1)
            callee.say("yes I am back")
            await callee.hears("Fine.")
            await callee.hears_the_end()

        talked = run(talk(script=answers_the_second_question, language=ScriptedLanguage("How are you?", ["Fine."])))

        assert talked.lines == [
            "agent: How are you?",
            "agent: Are you still there?",
            "callee: yes I am back",
            "agent: Fine.",
            "agent: Are you still there?",
        ]

    def test_silences_the_question_at_once(self) -> None:
        async def speaks_into_it(callee: Callee) -> None:
            await callee.hears("Are")
            callee.say("yes I am here")
            await callee.hears_the_end()

        language = ScriptedLanguage("How are you?", [[Say("Goodbye."), HangUp()]])
        brief = a_brief(idle_question="Are you still there or did somebody take the phone away from you?")

        talked = run(talk(script=speaks_into_it, language=language, brief=brief))

        assert talked.summary.turns[1].interrupted
        assert talked.lines[-1] == "agent: Goodbye."


class TestTheMaximumLength:
    def test_ends_the_call_in_the_middle_of_a_sentence(self) -> None:
        language = ScriptedLanguage("one two three four five six seven eight nine ten " * 10)

        talked = run(talk(language=language, brief=a_brief(limits=TalkLimits(max_length_s=10))))

        assert talked.summary.ended_by is EndedBy.MAX_LENGTH
        assert talked.summary.talk_ms == 10_000
        assert talked.summary.turns[0].interrupted

    def test_counts_from_the_answer(self) -> None:
        limits = TalkLimits(idle_warning_s=60, idle_end_s=60, max_length_s=12)

        talked = run(talk(language=GREETS, brief=a_brief(limits=limits)))

        assert (talked.summary.talk_ms, talked.summary.ended_by) == (12_000, EndedBy.MAX_LENGTH)
