"""``outdial serve`` that tells how long its event loop was kept, and how large it is, to whoever connects to a socket.

What is measured between two looks of a task at the clock is processor time of the whole process: nothing that others
do on the machine counts, and work on other threads does, for it may hold the interpreter.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Final

import psutil

from outdial.bootstrap.logs import configure_logs
from outdial.bootstrap.node import serve
from outdial.settings import load

SOCKET: Final = "MEASURED_NODE_SOCKET"
_EVERY_S: Final = 0.002


class Measure:
    """The longest the loop was kept since somebody asked, in seconds."""

    def __init__(self) -> None:
        self._worst_s = 0.0
        self._last_s = time.process_time()
        self._process = psutil.Process()

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            self._look()

    def _look(self) -> None:
        now_s = time.process_time()
        self._worst_s = max(self._worst_s, now_s - self._last_s)
        self._last_s = now_s

    async def tell(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._look()
        writer.write(f"{1000 * self._worst_s:.3f} {self._process.memory_info().rss}\n".encode())
        self._worst_s = 0.0
        await writer.drain()
        writer.close()


async def main() -> None:
    settings, measure = load(os.environ), Measure()
    configure_logs(settings)
    async with await asyncio.start_unix_server(measure.tell, os.environ[SOCKET]), asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(measure.watch())
        await serve(settings, announce=print)
        watching.cancel()


if __name__ == "__main__":
    asyncio.run(main())
