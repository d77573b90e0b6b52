"""What is found out from a finished talk: the same for every agent, and what its owner asked for besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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
