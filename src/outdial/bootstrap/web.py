"""The HTTP server of a node: uvicorn on a socket that is already listening, stopped by the node and not by signals."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

GRACE_S = 5
"""How long requests under way may still take at shutdown."""


class WebServer(uvicorn.Server):
    """``await run_on(sock)`` serves until ``stop``."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the node's affair: it has calls to end first."""
        yield

    async def run_on(self, sock: socket.socket) -> None:
        await self.serve(sockets=[sock])

    def stop(self) -> None:
        self.should_exit = True
