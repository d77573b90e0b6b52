"""What an operator has laid down for a workspace: when it may ring people, how much at once, and at what price."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from typing import Any, Final, TypedDict

from outdial.domain.errors import Broken, Fault

MICROS: Final = 1_000_000
"""Credits are counted in millionths, as whole numbers."""
MOST: Final = 2**31 - 1
"""The highest number a limit can be, as the database stores it."""
CALLS_PER_S: Final = (0.01, 1000.0)
"""The slowest and the fastest a trunk can be asked."""
_TIME_OF_DAY: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True)
class CallingHours:
    """Hours in which anybody may be rung, by the clocks where the person may be. ``closes`` is the first minute
    outside; 00:00 means midnight. Opening after closing crosses midnight."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


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

    def faults(self) -> list[Fault]:
        """Everything that no rule may be; empty: they can be laid down."""
        return list(_faults(self))

    def to_json(self) -> dict[str, Any]:
        hours = self.policy.hours
        return {
            "policy": dict(vars(self.policy)) | {"hours": None if hours is None else str(hours)},
            "max_calls": self.max_calls,
            "price": None if self.price is None else dict(vars(self.price)),
        }

    @classmethod
    def from_json(cls, stored: Any) -> Rules:
        """What ``to_json`` made; members that are missing have their defaults.

        Raises:
            Broken: rules nobody can read; nothing may be dialled under them.
        """
        try:
            members = _members(cls, stored)
            if "policy" in members:
                members["policy"] = _policy(members["policy"])
            if members.get("price") is not None:
                members["price"] = Price(**_members(Price, members["price"]))
            rules = cls(**members)
        except (TypeError, ValueError) as error:
            raise Broken(f"the rules of a workspace cannot be read: {error}") from error
        for fault in rules.faults():
            raise Broken(f"the rules of a workspace cannot be read: {fault.message}")
        return rules


def hours_from_text(text: str) -> CallingHours:
    """``08:00-21:00`` as hours.

    Raises:
        ValueError: it is not written so.
    """
    opens, _, closes = text.partition("-")
    if not _TIME_OF_DAY.fullmatch(opens) or not _TIME_OF_DAY.fullmatch(closes):
        raise ValueError("hours must be written as HH:MM-HH:MM, by the 24-hour clock")
    return CallingHours(time.fromisoformat(opens), time.fromisoformat(closes))


def limit_faults(name: str, limit: Any, *, at_least: int = 0) -> list[Fault]:
    """What is wrong with a limit in whole numbers; None is none."""
    if limit is None or (_is_whole(limit) and at_least <= limit <= MOST):
        return []
    return [Fault((name,), f"{name} must be a whole number of {at_least} or more")]


class TrunkLimits(TypedDict, total=False):
    """None: no limit. ``max_calls``: up at the same moment; ``calls_per_s``: asked of the trunk."""

    max_calls: int | None
    calls_per_s: float | None


def trunk_faults(max_calls: Any, calls_per_s: Any) -> list[Fault]:
    """What is wrong with the limits of a trunk; None is none."""
    faults = limit_faults("max_calls", max_calls)
    if calls_per_s is not None and not (_is_number(calls_per_s) and CALLS_PER_S[0] <= calls_per_s <= CALLS_PER_S[1]):
        least, most = CALLS_PER_S
        faults.append(Fault(("calls_per_s",), f"calls_per_s must be a number between {least:g} and {most:g}"))
    return faults


def _faults(rules: Rules) -> Iterator[Fault]:
    policy = rules.policy
    if policy.hours is not None and policy.hours.opens == policy.hours.closes:
        yield Fault(("hours",), "hours must open and close at different times")
    # None a day would be nobody ever: who wants that adds the number to the suppression list.
    yield from limit_faults("per_day", policy.per_day, at_least=1)
    yield from limit_faults("per_week", policy.per_week, at_least=1)
    if not isinstance(policy.suppression, bool):
        yield Fault(("suppression",), "suppression must be true or false")
    yield from limit_faults("max_calls", rules.max_calls)
    if rules.price is not None:
        if not (_is_whole(rules.price.per_minute_micros) and rules.price.per_minute_micros >= 0):
            yield Fault(("per_minute_micros",), "per_minute_micros must be a whole number of 0 or more")
        if not (_is_whole(rules.price.pulse_s) and rules.price.pulse_s >= 1):
            yield Fault(("pulse_s",), "pulse_s must be a whole number of 1 or more")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _members(kind: type[Any], stored: Any) -> dict[str, Any]:
    if not isinstance(stored, Mapping):
        raise TypeError(f"{kind.__name__} must be an object")
    if unknown := stored.keys() - {member.name for member in fields(kind)}:
        # Somebody laid it down, and it is not known what: it may have been a limit.
        raise ValueError(f"{', '.join(sorted(map(str, unknown)))} is not known")
    return dict(stored)


def _policy(stored: Any) -> CallingPolicy:
    members = _members(CallingPolicy, stored)
    if members.get("hours") is not None:
        members["hours"] = hours_from_text(str(members["hours"]))
    return CallingPolicy(**members)
