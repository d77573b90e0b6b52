"""The worker's side: orders in, progress and results out, a sign of life every second."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from functools import partial
from typing import Final

import structlog

from outdial.dialer.ports import Operator
from outdial.domain.attempt import Order, Progress, Result
from outdial.domain.clock import Clock
from outdial.domain.errors import Broken
from outdial.domain.outcome import Outcome
from outdial.workers import wire
from outdial.workers.channel import WorkerEnd
from outdial.workers.lag import LagMeter
from outdial.workers.local import carry_out_safely

BEAT_S: Final = 1.0
HANG_UP_LIMIT_S: Final = 8.0
"""How long calls may take to be hung up when the worker ends."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def serve(channel: WorkerEnd, operator: Operator, *, clock: Clock, beat_s: float = BEAT_S) -> None:
    """Carry out orders until told to shut down or until the supervisor is gone; then hang up all that still talk.

    Cancelling does the same. Errors of one attempt end that attempt only.
    """
    async with asyncio.TaskGroup() as group:
        desk = _Desk(channel, operator, clock)
        lag = LagMeter()
        helpers = [group.create_task(lag.run()), group.create_task(_beat(channel, desk, lag, beat_s))]
        # One turn of the loop: the first beat goes ahead, so that no worker is ready with unknown health.
        await asyncio.sleep(0)
        channel.send(wire.Ready(capacity=operator.room(), pid=os.getpid()))
        try:
            await desk.work()
        finally:
            for helper in helpers:
                helper.cancel()
            await desk.hang_up_all()
            await channel.flush()


async def _beat(channel: WorkerEnd, desk: _Desk, lag: LagMeter, beat_s: float) -> None:
    while True:
        channel.send(wire.Beat(lag_p99_ms=round(lag.p99_ms(), 2), active=desk.active))
        await asyncio.sleep(beat_s)


class _Desk:
    """The attempts under way in this process, and the owner of their tasks.

    No TaskGroup: at the end a call that cannot be hung up must not keep the process alive.
    """

    def __init__(self, channel: WorkerEnd, operator: Operator, clock: Clock) -> None:
        self._channel = channel
        self._operator = operator
        self._clock = clock
        self._tasks: dict[tuple[str, int], asyncio.Task[Result]] = {}
        self._draining = False

    @property
    def active(self) -> int:
        return len(self._tasks)

    async def work(self) -> None:
        """Returns on shutdown, or when the supervisor is gone."""
        async for message in self._channel.messages():
            match message:
                case wire.CarryOut(order=order):
                    self._start(order)
                case wire.Cancel(call_id=call_id, attempt=attempt):
                    if task := self._tasks.get((call_id, attempt)):
                        task.cancel()
                case wire.Drain():
                    self._draining = True
                case wire.Shutdown():
                    return

    def _start(self, order: Order) -> None:
        key = (order.dial.call_id, order.dial.attempt)
        if key in self._tasks:
            # Starting it again would ring the person twice; the first one will answer for both.
            _log.error("attempt ordered twice", call_id=key[0], attempt=key[1])
            return
        if self._draining:
            reason = "the media worker takes no more calls"
            self._send(key, Result(self._clock(), Outcome.WORKER_LOST, reason=reason, nobody_rung=True))
            return
        report = partial(self._report, key)
        task = asyncio.create_task(carry_out_safely(self._operator.carry_out, order, report, self._clock))
        self._tasks[key] = task
        task.add_done_callback(partial(self._ended, key))

    def _report(self, key: tuple[str, int], progress: Progress) -> None:
        self._channel.send(wire.Progressed(*key, progress))

    def _ended(self, key: tuple[str, int], task: asyncio.Task[Result]) -> None:
        # A callback and not the task's last step: a task cancelled before it began has no last step.
        del self._tasks[key]
        self._send(key, Result(self._clock(), Outcome.CANCELLED) if task.cancelled() else task.result())

    def _send(self, key: tuple[str, int], result: Result) -> None:
        try:
            self._channel.send(wire.Ended(*key, result))
        except Broken as fault:
            # Better an end without its transcript than an attempt that never ends.
            talk = replace(result.talk, turns=(), captured={}) if result.talk else None
            self._channel.send(wire.Ended(*key, replace(result, talk=talk, reason=str(fault))))

    async def hang_up_all(self) -> None:
        """Waits at most ``HANG_UP_LIMIT_S``."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=HANG_UP_LIMIT_S)
            if stuck:
                _log.warning("calls not hung up in time", calls=len(stuck))
            await asyncio.sleep(0)  # lets the callbacks send the results
