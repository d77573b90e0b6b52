"""Time zones in which somebody may be who is reached by a number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Final

from phonenumbers import NumberParseException, parse, region_codes_for_country_code
from phonenumbers.timezone import time_zones_for_number

from outdial.domain.errors import Broken
from outdial.domain.hours import zone
from outdial.domain.request import Window

_COMPARED: Final = tuple(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(520))
"""Clocks that show the same in each of these weeks are the same one under two names."""


@lru_cache(maxsize=65536)
def zones_of(number: str) -> tuple[str, ...]:
    """IANA names of every zone an E.164 number may be in, as its prefix tells; empty: unknown.

    A landline has one, a mobile often those of its country, a free-phone number those of its whole numbering plan.
    One name nobody has a clock for makes them all unknown: the person may be just there.
    """
    try:
        parsed = parse(number)
    except NumberParseException:
        return ()
    named = tuple(time_zones_for_number(parsed))
    if not all(_is_known(name) for name in named):
        return ()
    country = _zones_of_countries(tuple(region_codes_for_country_code(parsed.country_code or 0)))
    if country and not all(_is_among(name, country) for name in named):
        # Its table names Paris for Algiers and Bucharest for Kaliningrad, which part for half of the year.
        return country
    return named


def spoken_zone(window: Window | None, number: str, at: datetime) -> str:
    """The zone by whose clock times said in a talk are meant: the window's, else the callee's, else the default.

    Of the several zones a number may be in, the one in the middle by its offset ``at`` that moment: nobody knows
    better, and it is the least wrong.
    """
    if window is not None:
        return window.timezone
    by_offset = sorted(zones_of(number), key=lambda name: (at.astimezone(zone(name)).utcoffset() or timedelta(), name))
    return by_offset[(len(by_offset) - 1) // 2] if by_offset else Window().timezone


def _is_known(name: str) -> bool:
    try:
        zone(name)
    except Broken:
        return False
    return True


def _zones_of_countries(countries: tuple[str, ...]) -> tuple[str, ...]:
    by_country = _zones_by_country()
    return tuple(sorted({name for country in countries for name in by_country.get(country, ())}))


def _is_among(name: str, zones: tuple[str, ...]) -> bool:
    return name in zones or any(_clock(name) == _clock(other) for other in zones)


@lru_cache(maxsize=1024)
def _clock(name: str) -> tuple[timedelta | None, ...]:
    clock = zone(name)
    return tuple(instant.astimezone(clock).utcoffset() for instant in _COMPARED)


@lru_cache(maxsize=1)
def _zones_by_country() -> Mapping[str, list[str]]:
    """ISO 3166 codes and the zones of each, from the table that comes with the time zone database."""
    zones = defaultdict(list)
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            zones[country].append(name)
    return zones
