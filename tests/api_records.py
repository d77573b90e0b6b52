"""The call of the documentation's examples, as records: built by hand, so that payloads can be compared whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from outdial.api.recordings import RecordingLinks
from outdial.domain.analysis import Analysis, PlatformAnalysis
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.call import AttemptState, CallState
from outdial.domain.events import Event, EventType
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import Callback, RetryPolicy, Window

WORKSPACE = "b94c1f07-e5d2-4836-9a7b-c08e3f6d5a21"
AGENT = "c1a7e2d4-3b58-4f0e-8a6d-90e5b7c2f314"
VERSION = "9f3e6a1c-72b4-4d85-b0c9-5e8d1a4f7260"
ANSWERED_CALL = "7b0d3c8e-5f1a-4a52-9c3e-2f6a1d9e4b10"
UNANSWERED_CALL = "2c94f7a1-8d36-4b0e-a15f-63e7d9c08b42"
CANCELLED_CALL = "e85a1b6d-07f2-4c93-8be4-1d5f29a7c360"
ANALYSED = Analysis(
    platform=PlatformAnalysis(
        summary="Callee confirmed the renewal.",
        key_points=("Renewal due on Friday", "Callee agreed"),
        action_items=("Send the invoice",),
        classification="renewal_confirmed",
        sentiment="positive",
    ),
    client={"renewal_agreed": True, "preferred_channel": "email"},
    made_by="rules",
)
CALLBACK = Callback("https://hooks.example.test/ringg/call", {"X-Receiver-Token": "example-token"}, {"source": "api"})


def at(text: str) -> datetime:
    """``09:15:04.120331`` on the day of the examples."""
    return datetime.fromisoformat(f"2026-03-02T{text}").replace(tzinfo=UTC)


def links() -> RecordingLinks:
    return RecordingLinks(secret=b"s", base_url="https://media.example.test", now=lambda: at("10:00:00"))


def a_call(**changes: Any) -> CallRecord:
    """A registered call of the examples' agent; name only what matters."""
    created_at: datetime = changes.get("created_at", at("09:15:04.120331"))
    call = CallRecord(
        id=ANSWERED_CALL,
        workspace_id=WORKSPACE,
        dialect="ringg",
        state=CallState.REGISTERED,
        to_number="+12025550143",
        callee_name="Sam Sample",
        agent_id=AGENT,
        agent_name="Renewal Assistant",
        agent_tag="agent_0f3a9c5d7e1b2468ace02",
        version_id=VERSION,
        version_number=1,
        version_description="Initial version",
        created_at=created_at,
        due_at=created_at,
        ended_at=None,
        outcome=None,
        ended_by=None,
        from_numbers=("+12025550100",),
        variables={
            "callee_name": "Sam Sample",
            "mobile_number": "+12025550143",
            "company_name": "Example Ltd",
            "order_id": "ORD-1042",
        },
        warnings=(),
        retry=RetryPolicy(),
        window=Window(),
        attempts=(),
        callback=CALLBACK,
    )
    return replace(call, **changes)


def an_attempt(number: int = 1, **changes: Any) -> AttemptRecord:
    """A dial the carrier was asked for and that nobody answered yet."""
    attempt = AttemptRecord(
        number=number,
        sid="CA81c5e0a7d3f2946b0e8d1c7a5f3b9260",
        state=AttemptState.DIALING,
        from_number="+12025550100",
        claimed_at=at("09:10:42"),
        dialed_at=at("09:10:42.100000"),
    )
    return replace(attempt, **changes)


def the_answered_attempt(**changes: Any) -> AttemptRecord:
    answered_at = at("09:15:12.100000")
    turns = (
        a_turn(Speaker.AGENT, "Hello Sam Sample, is this a good time?", answered_at, "09:15:12.300000"),
        a_turn(Speaker.CALLEE, "Yes, go ahead.", answered_at, "09:15:15.100000"),
        a_turn(
            Speaker.AGENT, "Thank you. Your renewal is due on Friday.", answered_at, "09:15:16.950000", latency_ms=810
        ),
    )
    attempt = an_attempt(
        sid="CA3f9b1d7e5c2a8046e1b7d9f3a5c60824",
        state=AttemptState.ENDED,
        claimed_at=at("09:15:05.800000"),
        dialed_at=at("09:15:05.881240"),
        ringing_at=at("09:15:07.000000"),
        answered_at=answered_at,
        ended_at=at("09:15:31.400000"),
        outcome=Outcome.COMPLETED,
        ended_by=EndedBy.CALLEE,
        talk_ms=19_300,
        cost=0.2,
        first_word_ms=460,
        turns=turns,
        recording_path="7b/7b0d3c8e.wav",
        recording_ms=19_300,
    )
    return replace(attempt, **changes)


def a_turn(speaker: Speaker, text: str, answered_at: datetime, began: str, **changes: Any) -> Turn:
    began_ms = (at(began) - answered_at) // timedelta(milliseconds=1)
    return Turn(speaker, text, began_ms, began_ms + 1000, **changes)


def the_answered_call(**changes: Any) -> CallRecord:
    """The call of the examples that was picked up, talked and ended, with all its traces."""
    return a_call(
        **{
            "state": CallState.COMPLETED,
            "ended_at": at("09:15:31.400000"),
            "outcome": Outcome.COMPLETED,
            "ended_by": EndedBy.CALLEE,
            "call_category": "renewal_reminder",
            "attempts": (the_answered_attempt(),),
        }
        | changes
    )


def the_unanswered_call(**changes: Any) -> CallRecord:
    """The call of the examples that was busy once, with three re-dials to go."""
    busy = an_attempt(state=AttemptState.ENDED, ended_at=at("09:11:02.500000"), outcome=Outcome.BUSY)
    return a_call(
        **{
            "id": UNANSWERED_CALL,
            "state": CallState.RETRY,
            "callee_name": "Mr Rajesh Kumar",
            "created_at": at("09:10:40.004512"),
            "due_at": at("09:41:02.500000"),
            "variables": {
                "company_name": "Example Ltd",
                "appointment_date": "2026-03-20",
                "product_name": "Premium Service",
                "seats": 3,
                "callee_name": "राजेश",
                "original_callee_name": "Mr Rajesh Kumar",
                "mobile_number": "+12025550143",
            },
            "retry": RetryPolicy(count=3),
            "attempts": (busy,),
        }
        | changes
    )


def an_event(type_: EventType, call: CallRecord, *, attempt: int = 1, data: Mapping[str, Any] | None = None) -> Event:
    """A fact about ``call``, at the moment its record gives for it."""
    known = next((one for one in call.attempts if one.number == attempt), None)
    moments = {
        EventType.REGISTERED: call.created_at,
        EventType.DIALING: known.dialed_at if known else None,
        EventType.RINGING: known.ringing_at if known else None,
        EventType.ANSWERED: known.answered_at if known else None,
        EventType.ATTEMPT_ENDED: known.ended_at if known else None,
    }
    moment = moments.get(type_) or call.ended_at or call.created_at
    return Event(call.id, call.workspace_id, type_, moment, attempt if known else 0, data or {})
