"""Between this API's words and ours: requests in, call records out. Bodies have passed ``validation``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg import fields, instants, statuses, wire
from outdial.api.ringg.formatter import first_name
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.call import TERMINAL, WAITING, CallState
from outdial.domain.ids import parse_uuid
from outdial.domain.outcome import Outcome
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import Callback, CallRequest, Overrides, Window

DIALECT: Final = "ringg"
_SPEAKER_KEY: Final = {Speaker.AGENT: "bot", Speaker.CALLEE: "user"}
_NOT_OURS_TO_SEND: Final = frozenset({"host", "content-length", "connection", "transfer-encoding"})


def call_request(body: Mapping[str, Any], workspace_id: str) -> CallRequest:
    """The neutral request a valid body stands for."""
    variables, warnings = _variables(body)
    return CallRequest(
        workspace_id=workspace_id,
        dialect=DIALECT,
        to_number=body["mobile_number"].strip(),
        callee_name=body["name"].strip(),
        agent_id=_id(body["agent_id"]),
        from_number_ids=tuple(_id(text) for text in _texts(body, "from_number_id")),
        from_numbers=_texts(body, "from_number"),
        number_pool_id=_id(body.get("number_pool_id")),
        version_id=_id(body.get("version_id")),
        voice_id=_id(body.get("voice_id")),
        variables=variables,
        overrides=_overrides(fields.as_object(body.get("call_config")) or {}),
        callback=_callback(body),
        call_category=body["call_category"].strip() if body.get("call_category") else None,
        parent_call_id=parse_uuid(body["parent_call_id"]) if body.get("parent_call_id") else None,
        warnings=warnings,
        body=body,
    )


def _texts(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name)
    return () if fields.is_absent(value) else fields.as_texts(value) or ()


def _id(value: object) -> str:
    """An id in the form it is stored in; what is no UUID stays as it came and will not be found."""
    text = value.strip() if isinstance(value, str) else ""
    return parse_uuid(text) or text


def _variables(body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The call's variables as they are echoed, and what the formatter could not do."""
    variables: dict[str, Any] = dict(body.get("custom_args_values") or {})
    if variables.get("callee_name") is None:
        variables["callee_name"] = body["name"].strip()
    formatter = body.get("smart_formatter") or {}
    transliterate = bool(formatter.get("transliteration"))
    if transliterate or formatter.get("extract_first_name"):
        full = variables["callee_name"]
        variables["original_callee_name"] = full
        variables["callee_name"] = first_name(full) if isinstance(full, str) else full
    if variables.get("mobile_number") is None:
        variables["mobile_number"] = body["mobile_number"].strip()
    return variables, ("transliteration_unavailable",) if transliterate else ()


def _overrides(config: Mapping[str, Any]) -> Overrides:
    retry = fields.as_object(config.get("call_retry_config")) or {}
    hours = fields.as_object(config.get("call_time")) or {}
    count = fields.as_number(retry.get("retry_count"))
    return Overrides(
        idle_warning_s=fields.as_number(config.get("idle_timeout_warning")),
        idle_end_s=fields.as_number(config.get("idle_timeout_end")),
        max_length_s=fields.as_number(config.get("max_call_length")),
        retry_count=None if count is None else int(count),
        retry_busy_min=fields.as_number(retry.get("retry_busy")),
        retry_not_picked_min=fields.as_number(retry.get("retry_not_picked")),
        retry_failed_min=fields.as_number(retry.get("retry_failed")),
        window_start=fields.as_time(hours.get("call_start_time")),
        window_end=fields.as_time(hours.get("call_end_time")),
        timezone=str(hours["timezone"]).strip() if hours.get("timezone") else None,
        scheduled_at=fields.as_moment(hours.get("scheduled_at")),
        has_window=config.get("call_time") is not None,
    )


def _callback(body: Mapping[str, Any]) -> Callback | None:
    if body.get("callback_url") is None:
        return None
    args = fields.as_object(body.get("callback_args")) or {}
    headers = {key: text for key, text in _scalars(args.get("headers")).items() if key.lower() not in _NOT_OURS_TO_SEND}
    return Callback(body["callback_url"].strip(), headers, _scalars(args.get("params")))


def _scalars(value: object) -> dict[str, str]:
    texts = {key: fields.as_scalar_text(item) for key, item in (fields.as_object(value) or {}).items()}
    return {key: text for key, text in texts.items() if text is not None}


def turns(record: CallRecord, *, until: int | None = None) -> list[wire.Turn]:
    """What was said, numbered from ``m1``, over the attempts up to number ``until``."""
    said = [
        (attempt, turn)
        for attempt in record.attempts
        if until is None or attempt.number <= until
        for turn in attempt.turns
    ]
    return [_turn(attempt, turn, index) for index, (attempt, turn) in enumerate(said, start=1)]


