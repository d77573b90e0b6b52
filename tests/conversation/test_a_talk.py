"""A talk from the greeting to the hang-up, with the real voice detector on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from line_builders import Callee, Pensive, Talked, talk
from outdial.audio.frames import SILENCE
from outdial.conversation.ports import Capture, HangUp, Press, Say
from outdial.domain.agent import Voice
from outdial.domain.attempt import DigitsPressed, Said, Speaker
from outdial.domain.limits import MAX_REPLY_LETTERS
from outdial.domain.outcome import EndedBy
from outdial.speech.scripted import ScriptedLanguage
from outdial.virtual_time import run

ORDER_STATUS = ScriptedLanguage(
    greeting="Hello, this is Ada. How can I help you today?",
    answers=[
        "Sure. What is your order number?",
        [Capture("order", "123"), Say("It will come on Monday. "), Say("Anything else?")],
        [Say("Then have a nice day. Goodbye."), HangUp()],
    ],
)


async def asks_for_an_order(callee: Callee) -> None:
    for waits_for, answers in (
        ("today?", "where is my order please"),
        ("number?", "it is one two three"),
        ("else?", "no that is all thank you"),
    ):
        await callee.hears(waits_for)
        await asyncio.sleep(0.7)
        callee.say(answers)
    await callee.hears_the_end()


class TestATalkOfManyTurns:
    def test_is_written_down_in_the_order_it_was_spoken(self) -> None:
        talked = run(talk(script=asks_for_an_order, language=ORDER_STATUS))

        assert talked.lines == [
            "agent: Hello, this is Ada. How can I help you today?",
            "callee: where is my order please",
            "agent: Sure. What is your order number?",
            "callee: it is one two three",
            "agent: It will come on Monday. Anything else?",
            "callee: no that is all thank you",
            "agent: Then have a nice day. Goodbye.",
        ]
        assert talked.summary.ended_by is EndedBy.AGENT
        assert talked.summary.captured == {"order": "123"}
        assert talked.summary.trouble == ""
        assert not any(turn.interrupted for turn in talked.summary.turns)

    def test_is_reported_turn_by_turn_as_it_goes(self) -> None:
        talked = run(talk(script=asks_for_an_order, language=ORDER_STATUS))

        reported = [progress.turn for progress in talked.reported if isinstance(progress, Said)]
        assert tuple(reported) == talked.summary.turns
        moments = [progress.at for progress in talked.reported]
        assert moments == sorted(moments)

    def test_reaches_the_callee_word_for_word(self) -> None:
        talked = run(talk(script=asks_for_an_order, language=ORDER_STATUS))

        said = [turn.text for turn in talked.summary.turns if turn.speaker is Speaker.AGENT]
        assert talked.callee.words == " ".join(said)

    def test_answers_as_soon_as_the_silence_has_lasted(self) -> None:
        talked = run(talk(script=asks_for_an_order, language=ORDER_STATUS))

        answers = [turn for turn in talked.summary.turns if turn.speaker is Speaker.AGENT][1:]
        assert [turn.latency_ms for turn in answers] == [500, 500, 500]

    def test_does_not_overlap_when_nobody_interrupts(self) -> None:
        talked = run(talk(script=asks_for_an_order, language=ORDER_STATUS))

        for earlier, later in zip(talked.summary.turns, talked.summary.turns[1:], strict=False):
            assert earlier.ended_ms <= later.began_ms
        assert talked.summary.first_word_ms == talked.summary.turns[0].began_ms == 20

    def test_is_the_same_every_time(self, tmp_path: Path) -> None:
        def again(name: str) -> Talked:
            return run(talk(script=asks_for_an_order, language=ORDER_STATUS, recording=tmp_path / name))

        first, second = again("first.wav"), again("second.wav")

        assert first.summary == second.summary
        assert first.reported == second.reported
        assert first.seconds == second.seconds
        assert (tmp_path / "first.wav").read_bytes() == (tmp_path / "second.wav").read_bytes()


class TestAnAgentWithoutAGreeting:
    def test_listens_first(self) -> None:
        async def says_hello(callee: Callee) -> None:
            await asyncio.sleep(1)
            callee.say("hello who is there")
            await callee.hears_the_end()

        language = ScriptedLanguage(answers=[[Say("It is Ada. Goodbye."), HangUp()]])

        talked = run(talk(script=says_hello, language=language))

        assert talked.lines == ["callee: hello who is there", "agent: It is Ada. Goodbye."]


class TestSomebodyWhoPausesForBreath:
    def test_is_answered_once_with_all_that_was_said(self) -> None:
        async def hesitates(callee: Callee) -> None:
            await callee.hears("today?")
            await asyncio.sleep(0.6)
            callee.say("my number is")
            await callee.is_silent_for(0.8)
            callee.say("four two")
            await callee.hears_the_end()

        language = Pensive("How are you today?", "Fine. Goodbye.", thinks_s=1.0)

        talked = run(talk(script=hesitates, language=language))

        assert language.asked == ["my number is", "my number is four two"]
        assert talked.lines[1:] == ["callee: my number is", "callee: four two", "agent: Fine. Goodbye."]


class TestHangingUp:
    def test_waits_until_everything_was_heard_and_a_little_longer(self) -> None:
        language = ScriptedLanguage(greeting=[Say("One two three. Four five six. Goodbye."), HangUp()])

        talked = run(talk(language=language))

        goodbye = talked.summary.turns[0]
        assert talked.callee.words == goodbye.text == "One two three. Four five six. Goodbye."
        assert 200 <= talked.summary.talk_ms - goodbye.ended_ms <= 260

    def test_without_a_word_ends_the_call(self) -> None:
        talked = run(talk(language=ScriptedLanguage(greeting=[HangUp()])))

        assert talked.summary.turns == ()
        assert talked.summary.ended_by is EndedBy.AGENT
        assert talked.summary.first_word_ms is None


class TestTheKeypad:
    def test_entries_while_the_callee_speaks_are_answered_when_he_has_ended(self) -> None:
        async def types_and_talks(callee: Callee) -> None:
            await callee.hears("account?")
            await asyncio.sleep(0.4)
            callee.say("it is the one that I am typing just now for you")
            await asyncio.sleep(0.5)
            await callee.leg.press("15#")
            await callee.hears_the_end()

        language = ScriptedLanguage(
            "What is your account?", [lambda heard: [Say(f"I heard {heard}. Goodbye."), HangUp()]]
        )

        talked = run(talk(script=types_and_talks, language=language))

        said = "it is the one that I am typing just now for you"
        assert talked.lines[-1] == f"agent: I heard digits 15# {said}. Goodbye."
        speech = next(turn for turn in talked.summary.turns if turn.text == said)
        assert talked.summary.turns[-1].began_ms > speech.ended_ms

    def test_entries_over_the_agents_voice_while_the_callee_speaks_wait_too(self) -> None:
        async def types_and_talks(callee: Callee) -> None:
            await callee.hears("your")
            callee.say("okay okay okay okay")
            await asyncio.sleep(0.06)
            await callee.leg.press("15#")
            await callee.hears_the_end()

        language = ScriptedLanguage(
            "What is your account number and your date of birth and your name?",
            by_word={"digits": [Say("Thank you. Goodbye."), HangUp()]},
        )

        talked = run(talk(script=types_and_talks, language=language))

        speech = next(turn for turn in talked.summary.turns if turn.text.startswith("okay"))
        assert talked.summary.turns[-1].text == "Thank you. Goodbye."
        assert talked.summary.turns[-1].began_ms > speech.ended_ms

    def test_entries_are_reported_and_answered(self) -> None:
        async def types(callee: Callee) -> None:
            await callee.hears("account?")
            await asyncio.sleep(0.4)
            await callee.leg.press("15#")
            await callee.hears_the_end()

        language = ScriptedLanguage("What is your account?", by_word={"digits": [Say("Thank you. Goodbye."), HangUp()]})

        talked = run(talk(script=types, language=language))

        assert [entry.digits for entry in talked.reported if isinstance(entry, DigitsPressed)] == ["15#"]
        assert talked.lines[1:] == ["callee: digits 15#", "agent: Thank you. Goodbye."]

    def test_a_pause_ends_an_entry(self) -> None:
        async def types(callee: Callee) -> None:
            await callee.hears("account?")
            await callee.leg.press("42")
            await asyncio.sleep(2)
            await callee.leg.press("7")
            await callee.hears_the_end()

        language = ScriptedLanguage("What is your account?", answers=["", [HangUp()]])

        talked = run(talk(script=types, language=language))

        assert [entry.digits for entry in talked.reported if isinstance(entry, DigitsPressed)] == ["42", "7"]

    def test_the_agent_presses_keys_between_its_words(self) -> None:
        language = ScriptedLanguage(greeting=[Say("Extension please."), Press("204"), Say("Goodbye."), HangUp()])

        talked = run(talk(language=language))

        assert talked.callee.leg.every_digit == "204"
        assert talked.callee.words == "Extension please. Goodbye."


class TestAReplyThatDoesNotEnd:
    def test_is_spoken_as_far_as_its_bound_and_told(self) -> None:
        class Hasty:
            async def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
                del text, voice
                yield SILENCE

        endless = ScriptedLanguage(greeting=[Say("word " * 100_000), Say("word " * 100_000), HangUp()])

        talked = run(talk(language=endless, voice=Hasty()))

        [turn] = talked.summary.turns
        assert len(turn.text) == MAX_REPLY_LETTERS - 1
        assert (
            talked.summary.trouble
            == f"only the first {MAX_REPLY_LETTERS} letters of a reply were spoken, the rest was left out"
        )
        assert talked.summary.ended_by is EndedBy.AGENT
