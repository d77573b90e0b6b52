"""The same job side by side on one PostgreSQL: Outdial, and Procrastinate, a general task queue.

Outdial counts its limits and writes an attempt's steps down meanwhile; the library's task only logs, rings and talks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from benchmarks.dispatch import backlog, lateness, recovery
from benchmarks.dispatch.measure import Run, dial_as_due, dial_backlog
from benchmarks.dispatch.phone import Phone
from benchmarks.dispatch.places import NO_LIMITS, USUAL
from benchmarks.dispatch.platforms import BENCH_PYTHON, Platform
from benchmarks.dispatch.recovery import Killed
from benchmarks.dispatch.scale import Scale
from benchmarks.dispatch.shelf import Shelf, say
from benchmarks.dispatch.tables import spread, table


async def rival(shelf: Shelf, scale: Scale) -> str:
    if not BENCH_PYTHON.exists():
        return "### Side by side\n\nNot measured: there is no .venv-bench; `make .venv-bench` makes it.\n"
    return "\n".join([await _late(shelf, scale), await _fast(shelf, scale), await _killed(shelf, scale)])


async def _both(shelf: Shelf, future: int = 0, *, limited: bool = True) -> Sequence[Platform]:
    return await shelf.outdial("postgresql", future, USUAL if limited else NO_LIMITS), await shelf.library(future)


async def _late(shelf: Shelf, scale: Scale) -> str:
    per_s = scale.rates[0]
    runs: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for number in range(scale.rounds):
        for future in scale.futures:
            for platform in await _both(shelf, future):
                run = await dial_as_due(platform, per_s, scale.seconds, Phone())
                told = f"{run.p50_ms:.0f} / {run.p99_ms:.0f} ms, {run.never} never dialled"
                say(f"{platform.name}, {future} waiting, round {number + 1}: {told}")
                runs[platform.name, future].append(run)
    empty = {name: [run.p99_ms for run in each] for (name, future), each in runs.items() if future == scale.futures[0]}
    rows = [lateness.line(name, per_s, future, each, empty[name]) for (name, future), each in sorted(runs.items())]
    return table("Side by side: lateness", lateness.HEADER, rows)


async def _fast(shelf: Shelf, scale: Scale) -> str:
    runs: dict[str, list[Run]] = defaultdict(list)
    for number in range(scale.rounds):
        for platform in await _both(shelf, limited=False):
            run = await dial_backlog(platform, scale.library_backlog, backlog.SHORT)
            say(f"{platform.name}, round {number + 1}: {run.per_s:.0f} dials/s")
            runs[platform.name].append(run)
    rows = [
        (
            name,
            spread([run.per_s for run in each]),
            spread([run.program_ms for run in each], 1),
            spread([run.server_ms for run in each], 1),
        )
        for name, each in runs.items()
    ]
    title = f"Side by side: a backlog of {scale.library_backlog:,} due calls, no limits"
    return table(title, ("", "dials/s", "CPU ms a dial", "server"), rows)


async def _killed(shelf: Shelf, scale: Scale) -> str:
    kills: dict[str, list[Killed]] = defaultdict(list)
    for number in range(scale.rounds):
        for platform in await _both(shelf):
            kills[platform.name].append(await recovery.kill(platform, scale.in_flight, restart=False))
            say(f"{platform.name}, kill {number + 1}: {kills[platform.name][-1]}")
    rows = [(name, *recovery.line(each)) for name, each in kills.items()]
    return table("Side by side: a worker killed with calls in flight, another there", recovery.HEADER, rows)
