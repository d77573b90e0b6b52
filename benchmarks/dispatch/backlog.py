"""How fast one dialer starts calls when there are more due than it can start."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from benchmarks.dispatch.measure import Run, dial_backlog
from benchmarks.dispatch.phone import Phone
from benchmarks.dispatch.places import NO_LIMITS, USUAL, WIDE
from benchmarks.dispatch.scale import Scale
from benchmarks.dispatch.shelf import Shelf, say
from benchmarks.dispatch.tables import spread, table

SHORT: Final = Phone(rings_s=(0.0, 0.0), talks_s=(0.03, 0.03), busy_share=0.0)
KINDS: Final = {"none": NO_LIMITS, "counted, never reached": WIDE, "200 dials/s in all": USUAL}


async def backlog(shelf: Shelf, scale: Scale) -> str:
    rows = []
    for engine in scale.engines:
        runs: dict[str, list[Run]] = defaultdict(list)
        for number in range(scale.rounds):
            for kind, limits in KINDS.items():
                platform = await shelf.outdial(engine, limits=limits)
                run = await dial_backlog(platform, scale.backlog, SHORT)
                say(f"{engine}, limits {kind}, round {number + 1}: {run.per_s:.0f} dials/s")
                runs[kind].append(run)
        rows += [
            (
                engine,
                kind,
                spread([run.per_s for run in each]),
                spread([run.program_ms for run in each], 2),
                spread([run.server_ms for run in each], 2),
            )
            for kind, each in runs.items()
        ]
    return table(
        f"Dials a second from a backlog of {scale.backlog:,} due calls",
        ("", "limits", "dials/s", "CPU ms a dial", "server"),
        rows,
    )
