"""A program that gets stuck half way through an import, or through making calls, and says so: to be killed there."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import threading
from datetime import datetime

from campaign_builders import campaigner, imported, people
from dialer_builders import SettableClock, World
from outdial.jobs.runner import Jobs
from outdial.store.database import Database


class StuckFile(io.BytesIO):
    """Whoever reads beyond its middle waits for ever."""

    def read1(self, size: int | None = -1, /) -> bytes:
        if self.tell() > len(self.getbuffer()) // 2:
            get_stuck()
        return super().read1(size)


class StuckClock(SettableClock):
    """It is asked the time so often, and not once more."""

    answers = 4

    def __call__(self) -> datetime:
        self.answers -= 1
        if self.answers < 0:
            get_stuck()
        return super().__call__()


def get_stuck() -> None:
    # Unbuffered: what was done before is on record.
    os.write(1, b"stuck\n")
    threading.Event().wait()


async def main(url: str, what: str, workspace_id: str, agent_id: str, rows: str) -> None:
    database = await Database.open(url, migrate=False)
    world = World(database, workspace_id=workspace_id, agent_id=agent_id)
    if what == "import":
        await imported(world, StuckFile(people(int(rows)).getvalue()))
    else:
        clock = StuckClock()
        await Jobs(database, [campaigner(database, clock)], clock).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
