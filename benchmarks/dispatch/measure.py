"""One run: calls fall due, a program dials them, and the log it leaves behind is read."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.dispatch.phone import DialTail, Phone
from benchmarks.dispatch.platforms import Platform
from benchmarks.dispatch.programs import Meter, Program
from benchmarks.dispatch.shelf import say

from outdial.domain.clock import utc_now

WARM_UP_S: Final = 2.0
"""Calls due this soon after the first are dialled and not counted."""
PATIENCE_S: Final = 30.0
"""How long after the last call fell due a program may take until every call has ended."""
_LEAD_S: Final = 1.5
_LEAD_EACH_S: Final = 0.003
_LOOK_EVERY_S: Final = 0.05

Meanwhile = Callable[[Program], Awaitable[dict[str, Any]]]


@dataclass
class Run:
    lateness_ms: list[float]
    """From the moment a call was due to the moment it was handed to whoever dials. One that never was counts as if
    that had happened at the end of the run."""
    never: int
    """Calls due and not dialled by the end of the run."""
    per_s: float
    """First dials a second, without the first and the last twentieth."""
    program_ms: float
    """Processor time for each dial."""
    server_ms: float
    stolen: float = 0.0
    """See ``Meter``."""
    meanwhile: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        log: DialTail,
        calls: Mapping[str, datetime],
        meter: Meter,
        counted: tuple[datetime, datetime],
        said: dict[str, Any],
    ) -> Run:
        """``counted``: calls that fell due between these moments."""
        since, until = counted
        dials = [entry for entry in log.read() if entry.what == "dial"]
        first = {entry.call_id: entry.at_s for entry in dials if entry.attempt == 1 and entry.call_id in calls}
        program_s, server_s = meter.spent_s
        return cls(
            lateness_ms=[
                1000 * (first.get(call_id, until.timestamp()) - due_at.timestamp())
                for call_id, due_at in calls.items()
                if since <= due_at <= until
            ],
            never=len(calls) - len(first),
            per_s=_rate(sorted(first.values())),
            program_ms=1000 * program_s / max(1, len(dials)),
            server_ms=1000 * server_s / max(1, len(dials)),
            stolen=meter.stolen,
            meanwhile=said,
        )

    @property
    def p50_ms(self) -> float:
        return at_share(self.lateness_ms, 0.50)

    @property
    def p99_ms(self) -> float:
        return at_share(self.lateness_ms, 0.99)


def long_due(count: int) -> list[datetime]:
    return [utc_now() - timedelta(minutes=1)] * count


def at_share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)] if values else 0.0


@asynccontextmanager
async def a_log() -> AsyncIterator[tuple[Path, DialTail]]:
    with tempfile.TemporaryDirectory(prefix="outdial-bench-") as folder:
        path = Path(folder) / "dials"
        tail = DialTail(path)
        yield path, tail
        tail.close()


async def dial_as_due(
    platform: Platform, per_s: float, seconds: float, phone: Phone, meanwhile: Meanwhile | None = None
) -> Run:
    """Calls fall due at an even distance and are dialled until all have ended, or patience has.

    ``meanwhile`` begins after the warm-up; then only calls that fell due while it ran are counted.
    """
    count = int(per_s * seconds)
    async with a_log() as (path, log), platform.dialing(path, phone) as program:
        first = utc_now() + timedelta(seconds=_LEAD_S + count * _LEAD_EACH_S)
        calls = await platform.schedule([first + timedelta(seconds=index / per_s) for index in range(count)])
        if utc_now() > first:
            say("this machine could not even store the calls in time: their lateness is not the dialer's")
        await _until(first)
        meter, since = Meter(program, platform.server), first + timedelta(seconds=WARM_UP_S)
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(_meanwhile(meanwhile, program, since))
            ended = await _all_ended(platform, meter, log, phone, calls)
        until, said = await asked
        return Run.read(log, calls, meter, (since, min(until or ended, ended)), said)


async def dial_backlog(platform: Platform, count: int, phone: Phone) -> Run:
    """``count`` calls have long been due when the program starts. Lateness has no meaning here."""
    async with a_log() as (path, log):
        calls = await platform.schedule(long_due(count))
        async with platform.dialing(path, phone) as program:
            meter = Meter(program, platform.server)
            ended = await _all_ended(platform, meter, log, phone, calls)
            return Run.read(log, calls, meter, (ended, ended), {})


async def _all_ended(
    platform: Platform, meter: Meter, log: DialTail, phone: Phone, calls: Mapping[str, datetime]
) -> datetime:
    """When all had; or when patience had and the program was killed, so that the next run inherits nothing."""
    expected = sum(phone.dials(call_id) for call_id in calls)
    left = max(*calls.values(), utc_now()) - utc_now()
    try:
        async with asyncio.timeout(left.total_seconds() + PATIENCE_S):
            while log.count("end") < expected:  # noqa: ASYNC110 - another process, no event tells
                await asyncio.sleep(_LOOK_EVERY_S)
        meter.stop()
    except TimeoutError:
        meter.stop()
        await meter.program.kill()
        await platform.give_up()
    return utc_now()


async def _until(moment: datetime) -> None:
    await asyncio.sleep((moment - utc_now()).total_seconds())


async def _meanwhile(
    meanwhile: Meanwhile | None, program: Program, since: datetime
) -> tuple[datetime | None, dict[str, Any]]:
    """When it was over, and what it said; nothing when there is nothing to do."""
    if meanwhile is None:
        return None, {}
    await _until(since)
    said = await meanwhile(program)
    return utc_now(), said


def _rate(at_s: Sequence[float]) -> float:
    edge = len(at_s) // 20
    inner = at_s[edge : len(at_s) - edge]
    return (len(inner) - 1) / (inner[-1] - inner[0]) if len(inner) > 1 and inner[-1] > inner[0] else 0.0
