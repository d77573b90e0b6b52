"""From a fact about a call to what its receivers are told: the six events, and the callback of one call.

Pure: an event, the call's record, and nothing else. The record may be younger than the event (a fan-out runs after
the fact), so what changes with time is taken from the event and from the attempts up to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any, Final, Literal

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg import instants, records, statuses, wire
from outdial.domain.attempt import Speaker
from outdial.domain.call import TERMINAL
from outdial.domain.events import Event, EventType
from outdial.domain.ids import call_sid
from outdial.domain.outcome import Outcome
from outdial.domain.record import AttemptRecord, CallRecord

CallbackBody = Literal["superset", "envelope", "events"]
Payload = dict[str, Any]

TYPES: Final = (
    EventType.RINGING,
    EventType.ANSWERED,
    EventType.ATTEMPT_ENDED,
    EventType.RECORDING_READY,
    EventType.PROCESSED,
)
"""The facts that give rise to one of the vendor's events."""
_AFTER_AN_ATTEMPT: Final = frozenset(
    {EventType.ATTEMPT_ENDED, EventType.RECORDING_READY, EventType.CALL_ENDED, EventType.PROCESSED}
)
_STATUS_AT: Final = {EventType.REGISTERED: "registered", EventType.DIALING: "ongoing"}


@dataclass(frozen=True)
class _Moment:
    """A call as it stood when an event happened."""

    event: Event
    record: CallRecord
    links: RecordingLinks

    @property
    def number(self) -> int:
        """The attempt the event is about; events of the whole call are about the last. 0: there was none."""
        whole = self.event.type in {EventType.CALL_ENDED, EventType.PROCESSED}
        return len(self.record.attempts) if whole else self.event.attempt

    @property
    def attempt(self) -> AttemptRecord | None:
        return next((attempt for attempt in self.record.attempts if attempt.number == self.number), None)

    @property
    def over(self) -> bool:
        """Whether the attempt had ended by then: before, nothing is known of how it went."""
        return self.event.type in _AFTER_AN_ATTEMPT

    @property
    def turns(self) -> list[wire.Turn]:
        return records.turns(self.record, until=self.number) if self.over else []

    @property
    def talk_s(self) -> float:
        return self.attempt.talk_ms / 1000 if self.attempt and self.over else 0.0

    @property
    def cost(self) -> float:
        """Credits: of the attempt; on the final event, of the whole call."""
        if self.event.type is EventType.PROCESSED:
            return self.record.cost
        return self.attempt.cost if self.attempt and self.over else 0.0

    @property
    def recording_url(self) -> str | None:
        known = self.event.type in {EventType.RECORDING_READY, EventType.PROCESSED}
        return records.recording(self.record, self.links) if known else None


def event_payload(event: Event, record: CallRecord, links: RecordingLinks) -> Payload | None:
    """The body of the vendor event this fact gives rise to, or None: most facts tell receivers nothing new."""
    moment = _Moment(event, record, links)
    if event.type in {EventType.RINGING, EventType.ANSWERED} and _first_sign(moment):
        return _call_started(moment)
    if event.type is EventType.ATTEMPT_ENDED and moment.attempt and moment.attempt.dialed_at:
        return _call_completed(moment)
    if event.type is EventType.RECORDING_READY:
        return _recording_completed(moment)
    if event.type is EventType.PROCESSED:
        return _all_processing_completed(moment)
    return None


def callback_payload(
    event: Event, record: CallRecord, links: RecordingLinks, *, mode: CallbackBody = "superset"
) -> Payload | None:
    """What the call's own ``callback_url`` is sent for this fact, or None for nothing."""
    moment = _Moment(event, record, links)
    if mode == "envelope":
        status = _status_change(moment)
        return _envelope(moment, status) if status else None
    if mode == "superset" and event.type is EventType.REGISTERED:
        return _envelope(moment, "registered")
    body = event_payload(event, record, links)
    return _superset(moment, body) if body is not None and mode == "superset" else body


def _first_sign(moment: _Moment) -> bool:
    """Whether this is the attempt's first sign that the provider took the dial."""
    attempt, event = moment.attempt, moment.event
    if attempt is None:
        return False
    if attempt.ringing_at and event.type is EventType.ANSWERED:
        return False
    first = attempt.ringing_at or attempt.answered_at
    return first is None or event.at <= first


def _status_change(moment: _Moment) -> str | None:
    event = moment.event
    if event.type is EventType.ATTEMPT_ENDED:
        return "retry" if event.data.get("next_due_at") else None
    if event.type is EventType.CALL_ENDED:
        return statuses.call_status(moment.record.state)
    return _STATUS_AT.get(event.type)


def _superset(moment: _Moment, body: Payload) -> Payload:
    status = body.get("status") or _status_now(moment)
    envelope = _envelope(moment, status)
    return {**body, "status": body.get("status", "success"), "message": envelope["message"], "data": envelope["data"]}


