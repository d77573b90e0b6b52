"""A call as a customer asks for it, in neutral words: what every dialect translates into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Final


@dataclass(frozen=True)
class Window:
    """Hours in which a phone may ring, by the clock on the wall in ``timezone`` (IANA).

    ``end`` includes its whole minute; start after end crosses midnight; equal times mean always open
    (Ringg §2.7).
    """

    start: time = time(0, 0)
    end: time = time(23, 0)
    timezone: str = "Asia/Kolkata"


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and after how many minutes, to dial again (Ringg §2.8). Attempts in all: 1 + ``count``."""

    count: int = 0
    busy_min: float = 30
    not_picked_min: float = 30
    failed_min: float = 30


@dataclass(frozen=True)
class Overrides:
    """What one request says about limits, retries and hours; None leaves it to the agent, then to the default."""

    idle_warning_s: float | None = None
    idle_end_s: float | None = None
    max_length_s: float | None = None
    retry_count: int | None = None
    retry_busy_min: float | None = None
    retry_not_picked_min: float | None = None
    retry_failed_min: float | None = None
    window_start: time | None = None
    window_end: time | None = None
    timezone: str | None = None
    scheduled_at: datetime | None = None
    """Naive: wall time in the window's zone; aware: that instant."""
    has_window: bool = False
    """True when the request named a window at all: documented defaults then fill its gaps."""


@dataclass(frozen=True)
class Callback:
    """An endpoint that gets the events of one call."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CallRequest:
    """Exactly one of ``agent_id`` and ``agent_tag``; exactly one of the three sources of a caller number."""

    workspace_id: str
    dialect: str
    to_number: str
    callee_name: str = ""
    agent_id: str = ""
    agent_tag: str = ""
    from_number_ids: tuple[str, ...] = ()
    from_numbers: tuple[str, ...] = ()
    number_pool_id: str = ""
    version_id: str = ""
    voice_id: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """As sent, with their JSON types, after the dialect's defaults and formatting."""
    overrides: Overrides = Overrides()
    callback: Callback | None = None
    call_category: str | None = None
    parent_call_id: str | None = None
    bulk_list_id: str = ""
    """The campaign it belongs to; empty: none."""
    not_after: datetime | None = None
    """Aware; no dial begins then or later."""
    warnings: tuple[str, ...] = ()
    """What the dialect already noticed, e.g. ``transliteration_unavailable``."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """The request as it came, kept for the record but for what ``without_credentials`` takes out."""


_WITH_CREDENTIALS: Final = frozenset({"callback", "callback_url", "callback_args"})
"""Members of requests, in any dialect, that may carry keys of the customer's; ``CallRequest.callback`` holds them."""


def without_credentials(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request's body as it may be kept in clear."""
    return {name: value for name, value in body.items() if name not in _WITH_CREDENTIALS}
