"""The prompt agent: any OpenAI-compatible chat endpoint, streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

import openai
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionChunk,
    ChatCompletionMessageParam,
    ChatCompletionToolMessageParam,
)

from outdial.conversation.ports import HangUp, Move, Say
from outdial.domain.agent import Brief
from outdial.domain.attempt import Turn
from outdial.domain.errors import Unreachable
from outdial.domain.knowledge import Passage
from outdial.language.chat_errors import unreachable
from outdial.language.chat_moves import JsonReply, ToolCalls
from outdial.language.chat_prompt import REPLY_SCHEMA, TOOLS, ToolMode, messages, question

_MOST_ROUNDS: Final = 3
"""A model that only takes notes is asked again for words, this often in all."""
_MOST_LETTERS: Final = 1500
"""A reply is cut here: nobody listens to a minute and a half."""

Search = Callable[[Sequence[str], str], Sequence[Passage]]
"""What files of knowledge (``Brief.knowledge``) hold on a question, best first. Answers at once and never raises."""


@dataclass(frozen=True)
class ChatSettings:
    """One endpoint. ``base_url`` goes up to and with ``/v1``; ``model`` is for agents that name none.

    ``first_token_s`` until it begins to answer, ``total_s`` until it has finished.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    model: str = ""
    tool_mode: ToolMode = ToolMode.NATIVE
    first_token_s: float = 6.0
    total_s: float = 30.0


class ChatLanguage:
    """``Language`` over one endpoint. Close it when no conversation is left.

    ``search`` looks things up for agents that have something to look them up in; without it nothing is.
    """

    def __init__(self, settings: ChatSettings, search: Search = lambda _files, _question: ()) -> None:
        self.settings = settings
        self.search = search
        # The client's own retries wait longer than anybody stays silent on a phone.
        self.client = openai.AsyncOpenAI(
            base_url=settings.base_url, api_key=settings.api_key or "none", max_retries=0, timeout=settings.total_s
        )

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

    async def greet(self) -> AsyncIterator[Move]:
        """The greeting; without one, the other side speaks first."""
        if self._brief.greeting.strip():
            yield Say(self._brief.greeting)

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        """What the model says and does.

        Raises:
            Unreachable: no model is configured, or it failed, refused or took too long; the message says which.
        """
        if not self._model:
            raise Unreachable("no language model is configured: set chat_model, or name a model in the agent")
        files = self._brief.knowledge
        facts = self._search(files, question(transcript, heard)) if files else ()
        asked = messages(self._brief, transcript, heard, self._settings.tool_mode, facts)
        deadline = asyncio.get_running_loop().time() + self._settings.total_s
        for _ in range(_MOST_ROUNDS):
            spoken = ""
            calls = ToolCalls()
            async with aclosing(self._words(asked, calls, deadline)) as moves:
                async for move in moves:
                    spoken += move.text if isinstance(move, Say) else ""
                    yield move
            wanted = calls.moves()
            ends = any(isinstance(move, HangUp) for move in wanted)
            if ends and not spoken.strip() and self._brief.farewell:
                yield Say(self._brief.farewell)
            for move in wanted:
                yield move
            if spoken.strip() or ends or not list(calls):
                return
            asked += _done(calls)

    async def _words(
        self, asked: list[ChatCompletionMessageParam], calls: ToolCalls, deadline: float
    ) -> AsyncGenerator[Move, None]:
        """One answer of the model: its words as they come; tool calls are gathered in ``calls``."""
        in_json = JsonReply() if self._settings.tool_mode is ToolMode.JSON_SCHEMA else None
        letters = 0
        async with aclosing(self._chunks(asked, deadline)) as chunks:
            async for chunk in chunks:
                calls.add(chunk)
                content = (chunk.choices[0].delta.content or "") if chunk.choices else ""
                text = in_json.add(content) if in_json else content
                if text and letters < _MOST_LETTERS:
                    letters += len(text)
                    yield Say(text)
        for move in in_json.moves() if in_json else []:
            yield move

    async def _chunks(
        self, asked: list[ChatCompletionMessageParam], deadline: float
    ) -> AsyncGenerator[ChatCompletionChunk, None]:
        """The stream, with every wait bounded and every failure told in one line."""
        loop = asyncio.get_running_loop()
        first = min(deadline, loop.time() + self._settings.first_token_s)
        try:
            async with asyncio.timeout_at(first):
                stream = await self._request(asked)
            async with stream:
                while True:
                    async with asyncio.timeout_at(first):
                        chunk = await anext(stream, None)
                    if chunk is None:
                        return
                    first = deadline
                    yield chunk
        except TimeoutError as late:
            raise Unreachable(
                f"the model endpoint {self._settings.base_url} (model {self._model}) did not answer in time"
            ) from late
        except (openai.OpenAIError, ValueError) as error:
            raise unreachable(error, self._settings.base_url, self._model) from error

    async def _request(self, asked: list[ChatCompletionMessageParam]) -> openai.AsyncStream[ChatCompletionChunk]:
        try:
            return await self._ask(asked)
        except openai.APITimeoutError:
            raise
        except openai.APIConnectionError:
            # A connection kept from an earlier turn may have been closed by the server meanwhile: once more, at once.
            return await self._ask(asked)

    async def _ask(self, asked: list[ChatCompletionMessageParam]) -> openai.AsyncStream[ChatCompletionChunk]:
        native, schema = ToolMode.NATIVE, ToolMode.JSON_SCHEMA
        return await self._client.chat.completions.create(
            model=self._model,
            messages=asked,
            stream=True,
            tools=TOOLS if self._settings.tool_mode is native else openai.omit,
            response_format=REPLY_SCHEMA if self._settings.tool_mode is schema else openai.omit,
        )


def _done(calls: ToolCalls) -> list[ChatCompletionMessageParam]:
    """The calls and that they were carried out, for the next round."""
    made: ChatCompletionAssistantMessageParam = {
        "role": "assistant",
        "tool_calls": [
            {
                "id": call.id or f"call_{at}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments or "{}"},
            }
            for at, call in enumerate(calls)
        ],
    }
    results: list[ChatCompletionToolMessageParam] = [
        {"role": "tool", "tool_call_id": call.id or f"call_{at}", "content": "done"} for at, call in enumerate(calls)
    ]
    return [made, *results]
