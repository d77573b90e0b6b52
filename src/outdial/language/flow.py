"""The flow agent: says, asks, understands and branches as its flow is written, and the same way every time.

A conversation is a position in the flow. Each turn makes its whole plan at once and then hands it out move by move,
so that an interruption finds the flow at the question that was being asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from outdial.conversation.ports import Capture, Dialogue, HangUp, Move, Press
from outdial.domain.agent import Brief
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.spoken import plain_tokens
from outdial.domain.templates import render
from outdial.language.flow_cache import ParsedFlows
from outdial.language.flow_matching import MEANINGS
from outdial.language.flow_model import Alternative, Flow, Persona, Step
from outdial.language.persona import PersonaDialogue, spoken

_MOST_RESUMPTIONS: Final = 2
"""How often a question nobody heard is asked again before the answer is taken as it is."""


class FlowLanguage:
    """``Language`` for agents that have a flow, and for personas that only answer."""

    def __init__(self) -> None:
        self._parsed = ParsedFlows()

    def open(self, brief: Brief) -> Dialogue:
        """Begin a conversation.

        Raises:
            Invalid: the flow is faulty; all faults are listed.
        """
        parsed = self._parsed.of(brief.flow or {})
        if isinstance(parsed, Persona):
            return PersonaDialogue(parsed, brief.greeting)
        return FlowDialogue(parsed, brief)


@dataclass(frozen=True)
class _Position:
    """Where a conversation stands. ``asked`` is the question whose answer is awaited; empty before the first."""

    asked: str = ""
    tries: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    over: bool = False


class FlowDialogue:
    """``Dialogue`` that follows a flow."""

    def __init__(self, flow: Flow, brief: Brief) -> None:
        self._flow = flow
        self._brief = brief
        self._now = _Position()
        self._before = self._now
        self._planned: list[Move] = []
        self._heard = ""
        self._resumed = 0

    async def greet(self) -> AsyncIterator[Move]:
        opening: list[Move] = spoken(self._brief.greeting)
        if not self._flow.listen_first:
            opening += self._run(self._flow.start)
        self._planned = opening
        for move in opening:
            yield move

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        for move in self._answer(heard, transcript):
            yield move

    def _answer(self, heard: str, transcript: Sequence[Turn]) -> list[Move]:
        if self._unspoken(transcript):
            # The callee went on talking before a word of ours came out: both halves are one answer.
            self._now, heard = self._before, f"{self._heard} {heard}"
        elif self._answers_idle_question(heard, transcript):
            return self._ask(self._flow.steps[self._now.asked])
        elif self._resumes(heard, transcript):
            self._resumed += 1
            return [move for move in self._planned if not isinstance(move, Press)]
        self._before, self._heard, self._resumed = self._now, heard, 0
        self._planned = self._plan(heard)
        return self._planned

    def _unspoken(self, transcript: Sequence[Turn]) -> bool:
        """Whether the last plan was dropped unheard; keys that were pressed cannot be taken back."""
        callee = [turn.speaker is Speaker.CALLEE for turn in transcript[-2:]]
        return callee == [True, True] and bool(self._heard) and not any(isinstance(m, Press) for m in self._planned)

    def _answers_idle_question(self, heard: str, transcript: Sequence[Turn]) -> bool:
        """Whether "yes" only means that somebody is still there, and not the answer awaited."""
        said = [turn.text for turn in transcript if turn.speaker is Speaker.AGENT][-1:]
        asked_so = bool(self._now.asked) and not self._now.over and said == [self._brief.idle_question]
        return asked_so and MEANINGS["yes"](heard) is not None

    def _resumes(self, heard: str, transcript: Sequence[Turn]) -> bool:
        """Whether the callee spoke before half of the question was out: then it is put again."""
        step = self._flow.steps.get(self._now.asked)
        agent = [turn for turn in transcript if turn.speaker is Speaker.AGENT]
        if step is None or self._now.over or not agent or not agent[-1].interrupted:
            return False
        if self._resumed >= _MOST_RESUMPTIONS or _first(self._flow.always, heard):
            return False
        question = plain_tokens(self._render(step.ask))
        half = question[: (len(question) + 1) // 2]
        return " ".join(half) not in " ".join(plain_tokens(agent[-1].text))

    def _plan(self, heard: str) -> list[Move]:
        if self._now.over:
            return [HangUp()]
        if not self._now.asked:
            return self._run(self._flow.start)
        step = self._flow.steps[self._now.asked]
        found = _first(step.expect, heard) or _first(self._flow.always, heard)
        if found is None and not step.expect and heard.strip():
            found = Alternative(), MEANINGS["anything"](heard) or heard
        if found is None:
            return self._ask_again(step, heard)
        alternative, value = found
        if alternative in self._flow.always:
            return self._say(alternative.say) + (self._run(alternative.go) if alternative.go else self._ask(step))
        moves: list[Move] = []
        if step.save:
            self._now = replace(self._now, answers={**self._now.answers, step.save: value})
            moves.append(Capture(step.save, value))
        moves += self._say(alternative.say)
        return moves + self._run(alternative.go or step.go or self._flow.after.get(step.name, ""))

    def _ask_again(self, step: Step, heard: str) -> list[Move]:
        if MEANINGS["repeat"](heard):
            return self._ask(step)
        tries = self._now.tries + 1
        if tries < (step.tries or self._flow.tries):
            self._now = replace(self._now, tries=tries)
            return [*self._say(step.unclear or self._flow.unclear), *self._ask(step)]
        if step.otherwise:
            return self._run(step.otherwise)
        self._now = replace(self._now, over=True)
        return [*self._say(self._flow.give_up), HangUp()]

    def _run(self, name: str) -> list[Move]:
        """Everything from step ``name`` up to the next question or the end."""
        moves: list[Move] = []
        while name:
            step = self._flow.steps[name]
            if step.press:
                moves.append(Press(step.press))
            moves += self._say(step.say)
            if step.ask:
                self._now = replace(self._now, asked=name, tries=0)
                return moves + self._ask(step)
            if step.hang_up:
                break
            known = {**self._brief.variables, **self._now.answers}
            branch = next((branch.go for branch in step.branch if branch.holds(known)), "")
            name = branch or step.go or self._flow.after.get(name, "")
        self._now = replace(self._now, over=True)
        return [*moves, HangUp()]

    def _say(self, text: str) -> list[Move]:
        return spoken(self._render(text))

    def _ask(self, step: Step) -> list[Move]:
        return spoken(self._render(step.ask), asks=True)

    def _render(self, text: str) -> str:
        """``text`` with answers and variables filled in, once: what a value contains is never looked at again."""
        return render(text, {**self._brief.variables, **self._now.answers}).text


def _first(alternatives: Sequence[Alternative], heard: str) -> tuple[Alternative, str] | None:
    for alternative in alternatives:
        value = alternative.value_of(heard)
        if value is not None:
            return alternative, value
    return None
