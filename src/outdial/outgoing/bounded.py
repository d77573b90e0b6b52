"""Answers of strangers, no more of them than we mean to read: every byte off the wire is counted, in small pieces.

What a parser makes of an answer (interim answers without end, chunks of one byte, heads of many lines) costs time in
proportion to what came in, so that is what is limited: before HTTP sees it.
"""

from __future__ import annotations

import ssl
import typing
from typing import Final

import httpcore
import httpx

_PIECE_BYTES: Final = 8 * 1024
"""Read at once: the event loop has its turn between two pieces."""


class AnswerTooLong(httpcore.ReadError):
    """More came in than the limit; the connection is of no further use."""


class BoundedTransport(httpx.AsyncHTTPTransport):
    """One connection, HTTP/1.1, without a proxy. ``limit_bytes``: of the whole answer as it comes in (TLS unpacked)."""

    def __init__(self, tls: ssl.SSLContext, limit_bytes: int) -> None:
        super().__init__(verify=tls, trust_env=False)
        # httpx hands no network backend through; its transport is this pool and the translation of errors.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls, max_connections=1, network_backend=_Backend(httpcore.AnyIOBackend(), limit_bytes)
        )


def is_too_long(error: httpx.TransportError) -> bool:
    """Whether a request ended because its answer was longer than the limit."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, AnswerTooLong):
        cause = cause.__cause__
    return cause is not None


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, inner: httpcore.AsyncNetworkBackend, limit_bytes: int) -> None:
        self._inner = inner
        self._limit_bytes = limit_bytes

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: typing.Iterable[typing.Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._limit_bytes)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, limit_bytes: int) -> None:
        self._inner = inner
        self._limit_bytes = limit_bytes
        self._read = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._inner.read(min(max_bytes, _PIECE_BYTES), timeout)
        self._read += len(data)
        if self._read > self._limit_bytes:
            raise AnswerTooLong(f"the answer is longer than {self._limit_bytes} bytes")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout), self._limit_bytes)

    def get_extra_info(self, info: str) -> typing.Any:
        return self._inner.get_extra_info(info)
