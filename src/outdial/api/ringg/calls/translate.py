"""From this API's words to ours: a body that has passed ``validation`` becomes a neutral request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from outdial.api.ringg import fields
from outdial.api.ringg.calls import names
from outdial.domain.ids import parse_uuid
from outdial.domain.request import Callback, CallRequest, Overrides

DIALECT: Final = "ringg"
_NOT_OURS_TO_SEND: Final = frozenset({"host", "content-length", "connection", "transfer-encoding"})


def call_request(body: Mapping[str, Any], workspace_id: str, *, extract_name: bool = False) -> CallRequest:
    """The neutral request a valid body stands for. ``extract_name``: the agent's wish where the body says nothing."""
    variables, warnings = _variables(body, extract_name)
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
        overrides=overrides(fields.as_object(body.get("call_config")) or {}),
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


def _variables(body: Mapping[str, Any], extract_name: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The call's variables as they are echoed, and what the formatter could not do."""
    variables: dict[str, Any] = dict(body.get("custom_args_values") or {})
    if variables.get("callee_name") is None:
        variables["callee_name"] = body["name"].strip()
    wish = names.wish_of(body.get("smart_formatter") or {}, extract_by_default=extract_name)
    warnings: tuple[str, ...] = ()
    if wish.wants_anything:
        full = variables["callee_name"]
        variables["original_callee_name"] = full
        variables["callee_name"], warnings = names.formatted(full, wish)
    if variables.get("mobile_number") is None:
        variables["mobile_number"] = body["mobile_number"].strip()
    return variables, warnings


def overrides(config: Mapping[str, Any]) -> Overrides:
    """What a valid ``call_config`` asks for."""
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
