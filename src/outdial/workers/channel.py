"""One end of the line between a supervisor and a media worker."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Final, Generic, TypeVar

import structlog
from pydantic import TypeAdapter

from outdial.workers import wire

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
_FLUSH_LIMIT_S: Final = 1.0
Out = TypeVar("Out")
In = TypeVar("In")


class Channel(Generic[Out, In]):
    """Sends ``Out`` and receives ``In``; owned by one task that reads, written to from anywhere on the same loop."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        out: TypeAdapter[Out],
        into: TypeAdapter[In],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._out = out
        self._into = into

    def send(self, message: Out) -> None:
        """Queue a message; lost without a word when the other side has gone (whoever reads notices that).

        Raises:
            Broken: the message is too long.
        """
        line = wire.encode(self._out, message)
        if not self._writer.is_closing():
            self._writer.write(line)

    async def messages(self) -> AsyncIterator[In]:
        """What the other side says, in order, until it hangs up. Nonsense is logged and passed over."""
        async for line in self._lines():
            message = wire.decode(self._into, line)
            if message is not None:
                yield message

    async def flush(self) -> None:
        """Wait, but not for ever, until what was sent is on its way; at once when the other side has gone."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_FLUSH_LIMIT_S):
                await self._writer.drain()

    def close(self) -> None:
        self._writer.close()

    async def _lines(self) -> AsyncIterator[bytes]:
        too_long = False
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                await self._reader.readexactly(overrun.consumed)
                too_long = True
                continue
            except (asyncio.IncompleteReadError, ConnectionError):
                # Half a line at the end is the other side dying in mid-word.
                return
            if too_long:
                _log.warning("worker message too long", limit_bytes=wire.MAX_LINE_BYTES)
                too_long = False
            else:
                yield line


SupervisorEnd = Channel[wire.ToWorker, wire.ToSupervisor]
WorkerEnd = Channel[wire.ToSupervisor, wire.ToWorker]


async def _streams(sock: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(sock=sock, limit=wire.MAX_LINE_BYTES)


async def supervisor_end(sock: socket.socket) -> SupervisorEnd:
    return Channel(*await _streams(sock), wire.TO_WORKER, wire.TO_SUPERVISOR)


async def worker_end(sock: socket.socket) -> WorkerEnd:
    return Channel(*await _streams(sock), wire.TO_SUPERVISOR, wire.TO_WORKER)
