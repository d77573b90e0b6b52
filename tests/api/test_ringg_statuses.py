"""How a call stands in Ringg's words, for every way it can stand."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_records import a_call, an_attempt, the_answered_attempt
from outdial.api.ringg import statuses
from outdial.domain.call import AttemptState, CallState
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import RetryPolicy
from outdial.domain.waiting import Cause

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
        ((Outcome.CANCELLED, None, CallState.CANCELLED), 3, "cancelled", "USER_TERMINATED"),
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
    ("cause", "sub_status"),
    [
        (Cause.WINDOW, "IN_DB"),
        (Cause.POLICY_HOURS, "IN_DB"),
        (Cause.CREDITS, "IN_DB"),
        (Cause.CALLER_NUMBER, "IN_DB"),
        (Cause.CAPACITY, "RATE_LIMITED"),
        (Cause.RATE_LIMIT, "RATE_LIMITED"),
        (Cause.PROVIDER_HEALTH, "RATE_LIMITED"),
    ],
)
@pytest.mark.parametrize("state", [CallState.REGISTERED, CallState.RETRY])
def test_a_call_that_waits_for_one_thing(state: CallState, cause: Cause, sub_status: str) -> None:
    assert statuses.sub_status(a_call(state=state, blocked_by=(cause,))) == sub_status


def test_a_call_that_waits_for_its_schedule_is_not_dispatchable() -> None:
    assert statuses.sub_status(a_call(state=CallState.REGISTERED, blocked_by=(Cause.SCHEDULE,))) == "IN_DB"


@given(causes=st.frozensets(st.sampled_from(sorted(set(Cause) - {Cause.RETRY_DELAY, Cause.SCHEDULE}))))
def test_a_call_that_waits_for_more_than_room_is_not_dispatchable(causes: frozenset[Cause]) -> None:
    first, again = (a_call(state=state, blocked_by=tuple(causes)) for state in (CallState.REGISTERED, CallState.RETRY))

    only_room = causes <= {Cause.CAPACITY, Cause.RATE_LIMIT, Cause.PROVIDER_HEALTH}
    shown = ("QUEUED", "RETRY_SCHEDULED") if not causes else ("RATE_LIMITED",) * 2 if only_room else ("IN_DB",) * 2
    assert (statuses.sub_status(first), statuses.sub_status(again)) == shown
    assert statuses.call_end_reason(first) is None


@given(causes=st.frozensets(st.sampled_from(Cause)), pause=st.sampled_from((Cause.RETRY_DELAY, Cause.SCHEDULE)))
def test_a_call_between_two_dials_is_scheduled_whatever_else_will_hold_it_back(
    causes: frozenset[Cause], pause: Cause
) -> None:
    call = a_call(state=CallState.RETRY, blocked_by=(*causes, pause))

    assert statuses.call_status(call.state) == "retry"
    assert statuses.sub_status(call) == "RETRY_SCHEDULED"


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
