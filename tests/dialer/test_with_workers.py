"""The dialer with real worker processes: one of them is killed in the middle of a talk."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from dialer_builders import PATIENCE_S, World, ground, running
from outdial.dialer.dialer import Dialer, DialerSettings
from outdial.domain.attempt import Order, Progress, Result, Said
from outdial.domain.clock import utc_now
from outdial.store.database import Database
from outdial.workers.supervisor import MediaWorkers, media_workers

PROGRAM = Path(__file__).parents[1] / "workers" / "worker_program.py"


class Overheard:
    """The workers, with an ear on what they report and on what has ended."""

    def __init__(self, workers: MediaWorkers) -> None:
        self._workers = workers
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.pids: dict[str, int] = {}
        self.results: dict[str, Result] = {}

    def room(self) -> int:
        return self._workers.room()

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        def overhear(progress: Progress) -> None:
            report(progress)
            if isinstance(progress, Said):
                self.pids[order.dial.call_id] = int(progress.turn.text.removeprefix("I am ").removesuffix("."))
                self._tell()

        result = await self._workers.carry_out(order, overhear)
        self.results[order.dial.call_id] = result
        self._tell()
        return result

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(holds)

    def _tell(self) -> None:
        async def tell() -> None:
            async with self._news:
                self._news.notify_all()

        task = asyncio.create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class TestAWorkerKilledInTheMiddleOfATalk:
    async def test_ends_its_call_with_the_reason_while_the_other_talks_on_and_the_next_succeeds(
        self, database: Database
    ) -> None:
        world = await World(database).set_up()
        settings = DialerSettings(tick_s=0.05, stop_limit_s=0)

        async with media_workers([sys.executable, str(PROGRAM)], 2, utc_now) as workers:
            await workers.wait_ready(PATIENCE_S)
            operator = Overheard(workers)
            async with running(Dialer(database, operator, ground(), world.clock, settings=settings)):
                struck, spared = [await world.call(lane=lane, variables={"does": "talk"}) for lane in ("a", "b")]
                await operator.until(lambda: len(operator.pids) == 2)
                os.kill(operator.pids[struck], signal.SIGKILL)
                await operator.until(lambda: struck in operator.results)
                still_talking = spared not in operator.results
                after = await world.call(variables={"does": "answer"})
                await operator.until(lambda: after in operator.results)

        (attempt,) = await world.attempts(struck)
        assert still_talking
        assert ((await world.row(struck))["state"], attempt["outcome"]) == ("error", "worker_lost")
        assert "signal 9" in attempt["reason"]
        assert [turn["text"] for turn in attempt["turns"]] == [f"I am {operator.pids[struck]}."]
        assert (await world.row(after))["state"] == "completed"
