"""Reads single values the way this API forgives them: outer blanks, numeric strings, null for absent."""

from __future__ import annotations

import json
import math
import re
import zoneinfo
from collections.abc import Mapping
from datetime import datetime, time
from functools import cache
from typing import Final

from outdial.domain import web_addresses
from outdial.domain.hours import scheduled_instant
from outdial.domain.request import Window

_HHMM: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NUMERIC: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
)

DEFAULT_ZONE: Final = Window().timezone


def is_absent(value: object) -> bool:
    """null, an empty list and a blank string say nothing."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def as_object(value: object) -> Mapping[str, object] | None:
    """``value`` if it is an object, an empty one for null, None for anything else."""
    if value is None:
        return {}
    return value if isinstance(value, dict) else None


def as_texts(value: object) -> tuple[str, ...] | None:
    """The strings of a string or a list of strings, trimmed, each once; None for anything else."""
    items = value if isinstance(value, list) else [value]
    texts = [item.strip() for item in items if isinstance(item, str)]
    return tuple(dict.fromkeys(texts)) if len(texts) == len(items) else None


def as_number(value: object) -> float | None:
    """A finite number, or a string that holds one; booleans are not numbers."""
    if isinstance(value, str) and _NUMERIC.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_time(value: object) -> time | None:
    """A wall time written HH:MM."""
    found = _HHMM.fullmatch(value.strip()) if isinstance(value, str) else None
    return time(int(found[1]), int(found[2])) if found else None


def as_moment(value: object) -> datetime | None:
    """Date and time, naive or with an offset; a date alone is not a moment."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value.strip()):
        return None
    try:
        return datetime.fromisoformat(value.strip().upper())
    except ValueError:
        return None


def instant(moment: datetime, zone: str) -> datetime | None:
    """``moment`` in UTC, read in ``zone`` when it is naive; None when no calendar holds it."""
    try:
        return scheduled_instant(moment, zone)
    except OverflowError:
        return None


@cache
def known_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def is_zone(value: object) -> bool:
    return isinstance(value, str) and value.strip() in known_zones()


def is_web_address(value: object) -> bool:
    """An absolute http or https URL without blanks or control characters."""
    return isinstance(value, str) and web_addresses.is_web_address(value.strip())


def as_scalar_text(value: object) -> str | None:
    """A string, number or boolean as text; None for anything else."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (bool, int, float)) else None
