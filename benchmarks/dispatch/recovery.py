"""A dialer is killed with calls in flight: how soon the next one has settled them, and whom it rings again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.dispatch.measure import a_log, long_due
from benchmarks.dispatch.phone import Entry, Phone
from benchmarks.dispatch.platforms import Platform
from benchmarks.dispatch.scale import Scale
from benchmarks.dispatch.shelf import Shelf, say
from benchmarks.dispatch.tables import spread, table

LEASE: Final[dict[str, Any]] = {"lease_s": 5.0, "heartbeat_s": 1.0}
SLOW: Final = Phone(rings_s=(0.5, 12.0), talks_s=(60.0, 60.0), busy_share=0.0)
"""In flight for longer than the killing takes, some ringing and some talking."""
QUICK: Final = Phone(rings_s=(0.05, 0.05), talks_s=(0.2, 0.2), busy_share=0.0)
_TALK_BEFORE_S: Final = 4.0
_PATIENCE_S: Final = 60.0
HEADER: Final = (
    "",
    "in flight",
    "of them talking",
    "settled after s",
    "all calls ended after s",
    "calls lost",
    "an attempt dialled twice",
    "rung again after they had answered",
    "dialled again, as asked for",
)


@dataclass
class Killed:
    in_flight: int
    talking: int
    settled_s: float
    """Until nothing was in the killed one's hands any more."""
    ended_s: float
    lost: int
    twice: int
    after_answer: int
    again: int


async def recovery(shelf: Shelf, scale: Scale) -> str:
    rows = []
    for engine in scale.engines:
        kills = []
        for number in range(scale.rounds):
            kills.append(await kill(await shelf.outdial(engine), scale.in_flight, restart=engine == "sqlite"))
            say(f"kill on {engine}, round {number + 1}: {kills[-1]}")
        how = "sqlite, started again" if engine == "sqlite" else "postgresql, the other node, lease 5 s"
        rows.append((how, *line(kills)))
    return table("A dialer killed with calls in flight", HEADER, rows)


def line(kills: Sequence[Killed]) -> Sequence[str]:
    """Counts are sums of all rounds: one of them would be one too many."""
    names = ("lost", "twice", "after_answer", "again")
    return (
        f"{sum(one.in_flight for one in kills)}",
        f"{sum(one.talking for one in kills)}",
        spread([one.settled_s for one in kills], 1),
        spread([one.ended_s for one in kills], 1),
        *(str(sum(getattr(one, name) for one in kills)) for name in names),
    )


async def kill(platform: Platform, in_flight: int, *, restart: bool) -> Killed:
    """``restart``: the same node comes back after the kill; else another one was there all the time."""
    async with a_log() as (path, log), asyncio.timeout(4 * _PATIENCE_S):
        calls = await platform.schedule(long_due(in_flight))
        async with platform.dialing(path, SLOW, "a", **LEASE) as first:
            while log.count("dial") < in_flight:  # noqa: ASYNC110 - another process, no event tells
                await asyncio.sleep(0.02)
            await asyncio.sleep(_TALK_BEFORE_S)
            killed = await platform.holders()
            if restart:
                await first.kill()
                began = time.monotonic()
                second = platform.dialing(path, QUICK, "a", **LEASE)
            else:
                second = platform.dialing(path, QUICK, "b", **LEASE)
            async with second:
                if not restart:
                    await first.kill()
                    began = time.monotonic()
                before = list(log.read())
                settled_s, ended_s = await _watch(platform, killed, set(calls), began)
        lost = len(await platform.open_calls() & calls.keys())
        return _killed(before, list(log.read()), settled_s, ended_s, lost)


async def _watch(platform: Platform, killed: set[str], calls: set[str], began: float) -> tuple[float, float]:
    """Seconds until the killed one's calls were no longer its own, and until all calls had ended."""
    settled_s = ended_s = 0.0
    while not ended_s and time.monotonic() - began < _PATIENCE_S:
        if not settled_s and not await platform.holders() & killed:
            settled_s = time.monotonic() - began
        if settled_s and not await platform.open_calls() & calls:
            ended_s = time.monotonic() - began
        await asyncio.sleep(0.02)
    return settled_s or _PATIENCE_S, ended_s or _PATIENCE_S


def _killed(before: Sequence[Entry], after: Sequence[Entry], settled_s: float, ended_s: float, lost: int) -> Killed:
    answered = {entry.call_id for entry in before if entry.what == "answer"}
    dialled = Counter((entry.call_id, entry.attempt) for entry in after if entry.what == "dial")
    again = [entry.call_id for entry in after[len(before) :] if entry.what == "dial"]
    return Killed(
        in_flight=sum(entry.what == "dial" for entry in before),
        talking=len(answered),
        settled_s=settled_s,
        ended_s=ended_s,
        lost=lost,
        twice=sum(count > 1 for count in dialled.values()),
        after_answer=sum(call_id in answered for call_id in again),
        again=sum(call_id not in answered for call_id in again),
    )
