"""What is found out from a finished talk: the same for every agent, and what its owner asked for besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeVar

D = TypeVar("D", bound=date)

LARGEST_INTEGER: Final = 2**53
"""Beyond it JSON readers disagree."""
LARGEST_NUMBER: Final = 1e300
"""More is mostly infinity."""
SENTIMENTS: Final = ("positive", "neutral", "negative")


@dataclass(frozen=True)
class PlatformAnalysis:
    """What every talk is asked (Ringg §5.4).

    ``classification``: one of the agent's labels, where it has any, else a label of the analyst's own; may be empty.
    ``callback_requested_time``: ISO 8601 with an offset, or empty: none was named, or nobody can say when it is.
    ``sentiment``: the callee's, one of ``SENTIMENTS``, or empty: unknown.
    """

    summary: str = ""
    key_points: tuple[str, ...] = ()
    action_items: tuple[str, ...] = ()
    classification: str = ""
    callback_requested: bool = False
    callback_requested_time: str = ""
    sentiment: str = ""


@dataclass(frozen=True)
class Analysis:
    """Both results of one call. ``platform`` None: it failed; ``client`` None: it failed, or nothing was asked.

    ``client`` holds every key of the agent's ``AnalysisPlan``, null where the talk does not tell. ``made_by``:
    ``rules``, or ``model:`` and its name. ``trouble``: one line on what failed; empty: nothing did.
    """

    platform: PlatformAnalysis | None = None
    client: Mapping[str, Any] | None = None
    made_by: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Talked:
    """What an analyst is given of a call. ``turns``: who said what, in order, ``agent`` or ``callee`` first.

    ``began_at``: ISO 8601 with the offset of ``timezone`` (IANA), for words like "tomorrow at five".
    ``variables``: what the call brought; ``captured``: answers the talk itself took down.
    """

    turns: tuple[tuple[str, str], ...]
    language: str
    timezone: str
    began_at: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    captured: Mapping[str, str] = field(default_factory=dict)


def fits(value: object, kind: str) -> bool:
    """Whether ``value`` is one of a type of ``outdial.domain.agent.ANALYSIS_TYPES``, as JSON has it."""
    return _FITS[kind](value)


def _is_number(value: object, kinds: type[int] | tuple[type[int], type[float]], largest: float) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool) and abs(value) <= largest


def _is_day(value: object) -> bool:
    day = _read(date, value)
    # More is read than ``YYYY-MM-DD``.
    return day is not None and day.isoformat() == value


def _is_instant(value: object) -> bool:
    at = _read(datetime, value)
    return at is not None and at.tzinfo is not None


def _read(kind: type[D], value: object) -> D | None:
    try:
        return kind.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


_FITS: Final[Mapping[str, Callable[[object], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value, int, LARGEST_INTEGER),
    "number": lambda value: _is_number(value, (int, float), LARGEST_NUMBER),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list) and all(isinstance(member, str) for member in value),
    "date": _is_day,
    "datetime": _is_instant,
}
