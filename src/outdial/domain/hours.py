"""Hours in which a phone may ring, by the clock on the wall, through every change of that clock (Ringg §2.7)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outdial.domain.errors import Broken
from outdial.domain.request import Window

HORIZON: Final = timedelta(days=14)
"""How far ahead an hour is looked for that several windows have in common."""
_DAY: Final = timedelta(days=1)
_DAY_MIN: Final = 24 * 60
_PROBE: Final = timedelta(hours=6)
"""No zone changes its clock twice within this time."""


@dataclass(frozen=True)
class Hours:
    """Open every day from ``opens_min`` until the wall shows ``closes_min``, both in minutes after midnight.

    Closing before opening crosses midnight; equal times are around the clock.
    """

    opens_min: int
    closes_min: int
    timezone: str


# ZoneInfo keeps eight and reads the others from disk again; a number may be in forty.
@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name.

    Raises:
        Broken: there is none; nothing may be dialled by an unknown clock.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Broken(f"{name!r} is not a known time zone") from error


def hours_of(window: Window) -> Hours:
    """The window as hours: the whole minute of its end belongs to it; equal times: always open."""
    if window.start == window.end:
        return Hours(0, 0, window.timezone)
    return Hours(_minutes(window.start), (_minutes(window.end) + 1) % _DAY_MIN, window.timezone)


def is_open(at: datetime, window: Window | None) -> bool:
    """Whether the window is open at that instant."""
    return window is None or are_open(at, (hours_of(window),))


def are_open(at: datetime, several: Collection[Hours]) -> bool:
    """Whether all of them are open at that instant."""
    return all(_shows(at.astimezone(zone(hours.timezone)), hours) for hours in several)


def opening(at: datetime, window: Window | None) -> datetime:
    """The first instant, ``at`` itself or later, in which the window is open. Aware in, aware UTC out."""
    at = at.astimezone(UTC)
    return at if window is None else _opening(at, hours_of(window))


def common_opening(at: datetime, several: Collection[Hours]) -> datetime | None:
    """The first instant, ``at`` itself or later, in which all are open; None: none within ``HORIZON``."""
    instant = at.astimezone(UTC)
    latest = instant + HORIZON
    while instant <= latest:
        # Before any one of them opens, nothing is lost by waiting: no step goes past the answer.
        opens = max((_opening(instant, hours) for hours in several), default=instant)
        if opens == instant:
            return instant
        instant = opens
    return None


def scheduled_instant(scheduled_at: datetime, timezone: str) -> datetime:
    """The instant meant by ``scheduled_at``: itself when aware, else wall time in ``timezone``, as UTC.

    A skipped wall time moves forward by the gap; of a repeated one the first is meant.
    """
    if scheduled_at.tzinfo is None:
        scheduled_at = scheduled_at.replace(tzinfo=zone(timezone), fold=0)
    return scheduled_at.astimezone(UTC)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _shows(wall: datetime, hours: Hours) -> bool:
    """Whether the wall shows a time within the hours."""
    since_opening = (wall.hour * 60 + wall.minute - hours.opens_min) % _DAY_MIN
    return since_opening < ((hours.closes_min - hours.opens_min) % _DAY_MIN or _DAY_MIN)


def _opening(at: datetime, hours: Hours) -> datetime:
    """From clock change to clock change: between two of them the wall runs as evenly as time itself."""
    clock = zone(hours.timezone)
    latest = at + HORIZON
    while at <= latest:
        wall = at.astimezone(clock)
        if _shows(wall, hours):
            return at
        shown = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
        opens = at + (timedelta(minutes=hours.opens_min) - shown) % _DAY
        change = _first_change(hours.timezone, at, opens)
        if change is None:
            return opens
        at = change
    raise Broken(f"{hours} never open")


def _first_change(timezone: str, after: datetime, until: datetime) -> datetime | None:
    """The first instant in ``(after, until]``, at most a day long, at which the clock on the wall jumps."""
    for day in (after.date(), until.date()):
        for change in _changes(timezone, day):
            if after < change <= until:
                return change
    return None


@lru_cache(maxsize=8192)
def _changes(timezone: str, day: date) -> tuple[datetime, ...]:
    """When the clock jumps after the beginning of that UTC day and up to the beginning of the next; mostly never."""
    clock = zone(timezone)
    midnight = datetime.combine(day, time(), UTC)
    probes = [midnight + number * _PROBE for number in range(_DAY // _PROBE + 1)]
    offsets = [probe.astimezone(clock).utcoffset() for probe in probes]
    return tuple(
        _change_between(probes[number], probes[number + 1], clock)
        for number in range(_DAY // _PROBE)
        if offsets[number] != offsets[number + 1]
    )


def _change_between(before: datetime, after: datetime, clock: ZoneInfo) -> datetime:
    """Bisects to the second: the first instant with the new offset."""
    old = before.astimezone(clock).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(clock).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
