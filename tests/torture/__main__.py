"""The long version: ``make torture``. Every step, every victim, both engines, and a table of what came of it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from random import Random
from typing import Final

from postgres_server import NAMED, the_server
from torture.arena import LIMIT, an_arena
from torture.blows import STEPS, Blow, Victim
from torture.verdict import Verdict, is_whole

ENGINES: Final = (("sqlite", 1), ("sqlite", 2), ("postgresql", 2))
"""How many nodes on each. Alone, a node finds its own ruins when it is back; of two, the other clears them away."""


@dataclass(frozen=True)
class Row:
    blow: Blow
    verdict: Verdict
    took_s: float

    def __str__(self) -> str:
        counts = "".join(f"{len(getattr(self.verdict, one.name)):>9}" for one in fields(self.verdict))
        return f"{self.blow.step:<12} {self.blow.victim:<14}{counts}{self.took_s:>9.1f}"


HEADING: Final = f"{'step':<12} {'victim':<14}{'lost':>9}{'twice':>9}{'leaked':>9}{'doubled':>9}{'s':>9}"


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def blows(rng: Random) -> list[Blow]:
    """One of each, so mixed that no victim is struck again and again."""
    chosen = [Blow(step, victim, rng.randint(1, 3)) for step, victim in product(STEPS, Victim)]
    rng.shuffle(chosen)
    return chosen


async def torture(engine: str, nodes: int, dealt: Sequence[Blow]) -> list[str]:
    """What is wrong, one line each; the table is printed as it grows."""
    wrong: list[str] = []
    say(f"\n{engine}, {nodes} {'nodes' if nodes > 1 else 'node'}\n{HEADING}")
    folder = Path(tempfile.mkdtemp(prefix="outdial-torture-"))
    async with an_arena(engine, nodes, folder) as arena:
        for blow in dealt:
            began = time.monotonic()
            verdict = await arena.suffer(blow)
            say(Row(blow, verdict, time.monotonic() - began))
            for number in {number for one in fields(verdict) for number in getattr(verdict, one.name)}:
                say(f"    {number}: {arena.story(number)}, {arena.peer.dialogs[number]} dialogs")
            wrong += [] if verdict else [f"{engine}, {nodes} nodes, {blow}: {verdict}"]
        if not (verdict := await arena.verdict()):
            wrong.append(f"{engine}, {nodes} nodes, in the end: {verdict}")
        if (most := await arena.most_at_once()) != LIMIT:
            wrong.append(f"{engine}, {nodes} nodes: {most} calls at once where {LIMIT} are allowed")
        if untold := await arena.untold():
            wrong.append(f"{engine}, {nodes} nodes: the end of {len(untold)} calls was told never or in two ways")
        if nonsense := arena.endpoint.nonsense:
            wrong.append(
                f"{engine}, {nodes} nodes: {len(nonsense)} webhooks make no sense, for example {nonsense[0]!r}"
            )
        if not await is_whole(arena.database):
            wrong.append(f"{engine}: the file is damaged")
        say(f"in the end: {most} of {LIMIT} calls at once, {len(arena.endpoint.last)} calls told")
    return wrong


async def main(times: int, seed: int) -> int:
    rng = Random(seed)
    wrong: list[str] = []
    dealt = 0
    for _ in range(times):
        for engine, nodes in ENGINES:
            some = blows(rng)
            dealt += len(some)
            wrong += await torture(engine, nodes, some)
    say(f"\n{dealt} blows (seed {seed}); " + ("all is well" if not wrong else "\n".join(["wrong:", *wrong])))
    return 1 if wrong else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt), the_server(os.environ) as url:
        os.environ[NAMED] = url
        asked = [int(word) for word in sys.argv[1:]]
        sys.exit(asyncio.run(main(*[*asked, *(1, 7)[len(asked) :]])))
