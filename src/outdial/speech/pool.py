"""Places for speech jobs that compute: each an engine in a process of its own, shared fairly among the calls.

A job that takes too long is ended with its engine, and another engine takes the place: nothing a customer sends can
occupy one for ever. Jobs wait in lanes, one for each call, and the lanes take turns: however much one call has to say,
the next job of any other call waits for at most one of its jobs. What waits is bounded, so that overload is refused,
not hoarded.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import structlog

from outdial.domain.errors import Unreachable

T = TypeVar("T")
_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Engine(Protocol):
    """What computes, one job at a time."""

    async def end(self) -> None:
        """End it at once, whatever it does, and wait until it is gone."""


E = TypeVar("E", bound=Engine)


class EngineLost(Unreachable):
    """The engine has ended in the middle of a job."""


@dataclass(frozen=True, eq=False)
class _Job(Generic[E]):
    work: Callable[[E], Awaitable[Any]]
    result: asyncio.Future[Any]
    within_s: float
    what: str


class _Lanes(Generic[E]):
    """Waiting jobs. The lane that has had its turn goes to the end."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[Hashable, deque[_Job[E]]] = OrderedDict()
        self._news = asyncio.Event()
        self.waiting = 0

    def add(self, lane: Hashable, job: _Job[E]) -> None:
        self._lanes.setdefault(lane, deque()).append(job)
        self.waiting += 1
        self._news.set()

    def remove(self, lane: Hashable, job: _Job[E]) -> None:
        """Take a job back, if it still waits."""
        jobs = self._lanes.get(lane, deque())
        if job in jobs:
            jobs.remove(job)
            self.waiting -= 1
            if not jobs:
                del self._lanes[lane]

    async def next(self) -> _Job[E]:
        while not self._lanes:
            self._news.clear()
            await self._news.wait()
        lane, jobs = self._lanes.popitem(last=False)
        job = jobs.popleft()
        self.waiting -= 1
        if jobs:
            self._lanes[lane] = jobs
        return job

    def drop_all(self) -> list[_Job[E]]:
        jobs = [job for lane in self._lanes.values() for job in lane]
        self._lanes.clear()
        self.waiting = 0
        return jobs


class SpeechPool(Generic[E]):
    """At most ``places`` jobs run, at most ``waiting`` more wait; whoever comes then is refused at once.

    Belongs to the running loop from ``start`` to ``close``.
    """

    def __init__(self, open_engine: Callable[[], Awaitable[E]], *, places: int = 1, waiting: int = 64) -> None:
        """``open_engine`` makes one for each place, and another one for an engine that was lost or ended.

        It raises Unreachable when there can be none; the job that waits for it then gets this error.
        """
        self._open_engine = open_engine
        self._places: Final = places
        self._most: Final = places + waiting
        self._begun = 0
        self._lanes: _Lanes[E] = _Lanes()
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self) -> None:
        """Begin to open the engines, once."""
        if not self._running and not self._closed:
            loop = asyncio.get_running_loop()
            self._running = {loop.create_task(self._work()) for _ in range(self._places)}

    async def run(self, job: Callable[[E], Awaitable[T]], *, lane: Hashable, within_s: float, what: str) -> T:
        """Do ``job`` on the next free engine. ``lane`` is the call; ``what`` names it in errors.

        Who is cancelled while the job waits takes it back; one that has begun goes on, and its result is dropped. It
        may run for half of ``within_s``, so that who waits behind one that hangs is still served in time.

        Raises:
            Unreachable: the pool is full or closed, no engine can be opened, or the job was lost or took longer than
                ``within_s``, waiting included.
        """
        if self._closed:
            raise Unreachable(f"{what} is shut down")
        if self._lanes.waiting + self._begun >= self._most:
            raise Unreachable(f"{what} is overloaded: more work is waiting than it may hold; run fewer calls at once")
        self.start()
        waiting = _Job[E](job, asyncio.get_running_loop().create_future(), within_s, what)
        self._lanes.add(lane, waiting)
        try:
            async with asyncio.timeout(within_s):
                result: T = await asyncio.shield(waiting.result)
                return result
        except TimeoutError as late:
            raise _too_late(waiting) from late
        finally:
            self._lanes.remove(lane, waiting)
            waiting.result.cancel()

    async def close(self) -> None:
        """Drop what waits and end what runs."""
        self._closed = True
        for job in self._lanes.drop_all():
            _fail(job, Unreachable(f"{job.what} is shut down"))
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _work(self) -> None:
        """One place: an engine after the other, a job after the other."""
        engine: E | None = None
        job: _Job[E] | None = None
        try:
            engine = await self._opened()
            while True:
                job = await self._lanes.next()
                self._begun += 1
                try:
                    engine = await self._do(job, engine or await self._open_engine())
                except Unreachable as missing:
                    _fail(job, missing)
                finally:
                    self._begun -= 1
                engine = engine or await self._opened()
        finally:
            if job is not None:
                _fail(job, Unreachable(f"{job.what} is shut down"))
            if engine is not None:
                await engine.end()

    async def _opened(self) -> E | None:
        """An engine ahead of the job that needs it; None if that failed: the job will try again, and hear why."""
        try:
            return await self._open_engine()
        except Unreachable:
            return None

    @staticmethod
    async def _do(job: _Job[E], engine: E) -> E | None:
        """Carry out a job; gives the engine back if it can do another one."""
        try:
            async with asyncio.timeout(job.within_s / 2):
                result = await job.work(engine)
        except TimeoutError:
            _log.warning("a speech job took too long and was ended with its engine", job=job.what)
            _fail(job, _too_late(job))
        except EngineLost as lost:
            _log.warning("a speech engine has ended in the middle of a job", job=job.what, reason=str(lost))
            _fail(job, lost)
        except Unreachable as failed:
            _fail(job, failed)
            return engine
        else:
            if not job.result.done():
                job.result.set_result(result)
            return engine
        await engine.end()
        return None


def _fail(job: _Job[Any], error: Unreachable) -> None:
    if not job.result.done():
        job.result.set_exception(error)


def _too_late(job: _Job[Any]) -> Unreachable:
    return Unreachable(f"{job.what} took longer than {job.within_s:g} s; the machine is too busy")
