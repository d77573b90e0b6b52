"""What a talk costs, and what is set aside for it before anybody is rung.

Credits are whole millionths everywhere inside (``rules.MICROS``). A dial sets aside the price of the longest talk it
can become, and is charged no more than that: so the sum of all charges can never exceed what there was.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

from outdial.domain.rules import Price

_SECONDS: Final = 60
LEAST_TALK_S: Final = 60
"""A dial that could not even buy this much talk, or the whole of a shorter call, waits."""


@dataclass(frozen=True)
class Hold:
    """What is set aside for one dial. ``talk_limit_s`` None: it pays for the call's own limit."""

    micros: int
    talk_limit_s: int | None = None


def cost_of(talk_ms: int, price: Price) -> int:
    """The price of every pulse begun, in millionths, rounded up once; 0 when nobody talked."""
    pulses = -(-max(talk_ms, 0) // (price.pulse_s * 1000))
    return -(-pulses * price.pulse_s * price.per_minute_micros // _SECONDS)


def charge_for(talk_ms: int, price: Price | None, held_micros: int) -> int:
    """What an ended talk is charged: its cost, never more than was set aside for it; 0 when credits are not counted."""
    return 0 if price is None else min(cost_of(talk_ms, price), held_micros)


def hold_for(max_length_s: float, price: Price, free_micros: int) -> Hold | None:
    """What to set aside for a dial: the price of the whole ``max_length_s``, else of as much talk as is paid for.

    None: not even the least talk is.
    """
    whole = cost_of(ceil(max_length_s * 1000), price)
    free_micros = max(free_micros, 0)
    if whole <= free_micros:
        return Hold(whole)
    pulses = free_micros * _SECONDS // (price.pulse_s * price.per_minute_micros)
    talk_limit_s = pulses * price.pulse_s
    if talk_limit_s < min(LEAST_TALK_S, max_length_s):
        return None
    return Hold(cost_of(talk_limit_s * 1000, price), talk_limit_s)
