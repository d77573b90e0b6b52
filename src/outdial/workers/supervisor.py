"""Media workers as the dialer sees them: one ``Operator`` in front of several supervised processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog

from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.clock import Clock
from outdial.domain.errors import Broken, Unreachable
from outdial.domain.outcome import Outcome
from outdial.workers.child import Child, ChildState, Health

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class BackOff:
    """Pauses before a worker is started again: doubled each time, from the first again after a stable life."""

    first_s: float = 0.5
    most_s: float = 30.0
    stable_s: float = 60.0

    def pause_s(self, before_s: float, lived_s: float) -> float:
        """The next pause, when the one before was ``before_s`` (0: none) and the process then lived ``lived_s``."""
        if before_s == 0 or lived_s >= self.stable_s:
            return self.first_s
        return min(2 * before_s, self.most_s)


@dataclass(frozen=True)
class WorkerStatus:
    """One place for a worker. ``trouble`` is how the last process in this place ended; empty while none has."""

    pid: int | None
    state: ChildState
    active: int
    lag_p99_ms: float
    starts: int
    trouble: str


@dataclass(frozen=True)
class Terms:
    """How workers are kept."""

    health: Health = field(default_factory=Health)
    back_off: BackOff = BackOff()
    wait_for_room_s: float = 15.0
    """How long an order may wait while its worker is being replaced; nobody is rung meanwhile."""
    hang_up_s: float = 10.0
    """For ending many calls at once: a SIP stack takes some 30 ms for each."""


class MediaWorkers:
    """Hands each order to the least loaded worker; made by ``media_workers``."""

    def __init__(self, command: Sequence[str], count: int, clock: Clock, terms: Terms) -> None:
        self._clock = clock
        self._terms = terms
        self._changed = asyncio.Event()
        self._places = [
            _Place([*command, "--place", str(index)], terms, clock, self._on_change) for index in range(count)
        ]
        self._draining = False

    def room(self) -> int:
        return 0 if self._draining else sum(place.child.room() for place in self._places)

    def status(self) -> tuple[WorkerStatus, ...]:
        return tuple(place.status() for place in self._places)

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        """See ``Operator``. A cancelled attempt is hung up first, and its result returned if the worker gave one."""
        try:
            child = await self._free_child()
        except asyncio.CancelledError:
            return Result(self._clock(), Outcome.CANCELLED, nobody_rung=True)
        if child is None:
            waited = f"no media worker had room for {self._terms.wait_for_room_s:g} s"
            reason = f"{'this node takes no more calls' if self._draining else waited}; nobody was rung"
            return Result(self._clock(), Outcome.WORKER_LOST, reason=reason, nobody_rung=True)
        try:
            result = child.give(order, report)
        except Broken as fault:
            return Result(self._clock(), Outcome.WORKER_LOST, reason=str(fault), nobody_rung=True)
        try:
            return await asyncio.shield(result)
        except asyncio.CancelledError:
            child.cancel(order.dial.call_id, order.dial.attempt)
            await asyncio.wait([result], timeout=self._terms.hang_up_s)
            if result.done():
                return result.result()
            raise

    async def changed(self) -> None:
        """Returns when a worker came up, reported its health, took or ended an attempt, or died."""
        self._changed.clear()
        await self._changed.wait()

    async def wait_ready(self, timeout_s: float) -> None:
        """Returns once every worker has come up.

        Raises:
            Unreachable: it took too long; the message holds what the workers said.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while any(place.child.state is not ChildState.READY for place in self._places):
                    await self.changed()
        except TimeoutError:
            troubles = {place.trouble for place in self._places if place.trouble} or {"still starting"}
            raise Unreachable(f"media workers are not ready after {timeout_s:g} s: {'; '.join(troubles)}") from None

    def close_doors(self) -> None:
        """Take no more orders; nobody is rung for those that still wait for room. Those under way go on."""
        self._draining = True
        for place in self._places:
            place.child.drain()
        self._on_change()

    async def drain(self, limit_s: float) -> bool:
        """Take no more orders and wait for those under way; False when some were left at the limit."""
        self.close_doors()
        try:
            async with asyncio.timeout(limit_s):
                while any(place.child.active for place in self._places):
                    await self.changed()
        except TimeoutError:
            return False
        return True

    async def keep(self) -> None:
        """Keeps all workers alive; cancelling ends them."""
        async with asyncio.TaskGroup() as group:
            for place in self._places:
                group.create_task(place.keep())

    async def _free_child(self) -> Child | None:
        try:
            async with asyncio.timeout(self._terms.wait_for_room_s):
                while self.room() == 0 and not self._draining:
                    await self.changed()
        except TimeoutError:
            return None
        free = [place.child for place in self._places if place.child.room() > 0 and not self._draining]
        return min(free, key=lambda child: child.active, default=None)

    def _on_change(self) -> None:
        self._changed.set()


class _Place:
    """A place that always holds one worker process, or is about to."""

    def __init__(self, command: Sequence[str], terms: Terms, clock: Clock, on_change: Callable[[], None]) -> None:
        self._new_child = partial(Child, command, terms.health, clock, on_change)
        self._back_off = terms.back_off
        self._starts = 0
        self.trouble = ""
        self.child = self._new_child()

    def status(self) -> WorkerStatus:
        child = self.child
        return WorkerStatus(child.pid, child.state, child.active, child.lag_p99_ms, self._starts, self.trouble)

    async def keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = 0.0
        while True:
            self._starts += 1
            began = loop.time()
            self.trouble = await self._run_child()
            pause_s = self._back_off.pause_s(pause_s, loop.time() - began)
            _log.error("media worker ended", pid=self.child.pid, reason=self.trouble, restart_in_s=pause_s)
            await asyncio.sleep(pause_s)
            self.child = self._new_child()

    async def _run_child(self) -> str:
        try:
            return await self.child.run()
        except Exception as fault:
            # Whatever it was: this place must not stay empty for ever, nor take the others along.
            _log.exception("supervising a media worker broke")
            return f"could not be supervised: {type(fault).__name__}"


@asynccontextmanager
async def media_workers(
    command: Sequence[str], count: int, clock: Clock, terms: Terms | None = None
) -> AsyncIterator[MediaWorkers]:
    """Workers that live as long as the block. Leaving it hangs up what still talks and ends every process.

    ``command`` starts one worker; ``--place I --channel-fd N`` is appended: the worker's place, from 0, which its
    successor will have too, and the socket that ``process.run`` needs.
    """
    workers = MediaWorkers(command, count, clock, terms or Terms())
    # No TaskGroup: what the block raises must come out as it is.
    keeper = asyncio.create_task(workers.keep())
    try:
        yield workers
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])
