"""A few threads beside the event loop for models that compute: bounded, so that overload is refused, not hoarded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from outdial.domain.errors import Unreachable

T = TypeVar("T")


class SpeechPool:
    """At most ``workers`` jobs run, at most ``waiting`` more wait; whoever comes then is refused at once."""

    def __init__(self, *, workers: int = 1, waiting: int = 64) -> None:
        self.workers = workers
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="speech")
        self._places = threading.BoundedSemaphore(workers + waiting)
        self._closed = False

    async def run(self, job: Callable[[], T], *, within_s: float, what: str) -> T:
        """Do ``job`` in the pool. ``what`` names it in errors, e.g. "local speech-to-text".

        A job that has begun cannot be stopped: after a time-out or a cancellation its result is dropped.

        Raises:
            Unreachable: the pool is full or closed, or the job took longer than ``within_s`` (waiting included).
        """
        if self._closed:
            raise Unreachable(f"{what} is shut down")
        if not self._places.acquire(blocking=False):
            raise Unreachable(f"{what} is overloaded: more work is waiting than it may hold; run fewer calls at once")
        try:
            future = self._executor.submit(job)
        except RuntimeError as closed:
            self._places.release()
            raise Unreachable(f"{what} is shut down") from closed
        future.add_done_callback(lambda _: self._places.release())
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.wrap_future(future)
        except asyncio.CancelledError as dropped:
            if self._closed and (me := asyncio.current_task()) is not None and not me.cancelling():
                raise Unreachable(f"{what} is shut down") from dropped
            raise
        except TimeoutError as late:
            raise Unreachable(f"{what} took longer than {within_s:g} s; the machine is too busy") from late

    def close(self) -> None:
        """Drop what waits; what runs ends by itself. Never blocks."""
        self._closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)
