"""Two hundred conversations on one clock."""

from __future__ import annotations

import asyncio

from line_builders import Callee, Talked, talk
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import HangUp, Say
from outdial.conversation.vad import VoiceActivity
from outdial.speech.scripted import ScriptedLanguage
from outdial.virtual_time import run

CALLS = 200


async def one_of_many(number: int, metronome: Metronome) -> Talked:
    async def answers(callee: Callee) -> None:
        await callee.hears("number?")
        await asyncio.sleep(0.5 + number % 7 / 10)
        callee.say(f"it is {number}")
        await callee.hears_the_end()

    def repeats(words: str) -> list[Say | HangUp]:
        return [Say(f"Thank you, {words.rsplit(maxsplit=1)[-1]}."), HangUp()]

    # They are not all answered in the same moment.
    await asyncio.sleep(number * 0.013)
    return await talk(script=answers, language=ScriptedLanguage("What is your number?", [repeats]), metronome=metronome)


async def all_of_them() -> list[Talked]:
    metronome = Metronome(VoiceActivity(slots=16))
    talks = await asyncio.gather(*(one_of_many(number, metronome) for number in range(CALLS)))
    assert metronome.size == 0
    return talks


class TestManyTalksAtOnce:
    def test_each_hears_its_own_words_and_no_others(self) -> None:
        for number, talked in enumerate(run(all_of_them())):
            assert talked.lines == [
                "agent: What is your number?",
                f"callee: it is {number}",
                f"agent: Thank you, {number}.",
            ]
            assert talked.summary.trouble == ""
