"""The payloads of events and callbacks, compared with the documentation's examples."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api_examples import example, ordered_keys, without
from api_records import (
    ANALYSED,
    CANCELLED_CALL,
    a_call,
    an_attempt,
    an_event,
    at,
    links,
    the_answered_attempt,
    the_answered_call,
    the_unanswered_call,
)
from outdial.api.ringg.webhooks.callbacks import RinggCallbacks
from outdial.api.ringg.webhooks.payloads import CallbackBody, callback_payload, event_payload
from outdial.domain.analysis import Analysis
from outdial.domain.call import AttemptState, CallState
from outdial.domain.events import EventType
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.record import CallRecord
from outdial.domain.request import RetryPolicy

BUSY_THEN_AGAIN = {"outcome": "busy", "next_due_at": "2026-03-02T09:41:02.500000+00:00"}
TALKED = {"outcome": "completed", "ended_by": "callee", "next_due_at": None}


def payload(number: str) -> dict[str, Any]:
    wanted: dict[str, Any] = example("ringg", number)["payload"]
    return wanted


def not_analysed(wanted: dict[str, Any]) -> dict[str, Any]:
    """The example without what an analysis would have found."""
    empty = dict(payload("29")["platform_analysis"], call_disconnect_reason="user_hangup")
    return wanted | {
        "platform_analysis": empty,
        "platform_analysis_status": "failed",
        "client_analysis": {},
        "client_analysis_status": "failed",
        "analysis_data": empty,
    }


def without_data(envelope: dict[str, Any]) -> dict[str, Any]:
    return {name: envelope[name] for name in ("status", "message")}


class TestATranscript:
    @pytest.mark.parametrize("fact", [EventType.ATTEMPT_ENDED, EventType.PLATFORM_ANALYSED, EventType.PROCESSED])
    def test_holds_one_key_a_turn_wherever_a_webhook_shows_it(self, fact: EventType) -> None:
        call = the_answered_call(analysis=ANALYSED)

        body = callback_payload(an_event(fact, call, data=TALKED), call, links())

        assert body is not None
        shown = [*body["transcript"], *json.loads(body["data"]["transcript"])]
        assert len(shown) == 6
        assert {tuple(turn) for turn in shown} == {("bot",), ("user",)}


class TestTheSixEvents:
    def test_call_started(self) -> None:
        call = the_answered_call()

        body = event_payload(an_event(EventType.RINGING, call), call, links())

        assert body == payload("22")
        assert ordered_keys(body) == ordered_keys(payload("22"))

    def test_call_completed_when_they_talked(self) -> None:
        call = the_answered_call()

        body = event_payload(an_event(EventType.ATTEMPT_ENDED, call, data=TALKED), call, links())

        assert body == payload("23")
        assert ordered_keys(body) == ordered_keys(payload("23"))

    def test_call_completed_when_another_attempt_follows(self) -> None:
        call = the_unanswered_call()

        body = event_payload(an_event(EventType.ATTEMPT_ENDED, call, data=BUSY_THEN_AGAIN), call, links())

        assert body == payload("24")
        assert ordered_keys(body) == ordered_keys(payload("24"))

    def test_recording_completed(self) -> None:
        call = the_answered_call()

        body = event_payload(an_event(EventType.RECORDING_READY, call, data={"duration_ms": 19300}), call, links())

        assert without(body, "recording_url") == without(payload("25"), "recording_url")
        assert body is not None
        assert body["recording_url"].startswith("https://media.example.test/recordings/7b0d3c8e-")

    def test_platform_analysis_completed(self) -> None:
        call = the_answered_call(analysis=ANALYSED)

        body = event_payload(an_event(EventType.PLATFORM_ANALYSED, call), call, links())

        assert body == payload("26")
        assert ordered_keys(body) == ordered_keys(payload("26"))

    def test_client_analysis_completed(self) -> None:
        call = the_answered_call(analysis=ANALYSED)

        body = event_payload(an_event(EventType.CLIENT_ANALYSED, call), call, links())

        assert body == payload("27")
        assert ordered_keys(body) == ordered_keys(payload("27"))

    def test_all_processing_completed_after_a_talk(self) -> None:
        call = the_answered_call(analysis=ANALYSED)

        body = event_payload(an_event(EventType.PROCESSED, call), call, links())

        assert without(body, "recording_url") == without(payload("28"), "recording_url")
        assert ordered_keys(body) == ordered_keys(payload("28"))

    def test_all_processing_completed_after_a_talk_nothing_could_be_found_out_from(self) -> None:
        call = the_answered_call(analysis=Analysis(made_by="model:small", trouble="it did not answer"))

        body = event_payload(an_event(EventType.PROCESSED, call), call, links())

        assert without(body, "recording_url") == without(not_analysed(payload("28")), "recording_url")

    def test_all_processing_completed_when_only_what_every_talk_is_asked_was_found_out(self) -> None:
        call = the_answered_call(analysis=replace(ANALYSED, client=None))

        body = event_payload(an_event(EventType.PROCESSED, call), call, links())

        half = {"client_analysis": {}, "client_analysis_status": "failed"}
        assert without(body, "recording_url") == without(payload("28") | half, "recording_url")

    def test_all_processing_completed_when_retries_are_used_up(self) -> None:
        ended = {"state": AttemptState.ENDED, "outcome": Outcome.NO_ANSWER}
        attempts = tuple(
            an_attempt(number, dialed_at=at("10:43:31") - timedelta(minutes=30 * (4 - number)), **ended)
            for number in (1, 2, 3, 4)
        )
        call = the_unanswered_call(
            state=CallState.FAILED, outcome=Outcome.NO_ANSWER, attempts=attempts, ended_at=at("10:44:00")
        )

        body = event_payload(an_event(EventType.PROCESSED, call, attempt=4), call, links())

        assert body == payload("29")

    def test_all_processing_completed_of_a_call_that_was_cancelled_while_it_waited(self) -> None:
        call = a_cancelled_call()

        body = event_payload(an_event(EventType.PROCESSED, call, attempt=0), call, links())

        assert without(body, "call_sid") == without(payload("30"), "call_sid")
        assert body is not None
        assert len(body["call_sid"]) == len("CA") + 32


class TestWhatReceiversAreNotTold:
    @pytest.mark.parametrize("fact", [EventType.SAID, EventType.DIGITS, EventType.CALL_ENDED, EventType.DIALING])
    def test_facts_the_vendor_has_no_event_for(self, fact: EventType) -> None:
        call = the_answered_call()

        assert event_payload(an_event(fact, call), call, links()) is None

    def test_call_started_a_second_time_when_the_ringing_phone_is_answered(self) -> None:
        call = the_answered_call()

        assert event_payload(an_event(EventType.ANSWERED, call), call, links()) is None

    def test_call_completed_when_no_provider_was_asked(self) -> None:
        lost = an_attempt(
            dialed_at=None, state=AttemptState.ENDED, ended_at=at("09:11:00"), outcome=Outcome.WORKER_LOST
        )
        call = the_unanswered_call(attempts=(lost,))
        event = an_event(EventType.ATTEMPT_ENDED, call, data={"outcome": "worker_lost", "next_due_at": None})

        assert event_payload(event, call, links()) is None


def test_a_phone_that_is_answered_without_ringing_has_started_too() -> None:
    call = the_answered_call(attempts=(the_answered_attempt(ringing_at=None),))

    body = event_payload(an_event(EventType.ANSWERED, call), call, links())

    assert body is not None
    assert body["event_type"] == "call_started"


def test_an_event_told_late_speaks_of_its_own_moment() -> None:
    """The fan-out may run when the call has long gone on: what was not known then is not told."""
    call = the_answered_call()

    started = event_payload(an_event(EventType.RINGING, call), call, links())
    first = callback_payload(an_event(EventType.REGISTERED, call, attempt=0), call, links())

    assert started is not None
    assert started["overall_latency_seconds"] == 0
    assert first is not None
    assert first["data"]["status"] == "registered"
    assert first["data"]["transcript"] == "[]"


class TestTheCallbackOfACall:
    def test_is_told_of_its_registration_by_the_documented_envelope(self) -> None:
        call = a_call()

        body = callback_payload(an_event(EventType.REGISTERED, call), call, links(), mode="envelope")

        assert body == payload("31")
        assert ordered_keys(body) == ordered_keys(payload("31"))

    def test_is_told_of_its_registration_with_what_every_event_has(self) -> None:
        """Receivers that want an ``event_type`` and a ``call_id`` in every body refuse none."""
        call = a_call()

        body = callback_payload(an_event(EventType.REGISTERED, call), call, links())

        assert body is not None
        envelope = payload("31")
        assert (body["event_type"], body["call_id"]) == ("call_registered", call.id)
        assert {name: body[name] for name in ("status", "message")} == without_data(envelope)
        assert envelope["data"].items() <= body["data"].items()

    @pytest.mark.parametrize("mode", ["superset", "envelope", "events"])
    def test_names_an_event_type_in_every_body_and_each_change_once(self, mode: CallbackBody) -> None:
        call = the_answered_call(analysis=ANALYSED)
        data = {EventType.ATTEMPT_ENDED: TALKED}

        bodies = [
            callback_payload(an_event(fact, call, data=data.get(fact, {})), call, links(), mode=mode)
            for fact in EventType
            if fact is not EventType.ANSWERED
        ]

        told = [body["event_type"] for body in bodies if body]
        assert told
        assert len(set(told)) == len(told)

    def test_holds_the_events_own_members_in_data_too(self) -> None:
        call = the_answered_call(analysis=ANALYSED)
        own = {"event_type", "sub_status", "platform_analysis", "client_analysis", "analysis_data", "end_reason"}

        body = callback_payload(an_event(EventType.PROCESSED, call), call, links())

        assert body is not None
        assert {name: body["data"][name] for name in own} == {name: body[name] for name in own}
        assert isinstance(body["data"]["transcript"], str)
        assert isinstance(body["transcript"], list)

    def test_gets_event_and_envelope_in_one_body(self) -> None:
        call = the_answered_call()

        body = callback_payload(an_event(EventType.ATTEMPT_ENDED, call, data=TALKED), call, links())

        assert body == payload("32")
        assert ordered_keys(body) == ordered_keys(payload("32"))

    def test_says_success_at_the_top_of_events_without_a_status(self) -> None:
        call = the_answered_call()

        body = callback_payload(an_event(EventType.RINGING, call), call, links())

        assert body is not None
        assert body["status"] == "success"
        assert body["data"]["status"] == "ongoing"

    def test_gets_the_analysis_in_the_envelope_from_when_it_is_known(self) -> None:
        call = the_answered_call(analysis=ANALYSED)
        kinds = (EventType.RECORDING_READY, EventType.PLATFORM_ANALYSED, EventType.CLIENT_ANALYSED, EventType.PROCESSED)

        bodies = [callback_payload(an_event(kind, call), call, links()) for kind in kinds]

        found = payload("28")["platform_analysis"]
        assert [body["data"]["analysis"] for body in bodies if body] == [{}, found, found, found]
        assert [body["status"] for body in bodies if body] == ["success", "completed", "completed", "completed"]
        assert {body["data"]["status"] for body in bodies if body} == {"completed"}

    def test_gets_each_change_of_status_in_envelope_mode(self) -> None:
        call = the_answered_call(analysis=ANALYSED)
        facts = [
            an_event(EventType.REGISTERED, call, attempt=0),
            an_event(EventType.DIALING, call),
            an_event(EventType.RINGING, call),
            an_event(EventType.ATTEMPT_ENDED, call, data=BUSY_THEN_AGAIN),
            an_event(EventType.DIALING, call),
            an_event(EventType.ATTEMPT_ENDED, call, data=TALKED),
            an_event(EventType.CALL_ENDED, call),
            an_event(EventType.PLATFORM_ANALYSED, call),
            an_event(EventType.CLIENT_ANALYSED, call),
            an_event(EventType.PROCESSED, call),
        ]

        bodies = [callback_payload(fact, call, links(), mode="envelope") for fact in facts]

        told = [body["data"]["status"] for body in bodies if body]
        assert told == ["registered", "ongoing", "retry", "ongoing", "completed"]
        assert [body["event_type"] for body in bodies if body] == [f"call_{status}" for status in told]
        assert all(set(body) == {"event_type", "status", "message", "data"} for body in bodies if body)

    def test_gets_bare_events_in_events_mode(self) -> None:
        call = the_answered_call()

        registered = callback_payload(an_event(EventType.REGISTERED, call), call, links(), mode="events")
        completed = callback_payload(an_event(EventType.ATTEMPT_ENDED, call, data=TALKED), call, links(), mode="events")

        assert registered is None
        assert completed == event_payload(an_event(EventType.ATTEMPT_ENDED, call, data=TALKED), call, links())


class TestTheFinalEvent:
    """Leniencies L9 to L11: what strict receivers rely on, for every way a call can end."""

    @pytest.mark.parametrize(
        ("state", "outcome", "sub_status", "end_reason"),
        [
            (CallState.COMPLETED, Outcome.COMPLETED, "ACCEPTED", "talked"),
            (CallState.COMPLETED, Outcome.VOICEMAIL, "VOICEMAIL_DETECTED", "voicemail"),
            (CallState.FORWARDED, Outcome.TRANSFERRED, "ACCEPTED", "transferred"),
            (CallState.FAILED, Outcome.INVALID_NUMBER, "NOT_ABLE_TO_CALL", "invalid_number"),
            (CallState.FAILED, Outcome.BUSY, "USER_DID_NOT_JOIN", "busy"),
            (CallState.FAILED, Outcome.TRUNK_FAILED, "FAILED", "trunk_failure"),
            (CallState.FAILED, Outcome.PRE_CALL_FAILED, "PRE_CALL_API_FAILED", "pre_call_failed"),
            (CallState.FAILED, Outcome.CAMPAIGN_ENDED, "CAMPAIGN_TIME_EXCEEDED", "campaign_ended"),
            (CallState.CANCELLED, Outcome.POLICY_BLOCKED, "DND_SKIPPED", "policy_blocked"),
            (CallState.CANCELLED, Outcome.CANCELLED, "USER_TERMINATED", "cancelled"),
            (CallState.ERROR, Outcome.WORKER_LOST, "PIPECAT_TIMEOUT", "worker_lost"),
        ],
    )
    def test_is_whole_however_the_call_ended(
        self, state: CallState, outcome: Outcome, sub_status: str, end_reason: str
    ) -> None:
        call = the_answered_call(state=state, outcome=outcome)

        body = event_payload(an_event(EventType.PROCESSED, call), call, links())

        assert body is not None
        assert (body["sub_status"], body["end_reason"]) == (sub_status, end_reason)
        assert body["call_sid"]
        assert body["called_on"].endswith("Z")
        assert isinstance(body["transcript"], list)
        assert None not in (body["platform_analysis"], body["client_analysis"], body["analysis_data"])
        assert min(body["call_duration"], body["overall_latency_seconds"], body["first_utterance_seconds"]) >= 0
        assert json.loads(json.dumps(body, allow_nan=False)) == body


class TestWhereACallbackGoes:
    def test_to_its_url_with_the_callers_headers_and_parameters(self) -> None:
        call = the_answered_call()

        (endpoint,) = RinggCallbacks(links(), "superset").endpoints(an_event(EventType.REGISTERED, call), call)

        assert endpoint.url == example("ringg", "31")["path"]
        assert endpoint.headers == {"X-Receiver-Token": "example-token"}
        assert endpoint.method == "POST"

    def test_nowhere_without_a_callback_url(self) -> None:
        call = replace(the_answered_call(), callback=None)

        assert RinggCallbacks(links(), "superset").endpoints(an_event(EventType.REGISTERED, call), call) == ()

    def test_nowhere_for_facts_that_tell_nothing(self) -> None:
        call = the_answered_call()

        assert RinggCallbacks(links(), "superset").endpoints(an_event(EventType.ANSWERED, call), call) == ()

    def test_as_utf8_json(self) -> None:
        call = the_unanswered_call()
        event = an_event(EventType.ATTEMPT_ENDED, call, data=BUSY_THEN_AGAIN)

        body = RinggCallbacks(links(), "events").translate(event, call, "callback")

        assert json.loads(body) == payload("24")
        assert "राजेश".encode() in body


def a_cancelled_call() -> CallRecord:
    return a_call(
        id=CANCELLED_CALL,
        state=CallState.CANCELLED,
        agent_id="2b8f6d14-c5e7-4093-a1d8-7e4c09b3f562",
        agent_name="Survey Assistant",
        version_id="d8e16a3b-40f7-4c92-b5a6-3f7d0e9c1824",
        created_at=at("09:20:11.650070"),
        ended_at=at("12:00:00"),
        outcome=Outcome.CANCELLED,
        ended_by=EndedBy.OPERATOR,
        variables={"callee_name": "Sam", "companyName": "Example Ltd", "mobile_number": "+12025550143"},
        retry=RetryPolicy(count=3),
    )
