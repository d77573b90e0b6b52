"""From our words to this API's: call records as call details and history rows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg import instants, statuses
from outdial.api.ringg.calls import responses
from outdial.domain.analysis import PlatformAnalysis
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.call import TERMINAL, WAITING, CallState
from outdial.domain.outcome import Outcome
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.zones import spoken_zone

_SPEAKER_KEY: Final = {Speaker.AGENT: "bot", Speaker.CALLEE: "user"}


def turns(record: CallRecord) -> list[responses.Turn]:
    """What was said, numbered from ``m1``, over all attempts: as call details show it (§4.3)."""
    said = [(attempt, turn) for attempt in record.attempts for turn in attempt.turns]
    return [_turn(attempt, turn, index) for index, (attempt, turn) in enumerate(said, start=1)]


def bare_turns(record: CallRecord, *, until: int) -> list[responses.Turn]:
    """``{"bot" | "user": text}`` of the attempts up to number ``until``: some receivers read a turn's only key."""
    return [
        {_SPEAKER_KEY[turn.speaker]: turn.text}
        for attempt in record.attempts
        if attempt.number <= until
        for turn in attempt.turns
    ]


def _turn(attempt: AttemptRecord, turn: Turn, index: int) -> responses.Turn:
    answered_at = attempt.answered_at or attempt.claimed_at
    return {
        _SPEAKER_KEY[turn.speaker]: turn.text,
        "message_id": f"m{index}",
        "timestamp": instants.offset_millis(answered_at + timedelta(milliseconds=turn.began_ms)),
    }


def as_json_text(said: list[responses.Turn]) -> str:
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
    """What the talk told; the empty form while nothing is known."""
    analysis = record.analysis and record.analysis.platform
    found = analysis or PlatformAnalysis()
    shown = {
        "summary": found.summary,
        "key_points": list(found.key_points),
        "action_items": list(found.action_items),
        "classification": found.classification,
        "callback_requested": found.callback_requested,
        "callback_requested_time": found.callback_requested_time,
        "status": "analyzed" if analysis else "not_analyzed",
        "call_disconnect_reason": statuses.disconnect_reason(record.last_attempt),
        "timezone": spoken_zone(record.window, record.to_number, record.created_at),
    }
    return shown | {"sentiment": found.sentiment} if found.sentiment else shown


def client_analysis(record: CallRecord) -> dict[str, Any]:
    """What the agent's owner asked for besides; empty while nothing is known, and when nothing was asked."""
    return dict((record.analysis and record.analysis.client) or {})


def attempt_row(attempt: AttemptRecord) -> responses.Attempt:
    return responses.Attempt(
        attempt_number=attempt.number,
        started_at=instants.offset_micros(attempt.dialed_at or attempt.claimed_at),
        ended_at=instants.offset_micros(attempt.ended_at) if attempt.ended_at else None,
        from_number=attempt.from_number,
        end_reason=statuses.attempt_end_reason(attempt),
        call_sid=attempt.sid,
    )


def call_details(record: CallRecord, links: RecordingLinks, *, analysis: bool) -> responses.CallDetails:
    said = turns(record)
    details = responses.CallDetails(
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
        call_cost=record.cost,
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
        details.client_analysis = client_analysis(record)
    return details


def history_row(record: CallRecord, links: RecordingLinks) -> responses.HistoryRow:
    attempt = record.last_attempt
    dialed_at = (attempt.dialed_at or attempt.claimed_at) if attempt else None
    return responses.HistoryRow(
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
        call_cost=record.cost,
        credits_processed=record.state in TERMINAL,
        call_type="outbound",
        inbound_from=None,
        from_numbers=list(record.from_numbers),
        voicemail_detected=voicemail_detected(record),
        agent=responses.HistoryAgent(
            id=record.agent_id,
            agent_name=record.agent_name,
            agent_version_id=record.version_id,
            orchestration_mode="single_node",
            version=responses.HistoryVersion(version_id=record.version_id, version_slug=version_slug(record)),
        ),
    )
