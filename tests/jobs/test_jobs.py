"""Jobs in the database: added once, claimed once, struck off by nobody but their owner."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from outdial.domain.ids import new_id
from outdial.domain.job import Job, JobKind, pause_after
from outdial.store import jobs
from outdial.store.database import Database
from store_builders import NOON

KIND = JobKind.KNOWLEDGE
MINUTE = timedelta(minutes=1)


async def added(db: Database, *subjects: str) -> None:
    def work(conn: Connection) -> None:
        for subject in subjects:
            jobs.add(conn, KIND, subject, "w", NOON)

    await db.write(work)


async def claimed(db: Database, *, at_minute: int = 0, limit: int = 10) -> list[Job]:
    """By somebody who may work on them for a minute."""
    now = NOON + at_minute * MINUTE
    return await db.write(jobs.claim, KIND, now, now + MINUTE, limit)


class TestAJob:
    async def test_comes_back_as_it_was_written_down(self, database: Database) -> None:
        await database.write(jobs.add, KIND, "item", "w", NOON, data={"page": 3})

        [job] = await claimed(database)

        assert (job.kind, job.subject, job.workspace_id, job.data) == (KIND, "item", "w", {"page": 3})
        assert (job.created_at, job.due_at, job.tries) == (NOON, NOON + MINUTE, 1)

    async def test_there_is_once_however_often_it_is_asked_for(self, database: Database) -> None:
        await added(database, "item", "item", "other")

        assert sorted(job.subject for job in await claimed(database)) == ["item", "other"]

    async def test_is_not_due_before_its_time(self, database: Database) -> None:
        await database.write(jobs.add, KIND, "item", "w", NOON + MINUTE)

        assert await claimed(database) == []
        assert len(await claimed(database, at_minute=1)) == 1

    async def test_that_is_dropped_is_claimed_by_nobody(self, database: Database) -> None:
        await added(database, "item")

        await database.write(jobs.drop, KIND, "item")

        assert await claimed(database) == []


class TestAClaim:
    async def test_takes_what_has_been_due_longest(self, database: Database) -> None:
        def work(conn: Connection) -> None:
            for minute in (3, 1, 2):
                jobs.add(conn, KIND, f"0{minute}", "w", NOON + minute * MINUTE)

        await database.write(work)

        assert [job.subject for job in await claimed(database, at_minute=5, limit=2)] == ["01", "02"]

    async def test_is_nobody_elses_until_it_runs_out(self, database: Database) -> None:
        await added(database, "item")

        first = await claimed(database)
        between = await database.write(jobs.claim, KIND, NOON + MINUTE / 2, NOON + 2 * MINUTE, 10)
        [second] = await claimed(database, at_minute=1)

        assert (len(first), between, second.tries) == (1, [], 2)

    async def test_by_many_at_the_same_moment_gives_each_job_to_one(self, database: Database) -> None:
        await added(database, *(new_id() for _ in range(20)))

        taken = await asyncio.gather(*(claimed(database, limit=7) for _ in range(6)))

        subjects = [job.subject for several in taken for job in several]
        assert len(subjects) == len(set(subjects)) == 20

    async def test_that_ran_out_can_neither_strike_off_nor_put_off(self, database: Database) -> None:
        await added(database, "item")
        [slow] = await claimed(database)
        [quick] = await claimed(database, at_minute=1)

        struck = await database.write(jobs.done, slow)
        put_off = await database.write(jobs.again, slow, NOON, "late")

        assert (struck, put_off) == (False, False)
        assert await database.write(jobs.done, quick)
        assert not await database.write(jobs.done, quick)

    async def test_that_is_put_off_comes_again_then(self, database: Database) -> None:
        await added(database, "item")
        [job] = await claimed(database)

        await database.write(jobs.again, job, NOON + 5 * MINUTE, "no answer")

        assert await claimed(database, at_minute=4) == []
        assert [again.tries for again in await claimed(database, at_minute=5)] == [2]

    async def test_of_a_transaction_that_fails_has_not_been(self, database: Database) -> None:
        await added(database, "item")
        [job] = await claimed(database)

        def work(conn: Connection) -> None:
            assert jobs.done(conn, job)
            raise RuntimeError("the result cannot be written")

        with pytest.raises(RuntimeError):
            await database.write(work)

        assert len(await claimed(database, at_minute=1)) == 1


def test_pauses_grow_and_stay_at_their_longest() -> None:
    assert [pause_after(tries).total_seconds() for tries in (1, 2, 3, 4, 99)] == [5, 30, 120, 120, 120]