def _turn(attempt: AttemptRecord, turn: Turn, index: int) -> wire.Turn:
    answered_at = attempt.answered_at or attempt.claimed_at
    return {
        _SPEAKER_KEY[turn.speaker]: turn.text,
        "message_id": f"m{index}",
        "timestamp": instants.offset_millis(answered_at + timedelta(milliseconds=turn.began_ms)),
    }


def as_json_text(said: list[wire.Turn]) -> str:
    return json.dumps(said, ensure_ascii=False)


def from_number(record: CallRecord, attempt: AttemptRecord | None) -> str:
    """The number an attempt was dialled from, else the first of the pool, else nothing."""
    return attempt.from_number if attempt else next(iter(record.from_numbers), "")


def talk_s(record: CallRecord) -> float:
    return sum(attempt.talk_ms for attempt in record.attempts) / 1000


def recording(record: CallRecord, links: RecordingLinks) -> str | None:
    return links.link(record.id) if any(attempt.recording_path for attempt in record.attempts) else None


def next_attempt_time(record: CallRecord) -> str | None:
    return instants.offset_plain(record.due_at) if record.state is CallState.RETRY else None


def version_slug(record: CallRecord) -> str:
    return f"v{record.version_number}"


def voicemail_detected(record: CallRecord) -> bool:
    return record.outcome is Outcome.VOICEMAIL


def platform_analysis(record: CallRecord) -> dict[str, Any]:
    """The empty form: no analysis has run."""
    return {
        "summary": "",
        "key_points": [],
        "action_items": [],
        "classification": "",
        "callback_requested": False,
        "callback_requested_time": "",
        "status": "not_analyzed",
        "call_disconnect_reason": statuses.disconnect_reason(record.last_attempt),
        "timezone": (record.window or Window()).timezone,
    }


def attempt_row(attempt: AttemptRecord) -> wire.Attempt:
    return wire.Attempt(
        attempt_number=attempt.number,
        started_at=instants.offset_micros(attempt.dialed_at or attempt.claimed_at),
        ended_at=instants.offset_micros(attempt.ended_at) if attempt.ended_at else None,
        from_number=attempt.from_number,
        end_reason=statuses.attempt_end_reason(attempt),
        call_sid=attempt.sid,
    )


def call_details(record: CallRecord, links: RecordingLinks, *, analysis: bool) -> wire.CallDetails:
    said = turns(record)
    details = wire.CallDetails(
        id=record.id,
        call_id=record.id,
        call_direction="outbound",
        call_status=statuses.call_status(record.state),
        call_sub_status=statuses.sub_status(record),
        from_number=from_number(record, record.last_attempt),
        to_number=record.to_number,
        callee_name=record.callee_name,
        agent_id=record.agent_id,
        version_id=record.version_id,
        initiation_time=instants.zulu_seconds(record.created_at),
        recording_url=recording(record, links),
        transcription_url=as_json_text(said),
        transcript=said,
        custom_args_values=dict(record.variables),
        call_duration=talk_s(record),
        call_cost=0.0,
        retry_count=max(len(record.attempts) - 1, 0),
        next_attempt_time=next_attempt_time(record),
        voicemail_detected=voicemail_detected(record),
        end_reason=statuses.call_end_reason(record),
        call_category=record.call_category,
        parent_call_id=record.parent_call_id,
        bulk_list_id=record.bulk_list_id,
        warnings=list(record.warnings),
        attempts=[attempt_row(attempt) for attempt in record.attempts],
    )
    # Assigned, not passed: what is never set is left out of the answer.
    if record.state in WAITING:
        details.blocked_by = list(record.blocked_by)
        at = record.next_eligible_at
        details.next_eligible_at = instants.offset_plain(at) if at else None
    if analysis:
        details.platform_analysis = platform_analysis(record)
        details.client_analysis = {}
    return details


def history_row(record: CallRecord, links: RecordingLinks) -> wire.HistoryRow:
    attempt = record.last_attempt
    dialed_at = (attempt.dialed_at or attempt.claimed_at) if attempt else None
    return wire.HistoryRow(
        id=record.id,
        name=record.callee_name,
        to_number=record.to_number,
        status=statuses.call_status(record.state),
        sub_status=statuses.sub_status(record),
        transcript=as_json_text(turns(record)),
        audio_recording=recording(record, links),
        created_at=instants.offset_micros(record.created_at),
        call_attempt_time=instants.offset_micros(dialed_at) if dialed_at else None,
        call_duration=talk_s(record),
        call_cost=0.0,
        credits_processed=record.state in TERMINAL,
        call_type="outbound",
        inbound_from=None,
        from_numbers=list(record.from_numbers),
        voicemail_detected=voicemail_detected(record),
        agent=wire.HistoryAgent(
            id=record.agent_id,
            agent_name=record.agent_name,
            agent_version_id=record.version_id,
            orchestration_mode="single_node",
            version=wire.HistoryVersion(version_id=record.version_id, version_slug=version_slug(record)),
        ),
    )
