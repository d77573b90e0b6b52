"""What an operator has laid down for a workspace: when it may ring people, how much at once, and at what price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final

from outdial.domain.errors import Broken

MICROS: Final = 1_000_000
"""Credits are counted in millionths, as whole numbers."""


@dataclass(frozen=True)
class CallingHours:
    """Hours in which anybody may be rung, by the clocks where the person may be. ``closes`` is the first minute
    outside; 00:00 means midnight. Opening after closing crosses midnight."""

    opens: time
    closes: time


@dataclass(frozen=True)
class CallingPolicy:
    """Who may be rung when, beyond what customers ask for. Caps count dials to one number, whatever for."""

    hours: CallingHours | None = None
    per_day: int | None = None
    """Dials to one person within any 24 hours."""
    per_week: int | None = None
    """Dials to one person within any 7 days."""
    suppression: bool = True
    """Whether numbers on the suppression list are left alone."""


@dataclass(frozen=True)
class Price:
    """What a talk costs: every pulse begun, at ``per_minute_micros`` a minute."""

    per_minute_micros: int
    pulse_s: int = 60


@dataclass(frozen=True)
class Rules:
    """``max_calls``: calls at the same moment. ``price`` None: credits are not counted. None: no limit."""

    policy: CallingPolicy = field(default_factory=CallingPolicy)
    max_calls: int | None = None
    price: Price | None = None

    def to_json(self) -> dict[str, Any]:
        hours = self.policy.hours
        times = None if hours is None else {name: f"{at:%H:%M}" for name, at in vars(hours).items()}
        return {
            "policy": {
                "hours": times,
                "per_day": self.policy.per_day,
                "per_week": self.policy.per_week,
                "suppression": self.policy.suppression,
            },
            "max_calls": self.max_calls,
            "price": None if self.price is None else dict(vars(self.price)),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Rules:
        """What ``to_json`` made; members that are missing have their defaults.

        Raises:
            Broken: rules nobody can read; nothing may be dialled under them.
        """
        try:
            policy = dict(stored.get("policy") or {})
            if hours := policy.get("hours"):
                opens, closes = time.fromisoformat(hours["opens"]), time.fromisoformat(hours["closes"])
                policy["hours"] = CallingHours(opens, closes)
            price = stored.get("price")
            return cls(CallingPolicy(**policy), stored.get("max_calls"), None if price is None else Price(**price))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise Broken(f"the rules of a workspace cannot be read: {error}") from error
