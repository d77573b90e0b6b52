"""The HTTP server of a node: uvicorn on a socket that is already listening, stopped by the node and not by signals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from outdial.bootstrap.connections import Connections, Limits, Listener
from outdial.bootstrap.http_protocol import HEAD_BYTES, IDLE_S, WHOLE_REQUEST_S, TimedProtocol
from outdial.bootstrap.tls import Certificate
from outdial.settings import Settings

GRACE_S: Final = 5
"""How long requests under way may still take at shutdown."""
_CLOSE_S: Final = 5.0


class WebServer(uvicorn.Server):
    """``await run_on(sock)`` serves until ``stop``. ``certificate``: over TLS.

    Clients are known by the address they connect from, or by the last one in ``X-Forwarded-For`` that is not a trusted
    proxy's when ``limits.proxies`` holds the one they connect from.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits | None = None, certificate: Certificate | None = None) -> None:
        limits = limits or Limits()
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                # What strangers send that is not HTTP is answered, and not worth a line each.
                log_level="error",
                access_log=False,
                server_header=False,
                date_header=True,
                proxy_headers=bool(limits.proxies),
                forwarded_allow_ips=[str(network) for network in limits.proxies],
                h11_max_incomplete_event_size=HEAD_BYTES,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self.connections = Connections(limits)
        self._certificate = certificate

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the node's affair: it has calls to end first."""
        yield

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """uvicorn's own, with a protocol of ours and bounded handshakes."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()

        def protocol() -> TimedProtocol:
            return TimedProtocol(
                self.connections,
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
                loop=loop,
            )

        tls = self._certificate
        self.servers = [
            await loop.create_server(
                protocol,
                sock=sock,
                backlog=self.config.backlog,
                ssl=tls.context if tls else None,
                ssl_handshake_timeout=WHOLE_REQUEST_S if tls else None,
                ssl_shutdown_timeout=_CLOSE_S if tls else None,
            )
            for sock in sockets or ()
        ]
        self.started = True

    async def run_on(self, sock: socket.socket) -> None:
        """Takes over the socket's descriptor."""
        watch = asyncio.create_task(self._certificate.watch()) if self._certificate else None
        try:
            await self.serve(sockets=[Listener(sock, self.connections)])
        finally:
            if watch:
                watch.cancel()

    def stop(self) -> None:
        self.should_exit = True


def web_server(app: ASGIApp, settings: Settings) -> WebServer:
    """As the operator wishes it.

    Raises:
        Unreachable: the TLS certificate cannot be used.
    """
    limits = Limits(settings.http_connections, settings.http_connections_per_address, settings.trusted_proxies)
    certificate = Certificate(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
    return WebServer(app, limits=limits, certificate=certificate)
