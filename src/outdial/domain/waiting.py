"""Why a call waits, in the words every reader is given (Ringg §3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """What moves the next dial later."""

    SCHEDULE = "schedule"
    """The customer named a later moment."""
    RETRY_DELAY = "retry_delay"
    """The last attempt failed, and its pause is not over."""
    WINDOW = "window"
    """The customer's own calling hours are over for now."""
    POLICY_HOURS = "policy_hours"
    """The operator's calling policy: quiet hours where the person may be, or rung often enough lately."""
    CREDITS = "credits"
    CALLER_NUMBER = "caller_number"
    """None of the call's caller numbers may be used."""
    PROVIDER_HEALTH = "provider_health"
    """The trunk failed again and again, and rests."""
    CAPACITY = "capacity"
    """As many calls as the workspace, the number, the trunk or the machines may carry are up."""
    RATE_LIMIT = "rate_limit"
    """The trunk takes no more calls this second."""


@dataclass(frozen=True)
class Wait:
    """``blocked_by`` holds every cause; ``next_eligible_at`` None: it depends on an event, not on the clock."""

    blocked_by: tuple[Cause, ...]
    next_eligible_at: datetime | None
