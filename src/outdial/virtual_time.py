"""An event loop whose time is virtual: waiting costs nothing, and every run is the same.

``run(coroutine)`` works like ``asyncio.run``; inside it ``loop.time()`` starts at 0 and jumps to the next timer as
soon as nothing else is ready to run. Threads and real sockets cannot be waited for: use in-memory parts.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from outdial.domain.clock import Clock

T = TypeVar("T")
EPOCH = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""The hour at which virtual days begin, unless told otherwise."""


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock to it."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("the virtual loop would wait for ever: nothing is scheduled")
        ready = super().select(0)
        if not ready:
            self.now += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def loop_clock(start: datetime = EPOCH) -> Clock:
    """A clock that follows the running loop, real or virtual: ``start`` plus the loop's seconds since this call."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    return lambda: start + timedelta(seconds=loop.time() - began)
