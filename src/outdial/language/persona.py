"""Somebody on the other end who answers what is asked, in any order: the simulated callee's mind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from outdial.conversation.ports import HangUp, Move, Press, Say
from outdial.domain.attempt import Turn
from outdial.language.flow_matching import phrase_end
from outdial.language.flow_model import Persona, Reply


def spoken(text: str, *, asks: bool = False) -> list[Move]:
    """``text`` as a move of its own: the line break keeps it apart from what is said next."""
    return [Say(f"{text}\n", asks)] if text.strip() else []


class PersonaDialogue:
    """``Dialogue`` that replies to the latest thing heard; of several that fit, to the one said last."""

    def __init__(self, persona: Persona, greeting: str) -> None:
        self._persona = persona
        self._greeting = greeting
        self._used: set[int] = set()

    async def greet(self) -> AsyncIterator[Move]:
        if not self._persona.listen_first:
            for move in spoken(self._greeting):
                yield move

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        reply = self._choose(heard)
        if reply.press:
            yield Press(reply.press)
        for move in spoken(reply.say):
            yield move
        if reply.hang_up:
            yield HangUp()

    def _choose(self, heard: str) -> Reply:
        best, best_end = -1, -1
        for at, reply in enumerate(self._persona.replies):
            end = -1 if reply.once and at in self._used else _heard_until(reply, heard)
            if end > best_end:
                best, best_end = at, end
        if best < 0:
            return self._persona.otherwise
        self._used.add(best)
        return self._persona.replies[best]


def _heard_until(reply: Reply, heard: str) -> int:
    """Word at which the last fitting phrase ends; -1: nothing fits."""
    ends = (phrase_end(hear, heard) for hear in reply.hears)
    return max((end for end in ends if end is not None), default=-1)
