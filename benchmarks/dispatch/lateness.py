"""How late due calls are handed over, with nothing and with a great many calls waiting for tomorrow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from benchmarks.dispatch.measure import Run, dial_as_due
from benchmarks.dispatch.phone import Phone
from benchmarks.dispatch.scale import Scale
from benchmarks.dispatch.shelf import Shelf, say
from benchmarks.dispatch.tables import ratios, spread, table

HEADER = (
    *("", "due a second", "waiting for tomorrow", "p50 ms", "p99 ms", "p99 to that of 0"),
    *("CPU ms a dial", "server", "stolen %"),
)


async def lateness(shelf: Shelf, scale: Scale) -> str:
    rows = []
    for engine in scale.engines:
        for per_s in scale.rates:
            rows += await _sizes(shelf, scale, engine, per_s)
    return table("Lateness of due calls, limits on", HEADER, rows)


async def _sizes(shelf: Shelf, scale: Scale, engine: str, per_s: float) -> list[Sequence[str]]:
    runs: dict[int, list[Run]] = defaultdict(list)
    for number in range(scale.rounds):
        for future in scale.futures:
            platform = await shelf.outdial(engine, future)
            run = await dial_as_due(platform, per_s, scale.seconds, Phone())
            say(f"{engine} {per_s:g}/s {future} waiting, round {number + 1}: {run.p50_ms:.0f} / {run.p99_ms:.0f} ms")
            runs[future].append(run)
    empty = [run.p99_ms for run in runs[scale.futures[0]]]
    return [line(engine, per_s, future, each, empty) for future, each in runs.items()]


def line(name: str, per_s: float, future: int, runs: Sequence[Run], empty: Sequence[float]) -> Sequence[str]:
    p99s = [run.p99_ms for run in runs]
    never = sum(run.never for run in runs)
    return (
        name,
        f"{per_s:g}",
        f"{future:,}",
        spread([run.p50_ms for run in runs]),
        spread(p99s) + (f", {never:,} never dialled" if never else ""),
        spread(ratios(p99s, empty), 2),
        spread([run.program_ms for run in runs], 1),
        spread([run.server_ms for run in runs], 1),
        spread([100 * run.stolen for run in runs], 1),
    )
