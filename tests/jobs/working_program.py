"""A program that claims a job, says so and never ends it: to be killed."""

from __future__ import annotations

import asyncio
import sys

from outdial.domain.clock import utc_now
from outdial.domain.job import Job, JobKind
from outdial.jobs.runner import Jobs
from outdial.store.database import Database


class Stuck:
    kind = JobKind.KNOWLEDGE
    lease_s = 1.0
    most_tries = 9
    at_once = 1

    async def work(self, job: Job) -> None:
        sys.stdout.write(f"working on {job.subject}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    async def give_up(self, job: Job, reason: str) -> None:
        raise AssertionError(f"{job.subject} is given up: {reason}")


async def main() -> None:
    database = await Database.open(sys.argv[1], migrate=False)
    await Jobs(database, [Stuck()], utc_now, poll_s=0.05).run()


if __name__ == "__main__":
    asyncio.run(main())
