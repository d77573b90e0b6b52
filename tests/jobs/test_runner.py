"""Jobs at work: done once whoever runs, tried again after trouble, given up at last, taken over from the dead."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from outdial.domain.clock import Clock, utc_now
from outdial.domain.errors import Unreachable
from outdial.domain.ids import new_id
from outdial.domain.job import Job, JobKind
from outdial.jobs.runner import Jobs
from outdial.store import jobs
from outdial.store.database import Database
from store_builders import NOON

KIND = JobKind.KNOWLEDGE
PROGRAM = Path(__file__).with_name("working_program.py")
WAIT_S = 30.0


@dataclass
class Worker:
    """Strikes its jobs off; before that it meets with ``troubles``, one a try."""

    db: Database
    troubles: list[Exception] = field(default_factory=list)
    kind: JobKind = KIND
    lease_s: float = 60.0
    most_tries: int = 3
    at_once: int = 4
    worked: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, job: Job) -> None:
        self.worked.append(job.subject)
        if self.troubles:
            raise self.troubles.pop(0)
        await self.db.write(jobs.done, job)
        self.ended.set()

    async def give_up(self, job: Job, reason: str) -> None:
        self.given_up.append(reason)
        await self.db.write(jobs.done, job)


class Patient(Worker):
    """Works longer than it may."""

    async def work(self, job: Job) -> None:
        self.worked.append(job.subject)
        await asyncio.Event().wait()


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def added(db: Database, *subjects: str, at: datetime = NOON) -> None:
    def work(conn: Connection) -> None:
        for subject in subjects:
            jobs.add(conn, KIND, subject, "w", at)

    await db.write(work)


async def step(worker: Worker, clock: Clock) -> int:
    return await Jobs(worker.db, [worker], clock).step(worker)


async def left(db: Database) -> list[Job]:
    """The jobs there still are."""
    far = NOON + timedelta(days=1)
    return await db.write(jobs.claim, KIND, far, far, 100)


class TestJobs:
    async def test_are_done_and_are_gone(self, database: Database) -> None:
        worker = Worker(database)
        await added(database, "a", "b")

        assert await step(worker, Hand()) == 2

        assert sorted(worker.worked) == ["a", "b"]
        assert await left(database) == []

    async def test_are_done_once_by_two_runners_at_the_same_time(self, database: Database) -> None:
        workers = [Worker(database), Worker(database)]
        await added(database, *(new_id() for _ in range(30)))

        async def until_done(worker: Worker) -> None:
            while await step(worker, Hand()):
                pass

        await asyncio.gather(*(until_done(worker) for worker in workers))

        worked = [subject for worker in workers for subject in worker.worked]
        assert len(worked) == len(set(worked)) == 30

    async def test_are_no_more_at_once_than_the_worker_can(self, database: Database) -> None:
        await added(database, *(new_id() for _ in range(5)))

        assert await step(Worker(database, at_once=3), Hand()) == 3


class TestAfterTrouble:
    async def test_a_job_is_tried_again_later(self, database: Database) -> None:
        worker, clock = Worker(database, [Unreachable("no answer")]), Hand()
        await added(database, "a")

        tries = [await step(worker, clock)]
        for _ in range(2):
            clock.pass_s(4.9)
            tries.append(await step(worker, clock))

        assert tries == [1, 0, 1]
        assert (worker.given_up, await left(database)) == ([], [])

    @pytest.mark.parametrize(
        ("trouble", "reason"),
        [(Unreachable("no answer"), "no answer"), (ValueError("a fault of ours"), "internal error: ValueError")],
    )
    async def test_it_is_given_up_after_the_last_try(self, database: Database, trouble: Exception, reason: str) -> None:
        worker, clock = Worker(database, [trouble] * 3), Hand()
        await added(database, "a")

        for _ in range(5):
            await step(worker, clock)
            clock.pass_s(121)

        assert len(worker.worked) == 3
        assert worker.given_up == [reason]
        assert await left(database) == []

    async def test_of_one_the_others_are_done(self, database: Database) -> None:
        worker = Worker(database, [ValueError("a fault of ours")])
        await added(database, "a", "b", "c")

        await step(worker, Hand())

        assert len(worker.worked) == 3
        assert len(await left(database)) == 1

    async def test_that_lasts_longer_than_it_may_somebody_else_tries(self, database: Database) -> None:
        worker, clock = Patient(database, lease_s=0.05, most_tries=2), Hand()
        await added(database, "a")

        for _ in range(3):
            await step(worker, clock)
            clock.pass_s(121)

        assert len(worker.worked) == 2
        assert worker.given_up == ["it took longer than 0.05 s"]

    async def test_that_cannot_even_be_written_down_the_lease_runs_out(self, database: Database) -> None:
        class Speechless(Worker):
            async def give_up(self, job: Job, reason: str) -> None:
                raise Unreachable("the database does not answer")

        worker, clock = Speechless(database, [Unreachable("no answer")], most_tries=1), Hand()
        await added(database, "a")

        await step(worker, clock)
        clock.pass_s(60)

        assert [job.tries for job in await left(database)] == [2]


class TestARunner:
    async def test_works_until_it_is_stopped(self, database: Database) -> None:
        worker = Worker(database)
        runner = Jobs(database, [worker], utc_now, poll_s=0.01)
        running = asyncio.ensure_future(runner.run())

        await added(database, "a")
        async with asyncio.timeout(WAIT_S):
            await worker.ended.wait()
            runner.stop()
            await running

    async def test_looks_at_once_when_it_is_nudged(self, database: Database) -> None:
        worker = Worker(database)
        runner = Jobs(database, [worker], utc_now, poll_s=3600)
        running = asyncio.ensure_future(runner.run())
        await asyncio.wait([running], timeout=0.1)

        await added(database, "a")
        runner.nudge()

        async with asyncio.timeout(WAIT_S):
            await worker.ended.wait()
            runner.stop()
            await running

    @pytest.mark.parametrize("trouble", [Unreachable("the database does not answer"), ValueError("a fault of ours")])
    async def test_goes_on_after_trouble_with_looking(self, database: Database, trouble: Exception) -> None:
        looks = 0

        def clock() -> datetime:
            """The first look fails."""
            nonlocal looks
            looks += 1
            if looks == 1:
                raise trouble
            return utc_now()

        worker = Worker(database)
        await added(database, "a")
        runner = Jobs(database, [worker], clock, poll_s=0.01)
        running = asyncio.ensure_future(runner.run())

        async with asyncio.timeout(WAIT_S):
            while not worker.worked:
                runner.nudge()
                await asyncio.wait([running], timeout=0.05)
            runner.stop()
            await running

    async def test_has_the_others_done_while_one_takes_long(self, database: Database) -> None:
        class WithASlowOne(Worker):
            async def work(self, job: Job) -> None:
                if job.subject == "slow":
                    await all_others.wait()
                await super().work(job)
                if len(self.worked) == 9:
                    all_others.set()

        all_others = asyncio.Event()
        worker = WithASlowOne(database)
        await added(database, "slow", *(new_id() for _ in range(9)))
        runner = Jobs(database, [worker], utc_now, poll_s=3600)
        running = asyncio.ensure_future(runner.run())

        async with asyncio.timeout(WAIT_S):
            await all_others.wait()
            runner.stop()
            await running

        assert worker.worked[-1] == "slow"
        assert await left(database) == []

    async def test_that_is_killed_in_between_leaves_its_job_to_the_next(self, database: Database) -> None:
        url = database.url.render_as_string(hide_password=False)
        await added(database, "a", at=utc_now())
        process = await asyncio.create_subprocess_exec(*command(url), stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        try:
            async with asyncio.timeout(WAIT_S):
                said = await process.stdout.readline()
        finally:
            process.kill()
            await process.wait()
        worker = Worker(database)

        async with asyncio.timeout(WAIT_S):
            while not worker.worked:
                await step(worker, utc_now)
                await asyncio.sleep(0.1)  # its lease of a second runs out meanwhile

        assert said == b"working on a\n"
        assert worker.worked == ["a"]
        assert await left(database) == []


def command(url: str) -> Sequence[str]:
    return sys.executable, str(PROGRAM), url
