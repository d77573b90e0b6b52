"""Run by a test as a process of its own: places calls for ever and tells the id of each once it is accepted."""

from __future__ import annotations

import asyncio
import sys

from outdial.store.database import Database
from workspace_builders import Office, an_office


async def place_for_ever(office: Office) -> None:
    while True:
        placed = await office.place()
        sys.stdout.write(f"{placed.call_id}\n")
        sys.stdout.flush()


async def main(url: str) -> None:
    office = await an_office(await Database.open(url))
    await asyncio.gather(*(place_for_ever(office) for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
