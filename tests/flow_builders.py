"""Flows for tests: written as a customer writes them, in YAML, and talked to turn by turn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from outdial.conversation.ports import Capture, Dialogue, HangUp, Move, Press, Say
from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.domain.attempt import Turn
from outdial.language.flow import FlowLanguage

AVA = Voice(id="5f0c1a52-9ad1-5f5e-8a39-1c2d3e4f5a6b", name="ava", engine="local", languages=("en-US",))


def a_brief(
    flow: Mapping[str, Any] | None = None,
    *,
    greeting: str = "",
    variables: Mapping[str, str] | None = None,
    instructions: str = "",
    model: str = "",
    farewell: str = "",
) -> Brief:
    return Brief(
        agent_name="Ava",
        language="en-US",
        voice=AVA,
        greeting=greeting,
        instructions=instructions,
        flow=flow,
        model=model,
        idle_question="Are you still there?",
        farewell=farewell,
        limits=TalkLimits(),
        variables=variables or {},
    )


class Talk:
    """A dialogue opened on a flow; ``says`` is what it answers, ``captured`` what it has kept so far."""

    def __init__(self, flow: str, *, greeting: str = "", variables: Mapping[str, str] | None = None) -> None:
        brief = a_brief(yaml.safe_load(flow), greeting=greeting, variables=variables)
        self.dialogue: Dialogue = FlowLanguage().open(brief)
        self.captured: dict[str, str] = {}
        self.pressed: list[str] = []
        self.over = False

    def begins(self) -> str:
        return self._note(moves_of_greeting(self.dialogue))

    def hears(self, words: str, transcript: Sequence[Turn] = ()) -> str:
        return self._note(moves_of_reply(self.dialogue, words, transcript))

    def _note(self, moves: list[Move]) -> str:
        self.captured |= {move.name: move.value for move in moves if isinstance(move, Capture)}
        self.pressed += [move.digits for move in moves if isinstance(move, Press)]
        self.over = self.over or any(isinstance(move, HangUp) for move in moves)
        return " ".join(move.text.strip() for move in moves if isinstance(move, Say))


def moves_of_greeting(dialogue: Dialogue) -> list[Move]:
    async def collect() -> list[Move]:
        return [move async for move in dialogue.greet()]

    return asyncio.run(collect())


def moves_of_reply(dialogue: Dialogue, heard: str, transcript: Sequence[Turn] = ()) -> list[Move]:
    async def collect() -> list[Move]:
        return [move async for move in dialogue.reply(heard, transcript)]

    return asyncio.run(collect())
