"""How fast a trunk may be asked: never more calls within any second than agreed, and not all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final

_PARTS: Final = 4
"""A quarter of a second's calls may leave in a quarter of a second: carriers take a burst for an attack."""
_LONGEST_S: Final = 86_400.0


def dials_to_know(calls_per_s: float) -> int:
    """How many of a trunk's latest dials decide whether one more may follow."""
    return ceil(max(calls_per_s, 1.0))


def longest_span(calls_per_s: float) -> timedelta:
    """How far back dials matter."""
    return max((span for _, span in _limits(calls_per_s)), default=timedelta())


def paced_room(dials: Sequence[datetime], calls_per_s: float, now: datetime) -> int:
    """How many calls may be started now. ``dials``: the latest ones, see ``dials_to_know``; in any order."""
    if calls_per_s <= 0:
        return 0
    return max(0, min(most - sum(at > now - span for at in dials) for most, span in _limits(calls_per_s)))


def paced_until(dials: Sequence[datetime], calls_per_s: float, now: datetime) -> datetime | None:
    """The first instant, ``now`` or later, with room for one more; None: never at this speed."""
    if calls_per_s <= 0:
        return None
    latest = sorted(dials, reverse=True)
    free = [latest[most - 1] + span for most, span in _limits(calls_per_s) if len(latest) >= most]
    return max([now, *free])


def _limits(calls_per_s: float) -> Iterator[tuple[int, timedelta]]:
    """At most so many calls in any so long a time. 0.5 a second is one in two; 1.5 are two in one and a third."""
    if calls_per_s <= 0:
        return
    most = ceil(calls_per_s)
    span = timedelta(seconds=min(most / calls_per_s, _LONGEST_S))
    yield most, span
    yield ceil(most / _PARTS), span / _PARTS
