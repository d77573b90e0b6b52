"""When somebody may be rung: the customer's window, the operator's calling policy, and whether at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from outdial.domain.errors import Broken
from outdial.domain.hours import HORIZON, Hours, are_open, common_opening, hours_of
from outdial.domain.request import Window
from outdial.domain.rules import CallingHours, CallingPolicy
from outdial.domain.waiting import Cause
from outdial.domain.zones import zones_of

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
"""How far back dials to a person count at most."""


@dataclass(frozen=True)
class Callee:
    """Whom a call is for, as one workspace knows them.

    ``dials``: when it dialled that number within the last 7 days, whatever for; oldest first.
    """

    number: str
    suppressed: bool = False
    dials: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Leave:
    """When a phone may ring. ``at`` None: never as things are; ``forbidden`` says why.

    ``causes``: what is closed now or makes it later than it would be without.
    """

    at: datetime | None
    causes: tuple[Cause, ...] = ()
    forbidden: str = ""


def leave_to_ring(at: datetime, window: Window | None, policy: CallingPolicy, callee: Callee) -> Leave:
    """The first instant, ``at`` itself or later, that the window and the policy allow. Aware in, aware UTC out.

    Whatever cannot be known is a no: an unknown zone while there are quiet hours, a window nobody can read.
    """
    if policy.suppression and callee.suppressed:
        return Leave(None, forbidden="the number is on the suppression list")
    try:
        return _leave(at.astimezone(UTC), window, policy, callee)
    except Broken as error:
        return Leave(None, forbidden=f"the call's window cannot be read: {error}")


def _leave(at: datetime, window: Window | None, policy: CallingPolicy, callee: Callee) -> Leave:
    asked = () if window is None else (hours_of(window),)
    laid_down = () if policy.hours is None else _in_every(policy.hours, zones_of(callee.number))
    if policy.hours is not None and not laid_down:
        return Leave(None, forbidden="the calling policy has hours, and the number does not tell its time zone")
    rested = _rested(at, policy, callee.dials)
    if rested is None:
        return Leave(None, forbidden="the calling policy allows no dials at all")

    first = common_opening(rested, asked + laid_down)
    if first is None:
        return Leave(None, forbidden=_never(window, policy.hours, [hours.timezone for hours in laid_down]))
    if first == at:
        return Leave(at)
    return Leave(first, tuple(_causes(at, rested, first, asked, laid_down)))


@lru_cache(maxsize=1024)
def _in_every(hours: CallingHours, zones: tuple[str, ...]) -> tuple[Hours, ...]:
    opens_min, closes_min = (at.hour * 60 + at.minute for at in (hours.opens, hours.closes))
    return tuple(Hours(opens_min, closes_min, name) for name in zones)


def _rested(at: datetime, policy: CallingPolicy, dials: tuple[datetime, ...]) -> datetime | None:
    """From when on one more dial keeps within both caps; None: from no moment on."""
    for cap, period in ((policy.per_day, DAY), (policy.per_week, WEEK)):
        if cap is None:
            continue
        if cap < 1:
            return None
        if len(dials) >= cap:
            at = max(at, dials[-cap] + period)
    return at


def _causes(
    at: datetime, rested: datetime, first: datetime, asked: tuple[Hours, ...], laid_down: tuple[Hours, ...]
) -> Iterator[Cause]:
    if not are_open(at, asked) or common_opening(rested, laid_down) != first:
        yield Cause.WINDOW
    if rested > at or not are_open(at, laid_down) or common_opening(at, asked) != first:
        yield Cause.POLICY_HOURS


def _never(window: Window | None, hours: CallingHours | None, zones: Sequence[str]) -> str:
    where = zones[0] if len(zones) == 1 else f"in each of {len(zones)} time zones the number may be in"
    named = [f"in the calling policy's hours ({hours} {where})"] if hours is not None else []
    if window is not None:
        named.append(f"in the call's window ({window.start:%H:%M}-{window.end:%H:%M} {window.timezone})")
    return f"within {HORIZON.days} days there is no moment {' and '.join(named)}"
