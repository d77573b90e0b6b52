"""How large a value would be, without writing it down: counted only as far as somebody wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def utf8_bytes(text: str) -> int:
    """Bytes of ``text`` in UTF-8; half a surrogate pair counts as three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def json_bytes(value: Any, *, at_most: int) -> int:
    """About how many bytes ``value`` has as compact JSON; once it is over ``at_most``, no more is counted.

    Aliases (in YAML, one value may stand in many places) count wherever they stand, as they would be written.
    """
    counted, waiting = 0, [value]
    while waiting and counted <= at_most:
        one = waiting.pop()
        if isinstance(one, str):
            counted += utf8_bytes(one) + 2
        elif isinstance(one, Mapping):
            counted += 2 + 2 * len(one)
            waiting += one.values()
            waiting += one.keys()
        elif isinstance(one, list | tuple):
            counted += 2 + len(one)
            waiting += one
        elif isinstance(one, int) and not isinstance(one, bool):
            counted += 1 + one.bit_length() // 4
        else:
            counted += 4
    return counted
