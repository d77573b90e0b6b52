"""From a fact about a call to what its receivers are told: the six events, and the callback of one call.

Pure: an event, the call's record, and nothing else. The record may be younger than the event (a fan-out runs after
the fact), so what changes with time is taken from the event and from the attempts up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from statistics import fmean
from typing import Any, Final, Literal

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg import instants, statuses
from outdial.api.ringg.calls import render
from outdial.api.ringg.moments import Moment
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
    EventType.PLATFORM_ANALYSED,
    EventType.CLIENT_ANALYSED,
    EventType.PROCESSED,
)
"""The facts that give rise to one of the vendor's events."""
_STATUS_AT: Final = {EventType.REGISTERED: "registered", EventType.DIALING: "ongoing"}


def event_payload(event: Event, record: CallRecord, links: RecordingLinks) -> Payload | None:
    """The body of the vendor event this fact gives rise to, or None: most facts tell receivers nothing new."""
    moment = Moment(event, record, links)
    if event.type in {EventType.RINGING, EventType.ANSWERED} and _first_sign(moment):
        return _call_started(moment)
    if event.type is EventType.ATTEMPT_ENDED and moment.attempt and moment.attempt.dialed_at:
        return _call_completed(moment)
    told = _ALWAYS_TOLD.get(event.type)
    return told(moment) if told else None


def callback_payload(
    event: Event, record: CallRecord, links: RecordingLinks, *, mode: CallbackBody = "superset"
) -> Payload | None:
    """What the call's own ``callback_url`` is sent for this fact, or None for nothing."""
    moment = Moment(event, record, links)
    if mode == "envelope":
        status = _status_change(moment)
        return {"event_type": _event_type(status), **_envelope(moment, status)} if status else None
    if mode == "superset" and event.type is EventType.REGISTERED:
        return _superset(moment, _common(moment, _event_type("registered")), "registered")
    body = event_payload(event, record, links)
    return _superset(moment, body) if body is not None and mode == "superset" else body


def _event_type(status: str) -> str:
    """The name of a change of status, for receivers that look for one in every body. Of one call no two changes share
    their name and their retry count: whoever de-duplicates by them loses nothing."""
    return f"call_{status}"


def _first_sign(moment: Moment) -> bool:
    """Whether this is the attempt's first sign that the provider took the dial."""
    attempt, event = moment.attempt, moment.event
    if attempt is None:
        return False
    if attempt.ringing_at and event.type is EventType.ANSWERED:
        return False
    first = attempt.ringing_at or attempt.answered_at
    return first is None or event.at <= first


def _status_change(moment: Moment) -> str | None:
    event = moment.event
    if event.type is EventType.ATTEMPT_ENDED:
        return "retry" if event.data.get("next_due_at") else None
    if event.type is EventType.CALL_ENDED:
        return statuses.call_status(moment.record.state)
    return _STATUS_AT.get(event.type)


def _superset(moment: Moment, body: Payload, status: str = "") -> Payload:
    """``body`` with the envelope around it. In ``data`` the envelope's own members come first and keep their form."""
    envelope = _envelope(moment, status or body.get("status") or _status_now(moment))
    return {
        **body,
        "status": body.get("status", "success"),
        "message": envelope["message"],
        "data": {**envelope["data"], **{name: body[name] for name in body if name not in envelope["data"]}},
    }


def _status_now(moment: Moment) -> str:
    """The status that goes with an event that has none: while it rings, and when its recording is ready."""
    if not moment.over:
        return "ongoing"
    return statuses.call_status(moment.record.state) if moment.record.state in TERMINAL else "completed"


