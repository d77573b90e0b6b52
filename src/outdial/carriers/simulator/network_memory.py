"""The simulated network inside the process: the same callees, no sockets; on a virtual clock, calls cost no time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import structlog

from outdial.carriers.simulator.callee import Talk, behave
from outdial.carriers.simulator.echo import EchoPath
from outdial.carriers.simulator.law import LAWS
from outdial.carriers.simulator.memory_line import MemoryLeg, MemoryLine
from outdial.carriers.simulator.scenarios import Callee, PhoneBook
from outdial.carriers.simulator.sdp import PCMU
from outdial.carriers.simulator.seen import REMEMBERED_CALLS, CallEnd, SeenCall
from outdial.domain.attempt import Dial, missed
from outdial.domain.clock import Clock
from outdial.domain.outcome import NotReached, Outcome

_LOG = structlog.get_logger(__name__)


class MemoryCarrier:
    """A ``conversation.ports.Carrier`` whose phones are in this process.

    ``async with MemoryCarrier(talk=…, clock=…) as carrier``: it owns one task for each answered call, and ends them
    when the block is left.
    """

    def __init__(self, *, talk: Talk, clock: Clock, book: PhoneBook | None = None) -> None:
        self._talk = talk
        self._clock = clock
        self._book = book or PhoneBook()
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self.calls: deque[SeenCall] = deque(maxlen=REMEMBERED_CALLS)
        """Every dial, oldest first."""

    @property
    def calls_under_way(self) -> int:
        return len(self._running)

    async def __aenter__(self) -> Self:
        self._tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in tuple(self._running):
            task.cancel()
        await self._stack.aclose()

    async def place(self, dial: Dial, on_ringing: Callable[[bool], None]) -> MemoryLeg | NotReached:
        """Ring a number and wait until it is answered or not. Never raises: this trunk is always up."""
        if too_late := missed(dial, self._clock()):
            return too_late
        callee = self._book.callee(dial.to_number)
        seen = SeenCall(dial.to_number, dial.from_number, f"{dial.call_id}/{dial.attempt}", self._clock())
        self.calls.append(seen)
        refused = await self._ring(callee, dial.ring_timeout_s, on_ringing, seen)
        if refused is not None:
            return refused
        seen.sip_code, seen.answered_at = 200, self._clock()
        line = MemoryLine(EchoPath(callee.echo, LAWS[PCMU]) if callee.echo else None)
        self._answer(callee, line, seen)
        return line.caller

    async def _ring(
        self, callee: Callee, timeout_s: float, on_ringing: Callable[[bool], None], seen: SeenCall
    ) -> NotReached | None:
        """None: somebody answers."""
        answered_in_time = callee.rings_s <= timeout_s
        try:
            if callee.early_media or callee.alerts:
                on_ringing(callee.early_media)
            await asyncio.sleep(callee.rings_s if answered_in_time else timeout_s)
        except asyncio.CancelledError:
            self._not_answered(seen, CallEnd.CANCELLED, 487)
            raise
        if not answered_in_time:
            self._not_answered(seen, CallEnd.CANCELLED, 487)
            return NotReached(Outcome.NO_ANSWER, 487, 0, f"not answered within {timeout_s:g} s")
        if callee.refusal is None:
            return None
        refusal = callee.refusal
        self._not_answered(seen, CallEnd.REFUSED, refusal.sip_code)
        return NotReached(refusal.outcome, refusal.sip_code, refusal.q850, refusal.phrase)

    def _not_answered(self, seen: SeenCall, end: CallEnd, sip_code: int) -> None:
        seen.end, seen.sip_code, seen.ended_at = end, sip_code, self._clock()

    def _answer(self, callee: Callee, line: MemoryLine, seen: SeenCall) -> None:
        if self._tasks is None:
            raise RuntimeError("a MemoryCarrier dials only inside its `async with` block")
        task = self._tasks.create_task(self._live(callee, line, seen))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _live(self, callee: Callee, line: MemoryLine, seen: SeenCall) -> None:
        """An answered call from the callee's side. A callee that breaks must not take the other calls along."""
        end = CallEnd.CALLEE_HUNG_UP
        try:
            await behave(callee, line.callee, self._talk)
        except Exception:
            _LOG.exception("a simulated callee broke", call_id=seen.call_id, personal_number=seen.number)
            end = CallEnd.BROKEN
        finally:
            line.end(line.callee)
            seen.end = CallEnd.CALLER_HUNG_UP if line.ended_by is line.caller else end
            seen.digits, seen.ended_at = line.callee.every_digit, self._clock()
