"""Subscriptions: who else is told of an agent's calls, by which events, with which headers of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Subscription:
    """One endpoint. ``dialect`` says whose words ``events`` are, and in whose words it is told."""

    dialect: str
    events: tuple[str, ...]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"

    def to_json(self) -> dict[str, Any]:
        return {
            "dialect": self.dialect,
            "events": list(self.events),
            "url": self.url,
            "headers": dict(self.headers),
            "method": self.method,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Subscription:
        return cls(stored["dialect"], tuple(stored["events"]), stored["url"], stored["headers"], stored["method"])


@dataclass(frozen=True)
class Audience:
    """Who may hear of a call: the little that tells whether anybody does. ``dialect``: the call's."""

    dialect: str
    has_callback: bool = False
    subscriptions: tuple[Subscription, ...] = ()

    def subscribes(self, dialect: str) -> bool:
        """Whether the agent has a subscription in that dialect's words."""
        return any(one.dialect == dialect for one in self.subscriptions)


def heard_by(subscriptions: Sequence[Subscription], dialect: str, event: str) -> Subscription | None:
    """Who is told of that event; of several entries that name it the last one (Ringg §5.1)."""
    return next((one for one in reversed(subscriptions) if one.dialect == dialect and event in one.events), None)
