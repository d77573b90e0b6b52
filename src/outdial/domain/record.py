"""What is known of a call: the shape every reader (details, history, webhooks, live view, CLI) is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outdial.domain.analysis import Analysis
from outdial.domain.attempt import Turn
from outdial.domain.call import AttemptState, CallState
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.request import Callback, RetryPolicy, Window
from outdial.domain.subscription import Subscription
from outdial.domain.waiting import Cause


@dataclass(frozen=True)
class AttemptRecord:
    """One dial. ``number`` is 1-based. Times are aware UTC; None: it did not come to that."""

    number: int
    sid: str
    state: AttemptState
    from_number: str
    claimed_at: datetime
    dialed_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    ended_by: EndedBy | None = None
    sip_code: int = 0
    q850: int = 0
    reason: str = ""
    talk_ms: int = 0
    cost: float = 0.0
    """Credits."""
    first_word_ms: int | None = None
    turns: tuple[Turn, ...] = ()
    captured: Mapping[str, str] = field(default_factory=dict)
    recording_path: str = ""
    """File under the recordings folder; empty until it is complete, and when there is none."""
    recording_ms: int = 0


@dataclass(frozen=True)
class CallRecord:
    id: str
    workspace_id: str
    dialect: str
    state: CallState
    to_number: str
    callee_name: str
    agent_id: str
    agent_name: str
    agent_tag: str
    version_id: str
    """The version that talked, else the pinned one, else the one active now."""
    version_number: int
    version_description: str
    created_at: datetime
    due_at: datetime
    """When the next dial is due; while terminal, when the last one was."""
    ended_at: datetime | None
    outcome: Outcome | None
    ended_by: EndedBy | None
    from_numbers: tuple[str, ...]
    """Numbers used so far; before the first dial, the pool (empty for a stored pool)."""
    variables: Mapping[str, Any]
    warnings: tuple[str, ...]
    retry: RetryPolicy
    window: Window | None
    attempts: tuple[AttemptRecord, ...]
    callback: Callback | None = None
    call_category: str | None = None
    parent_call_id: str | None = None
    bulk_list_id: str | None = None
    reason: str = ""
    """Why a call ended that was never dialled."""
    blocked_by: tuple[Cause, ...] = ()
    """While waiting: every cause that moves the next dial later."""
    next_eligible_at: datetime | None = None
    """While waiting: when it can go; None: when something happens, not at some moment."""
    subscriptions: tuple[Subscription, ...] = ()
    """The agent's, as they are now."""
    analysis: Analysis | None = None
    """None: not made yet, or nobody answered."""

    @property
    def cost(self) -> float:
        """Credits, of all attempts: exact to the millionths they are counted in."""
        return round(sum(attempt.cost for attempt in self.attempts), 6)

    @property
    def last_attempt(self) -> AttemptRecord | None:
        return self.attempts[-1] if self.attempts else None
