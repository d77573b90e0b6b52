"""A supervisor with two talking workers, made to be killed: prints its workers' pids on one line, then waits."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from attempt_builders import an_order
from outdial.domain.attempt import Progress, Said
from outdial.domain.clock import utc_now
from outdial.workers.supervisor import media_workers


async def main(program: str, marks: Path) -> None:
    pids: list[str] = []

    def report(progress: Progress) -> None:
        if isinstance(progress, Said):
            pids.append(progress.turn.text.removeprefix("I am ").removesuffix("."))
            if len(pids) == 2:
                sys.stdout.write(" ".join(pids) + "\n")
                sys.stdout.flush()

    async with media_workers([sys.executable, program], 2, utc_now) as media, asyncio.TaskGroup() as group:
        await media.wait_ready(60)
        group.create_task(media.carry_out(an_order("a", does="talk", mark=str(marks / "a")), report))
        group.create_task(media.carry_out(an_order("b", does="talk", mark=str(marks / "b")), report))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
