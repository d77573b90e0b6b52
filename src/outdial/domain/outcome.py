"""How an attempt ended, in neutral words, and who ended a call that was answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    COMPLETED = "completed"
    """They talked, or could have: the line was answered."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    INVALID_NUMBER = "invalid_number"
    TRUNK_FAILED = "trunk_failed"
    VOICEMAIL = "voicemail"
    SCREENED = "screened"
    TRANSFERRED = "transferred"
    POLICY_BLOCKED = "policy_blocked"
    CANCELLED = "cancelled"
    WORKER_LOST = "worker_lost"
    PRE_CALL_FAILED = "pre_call_failed"
    """Something the agent needs before it may dial did not work out, a look-up or a language model: nobody was rung."""
    CAMPAIGN_ENDED = "campaign_ended"
    """Its campaign's end passed before it was made."""


class EndedBy(StrEnum):
    """Who ended an answered call."""

    AGENT = "agent"
    CALLEE = "callee"
    IDLE = "idle"
    MAX_LENGTH = "max_length"
    CARRIER = "carrier"
    OPERATOR = "operator"


ANSWERED = frozenset({Outcome.COMPLETED, Outcome.VOICEMAIL, Outcome.SCREENED, Outcome.TRANSFERRED})
"""Outcomes of a line that was picked up: never dialled again."""


class RetryClass(StrEnum):
    """Which of the customer's re-dial delays applies."""

    BUSY = "busy"
    NOT_PICKED = "not_picked"
    FAILED = "failed"


RETRY_CLASS: dict[Outcome, RetryClass] = {
    Outcome.BUSY: RetryClass.BUSY,
    Outcome.NO_ANSWER: RetryClass.NOT_PICKED,
    Outcome.DECLINED: RetryClass.NOT_PICKED,
    Outcome.TRUNK_FAILED: RetryClass.FAILED,
    Outcome.WORKER_LOST: RetryClass.FAILED,
    Outcome.PRE_CALL_FAILED: RetryClass.FAILED,
}
"""Outcomes after which the person may be rung again (``spec`` §2.8 rule 2); all others end the call."""


@dataclass(frozen=True)
class NotReached:
    """A dial that nobody picked up: a result, never an exception.

    ``sip_code`` is the final SIP status (0 when none came), ``q850`` the Q.850 cause (0 when none was sent),
    ``reason`` one line a person can act on. ``nobody_rung``: surely no INVITE left, although it was about to.
    ``permanent``: dialling again cannot help until somebody mends what ``reason`` names.
    """

    outcome: Outcome
    sip_code: int = 0
    q850: int = 0
    reason: str = ""
    nobody_rung: bool = False
    permanent: bool = False
