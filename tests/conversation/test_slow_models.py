"""Models that dribble, and models that break off: what counts is what the callee hears, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from line_builders import Callee, talk
from outdial.conversation.ports import Dialogue, HangUp, Move, Say
from outdial.conversation.sentences import SentenceCutter, Worth
from outdial.domain.agent import Brief
from outdial.domain.attempt import Turn
from outdial.domain.errors import Unreachable
from outdial.domain.outcome import EndedBy
from outdial.virtual_time import run

FAREWELL = "agent: I have to go now."


@dataclass
class Dribbles:
    """Greets, then answers in ``pieces``, one each ``pause_s``; then fails with ``failure`` if there is one."""

    pieces: Sequence[str]
    pause_s: float = 0.0
    failure: str = ""
    asked: list[float] = field(default_factory=list)

    def open(self, brief: Brief) -> Dialogue:
        del brief
        return self

    async def greet(self) -> AsyncIterator[Move]:
        yield Say("How are you?")

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        del heard, transcript
        self.asked.append(asyncio.get_running_loop().time())
        for piece in self.pieces:
            await asyncio.sleep(self.pause_s)
            yield Say(piece)
        if self.failure:
            raise Unreachable(self.failure)
        yield HangUp()


async def answers(callee: Callee) -> None:
    await callee.hears("you?")
    await asyncio.sleep(0.6)
    callee.say("I am fine")
    await callee.hears_the_end()


class TestAModelThatDribbles:
    WORDS = "Well then, does Tuesday work for you?"

    @pytest.mark.parametrize("pause_s", [0.5, 1.0, 2.0])
    def test_is_heard_long_before_its_sentence_is_whole(self, pause_s: float) -> None:
        heard_at: list[float] = []

        async def listens(callee: Callee) -> None:
            await callee.hears("you?")
            await asyncio.sleep(0.6)
            callee.say("I am fine")
            await callee.hears("Well")
            heard_at.append(asyncio.get_running_loop().time())
            await callee.hears_the_end()

        language = Dribbles([f"{word} " for word in self.WORDS.split()], pause_s)
        talked = run(talk(script=listens, language=language))

        assert " ".join(line for line in talked.lines[2:]).replace("agent: ", "") == self.WORDS
        assert heard_at[0] - language.asked[0] <= 2 * pause_s + 3.0
        assert talked.summary.trouble == ""

    def test_is_not_cut_into_pieces_when_it_is_quick(self) -> None:
        voiced: list[str] = []
        language = Dribbles([f"{word} " for word in self.WORDS.split()], 0.05)
        talked = run(talk(script=answers, language=language))

        voiced += talked.lines[2:]
        assert voiced == [f"agent: {self.WORDS}"]


class TestAModelThatBreaksOff:
    def test_has_said_what_had_come(self) -> None:
        language = Dribbles(["Good to hear. ", "I wanted to"], failure="it broke off its answer")

        talked = run(talk(script=answers, language=language))

        assert talked.lines == [
            "agent: How are you?",
            "callee: I am fine",
            "agent: Good to hear. I wanted to",
            FAREWELL,
        ]
        assert talked.summary.trouble == "language model: it broke off its answer"
        assert talked.summary.ended_by is EndedBy.AGENT

    def test_before_a_word_is_asked_again_and_named(self) -> None:
        language = Dribbles([], failure="a web page")

        talked = run(talk(script=answers, language=language))

        assert len(language.asked) == 2
        assert talked.lines[2:] == [FAREWELL]
        assert talked.summary.trouble == "language model: a web page"

    def test_may_be_interrupted_in_its_last_words_and_asked_anew(self) -> None:
        async def interrupts(callee: Callee) -> None:
            await callee.hears("you?")
            await asyncio.sleep(0.6)
            callee.say("I am fine")
            await callee.hears("Good")
            callee.say("wait a moment please I have a question")
            await callee.hears_the_end()

        language = Dribbles(["Good to hear that you are well and happy today my friend"], failure="it broke off")

        talked = run(talk(script=interrupts, language=language))

        assert len(language.asked) == 2
        assert talked.lines[-1] == FAREWELL
        assert talked.summary.trouble == "language model: it broke off"


class TestAClause:
    @pytest.mark.parametrize(
        ("text", "worth", "clause", "rest"),
        [
            ("Well then, does", Worth.CLAUSE, "Well then,", "does"),
            ("Well then does Tues", Worth.CLAUSE, "", "Well then does Tues"),
            ("Well then does Tues", Worth.WORDS, "Well then does", "Tues"),
            ("Well the", Worth.WORDS, "", "Well the"),
            ("Well the", Worth.WORD, "Well", "the"),
            ("Wel", Worth.WORD, "", "Wel"),
            ("अच्छा, तो", Worth.CLAUSE, "अच्छा,", "तो"),
            ("好的，星期", Worth.CLAUSE, "好的，", "星期"),
            ("1,500 rupees", Worth.CLAUSE, "", "1,500 rupees"),
            ("Well then, does", None, "", "Well then, does"),
        ],
    )
    def test_is_what_is_worth_saying_alone(self, text: str, worth: Worth | None, clause: str, rest: str) -> None:
        cutter = SentenceCutter()
        cutter.add(text)

        assert (cutter.clause(worth), cutter.rest()) == (clause, rest)
