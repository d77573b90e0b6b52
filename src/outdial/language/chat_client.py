"""An OpenAI-compatible endpoint: asked, with every wait bounded, and read as it really answers.

The client's library makes the requests and tells refusals apart. What comes back is read here: its own parser raises on
the first chunk that is not as it should be.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import openai
from openai.types.chat import ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema

from outdial.domain.errors import Unreachable
from outdial.language.chat_chunk import Piece, error_in, piece_of
from outdial.language.chat_errors import no_stream, odd, unreachable
from outdial.language.chat_prompt import REPLY_SCHEMA, TOOLS, ToolMode
from outdial.language.chat_roles import alternating, is_demanded
from outdial.language.chat_stream import Chunk, ChunkReader

_MAY_MEAN_ROLES: Final = frozenset({400, 422, 500})
"""What servers answer whose chat template has raised an error."""
_AFTER_FINISH_S: Final = 0.5
"""Some servers never end the stream. After the reply's end only its costs may follow."""
_DRAIN_S: Final = 0.2
"""For the end of the body after ``[DONE]``: a connection read to its end is kept for the next turn."""
_MAX_MODELS: Final = 256
_PLAIN: Final = {"Accept-Encoding": "identity"}
"""A stream that is compressed comes late, and nobody knows how large it becomes."""


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


class Known:
    """Models of which something was learnt, the latest."""

    def __init__(self) -> None:
        self._models: dict[str, None] = {}

    def __contains__(self, model: str) -> bool:
        return model in self._models

    def add(self, model: str) -> None:
        self._models[model] = None
        if len(self._models) > _MAX_MODELS:
            self._models.pop(next(iter(self._models)))

    def discard(self, model: str) -> None:
        self._models.pop(model, None)


class _WantsTurns(Exception):
    """The server wants the messages in turns, and says so in a stream."""


