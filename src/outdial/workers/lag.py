"""How late timers fire on this loop: the one number that says whether a worker can still keep its sound in time."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

_TICK_S: Final = 0.02
_KEPT: Final = 250
"""Five seconds of ticks: short enough to follow a burst, long enough that the 99th percentile is not the maximum."""


class LagMeter:
    """Wakes every 20 ms, as the sound does, and keeps how much later than asked."""

    def __init__(self) -> None:
        self._late_ms: deque[float] = deque(maxlen=_KEPT)

    async def run(self) -> None:
        """Measures until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self._late_ms.append(max(0.0, (loop.time() - due) * 1000))

    def p99_ms(self) -> float:
        """0 before anything was measured."""
        if not self._late_ms:
            return 0.0
        ranked = sorted(self._late_ms)
        return ranked[(len(ranked) - 1) * 99 // 100]
