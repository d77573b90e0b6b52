"""Time zones in which somebody may be who is reached by a number."""

from __future__ import annotations

from functools import lru_cache

from phonenumbers import NumberParseException, parse
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from outdial.domain.errors import Broken
from outdial.domain.hours import zone


@lru_cache(maxsize=65536)
def zones_of(number: str) -> tuple[str, ...]:
    """IANA names of every zone an E.164 number may be in, as its prefix tells; empty: unknown.

    A landline has one, a mobile those of its country, a free-phone number those of its whole numbering plan.
    One name nobody has a clock for makes them all unknown: the person may be just there.
    """
    try:
        names = time_zones_for_number(parse(number))
    except NumberParseException:
        return ()
    return tuple(names) if all(_is_known(name) for name in names) else ()


def _is_known(name: str) -> bool:
    if name == UNKNOWN_TIMEZONE:
        return False
    try:
        zone(name)
    except Broken:
        return False
    return True
