"""What customers may store and send is carried through whole talks, however it was meant: they end in their time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from line_builders import VOICE, Callee, talk
from nasty_builders import PIECES, nasty_text
from outdial.domain.agent import Definition, PromptSection, TalkLimits
from outdial.domain.bounds import definition_faults, variables_faults
from outdial.domain.brief import brief_for
from outdial.domain.limits import (
    MAX_FLOW_TEXT_LETTERS,
    MAX_GREETING_LETTERS,
    MAX_PHRASE_LETTERS,
    MAX_PROMPT_BYTES,
    MAX_VARIABLE_LETTERS,
)
from outdial.language.flow import FlowLanguage
from outdial.language.flow_parsing import parse
from outdial.virtual_time import run

LIMITS = TalkLimits(idle_warning_s=3, idle_end_s=6, max_length_s=12)


async def answers_twice(callee: Callee) -> None:
    await callee.is_silent_for(2)
    callee.say("yes " * 20)
    await callee.is_silent_for(2)
    callee.say("hello one two three")
    await callee.hears_the_end()


def long(name: str, letters: int) -> str:
    """As the doors hand it on: without NUL characters."""
    return nasty_text(name, 4 * letters).replace("\0", "")[:letters]


def a_definition(name: str) -> Definition:
    text = long(name, MAX_FLOW_TEXT_LETTERS)
    word = text.strip()[:MAX_PHRASE_LETTERS] or "yes"
    flow: dict[str, Any] = {
        "unclear": text,
        "give_up": text,
        "steps": {
            "a": {
                "say": text,
                "ask": text,
                "save": "kept",
                "expect": [{"hear": [word, "{{nasty}}"] * 50, "say": text}, {"regex": "(a|a)*!|([a-z ]?){99}!"}],
                "otherwise": "b",
            },
            "b": {"say": text + "{{nasty}}"[: max(0, MAX_FLOW_TEXT_LETTERS - len(text))], "hang_up": True},
        },
    }
    if not text.strip():
        # Blank texts are none, and refused.
        flow = {"steps": {"a": {"ask": "Well?", "save": "kept"}, "b": {"say": "{{nasty}} {{kept}}", "hang_up": True}}}
    parse(flow)
    return Definition(
        greeting=("{{nasty}} " + long(name, MAX_GREETING_LETTERS))[:MAX_GREETING_LETTERS],
        idle_question=long(name, MAX_GREETING_LETTERS),
        farewell="{{nasty}}" * 200,
        prompt=(PromptSection("", long(name, MAX_PROMPT_BYTES // 4)),),
        flow=flow,
        limits=LIMITS,
    )


@pytest.mark.parametrize("name", PIECES)
def test_a_talk_of_nasty_texts_comes_to_its_end(name: str) -> None:
    definition = a_definition(name)
    variables = {"nasty": long(name, MAX_VARIABLE_LETTERS), "other": [long(name, 1_000)]}
    assert not [*definition_faults(definition), *variables_faults(variables, "variables")]
    brief = brief_for(definition, "Ada", VOICE, variables)
    began = time.process_time()

    talked = run(talk(script=answers_twice, brief=brief, language=FlowLanguage()))

    assert talked.seconds < 60
    # Half a minute on the line, with the voice detector, takes about a second of work: far less than it lasts.
    assert time.process_time() - began < 20
