"""What was agreed for one call: talk limits, re-dialling, calling window and schedule (Ringg §2.6-§2.8).

Each leaf comes from the request, else from the agent, else from the documented default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time
from typing import Any, Final, TypeVar

from outdial.domain.agent import Definition, TalkLimits
from outdial.domain.hours import opening, scheduled_instant
from outdial.domain.request import Overrides, RetryPolicy, Window

T = TypeVar("T")
_WINDOW_KEYS: Final = ("window_start", "window_end", "timezone")
AGENT_KEYS: Final = tuple(leaf.name for leaf in fields(Overrides) if leaf.name not in ("scheduled_at", "has_window"))
"""What an agent's ``call_config`` may say, named as in ``Overrides``; times of day are ``HH:MM``."""


@dataclass(frozen=True)
class Plan:
    """``window`` None: any hour. ``scheduled_at``: aware UTC, None: as soon as possible.

    ``not_after``: aware UTC, no dial begins then or later, whatever for; None: no such moment.
    """

    limits: TalkLimits = field(default_factory=TalkLimits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    window: Window | None = None
    scheduled_at: datetime | None = None
    not_after: datetime | None = None

    def is_over(self, at: datetime) -> bool:
        """Whether no dial may begin any more."""
        return self.not_after is not None and at >= self.not_after

    def to_json(self) -> dict[str, Any]:
        return {
            "limits": dict(vars(self.limits)),
            "retry": dict(vars(self.retry)),
            "window": None if self.window is None else _window_to_json(self.window),
            "scheduled_at": _instant_to_json(self.scheduled_at),
            "not_after": _instant_to_json(self.not_after),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Plan:
        window = stored["window"]
        return cls(
            limits=TalkLimits(**stored["limits"]),
            retry=RetryPolicy(**stored["retry"]),
            window=None if window is None else _window_from_json(window),
            scheduled_at=_instant_from_json(stored["scheduled_at"]),
            not_after=_instant_from_json(stored.get("not_after")),
        )


def resolve(definition: Definition, overrides: Overrides) -> Plan:
    """The plan of a call with this agent and these wishes.

    Raises:
        Broken: the agent's own time zone is unknown.
    """
    agent = agents_wishes(definition.call_config)
    limits, retry = definition.limits, RetryPolicy()
    window = _window(overrides, agent)
    zone_name = (window or Window()).timezone
    return Plan(
        limits=TalkLimits(
            idle_warning_s=_first(overrides.idle_warning_s, agent.idle_warning_s, limits.idle_warning_s),
            idle_end_s=_first(overrides.idle_end_s, agent.idle_end_s, limits.idle_end_s),
            max_length_s=_first(overrides.max_length_s, agent.max_length_s, limits.max_length_s),
        ),
        retry=RetryPolicy(
            count=_first(overrides.retry_count, agent.retry_count, retry.count),
            busy_min=_first(overrides.retry_busy_min, agent.retry_busy_min, retry.busy_min),
            not_picked_min=_first(overrides.retry_not_picked_min, agent.retry_not_picked_min, retry.not_picked_min),
            failed_min=_first(overrides.retry_failed_min, agent.retry_failed_min, retry.failed_min),
        ),
        window=window,
        scheduled_at=None if overrides.scheduled_at is None else scheduled_instant(overrides.scheduled_at, zone_name),
    )


def first_due(plan: Plan, now: datetime) -> datetime:
    """When the first dial is due: at its schedule, never in the past, and within the window. Aware UTC."""
    return opening(max(now, plan.scheduled_at or now), plan.window)


def agents_wishes(call_config: Mapping[str, Any]) -> Overrides:
    """An agent's ``call_config``, whose times of day are ``HH:MM``, as what a request would say.

    Raises:
        TypeError: a key that is not in ``AGENT_KEYS``.
        ValueError: a time of day that is none.
    """
    wishes = dict(call_config)
    for key in ("window_start", "window_end"):
        if wishes.get(key) is not None:
            wishes[key] = time.fromisoformat(wishes[key])
    return Overrides(**wishes)


def _window(overrides: Overrides, agent: Overrides) -> Window | None:
    """The hours, if the request or the agent names any; documented defaults fill the gaps."""
    asked = overrides.has_window or any(getattr(overrides, key) is not None for key in _WINDOW_KEYS)
    kept = any(getattr(agent, key) is not None for key in _WINDOW_KEYS)
    if not asked and not kept:
        return None
    default = Window()
    return Window(
        start=_first(overrides.window_start, agent.window_start, default.start),
        end=_first(overrides.window_end, agent.window_end, default.end),
        timezone=_first(overrides.timezone, agent.timezone, default.timezone),
    )


def _first(asked: T | None, kept: T | None, default: T) -> T:
    if asked is not None:
        return asked
    return default if kept is None else kept


def _instant_to_json(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant_from_json(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)


def _window_to_json(window: Window) -> dict[str, str]:
    return {"start": f"{window.start:%H:%M}", "end": f"{window.end:%H:%M}", "timezone": window.timezone}


def _window_from_json(stored: Mapping[str, str]) -> Window:
    return Window(time.fromisoformat(stored["start"]), time.fromisoformat(stored["end"]), stored["timezone"])
