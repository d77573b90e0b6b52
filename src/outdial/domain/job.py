"""Jobs: work in the background that must not be forgotten, written down in the transaction that causes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

_PAUSES: Final = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))


class JobKind(StrEnum):
    KNOWLEDGE = "knowledge"
    """Read the text out of one item of a knowledge base; the subject is the item."""
    ANALYSIS = "analysis"
    """Find out what a finished talk tells; the subject is the call."""
    IMPORT = "import"
    """Read a large list of people to ring; the subject is the campaign."""
    CAMPAIGN = "campaign"
    """See a campaign through, from its start to its last call; the subject is the campaign."""


@dataclass(frozen=True)
class Job:
    """One piece of work; of a kind and a subject there is one at a time.

    Whoever works on it is known by ``due_at``, the moment until which nobody else may: one that comes back after it
    has no say any more. ``tries`` counts this one.
    """

    id: str
    kind: JobKind
    subject: str
    workspace_id: str
    due_at: datetime
    created_at: datetime
    tries: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries, 1 or more."""
    return _PAUSES[min(tries, len(_PAUSES)) - 1]
