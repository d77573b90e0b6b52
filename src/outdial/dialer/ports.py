"""What the dialer needs from outside: somebody who carries out attempts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from outdial.domain.attempt import Order, Progress, Result


class Operator(Protocol):
    """Carries out attempts: in this process (tests, rehearsals) or in media workers."""

    def room(self) -> int:
        """How many more attempts it can take right now; 0 while overloaded, draining or starting."""

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        """Dial and talk; ``report`` is called in order with what happens on the way.

        Always returns a result, also when the worker dies half way (``worker_lost``). Cancelling hangs up.
        """
