"""An attempt in hand: carried out in a task of its own, which two parties may end early, each for its own reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

import structlog

from outdial.domain.attempt import Result
from outdial.domain.clock import Clock
from outdial.domain.outcome import EndedBy, Outcome
from outdial.store.calls.calendar import Claim

_ON_REQUEST: Final = "stopped on request"
_BY_US: Final = "the platform was stopped during the attempt"

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Hand:
    """``stop`` is the customer's wish, ``cut`` our own end; whoever comes first hangs up, once.

    What had really happened by then counts: a line found busy was busy, and a talk keeps its transcript.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._talk: asyncio.Task[Result] | None = None
        self._stopped = False
        self._hung_up = False

    def stop(self) -> None:
        """Nobody wants this attempt any more; nothing is rung, a ringing phone left alone, a talk hung up."""
        self._stopped = True
        self.cut()

    def cut(self) -> None:
        """The same, because the platform ends."""
        # Once: a second time would interrupt the hanging up itself.
        if not self._hung_up:
            self._hung_up = True
            if self._talk is not None:
                self._talk.cancel()

    async def carry_out(self, work: Callable[[], Coroutine[Any, Any, Result]], clock: Clock) -> Result:
        """What ``work`` gives; ended early, what is known of it."""
        if self._hung_up:
            return taken_back(clock)
        self._talk = asyncio.create_task(work())
        try:
            await asyncio.wait([self._talk])
        finally:
            self._talk.cancel()
        return self._judged(self._talk, clock)

    def _judged(self, talk: asyncio.Task[Result], clock: Clock) -> Result:
        fault = None if talk.cancelled() else talk.exception()
        if fault:
            _log.error("attempt broke", call_id=self.claim.call_id, attempt=self.claim.attempt, exc_info=fault)
            if not self._hung_up:
                return Result(clock(), Outcome.WORKER_LOST, reason=f"internal error: {type(fault).__name__}")
        result = Result(clock(), Outcome.CANCELLED) if talk.cancelled() or fault else talk.result()
        if not _ended_by_us(result):
            return result
        if self._stopped:
            return replace(result, reason=result.reason or _ON_REQUEST)
        # Nobody wished for this end: it is never told as the customer's own.
        return replace(result, outcome=Outcome.WORKER_LOST, reason=_BY_US)


def taken_back(clock: Clock) -> Result:
    """Surely nobody was rung: the call waits again, unless somebody wants it stopped."""
    return Result(clock(), Outcome.WORKER_LOST, reason="taken back before the dial", nobody_rung=True)


def _ended_by_us(result: Result) -> bool:
    if result.talk is None:
        return result.outcome is Outcome.CANCELLED
    return result.talk.ended_by is EndedBy.OPERATOR
