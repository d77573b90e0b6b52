"""Attempts carried out in this very process: for tests, and for rehearsals on virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.clock import Clock
from outdial.domain.outcome import Outcome

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

CarryOutFn = Callable[[Order, Callable[[Progress], None]], Awaitable[Result]]
"""Dials and talks; see ``Operator.carry_out``."""


async def carry_out_safely(
    carry_out: CarryOutFn, order: Order, report: Callable[[Progress], None], clock: Clock
) -> Result:
    """The attempt's result; an unexpected error becomes one too, so that it costs this attempt and no other."""
    try:
        return await carry_out(order, report)
    except Exception as fault:
        _log.exception("attempt broke", call_id=order.dial.call_id, attempt=order.dial.attempt)
        reason = f"internal error while carrying out the attempt: {type(fault).__name__}"
        return Result(at=clock(), outcome=Outcome.WORKER_LOST, reason=reason)


class LocalOperator:
    """An ``Operator`` that runs at most ``limit`` attempts at once on the running loop."""

    def __init__(self, carry_out: CarryOutFn, limit: int, clock: Clock) -> None:
        self._carry_out = carry_out
        self._limit = limit
        self._clock = clock
        self._active = 0

    def room(self) -> int:
        return max(0, self._limit - self._active)

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        self._active += 1
        try:
            return await carry_out_safely(self._carry_out, order, report, self._clock)
        finally:
            self._active -= 1
