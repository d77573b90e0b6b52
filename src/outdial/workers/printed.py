"""What a child process prints, besides its log: read through a pipe, line by line, and written down as log lines.

Native libraries print as they please, and with it what strangers sent: it is escaped, cut and counted, and never waited
for. A child whose pipe is full loses what it prints, not its time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

import structlog

from outdial.domain.printable import printable
from outdial.domain.token_bucket import TokenBucket

MAX_LINE_BYTES: Final = 1_000
"""Of one line; the rest of it is left out."""
LINES_PER_S: Final = 50
"""With as many at once; more are counted, and told of with the next line that is written down."""
_CHUNK_BYTES: Final = 64 * 1024
_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Printed:
    """The reading end of one child's output. ``sink``, the writing end, is to be given to the child and then closed."""

    def __init__(self, seconds: Callable[[], float] | None = None) -> None:
        """``seconds``: a monotonic clock; the loop's, if none is given."""
        self._about: dict[str, object] = {}
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds or self._loop.time
        self._source, self.sink = os.pipe()
        os.set_blocking(self._source, False)
        # Of the pipe, so of the child's end too: a write to a full pipe fails at once.
        os.set_blocking(self.sink, False)
        self._line = bytearray()
        self._budget = TokenBucket(LINES_PER_S, LINES_PER_S, self._seconds())
        self._left_out = 0
        """Lines since the last one that was written down."""
        self._loop.add_reader(self._source, self._read)

    def about(self, **fields: object) -> None:
        """What each log line says of the child."""
        self._about = fields

    def close(self) -> None:
        """Write down what is left and let go; a second time does nothing."""
        if self._source < 0:
            return
        self._read()
        if self._source >= 0:
            self._end()

    def _read(self) -> None:
        try:
            chunk = os.read(self._source, _CHUNK_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._end()
            return
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            self._keep(piece)
            self._write_down()
        self._keep(rest)

    def _keep(self, piece: bytes) -> None:
        self._line += piece[: max(MAX_LINE_BYTES + 1 - len(self._line), 0)]

    def _write_down(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        if not line.strip():
            return
        if self._budget.take(self._seconds()):
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        text = printable(line[:MAX_LINE_BYTES].decode(errors="replace").strip())
        more: dict[str, object] = {"cut": True} if len(line) > MAX_LINE_BYTES else {}
        more |= {"lines_left_out": left_out} if left_out else {}
        _log.warning("a child process printed", text=text, **self._about, **more)

    def _end(self) -> None:
        self._write_down()
        self._loop.remove_reader(self._source)
        os.close(self._source)
        self._source = -1