def _status_now(moment: _Moment) -> str:
    """The status that goes with an event that has none: while it rings, and when its recording is ready."""
    if not moment.over:
        return "ongoing"
    return statuses.call_status(moment.record.state) if moment.record.state in TERMINAL else "completed"


def _envelope(moment: _Moment, status: str) -> Payload:
    record, event = moment.record, moment.event
    return {
        "status": "success",
        "message": "Call Details",
        "data": {
            "call_id": record.id,
            "call_direction": "outbound",
            "status": status,
            "call_duration": moment.talk_s,
            "recording_url": moment.recording_url,
            "transcript": records.as_json_text(moment.turns),
            "agent_id": record.agent_id,
            "retry": max(moment.number - 1, 0),
            "from_number": records.from_number(record, moment.attempt),
            "to_number": record.to_number,
            "custom_args_values": dict(record.variables),
            "analysis": records.platform_analysis(record) if event.type is EventType.PROCESSED else {},
        },
    }


def _common(moment: _Moment, event_type: str) -> Payload:
    record, attempt = moment.record, moment.attempt
    return {
        "event_type": event_type,
        "call_id": record.id,
        "call_sid": (attempt.sid if attempt else "") or call_sid(record.id, moment.number),
        "agent_id": record.agent_id,
        "workspace_id": record.workspace_id,
        "agent_name": record.agent_name,
        "version_id": record.version_id,
        "custom_args_values": dict(record.variables),
        "call_cost": moment.cost,
        "overall_latency_seconds": _latency_s(attempt) if moment.over else 0.0,
        "first_utterance_seconds": _first_word_s(attempt) if moment.over else 0.0,
        "tool_call_logs": [],
        "to_number": record.to_number,
        "from_number": records.from_number(record, attempt),
        "call_type": "outbound",
        "bulk_list_id": record.bulk_list_id,
        "retry_count": max(moment.number - 1, 0),
    }


def _call_started(moment: _Moment) -> Payload:
    return {
        **_common(moment, "call_started"),
        "sub_status": "ACCEPTED",
        "version_slug": records.version_slug(moment.record),
        "version_description": moment.record.version_description,
    }


def _call_completed(moment: _Moment) -> Payload:
    data, attempt = moment.event.data, moment.attempt
    next_due = data.get("next_due_at")
    body = {
        **_common(moment, "call_completed"),
        "status": statuses.attempt_status(Outcome(data["outcome"]), more=bool(next_due)),
        "call_duration": moment.talk_s,
        **_message_counts(moment),
        "called_on": _called_on(moment),
        "transcript": moment.turns,
        "recording_url": None,
        "end_reason": statuses.attempt_end_reason(attempt) if attempt else None,
    }
    return {**body, "next_attempt_time": _instant(next_due)} if next_due else body


def _recording_completed(moment: _Moment) -> Payload:
    duration_ms = float(moment.event.data.get("duration_ms") or (moment.attempt.recording_ms if moment.attempt else 0))
    return {
        **_common(moment, "recording_completed"),
        "recording_url": moment.links.link(moment.record.id),
        "recording_duration": duration_ms / 1000,
    }


def _all_processing_completed(moment: _Moment) -> Payload:
    record = moment.record
    analysis = records.platform_analysis(record)
    return {
        **_common(moment, "all_processing_completed"),
        "status": statuses.call_status(record.state),
        "sub_status": statuses.sub_status(record),
        "call_duration": moment.talk_s,
        "called_on": _called_on(moment),
        "created_at": instants.zulu_micros(record.created_at),
        **_message_counts(moment),
        "transcript": moment.turns,
        "recording_url": moment.recording_url,
        "platform_analysis": analysis,
        "platform_analysis_status": "failed",
        "client_analysis": {},
        "client_analysis_status": "failed",
        "analysis_data": analysis,
        "version_slug": records.version_slug(record),
        "end_reason": statuses.call_end_reason(record),
    }


def _message_counts(moment: _Moment) -> Payload:
    said = [turn.speaker for turn in moment.attempt.turns] if moment.attempt else []
    return {
        "agent_message_count": said.count(Speaker.AGENT),
        "user_message_count": said.count(Speaker.CALLEE),
    }


def _called_on(moment: _Moment) -> str:
    """When the attempt was dialled; of a call that never was, when it ended."""
    attempt, record = moment.attempt, moment.record
    dialed_at = attempt.dialed_at if attempt else None
    return instants.zulu_micros(dialed_at or record.ended_at or moment.event.at)


def _latency_s(attempt: AttemptRecord | None) -> float:
    """Mean time from the end of the callee's speech to the agent's reply; 0 when there was none."""
    waits = [turn.latency_ms for turn in attempt.turns if turn.latency_ms is not None] if attempt else []
    return round(fmean(waits) / 1000, 3) if waits else 0.0


def _first_word_s(attempt: AttemptRecord | None) -> float:
    return (attempt.first_word_ms or 0) / 1000 if attempt else 0.0


def _instant(text: Any) -> str:
    return instants.offset_plain(datetime.fromisoformat(text))
