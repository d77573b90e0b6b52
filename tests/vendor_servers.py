"""Speech vendors on loopback, speaking their own websocket protocols to LiveKit's plug-ins."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web


@dataclass
class Deepgram:
    """Live transcription (developers.deepgram.com/reference/speech-to-text/listen-streaming).

    Answers each ``Finalize`` with the next of ``transcripts``; an empty one is no speech, and one that ends in ``…``
    never becomes final. Closes the line instead when ``breaks``.
    """

    transcripts: list[str] = field(default_factory=list)
    refuses: int = 0
    breaks: bool = False
    heard_bytes: int = 0
    key: str = ""
    query: dict[str, str] = field(default_factory=dict)
    url: str = ""

    async def listen(self, request: web.Request) -> web.StreamResponse:
        if self.refuses:
            return web.json_response({"err_code": "NO"}, status=self.refuses)
        self.key, self.query = request.headers["authorization"], dict(request.query)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                self.heard_bytes += len(message.data)
            elif json.loads(message.data)["type"] == "Finalize":
                if self.breaks:
                    self.breaks = False
                    break
                await self._transcribe(socket, self.transcripts.pop(0))
            elif json.loads(message.data)["type"] == "CloseStream":
                break
        await socket.close()
        return socket

    async def _transcribe(self, socket: web.WebSocketResponse, words: str) -> None:
        await socket.send_json({"type": "SpeechStarted", "timestamp": 0.1, "channel": [0]})
        open_words = words.removesuffix("…")
        await socket.send_json(_results(open_words.split(" ")[0], final=False))
        await socket.send_json(_results(open_words, final=open_words == words))


def _results(words: str, *, final: bool) -> dict[str, Any]:
    return {
        "type": "Results",
        "metadata": {"request_id": "r-1"},
        "is_final": final,
        "speech_final": final,
        "channel": {"alternatives": [{"transcript": words, "confidence": 0.99, "words": []}]},
    }


@dataclass
class ElevenLabs:
    """Multi-context speech (elevenlabs.io/docs: text-to-speech, multi-stream-input).

    Answers every context with ``sound``, in two pieces, when it is closed.
    """

    sound: bytes = b""
    refuses: int = 0
    said: list[str] = field(default_factory=list)
    key: str = ""
    voice: str = ""
    query: dict[str, str] = field(default_factory=dict)
    url: str = ""

    async def speak(self, request: web.Request) -> web.StreamResponse:
        if self.refuses:
            return web.json_response({"detail": "no"}, status=self.refuses)
        self.key, self.voice = request.headers["xi-api-key"], request.match_info["voice"]
        self.query = dict(request.query)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            packet = json.loads(message.data)
            context = packet["context_id"]
            if packet.get("text", "").strip():
                self.said.append(packet["text"].strip())
            if packet.get("close_context"):
                half = len(self.sound) // 4 * 2
                for piece in (self.sound[:half], self.sound[half:]):
                    await socket.send_json({"audio": base64.b64encode(piece).decode(), "contextId": context})
                await socket.send_json({"isFinal": True, "contextId": context})
        return socket


@asynccontextmanager
async def vendors(deepgram: Deepgram | None = None, elevenlabs: ElevenLabs | None = None) -> AsyncIterator[None]:
    """Both vendors under one address; their ``url`` is filled in."""
    deepgram, elevenlabs = deepgram or Deepgram(), elevenlabs or ElevenLabs()
    app = web.Application()
    app.router.add_get("/v1/listen", deepgram.listen)
    app.router.add_get("/v1/text-to-speech/{voice}/multi-stream-input", elevenlabs.speak)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        deepgram.url, elevenlabs.url = f"{address}/listen", address
        yield
    finally:
        await runner.cleanup()
