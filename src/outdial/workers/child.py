"""One media worker process, as its supervisor sees it: from its start to its end, once."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.clock import Clock
from outdial.domain.outcome import Outcome
from outdial.workers import wire
from outdial.workers.channel import SupervisorEnd, supervisor_end
from outdial.workers.printed import Printed
from outdial.workers.silence import Silence

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Health:
    """When a worker counts as sick. A worker is refused new calls while its last ``lag_beats`` beats were all late."""

    start_limit_s: float = 60.0
    beat_limit_s: float = 5.0
    lag_limit_ms: float = 20.0
    lag_beats: int = 3
    shutdown_limit_s: float = 10.0
    """More than a worker allows itself for hanging up."""


class ChildState(StrEnum):
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    ENDED = "ended"


@dataclass(frozen=True)
class _Open:
    report: Callable[[Progress], None]
    result: asyncio.Future[Result]


class Child:
    """Runs one process; every attempt handed to it gets its result, also when the process dies."""

    def __init__(self, command: Sequence[str], health: Health, clock: Clock, on_change: Callable[[], None]) -> None:
        self._command = command
        self._health = health
        self._clock = clock
        self._on_change = on_change
        self._channel: SupervisorEnd | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._printed: Printed | None = None
        self._open: dict[tuple[str, int], _Open] = {}
        self._lags_ms: deque[float] = deque(maxlen=health.lag_beats)
        self._capacity = 0
        self._silence = Silence(0.0)
        self._fate = ""
        self.state = ChildState.STARTING

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def active(self) -> int:
        return len(self._open)

    @property
    def lag_p99_ms(self) -> float:
        return self._lags_ms[-1] if self._lags_ms else 0.0

    def room(self) -> int:
        if self.state is not ChildState.READY:
            return 0
        if self._overloaded():
            # With nothing to do it is not its calls that make it late: one is let in, or none ever would be.
            return min(1, self._capacity) if self.active == 0 else 0
        return max(0, self._capacity - self.active)

    def _overloaded(self) -> bool:
        full = len(self._lags_ms) == self._health.lag_beats
        return full and all(lag > self._health.lag_limit_ms for lag in self._lags_ms)

    def give(self, order: Order, report: Callable[[Progress], None]) -> asyncio.Future[Result]:
        """Hand over an order; only while there is ``room()``.

        Raises:
            Broken: the order is too long to be handed over.
        """
        assert self._channel is not None
        self._channel.send(wire.CarryOut(order))
        opened = _Open(report, asyncio.get_running_loop().create_future())
        self._open[order.dial.call_id, order.dial.attempt] = opened
        return opened.result

    def cancel(self, call_id: str, attempt: int) -> None:
        if self._channel and (call_id, attempt) in self._open:
            self._channel.send(wire.Cancel(call_id, attempt))

    def drain(self) -> None:
        if self._channel and self.state is ChildState.READY:
            self.state = ChildState.DRAINING
            self._channel.send(wire.Drain())

    async def run(self) -> str:
        """Start the process and stay with it; returns why it ended, in one line. Cancelling ends the process."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await self._start(theirs.fileno())
            except OSError as fault:
                ours.close()
                self.state = ChildState.ENDED
                return f"could not be started: {fault}"
            except asyncio.CancelledError:
                ours.close()
                raise
        self._process = process
        try:
            self._channel = await supervisor_end(ours)
            self._silence = Silence(asyncio.get_running_loop().time())
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(process))
                await self._listen(self._channel)
                watch.cancel()
        except asyncio.CancelledError:
            if self.state is ChildState.STARTING:
                # It has nothing to hang up, and does not listen yet.
                _kill(process)
            raise
        finally:
            await self._bury(process)
        return self._fate

    async def _start(self, fd: int) -> asyncio.subprocess.Process:
        # Its log stays with ours on standard error; what else it prints is read here.
        printed = Printed()
        try:
            process = await asyncio.create_subprocess_exec(
                *(*self._command, "--channel-fd", str(fd)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=printed.sink,
                pass_fds=[fd],
            )
        except BaseException:
            printed.close()
            raise
        finally:
            os.close(printed.sink)
        printed.about(pid=process.pid)
        self._printed = printed
        return process

    async def _listen(self, channel: SupervisorEnd) -> None:
        async for message in channel.messages():
            self._silence.broken(asyncio.get_running_loop().time())
            match message:
                case wire.Ready(capacity=capacity) if self.state is ChildState.STARTING:
                    self._capacity = capacity
                    self.state = ChildState.READY
                    self._on_change()
                case wire.Beat(lag_p99_ms=lag_ms):
                    self._lags_ms.append(lag_ms)
                    self._on_change()
                case wire.Trouble(reason=reason):
                    self._fate = f"could not go on: {reason}"
                case wire.Progressed(call_id=call_id, attempt=attempt, progress=progress):
                    self._pass_on(call_id, attempt, progress)
                case wire.Ended(call_id=call_id, attempt=attempt, result=result):
                    self._settle((call_id, attempt), result)

    def _pass_on(self, call_id: str, attempt: int, progress: Progress) -> None:
        if opened := self._open.get((call_id, attempt)):
            try:
                opened.report(progress)
            except Exception:
                _log.exception("progress could not be passed on", call_id=call_id, attempt=attempt)

    def _settle(self, key: tuple[str, int], result: Result) -> None:
        opened = self._open.pop(key, None)
        if opened and not opened.result.done():
            opened.result.set_result(result)
        self._on_change()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Kills a worker that shows no sign of life; the end of the channel then ends ``_listen``.

        It wakes often; waking a whole step late means that this process itself stood still (SIGSTOP, a suspended
        machine). What the worker said meanwhile waits to be read, and its calls are well: it gets a fresh interval.
        """
        loop = asyncio.get_running_loop()
        step_s = self._health.beat_limit_s / 4
        while True:
            starting = self.state is ChildState.STARTING
            limit_s = self._health.start_limit_s if starting else self._health.beat_limit_s
            left_s = limit_s - self._silence.lasted_s(loop.time())
            if left_s <= 0:
                doing = "did not become ready" if starting else "showed no sign of life"
                self._fate = f"{doing} for {limit_s:g} s and was killed"
                _kill(process)
                return
            # In small steps: a worker that becomes ready comes under the shorter limit.
            due_s = loop.time() + min(left_s, step_s)
            await asyncio.sleep(due_s - loop.time())
            if (late_s := loop.time() - due_s) > step_s:
                _log.warning("this process stood still; its media workers get time to be heard", for_s=round(late_s, 1))
                self._silence.stalled(loop.time())

    async def _bury(self, process: asyncio.subprocess.Process) -> None:
        """Ends the process if it has not ended, and settles what it leaves behind."""
        self.state = ChildState.ENDED
        try:
            async with asyncio.timeout(self._health.shutdown_limit_s):
                if self._channel:
                    self._channel.send(wire.Shutdown())
                    # Results of calls it hangs up now still count.
                    await self._listen(self._channel)
                await process.wait()
        except TimeoutError:
            _log.warning("media worker did not end by itself and is killed", pid=process.pid)
        finally:
            _kill(process)
        await process.wait()
        if self._channel:
            self._channel.close()
        if self._printed:
            self._printed.close()
        self._fate = self._fate or _describe(process.returncode)
        for key in list(self._open):
            self._settle(key, Result(self._clock(), Outcome.WORKER_LOST, reason=f"the media worker {self._fate}"))


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


def _describe(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"was ended by signal {-returncode}"
    return f"ended with exit code {returncode}"
