"""The prompt agent: any OpenAI-compatible chat endpoint, streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Final

from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
    ChatCompletionToolMessageParam,
)

from outdial.conversation.ports import HangUp, Move, Press, Say
from outdial.domain.agent import Brief
from outdial.domain.attempt import Turn
from outdial.domain.errors import Unreachable
from outdial.domain.knowledge import Passage
from outdial.language.chat_answer import Answer
from outdial.language.chat_apology import apology
from outdial.language.chat_client import ChatClient, ChatSettings
from outdial.language.chat_moves import ToolCalls
from outdial.language.chat_prompt import SPEAK, messages, question
from outdial.language.chat_repeats import Repeats, RepeatWatch

_MAX_ROUNDS: Final = 3
"""A model that takes a new note each time is asked again for words, this often in all; any other silence once."""

Search = Callable[[Sequence[str], str], Sequence[Passage]]
"""What files of knowledge (``Brief.knowledge``) hold on a question, best first. Answers at once and never raises."""


class ChatLanguage:
    """``Language`` over one endpoint. Close it when no conversation is left.

    ``search`` looks things up for agents that have something to look them up in; without it nothing is.
    """

    def __init__(self, settings: ChatSettings, search: Search = lambda _files, _question: ()) -> None:
        self.settings = settings
        self.search = search
        self.client = ChatClient(settings)

    def open(self, brief: Brief) -> ChatDialogue:
        return ChatDialogue(self, brief)

    async def close(self) -> None:
        await self.client.close()


class ChatDialogue:
    """``Dialogue`` with a model. The greeting is spoken as it stands, without asking the model."""

    def __init__(self, language: ChatLanguage, brief: Brief) -> None:
        self._client = language.client
        self._settings = language.settings
        self._search = language.search
        self._brief = brief
        self._model = brief.model or language.settings.model
        self._repeats = Repeats()

    async def greet(self) -> AsyncIterator[Move]:
        """The greeting; without one, the other side speaks first."""
        if self._brief.greeting.strip():
            yield Say(self._brief.greeting)

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        """What the model says and does. A model that says nothing is asked once more, then excused.

        Raises:
            Unreachable: no model is configured, or it failed, refused, took too long, said nothing or always the
                same; the message says which. What was received before has been said before.
        """
        if not self._model:
            raise Unreachable("no language model is configured: set chat_model, or name a model in the agent")
        files = self._brief.knowledge
        facts = self._search(files, question(transcript, heard)) if files else ()
        asked = messages(self._brief, transcript, heard, self._settings.tool_mode, facts)
        times = self._repeats.heard(transcript)
        if note := self._repeats.note(times):
            asked.append({"role": "system", "content": note})
        deadline = asyncio.get_running_loop().time() + self._settings.total_s
        done: set[Move] = set()
        for rounds in range(1, _MAX_ROUNDS + 1):
            answer = self._new_answer(self._repeats.watch(times))
            async with aclosing(self._said(asked, answer, deadline)) as moves:
                async for move in moves:
                    yield move
            wanted = answer.moves()
            ends = any(isinstance(move, HangUp) for move in wanted)
            if ends and not answer.has_words and self._brief.farewell:
                yield Say(self._brief.farewell)
            for move in wanted:
                yield move
            if answer.unwanted:
                raise Unreachable(f"{self._whose()} says the same again and again: {answer.unwanted!r}")
            if answer.has_words or ends or any(isinstance(move, Press) for move in wanted):
                return
            brings_news = not done.issuperset(wanted)
            done.update(wanted)
            if rounds > 1 and not brings_news:
                break
            asked = [*asked, *_done(answer)]
        yield Say(f"{apology(self._brief.language)}\n")
        raise Unreachable(f"{self._whose()} said nothing when asked twice: {answer.why_silent()}")

    def _whose(self) -> str:
        return f"the model {self._model} at {self._settings.base_url}"

    def _new_answer(self, watch: RepeatWatch) -> Answer:
        return Answer(self._settings.tool_mode, watch, thinks_first=self._model in self._client.leaves_thought_open)

    async def _said(
        self, asked: list[ChatCompletionMessageParam], answer: Answer, deadline: float
    ) -> AsyncGenerator[Move, None]:
        """The words of one answer as they come; whatever else is in it is gathered in ``answer``."""
        failure: Unreachable | None = None
        try:
            async with aclosing(self._client.pieces(self._model, asked, deadline)) as batches:
                async for batch in batches:
                    if words := answer.add(batch):
                        yield Say(words)
                    if answer.is_over:
                        break
        except Unreachable as error:
            failure = error
        if words := answer.finish(failed=failure is not None):
            yield Say(words)
        self._repeats.said(answer.said)
        self._learn(answer)
        if failure is not None:
            raise failure

    def _learn(self, answer: Answer) -> None:
        if answer.thought_was_unbegun:
            self._client.leaves_thought_open.add(self._model)
        elif answer.thought_nothing_first:
            self._client.leaves_thought_open.discard(self._model)


def _done(answer: Answer) -> list[ChatCompletionMessageParam]:
    """The calls and what came of them, or the text that took notes only, for the next round; nothing for nothing."""
    if answer.calls_made:
        return _calls_done(answer.calls_made)
    if answer.notes_text:
        return [{"role": "assistant", "content": answer.notes_text}, {"role": "user", "content": SPEAK}]
    return []


def _calls_done(calls: ToolCalls) -> list[ChatCompletionMessageParam]:
    made: ChatCompletionAssistantMessageParam = {
        "role": "assistant",
        "tool_calls": [
            {
                "id": call.id or f"call_{at}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.given},
            }
            for at, call in enumerate(calls)
        ],
    }
    results: list[ChatCompletionToolMessageParam] = [
        {
            "role": "tool",
            "tool_call_id": call.id or f"call_{at}",
            "content": "done" if call.is_ours else f"there is no tool {call.name}; say something instead",
        }
        for at, call in enumerate(calls)
    ]
    return [made, *results]


__all__ = ["ChatDialogue", "ChatLanguage", "ChatSettings", "Search"]
