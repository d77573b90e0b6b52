"""Jobs at work: each worker's are claimed, worked on, tried again after trouble and given up at last."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol

import structlog

from outdial.domain.clock import Clock
from outdial.domain.errors import Unreachable
from outdial.domain.job import Job, JobKind, pause_after
from outdial.store import jobs
from outdial.store.database import Database

_AFTER_TROUBLE_S: Final = 1.0
_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class JobWorker(Protocol):
    """Knows how one kind of job is done. ``lease_s``: how long a try may take."""

    kind: JobKind
    lease_s: float
    most_tries: int
    at_once: int

    async def work(self, job: Job) -> None:
        """Do it; strikes it off (``store.jobs.done``) in the transaction of its result.

        Raises:
            Unreachable: something outside did not answer: it is tried again later.
        """
        ...

    async def give_up(self, job: Job, reason: str) -> None:
        """It was tried as often as it may be: writes down that it failed, and strikes it off in that transaction."""
        ...


class Jobs:
    """Any number of processes may run one each over the same database."""

    def __init__(self, db: Database, workers: Sequence[JobWorker], clock: Clock, poll_s: float = 0.5) -> None:
        self._db = db
        self._workers = workers
        self._clock = clock
        self._poll_s = poll_s
        self._bells = {worker.kind: asyncio.Event() for worker in workers}
        self._stopping = False

    def nudge(self) -> None:
        """There is something new to do: look now, not at the next poll."""
        for bell in self._bells.values():
            bell.set()

    def stop(self) -> None:
        """Claim nothing more; ``run`` returns when what is under way has ended. Cancelled, it ends at once, and what
        was under way is done again by whoever comes next, when its lease has run out."""
        self._stopping = True
        self.nudge()

    async def run(self) -> None:
        """Works until stopped."""
        async with asyncio.TaskGroup() as group:
            for worker in self._workers:
                group.create_task(self._serve(worker), name=f"jobs: {worker.kind}")

    async def _serve(self, worker: JobWorker) -> None:
        """A job that takes long keeps its place, and none of the others waiting."""
        bell = self._bells[worker.kind]
        under_way: set[asyncio.Task[None]] = set()

        def ended(task: asyncio.Task[None]) -> None:
            under_way.discard(task)
            # Several are claimed with the statements of one.
            if 2 * len(under_way) <= worker.at_once:
                bell.set()

        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                bell.clear()
                pause_s = self._poll_s
                try:
                    for job in await self._claim(worker, worker.at_once - len(under_way)):
                        task = group.create_task(self._carry(worker, job))
                        under_way.add(task)
                        task.add_done_callback(ended)
                except Unreachable as trouble:
                    _log.warning("jobs wait for the database", kind=worker.kind, reason=str(trouble))
                    pause_s = _AFTER_TROUBLE_S
                except Exception:
                    _log.exception("claiming jobs broke", kind=worker.kind)
                    pause_s = _AFTER_TROUBLE_S
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await bell.wait()

    async def step(self, worker: JobWorker) -> int:
        """Do what is due now, as much at once as the worker can; how many jobs that were.

        Raises:
            Unreachable: the database did not answer.
        """
        claimed = await self._claim(worker, worker.at_once)
        await asyncio.gather(*(self._carry(worker, job) for job in claimed))
        return len(claimed)

    async def _claim(self, worker: JobWorker, most: int) -> Sequence[Job]:
        if most < 1:
            return ()
        now = self._clock()
        until = now + timedelta(seconds=worker.lease_s)
        return await self._db.write(jobs.claim, worker.kind, now, until, most)

    async def _carry(self, worker: JobWorker, job: Job) -> None:
        """One job and nothing but it: whatever goes wrong here stays here."""
        try:
            async with asyncio.timeout(worker.lease_s):
                await worker.work(job)
        except TimeoutError:
            await self._failed(worker, job, f"it took longer than {worker.lease_s:g} s")
        except Unreachable as trouble:
            await self._failed(worker, job, str(trouble))
        except Exception as fault:
            _log.exception("a job broke", kind=job.kind, subject=job.subject)
            await self._failed(worker, job, f"internal error: {type(fault).__name__}")

    async def _failed(self, worker: JobWorker, job: Job, reason: str) -> None:
        try:
            if job.tries >= worker.most_tries:
                _log.error("a job is given up", kind=job.kind, subject=job.subject, reason=reason)
                await worker.give_up(job, reason)
                return
            at = self._clock() + pause_after(job.tries)
            await self._db.write(jobs.again, job, at, reason)
        except Unreachable as trouble:
            # Its lease runs out, and it is tried again.
            _log.warning("a failed job could not be written down", kind=job.kind, reason=str(trouble))
        except Exception:
            _log.exception("a failed job could not be written down", kind=job.kind, subject=job.subject)