def _envelope(moment: Moment, status: str) -> Payload:
    record = moment.record
    return {
        "status": "success",
        "message": "Call Details",
        "data": {
            "call_id": record.id,
            "call_direction": "outbound",
            "status": status,
            "call_duration": moment.talk_s,
            "recording_url": moment.recording_url,
            "transcript": render.as_json_text(moment.turns),
            "agent_id": record.agent_id,
            "retry": max(moment.number - 1, 0),
            "from_number": render.from_number(record, moment.attempt),
            "to_number": record.to_number,
            "custom_args_values": dict(record.variables),
            "analysis": render.platform_analysis(record) if moment.analysed else {},
        },
    }


def _common(moment: Moment, event_type: str) -> Payload:
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
        "from_number": render.from_number(record, attempt),
        "call_type": "outbound",
        "bulk_list_id": record.bulk_list_id,
        "retry_count": max(moment.number - 1, 0),
    }


def _call_started(moment: Moment) -> Payload:
    return {
        **_common(moment, "call_started"),
        "sub_status": "ACCEPTED",
        "version_slug": render.version_slug(moment.record),
        "version_description": moment.record.version_description,
    }


def _call_completed(moment: Moment) -> Payload:
    data = moment.event.data
    next_due = data.get("next_due_at")
    status = statuses.attempt_status(Outcome(data["outcome"]), more=bool(next_due))
    body = _of_an_attempt(moment, "call_completed", status)
    return {**body, "next_attempt_time": _instant(next_due)} if next_due else body


def _platform_analysis_completed(moment: Moment) -> Payload:
    return _analysed(moment, "platform_analysis_completed", render.platform_analysis(moment.record))


def _client_analysis_completed(moment: Moment) -> Payload:
    return _analysed(moment, "client_analysis_completed", render.client_analysis(moment.record))


def _analysed(moment: Moment, event_type: str, found: Payload) -> Payload:
    outcome = (moment.attempt and moment.attempt.outcome) or Outcome.COMPLETED
    status = statuses.attempt_status(outcome, more=False)
    return {**_of_an_attempt(moment, event_type, status), "analysis_data": found}


def _of_an_attempt(moment: Moment, event_type: str, status: str) -> Payload:
    return {
        **_common(moment, event_type),
        "status": status,
        "call_duration": moment.talk_s,
        **_message_counts(moment),
        "called_on": _called_on(moment),
        "transcript": moment.turns,
        "recording_url": None,
        "end_reason": statuses.attempt_end_reason(moment.attempt) if moment.attempt else None,
    }


def _recording_completed(moment: Moment) -> Payload:
    duration_ms = float(moment.event.data.get("duration_ms") or (moment.attempt.recording_ms if moment.attempt else 0))
    return {
        **_common(moment, "recording_completed"),
        "recording_url": moment.links.link(moment.record.id),
        "recording_duration": duration_ms / 1000,
    }


def _all_processing_completed(moment: Moment) -> Payload:
    record = moment.record
    platform = render.platform_analysis(record)
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
        "platform_analysis": platform,
        "platform_analysis_status": _result(bool(record.analysis and record.analysis.platform)),
        "client_analysis": render.client_analysis(record),
        "client_analysis_status": _result(bool(record.analysis and record.analysis.client is not None)),
        "analysis_data": platform,
        "version_slug": render.version_slug(record),
        "end_reason": statuses.call_end_reason(record),
    }


_ALWAYS_TOLD: Final[Mapping[EventType, Callable[[Moment], Payload]]] = {
    EventType.RECORDING_READY: _recording_completed,
    EventType.PLATFORM_ANALYSED: _platform_analysis_completed,
    EventType.CLIENT_ANALYSED: _client_analysis_completed,
    EventType.PROCESSED: _all_processing_completed,
}


def _result(there: bool) -> str:
    return "success" if there else "failed"


def _message_counts(moment: Moment) -> Payload:
    said = [turn.speaker for turn in moment.attempt.turns] if moment.attempt else []
    return {
        "agent_message_count": said.count(Speaker.AGENT),
        "user_message_count": said.count(Speaker.CALLEE),
    }


def _called_on(moment: Moment) -> str:
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
