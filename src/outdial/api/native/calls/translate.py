"""Between this API's words and ours; they are nearly the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from outdial.api.native import requests
from outdial.api.native.calls import responses
from outdial.api.recordings import RecordingLinks
from outdial.commands.place_call import Placed
from outdial.domain.analysis import Analysis
from outdial.domain.events import Event
from outdial.domain.ids import parse_uuid
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import Callback, CallRequest, Overrides, Window

DIALECT: Final = "native"


def call_request(call: requests.CallIn, body: Mapping[str, Any], workspace_id: str) -> CallRequest:
    return CallRequest(
        workspace_id=workspace_id,
        dialect=DIALECT,
        to_number=call.to_number,
        callee_name=call.callee_name or "",
        agent_id=_id(call.agent_id),
        agent_tag=call.agent_tag or "",
        from_number_ids=tuple(map(_id, call.from_number_ids or ())),
        from_numbers=tuple(call.from_numbers or ()),
        number_pool_id=_id(call.number_pool_id),
        version_id=_id(call.version_id),
        voice_id=_id(call.voice_id),
        variables=_variables(call),
        overrides=_overrides(call),
        callback=None if call.callback is None else Callback(call.callback.url, call.callback.headers),
        call_category=call.call_category,
        body=body,
    )


def _id(text: str | None) -> str:
    return parse_uuid(text or "") or text or ""


def _variables(call: requests.CallIn) -> dict[str, Any]:
    """The callee's name and number are variables too, unless something else goes by these names."""
    added = {"mobile_number": call.to_number} | ({"callee_name": call.callee_name} if call.callee_name else {})
    return {**added, **(call.variables or {})}


def _overrides(call: requests.CallIn) -> Overrides:
    hours, retry, limits = call.window, call.retry, call.limits or requests.LimitsIn()
    return Overrides(
        idle_warning_s=limits.idle_warning_s,
        idle_end_s=limits.idle_end_s,
        max_length_s=limits.max_length_s,
        retry_count=None if retry is None else retry.count,
        retry_busy_min=None if retry is None else retry.busy_min,
        retry_not_picked_min=None if retry is None else retry.not_picked_min,
        retry_failed_min=None if retry is None else retry.failed_min,
        window_start=None if hours is None else hours.start,
        window_end=None if hours is None else hours.end,
        timezone=None if hours is None else hours.timezone,
        scheduled_at=call.scheduled_at,
        has_window=hours is not None,
    )


def window(hours: requests.WindowIn | None) -> Window | None:
    return None if hours is None else Window(hours.start, hours.end, hours.timezone)


def accepted(placed: Placed, to_number: str) -> responses.Accepted:
    return responses.Accepted(
        id=placed.call_id,
        state="registered",
        agent_id=placed.agent_id,
        agent_tag=placed.agent_tag,
        to_number=to_number,
        variables=dict(placed.variables),
        created_at=instant(placed.created_at),
        due_at=instant(placed.due_at),
        warnings=list(placed.warnings),
    )


def call(record: CallRecord, metadata: Mapping[str, Any], links: RecordingLinks) -> responses.Call:
    last = record.last_attempt
    return responses.Call(
        id=record.id,
        state=record.state,
        outcome=record.outcome,
        ended_by=record.ended_by,
        reason=record.reason or (last.reason if last else ""),
        dialect=record.dialect,
        agent_id=record.agent_id,
        agent_tag=record.agent_tag,
        version_id=record.version_id,
        to_number=record.to_number,
        callee_name=record.callee_name,
        from_numbers=list(record.from_numbers),
        variables=dict(record.variables),
        metadata=dict(metadata),
        call_category=record.call_category,
        bulk_list_id=record.bulk_list_id,
        window=_window(record.window),
        retry=responses.Retry(**vars(record.retry)),
        warnings=list(record.warnings),
        created_at=instant(record.created_at),
        due_at=instant(record.due_at),
        ended_at=_instant(record.ended_at),
        blocked_by=list(record.blocked_by),
        next_eligible_at=_instant(record.next_eligible_at),
        cost=record.cost,
        attempts=[_attempt(one, links.link(record.id) if one.recording_path else None) for one in record.attempts],
        analysis=_analysis(record.analysis),
    )


def _window(hours: Window | None) -> responses.Window | None:
    if hours is None:
        return None
    return responses.Window(start=f"{hours.start:%H:%M}", end=f"{hours.end:%H:%M}", timezone=hours.timezone)


def _attempt(one: AttemptRecord, recording_url: str | None) -> responses.Attempt:
    return responses.Attempt(
        number=one.number,
        state=one.state,
        from_number=one.from_number,
        claimed_at=instant(one.claimed_at),
        dialed_at=_instant(one.dialed_at),
        ringing_at=_instant(one.ringing_at),
        answered_at=_instant(one.answered_at),
        ended_at=_instant(one.ended_at),
        outcome=one.outcome,
        ended_by=one.ended_by,
        sip_code=one.sip_code or None,
        reason=one.reason,
        talk_ms=one.talk_ms,
        cost=one.cost,
        captured=dict(one.captured),
        transcript=[
            responses.Turn(
                speaker=turn.speaker,
                text=turn.text,
                began_ms=turn.began_ms,
                ended_ms=turn.ended_ms,
                interrupted=turn.interrupted,
            )
            for turn in one.turns
        ],
        recording_url=recording_url,
    )


def _analysis(found: Analysis | None) -> responses.Analysis | None:
    if found is None:
        return None
    return responses.Analysis(
        platform=None if found.platform is None else responses.PlatformAnalysis(**asdict(found.platform)),
        client=None if found.client is None else dict(found.client),
        made_by=found.made_by,
        trouble=found.trouble,
    )


def event(fact: Event) -> responses.EventRow:
    return responses.EventRow(
        seq=fact.seq, type=fact.type, at=instant(fact.at), attempt=fact.attempt, data=dict(fact.data)
    )


def instant(at: datetime) -> str:
    """``2026-03-02T09:15:04.120331Z``"""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at)
