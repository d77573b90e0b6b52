"""What dialling costs others, and they it: creates beside dispatch, and the import of a long list beside dispatch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.dispatch.measure import WARM_UP_S, Run, a_log, dial_as_due
from benchmarks.dispatch.phone import Phone
from benchmarks.dispatch.platforms import Outdial
from benchmarks.dispatch.programs import Program
from benchmarks.dispatch.scale import Scale
from benchmarks.dispatch.shelf import Shelf, say
from benchmarks.dispatch.tables import ratios, spread, table

DUE_PER_S: Final = 50.0
_IMPORTED_PER_S: Final = 2500
"""About, read and made; calls must fall due until the end of it."""


async def creates(shelf: Shelf, scale: Scale) -> str:
    asked: dict[str, Any] = {"do": "create", "seconds": scale.seconds / 3, "callers": scale.callers}
    rows = []
    for engine in scale.engines:
        alone: list[dict[str, Any]] = []
        beside: list[Run] = []
        for number in range(scale.rounds):
            platform = await shelf.outdial(engine, scale.futures[1])
            alone.append(await _without_dialer(platform, asked))
            run = await dial_as_due(platform, DUE_PER_S, WARM_UP_S + scale.seconds / 3, Phone(), _ask(asked))
            beside.append(run)
            told = f"{alone[-1]['per_s']:.0f}/s alone, {run.meanwhile['per_s']:.0f}/s beside, {run.p99_ms:.0f} ms late"
            say(f"creates on {engine}, round {number + 1}: {told}")
        rows.append(
            (
                engine,
                spread([each["per_s"] for each in alone]),
                spread([run.meanwhile["per_s"] for run in beside]),
                spread(ratios([run.meanwhile["per_s"] for run in beside], [each["per_s"] for each in alone]), 2),
                spread([run.meanwhile["p99_ms"] for run in beside]),
                f"{spread([run.p50_ms for run in beside])} / {spread([run.p99_ms for run in beside])}",
            )
        )
    header = ("", "alone /s", "beside /s", "beside to alone", "create p99 ms, beside", "dispatch late p50 / p99 ms")
    title = f"Durable creates by {scale.callers} callers, alone and beside a dialer that dispatches {DUE_PER_S:g}/s"
    return table(title, header, rows)


async def campaign(shelf: Shelf, scale: Scale) -> str:
    rows = []
    asked = {"do": "campaign", "rows": scale.campaign}
    for engine in scale.engines:
        alone: list[Run] = []
        beside: list[Run] = []
        for number in range(scale.rounds):
            platform = await shelf.outdial(engine)
            alone.append(await dial_as_due(platform, DUE_PER_S, WARM_UP_S + scale.seconds, Phone()))
            seconds = WARM_UP_S + scale.campaign / _IMPORTED_PER_S
            run = await dial_as_due(platform, DUE_PER_S, seconds, Phone(), _ask(asked))
            say(f"campaign on {engine}, round {number + 1}: {run.meanwhile}, {run.p99_ms:.0f} ms late")
            beside.append(run)
        rows.append((engine, "no campaign", "", "", "", "", *_late(alone)))
        rows.append((engine, f"{scale.campaign:,} people", *_imported(beside), *_late(beside)))
    header = ("", "", "rows read /s", "calls made /s", "took s", "extra memory MB", "dispatch late p50 ms", "p99 ms")
    return table(
        f"A campaign is imported beside a dialer that dispatches {DUE_PER_S:g}/s, in one process", header, rows
    )


def _late(runs: Sequence[Run]) -> Sequence[str]:
    return spread([run.p50_ms for run in runs]), spread([run.p99_ms for run in runs])


def _imported(runs: Sequence[Run]) -> Sequence[str]:
    told = {key: [run.meanwhile[key] for run in runs] for key in ("read_per_s", "made_per_s", "took_s", "extra_mb")}
    return [spread(values, int(key == "took_s")) for key, values in told.items()]


def _ask(what: dict[str, Any]) -> Any:
    async def ask(program: Program) -> dict[str, Any]:
        return await program.ask(**what)

    return ask


async def _without_dialer(platform: Outdial, what: dict[str, Any]) -> dict[str, Any]:
    async with a_log() as (path, _), platform.dialing(path, Phone(), dials=False) as program:
        return await program.ask(**what)
