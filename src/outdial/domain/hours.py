"""Hours in which a phone may ring, by the clock on the wall, through every change of that clock (Ringg §2.7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outdial.domain.errors import Broken
from outdial.domain.request import Window

_HORIZON: Final = timedelta(days=5)
"""Longer than any wait for the next opening, a skipped day at the date line included."""
_PROBE: Final = timedelta(hours=6)
"""No zone changes its clock twice within this time."""


def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name.

    Raises:
        Broken: there is none; nothing may be dialled by an unknown clock.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Broken(f"{name!r} is not a known time zone") from error


def is_open(at: datetime, window: Window | None) -> bool:
    """Whether the window is open at that instant. The end's whole minute belongs to it; equal times: always."""
    if window is None or window.start == window.end:
        return True
    minute = at.astimezone(zone(window.timezone)).time().replace(second=0, microsecond=0, fold=0)
    if window.start < window.end:
        return window.start <= minute <= window.end
    return minute >= window.start or minute <= window.end


def opening(at: datetime, window: Window | None) -> datetime:
    """The first instant, ``at`` itself or later, in which the window is open. Aware in, aware UTC out."""
    at = at.astimezone(UTC)
    if window is None or is_open(at, window):
        return at
    clock = zone(window.timezone)
    candidates = sorted({*_starts(at, window, clock), *_clock_changes(at, clock)})
    for instant in candidates:
        if instant >= at and is_open(instant, window):
            return instant
    raise Broken(f"the window {window} never opens")


def scheduled_instant(scheduled_at: datetime, timezone: str) -> datetime:
    """The instant meant by ``scheduled_at``: itself when aware, else wall time in ``timezone``, as UTC.

    A skipped wall time moves forward by the gap; of a repeated one the first is meant.
    """
    if scheduled_at.tzinfo is None:
        scheduled_at = scheduled_at.replace(tzinfo=zone(timezone), fold=0)
    return scheduled_at.astimezone(UTC)


def _starts(at: datetime, window: Window, clock: ZoneInfo) -> Iterator[datetime]:
    """Instants around ``at`` at which the wall shows the window's start; twice when that hour is repeated."""
    today: date = at.astimezone(clock).date()
    for days in range(-1, _HORIZON.days + 1):
        for fold in (0, 1):
            wall = datetime.combine(today + timedelta(days=days), window.start, clock).replace(fold=fold)
            yield wall.astimezone(UTC)


def _clock_changes(at: datetime, clock: ZoneInfo) -> Iterator[datetime]:
    """Instants soon after ``at`` at which the clock on the wall jumps, possibly into the window."""
    before = at.replace(microsecond=0)
    while before < at + _HORIZON:
        after = before + _PROBE
        if before.astimezone(clock).utcoffset() != after.astimezone(clock).utcoffset():
            yield _change_between(before, after, clock)
        before = after


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
