"""How a call stands in Ringg's words, for every way it can stand."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from api_records import a_call, an_attempt, the_answered_attempt
from outdial.api.ringg import statuses
from outdial.domain.call import AttemptState, CallState
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import RetryPolicy

DOCS = Path(__file__).parents[2] / "docs" / "dialects.md"
SILENT = replace(the_answered_attempt(), turns=())


def an_ended_call(
    ending: tuple[Outcome, EndedBy | None, CallState], *, attempt: AttemptRecord, retries: int = 0
) -> CallRecord:
    outcome, ended_by, state = ending
    return a_call(
        state=state, outcome=outcome, ended_by=ended_by, retry=RetryPolicy(count=retries), attempts=(attempt,)
    )


@pytest.mark.parametrize(
    ("ending", "retries", "reason", "sub_status"),
    [
        ((Outcome.COMPLETED, EndedBy.AGENT, CallState.COMPLETED), 0, "talked", "ACCEPTED"),
        ((Outcome.COMPLETED, EndedBy.CALLEE, CallState.COMPLETED), 0, "talked", "ACCEPTED"),
        ((Outcome.COMPLETED, EndedBy.CARRIER, CallState.COMPLETED), 0, "talked", "ACCEPTED"),
        ((Outcome.COMPLETED, EndedBy.IDLE, CallState.COMPLETED), 0, "idle", "USER_BECAME_IDLE"),
        ((Outcome.COMPLETED, EndedBy.MAX_LENGTH, CallState.COMPLETED), 0, "max_duration", "MAX_CALL_DURATION"),
        ((Outcome.COMPLETED, EndedBy.OPERATOR, CallState.COMPLETED), 0, "cancelled", "USER_TERMINATED"),
        ((Outcome.VOICEMAIL, EndedBy.AGENT, CallState.COMPLETED), 0, "voicemail", "VOICEMAIL_DETECTED"),
        ((Outcome.SCREENED, EndedBy.AGENT, CallState.COMPLETED), 0, "screened", "ACCEPTED"),
        ((Outcome.TRANSFERRED, EndedBy.AGENT, CallState.FORWARDED), 0, "transferred", "ACCEPTED"),
        ((Outcome.BUSY, None, CallState.FAILED), 0, "busy", "USER_DID_NOT_JOIN"),
        ((Outcome.BUSY, None, CallState.FAILED), 3, "busy", "RETRY_LIMIT_REACHED"),
        ((Outcome.NO_ANSWER, None, CallState.FAILED), 0, "no_answer", "USER_DID_NOT_JOIN"),
        ((Outcome.DECLINED, None, CallState.FAILED), 1, "declined", "RETRY_LIMIT_REACHED"),
        ((Outcome.TRUNK_FAILED, None, CallState.FAILED), 0, "trunk_failure", "FAILED"),
        ((Outcome.TRUNK_FAILED, None, CallState.FAILED), 2, "trunk_failure", "RETRY_LIMIT_REACHED"),
        ((Outcome.INVALID_NUMBER, None, CallState.FAILED), 3, "invalid_number", "NOT_ABLE_TO_CALL"),
        ((Outcome.POLICY_BLOCKED, None, CallState.CANCELLED), 0, "policy_blocked", "DND_SKIPPED"),
        ((Outcome.CANCELLED, EndedBy.OPERATOR, CallState.CANCELLED), 0, "cancelled", "USER_TERMINATED"),
        ((Outcome.WORKER_LOST, None, CallState.ERROR), 0, "worker_lost", "PIPECAT_TIMEOUT"),
    ],
)
def test_a_call_that_is_over(
    ending: tuple[Outcome, EndedBy | None, CallState], retries: int, reason: str, sub_status: str
) -> None:
    call = an_ended_call(ending, retries=retries, attempt=the_answered_attempt())

    assert statuses.call_end_reason(call) == reason
    assert statuses.sub_status(call) == sub_status


def test_a_callee_who_left_without_a_word() -> None:
    call = an_ended_call((Outcome.COMPLETED, EndedBy.CALLEE, CallState.COMPLETED), attempt=SILENT)

    assert statuses.call_end_reason(call) == "callee_left"
    assert statuses.sub_status(call) == "USER_LEFT"


@pytest.mark.parametrize("state", CallState)
def test_every_state_has_a_documented_status(state: CallState) -> None:
    assert statuses.STATE_OF[statuses.call_status(state)] is state


@pytest.mark.parametrize(
    ("state", "blocked_by", "sub_status"),
    [
        (CallState.REGISTERED, (), "QUEUED"),
        (CallState.REGISTERED, ("schedule", "window"), "IN_DB"),
        (CallState.REGISTERED, ("credits",), "IN_DB"),
        (CallState.REGISTERED, ("caller_number", "capacity"), "IN_DB"),
        (CallState.REGISTERED, ("capacity",), "RATE_LIMITED"),
        (CallState.REGISTERED, ("rate_limit", "provider_health"), "RATE_LIMITED"),
        (CallState.RETRY, ("retry_delay",), "RETRY_SCHEDULED"),
        (CallState.RETRY, ("retry_delay", "window"), "RETRY_SCHEDULED"),
        (CallState.RETRY, (), "RETRY_SCHEDULED"),
        (CallState.RETRY, ("window",), "IN_DB"),
        (CallState.RETRY, ("capacity",), "RATE_LIMITED"),
    ],
)
def test_a_call_that_waits(state: CallState, blocked_by: tuple[str, ...], sub_status: str) -> None:
    call = a_call(state=state, blocked_by=blocked_by)

    assert statuses.sub_status(call) == sub_status
    assert statuses.call_end_reason(call) is None


@pytest.mark.parametrize(
    ("state", "sub_status"),
    [
        (AttemptState.CLAIMED, "QUEUED"),
        (AttemptState.DIALING, "QUEUED"),
        (AttemptState.RINGING, "QUEUED"),
        (AttemptState.TALKING, "ACCEPTED"),
    ],
)
def test_a_call_under_way(state: AttemptState, sub_status: str) -> None:
    call = a_call(state=CallState.ACTIVE, attempts=(an_attempt(state=state),))

    assert statuses.call_status(call.state) == "ongoing"
    assert statuses.sub_status(call) == sub_status


@pytest.mark.parametrize(
    ("outcome", "more", "status"),
    [
        (Outcome.COMPLETED, False, "completed"),
        (Outcome.VOICEMAIL, False, "completed"),
        (Outcome.BUSY, True, "retry"),
        (Outcome.BUSY, False, "failed"),
        (Outcome.WORKER_LOST, False, "failed"),
    ],
)
def test_one_attempt(outcome: Outcome, more: bool, status: str) -> None:
    assert statuses.attempt_status(outcome, more=more) == status


@pytest.mark.parametrize(
    ("outcome", "ended_by", "who"),
    [
        (Outcome.COMPLETED, EndedBy.AGENT, "agent_hangup"),
        (Outcome.COMPLETED, EndedBy.CALLEE, "user_hangup"),
        (Outcome.COMPLETED, EndedBy.IDLE, "agent_hangup"),
        (Outcome.VOICEMAIL, EndedBy.CALLEE, "agent_hangup"),
        (Outcome.BUSY, None, ""),
    ],
)
def test_who_hung_up(outcome: Outcome, ended_by: EndedBy | None, who: str) -> None:
    assert statuses.disconnect_reason(the_answered_attempt(outcome=outcome, ended_by=ended_by)) == who


def test_the_documentation_names_every_outcome() -> None:
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")]

    named = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])}

    assert set(Outcome) <= named
