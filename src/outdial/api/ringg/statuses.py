"""How a call stands, in this API's words: the status tables of its documentation."""

from __future__ import annotations

from typing import Final

from outdial.domain.attempt import Speaker
from outdial.domain.call import TERMINAL, AttemptState, CallState
from outdial.domain.outcome import ANSWERED, EndedBy, Outcome
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.waiting import Cause

STATE_OF: Final = {
    "registered": CallState.REGISTERED,
    "ongoing": CallState.ACTIVE,
    "retry": CallState.RETRY,
    "error": CallState.ERROR,
    "completed": CallState.COMPLETED,
    "failed": CallState.FAILED,
    "cancelled": CallState.CANCELLED,
    "forwarded": CallState.FORWARDED,
}
"""``call_status`` values and the states they stand for."""

_STATUS_OF: Final = {state: status for status, state in STATE_OF.items()}

_REASON_OF: Final = {
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no_answer",
    Outcome.DECLINED: "declined",
    Outcome.INVALID_NUMBER: "invalid_number",
    Outcome.TRUNK_FAILED: "trunk_failure",
    Outcome.VOICEMAIL: "voicemail",
    Outcome.SCREENED: "screened",
    Outcome.TRANSFERRED: "transferred",
    Outcome.POLICY_BLOCKED: "policy_blocked",
    Outcome.CANCELLED: "cancelled",
    Outcome.WORKER_LOST: "worker_lost",
    Outcome.PRE_CALL_FAILED: "pre_call_failed",
    Outcome.CAMPAIGN_ENDED: "campaign_ended",
}
_TALK_REASON_OF: Final = {
    EndedBy.IDLE: "idle",
    EndedBy.MAX_LENGTH: "max_duration",
    EndedBy.OPERATOR: "cancelled",
}
_COMPLETED_SUB: Final = {
    "callee_left": "USER_LEFT",
    "idle": "USER_BECAME_IDLE",
    "max_duration": "MAX_CALL_DURATION",
    "voicemail": "VOICEMAIL_DETECTED",
    "cancelled": "USER_TERMINATED",
}
_FAILED_SUB: Final = {
    "invalid_number": "NOT_ABLE_TO_CALL",
    "pre_call_failed": "PRE_CALL_API_FAILED",
    "campaign_ended": "CAMPAIGN_TIME_EXCEEDED",
}
"""The same with and without retries."""
_HELD_BACK: Final = frozenset({Cause.CAPACITY, Cause.RATE_LIMIT, Cause.PROVIDER_HEALTH})
"""A call that waits for nothing else could be dialled, were there room; any other cause keeps it ``IN_DB``."""
_AGENT_ENDS: Final = frozenset({EndedBy.AGENT, EndedBy.IDLE, EndedBy.MAX_LENGTH, EndedBy.OPERATOR})


def call_status(state: CallState) -> str:
    return _STATUS_OF[state]


def end_reason(outcome: Outcome | None, ended_by: EndedBy | None, attempt: AttemptRecord | None) -> str | None:
    """The neutral outcome as ``end_reason``; None while there is none."""
    if outcome is None:
        return None
    if outcome is not Outcome.COMPLETED:
        return _REASON_OF[outcome]
    if ended_by is EndedBy.CALLEE and not _callee_spoke(attempt):
        return "callee_left"
    return _TALK_REASON_OF.get(ended_by, "talked") if ended_by else "talked"


def attempt_end_reason(attempt: AttemptRecord) -> str | None:
    return end_reason(attempt.outcome, attempt.ended_by, attempt)


def call_end_reason(record: CallRecord) -> str | None:
    """None until the call is over."""
    if record.state not in TERMINAL:
        return None
    return end_reason(record.outcome, record.ended_by, record.last_attempt)


def sub_status(record: CallRecord) -> str:
    if record.state is CallState.ACTIVE:
        attempt = record.last_attempt
        return "ACCEPTED" if attempt and attempt.state is AttemptState.TALKING else "QUEUED"
    if record.state is CallState.RETRY:
        # A pause, or the moment the customer named instead of it: in either case its time is known.
        pausing = not {Cause.RETRY_DELAY, Cause.SCHEDULE}.isdisjoint(record.blocked_by)
        return "RETRY_SCHEDULED" if pausing else _waiting(record, "RETRY_SCHEDULED")
    if record.state is CallState.REGISTERED:
        return _waiting(record, "QUEUED")
    return _terminal_sub_status(record)


def _waiting(record: CallRecord, free: str) -> str:
    if not record.blocked_by:
        return free
    return "RATE_LIMITED" if _HELD_BACK.issuperset(record.blocked_by) else "IN_DB"


def _terminal_sub_status(record: CallRecord) -> str:
    reason = call_end_reason(record)
    if record.state is CallState.CANCELLED:
        return "DND_SKIPPED" if reason == "policy_blocked" else "USER_TERMINATED"
    if record.state is CallState.ERROR:
        return "PIPECAT_TIMEOUT"
    if record.state is not CallState.FAILED:
        return _COMPLETED_SUB.get(reason or "", "ACCEPTED") if record.state is CallState.COMPLETED else "ACCEPTED"
    if reason in _FAILED_SUB:
        return _FAILED_SUB[reason]
    if record.retry.count:
        return "RETRY_LIMIT_REACHED"
    return "USER_DID_NOT_JOIN" if reason in {"busy", "no_answer", "declined"} else "FAILED"


def attempt_status(outcome: Outcome, *, more: bool) -> str:
    """``call_completed.status``: how one attempt looks, whether or not another follows."""
    if more:
        return "retry"
    return "completed" if outcome in ANSWERED else "failed"


def disconnect_reason(attempt: AttemptRecord | None) -> str:
    """Who hung up an answered attempt; empty when nobody answered or nobody knows."""
    if attempt is None or attempt.outcome not in ANSWERED:
        return ""
    if attempt.outcome is not Outcome.COMPLETED or attempt.ended_by in _AGENT_ENDS:
        return "agent_hangup"
    return "user_hangup"


def _callee_spoke(attempt: AttemptRecord | None) -> bool:
    return attempt is not None and any(turn.speaker is Speaker.CALLEE for turn in attempt.turns)
