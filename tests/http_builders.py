"""A connection to the HTTP server in memory, for the virtual clock, and a real server for what needs sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from outdial.bootstrap.connections import Connections, Limits
from outdial.bootstrap.http_protocol import TimedProtocol
from outdial.bootstrap.tls import Certificate
from outdial.bootstrap.web import WebServer


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with where the request came from and how long its body was."""
    request = Request(scope, receive)
    body = await request.body()
    await PlainTextResponse(f"{scope['client'][0]} sent {len(body)}")(scope, receive, send)


class Wire(asyncio.Transport):
    """The client's end: ``send`` what it sends; ``heard`` is what it was sent, ``closed`` when it was hung up."""

    def __init__(self, app: ASGIApp = echo) -> None:
        super().__init__()
        server = WebServer(app)
        server.config.load()
        self.protocol = TimedProtocol(
            Connections(Limits()),
            config=server.config,
            server_state=server.server_state,
            app_state={},
            loop=asyncio.get_running_loop(),
        )
        self.heard = bytearray()
        self.closed_at_s: float | None = None
        self.protocol.connection_made(self)

    async def send(self, data: bytes) -> None:
        """The server is given it, and the time to answer that a loop of many turns takes."""
        if data and not self.is_closing():
            self.protocol.data_received(data)
        for _ in range(20):
            await asyncio.sleep(0)

    async def closed(self) -> float:
        """When the server hung up, in seconds of the loop's clock; an hour is for ever."""
        async with asyncio.timeout(3600):
            while self.closed_at_s is None:  # noqa: ASYNC110 - time is virtual
                await asyncio.sleep(0.5)
        return self.closed_at_s

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.1", 40000), "sockname": ("192.0.2.2", 80)}.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.heard += data

    def is_closing(self) -> bool:
        return self.closed_at_s is not None

    def close(self) -> None:
        if self.closed_at_s is None:
            loop = asyncio.get_running_loop()
            self.closed_at_s = loop.time()
            loop.call_soon(self.protocol.connection_lost, None)

    abort = close

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


@asynccontextmanager
async def a_server(
    app: ASGIApp = echo, *, limits: Limits | None = None, certificate: Certificate | None = None
) -> AsyncIterator[tuple[WebServer, int]]:
    """A server on loopback, and its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        server = WebServer(app, limits=limits, certificate=certificate)
        running = asyncio.create_task(server.run_on(listening))
        try:
            yield server, port
        finally:
            server.stop()
            await running
