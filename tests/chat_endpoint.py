"""A model endpoint on loopback that speaks the OpenAI streaming protocol, one scripted answer a request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Answers:
    """A stream of deltas, then the end of the reply."""

    deltas: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Fails:
    status: int
    message: str = "no"


@dataclass(frozen=True)
class Stalls:
    """Says ``words`` and then nothing more, until the client goes away; with ``words`` None, not even headers."""

    words: str | None = None


@dataclass(frozen=True)
class Breaks:
    """Sends ``line`` in the stream and closes the connection."""

    line: str


@dataclass(frozen=True)
class Whole:
    """One answer that is not streamed; ``body`` is all of it."""

    body: Any


@dataclass(frozen=True)
class Raw:
    """The body of a 200 as it is, in the pieces it is sent in; ``hangs``: the connection stays open after it."""

    pieces: Sequence[bytes]
    content_type: str = "text/event-stream"
    hangs: bool = False
    breaks: bool = False
    """The connection is closed in the middle of the body."""


def raw(body: str | bytes, **how: Any) -> Raw:
    return Raw([body if isinstance(body, bytes) else body.encode()], **how)


def whole(content: Any) -> Whole:
    """A reply with this text."""
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return Whole({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})


def text(*pieces: str) -> Answers:
    return Answers([{"content": piece} for piece in pieces])


def calls(name: str, arguments: str = "", *, words: str = "") -> Answers:
    """A tool call in pieces, as servers send it."""
    half = len(arguments) // 2
    head = {"index": 0, "id": "call_7", "type": "function", "function": {"name": name, "arguments": arguments[:half]}}
    tail = {"index": 0, "function": {"arguments": arguments[half:]}}
    spoken = [{"content": words}] if words else []
    return Answers([*spoken, {"tool_calls": [head]}, {"tool_calls": [tail]}])


Answer = Answers | Fails | Stalls | Breaks | Whole | Raw


@dataclass
class Endpoint:
    """``requests`` are the bodies that came, ``keys`` their authorization headers."""

    answers: list[Answer]
    base_url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client went away from a stalled answer."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.requests.append(asked)
        self.keys.append(request.headers.get("authorization", ""))
        answer = self._answer_to(asked)
        if isinstance(answer, Fails):
            return web.json_response({"error": {"message": answer.message}}, status=answer.status)
        if isinstance(answer, Whole):
            return web.json_response(answer.body)
        if answer == Stalls():
            await self._stall(request)
        content_type = answer.content_type if isinstance(answer, Raw) else "text/event-stream"
        response = web.StreamResponse(headers={"content-type": content_type})
        await response.prepare(request)
        match answer:
            case Answers(deltas):
                for delta in deltas:
                    await response.write(_event(delta))
                await response.write(_event({}, finish="stop") + b"data: [DONE]\n\n")
            case Stalls(words):
                await response.write(_event({"content": words}))
                await self._stall(request)
            case Raw(pieces, _, hangs, breaks):
                for piece in pieces:
                    await response.write(piece)
                if hangs:
                    await self._stall(request)
                if breaks and request.transport is not None:
                    request.transport.close()
            case Breaks(line):
                await response.write(line.encode())
                if request.transport is not None:
                    request.transport.close()
        return response

    def _answer_to(self, asked: Mapping[str, Any]) -> Answer:
        """The next that is streamed or not, as asked; if there is none such, the next one."""
        fits = [isinstance(answer, Whole) != asked.get("stream", False) for answer in self.answers]
        return self.answers.pop(fits.index(True) if True in fits else 0)

    async def _stall(self, request: web.Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()


def _event(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


@asynccontextmanager
async def an_endpoint(*answers: Answer) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint(list(answers))
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        endpoint.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield endpoint
    finally:
        await runner.cleanup()
