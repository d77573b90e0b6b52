"""HTTP/1.1 that waits for nobody for ever: uvicorn's h11 protocol with a time for every request, and bounded heads."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from outdial.bootstrap.connections import Connections, Peer

WHOLE_REQUEST_S: Final = 15.0
"""For a request, from its connection's start or its own first byte to its last one."""
BODY_BYTES_PER_S: Final = 256 * 1024
"""For so many bytes that have come a long upload gets one second more."""
IDLE_S: Final = 75
"""A kept connection may rest for so long: longer than proxies in front of us keep theirs (nginx: 60 s)."""
HEAD_BYTES: Final = 32 * 1024
"""Most bytes of a request line and its headers; up to one piece more may come through."""
_PIECE_BYTES: Final = 16 * 1024


class TimedProtocol(H11Protocol):
    """Closes connections whose request is not whole in time, and tells ``Connections`` which ones wait."""

    def __init__(
        self,
        connections: Connections,
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self._connections = connections
        self._peer: Peer = ()
        self._timer: asyncio.TimerHandle | None = None
        self._began_s = 0.0
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._peer = transport.get_extra_info("peername") or ()
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer is None and self._awaits_request():
            self._begin()
        self._received += len(data)
        # Piece by piece: h11 measures only heads that are not complete yet.
        while len(data) > _PIECE_BYTES and self.conn.their_state is h11.IDLE:
            super().data_received(data[:_PIECE_BYTES])
            data = data[_PIECE_BYTES:]
            if self.transport.is_closing():
                return
        super().data_received(data)
        if not self._awaits_request():
            self._whole()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.IDLE:
            self._connections.waits(self._peer)
        if self._timer is None and self._awaits_request() and self.conn.trailing_data[0]:
            self._begin()

    def timeout_keep_alive_handler(self) -> None:
        if self.conn.their_state is h11.IDLE:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        if self._timer is not None:
            # Its request is not whole: nothing was accepted yet that could be finished.
            self.transport.close()
            return
        # A connection whose request was never valid has no state to end in.
        with suppress(h11.LocalProtocolError):
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP; in JSON like all answers, and only where no other answer has begun."""
        self._answer_and_close(HTTPStatus.BAD_REQUEST, "The request is not valid HTTP, or its head is too large")

    def _awaits_request(self) -> bool:
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _begin(self) -> None:
        self._began_s, self._received = self.loop.time(), 0
        self._connections.waits(self._peer)
        self._timer = self.loop.call_later(WHOLE_REQUEST_S, self._look)

    def _look(self) -> None:
        due_s = self._began_s + WHOLE_REQUEST_S + self._received / BODY_BYTES_PER_S
        if due_s > self.loop.time():
            self._timer = self.loop.call_at(due_s, self._look)
            return
        self._timer = None
        if self._received:
            self._answer_and_close(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time")
        else:
            self.transport.close()

    def _whole(self) -> None:
        self._connections.works(self._peer)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _answer_and_close(self, status: HTTPStatus, message: str) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = json.dumps({"message": message}).encode()
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
                "X-Content-Type-Options: nosniff\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        if self.cycle is not None:
            # Whoever is to answer this request finds that nobody listens any more.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