class ChatClient:
    """Close it when nobody asks any more."""

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self.wants_turns = Known()
        """Models that are asked in strictly alternating roles: their servers refuse anything else."""
        self.leaves_thought_open = Known()
        """Models whose thoughts begin without a mark."""
        # The client's own retries wait longer than anybody stays silent on a phone.
        self._client = openai.AsyncOpenAI(
            base_url=settings.base_url, api_key=settings.api_key or "none", max_retries=0, timeout=settings.total_s
        )

    async def close(self) -> None:
        await self._client.close()

    async def pieces(
        self, model: str, asked: list[ChatCompletionMessageParam], deadline: float
    ) -> AsyncGenerator[list[Piece], None]:
        """The reply, as many pieces at a time as have come at once.

        Raises:
            Unreachable: it failed, refused, took too long or sent something else than a reply. What could be read
                has been given before.
        """
        for _ in range(2):
            try:
                async with aclosing(self._stream(model, asked, deadline)) as batches:
                    async for batch in batches:
                        yield batch
            except _WantsTurns:
                continue
            return

    async def whole(
        self, model: str, asked: list[ChatCompletionMessageParam], form: ResponseFormatJSONSchema | openai.Omit
    ) -> str | None:
        """The text of a reply that is not streamed, thoughts and all; None: it has none. As long as it may take.

        Raises:
            Unreachable: it sent a web page, or more than anybody reads.
            openai.OpenAIError, httpx2.HTTPError: it failed.
        """
        reader, chunks = ChunkReader(), list[Chunk]()
        async with AsyncExitStack() as stack:
            response = await self._opened(stack, model, asked, {"response_format": form})
            async for received in response.iter_bytes():
                chunks += reader.feed(received)
        chunks += [*reader.finish(), *reader.bodies()]
        if reader.is_page:
            raise no_stream(self._where(model), reader.came())
        pieces = [piece_of(chunk) for chunk in chunks]
        said = "".join(piece.words for piece in pieces if not piece.whole)
        return said or next((piece.words for piece in pieces if piece.words), None)

    async def _stream(
        self, model: str, asked: list[ChatCompletionMessageParam], deadline: float
    ) -> AsyncGenerator[list[Piece], None]:
        settings, reader = self.settings, ChunkReader()
        began = finished = False
        until = min(deadline, _now() + settings.first_token_s)
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout_at(until):
                    response = await self._opened(stack, model, asked, self._tools())
                body = response.iter_bytes()
                more = True
                while more:
                    async with asyncio.timeout_at(until):
                        received = await _next(body)
                    chunks = reader.finish() if received is None else reader.feed(received)
                    more = received is not None and not reader.finished
                    batch, error = _read(chunks)
                    if batch:
                        yield batch
                    if error:
                        self._refused_in_stream(error, model, began=began)
                    began = began or any(_is_answer(chunk) for chunk in chunks)
                    finished = finished or any(piece.finish for piece in batch)
                    until = min(deadline, _now() + _AFTER_FINISH_S) if finished else deadline if began else until
                await _drain(body)
        except TimeoutError as late:
            if not finished:
                raise Unreachable(f"{self._where(model)} did not answer in time") from late
        except (httpx2.HTTPError, httpx2.StreamError) as broken:
            rest, error = _read(reader.finish())
            if rest:
                yield rest
            if not finished:
                came = error or reader.came() or f"broke off its answer: {type(broken).__name__} {broken}"
                raise odd(self._where(model), came) from broken
        except (openai.OpenAIError, ValueError) as error:
            raise unreachable(error, settings.base_url, model) from error
        if reader.failure:
            raise odd(self._where(model), reader.came())
        if not began:
            raise no_stream(self._where(model), reader.came_at_most())

    def _refused_in_stream(self, error: str, model: str, *, began: bool) -> None:
        if not began and model not in self.wants_turns and is_demanded(error):
            self.wants_turns.add(model)
            raise _WantsTurns
        raise odd(self._where(model), f"answered with an error: {error}")

    def _where(self, model: str) -> str:
        return f"the model endpoint {self.settings.base_url} (model {model})"

    def _tools(self) -> Mapping[str, Any]:
        match self.settings.tool_mode:
            case ToolMode.NATIVE:
                return {"stream": True, "tools": TOOLS}
            case ToolMode.JSON_SCHEMA:
                return {"stream": True, "response_format": REPLY_SCHEMA}
        return {"stream": True}

    async def _opened(
        self,
        stack: AsyncExitStack,
        model: str,
        asked: list[ChatCompletionMessageParam],
        how: Mapping[str, Any],
    ) -> openai.AsyncAPIResponse[Any]:
        try:
            return await self._request(stack, model, asked, how)
        except openai.APITimeoutError:
            raise
        except openai.APIConnectionError:
            # A connection kept from an earlier turn may have been closed by the server meanwhile: once more, at once.
            return await self._request(stack, model, asked, how)
        except openai.APIStatusError as refused:
            told = refused.status_code in _MAY_MEAN_ROLES and is_demanded(f"{refused.message} {refused.body}")
            if not told or model in self.wants_turns:
                raise
            self.wants_turns.add(model)
            try:
                return await self._request(stack, model, asked, how)
            except openai.APIStatusError:
                self.wants_turns.discard(model)
                raise

    async def _request(
        self,
        stack: AsyncExitStack,
        model: str,
        asked: list[ChatCompletionMessageParam],
        how: Mapping[str, Any],
    ) -> openai.AsyncAPIResponse[Any]:
        said = alternating(asked) if model in self.wants_turns else asked
        request = self._client.chat.completions.with_streaming_response.create(
            model=model, messages=said, extra_headers=_PLAIN, **how
        )
        return await stack.enter_async_context(request)


def _read(chunks: Iterable[Chunk]) -> tuple[list[Piece], str]:
    """The pieces up to the first error, and that error."""
    batch: list[Piece] = []
    for chunk in chunks:
        batch.append(piece_of(chunk))
        if error := error_in(chunk):
            return batch, error
    return batch, ""


def _is_answer(chunk: Chunk) -> bool:
    return bool(chunk.get("choices"))


async def _next(body: AsyncIterator[bytes]) -> bytes | None:
    return await anext(body, None)


async def _drain(body: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError, httpx2.HTTPError, httpx2.StreamError):
        async with asyncio.timeout(_DRAIN_S):
            while await _next(body) is not None:
                pass


def _now() -> float:
    return asyncio.get_running_loop().time()
