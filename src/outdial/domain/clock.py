"""Time is an argument: whoever needs the hour is handed a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment as an aware UTC datetime."""


def utc_now() -> datetime:
    """The real clock; only ``bootstrap`` and ``cli`` hand it out."""
    return datetime.now(UTC)
