"""Between this API's words and ours. Bodies have passed ``validation``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from outdial.api.ringly.validation import as_text
from outdial.domain.request import CallRequest

DIALECT: Final = "ringly"


def call_request(body: Mapping[str, Any], workspace_id: str, *, first_version: bool) -> CallRequest:
    """The neutral request a valid body stands for."""
    texts = {key: as_text(value) for key, value in (body.get("dynamic_variables") or {}).items()}
    variables = {key: text for key, text in texts.items() if text is not None}
    name = as_text(body.get("customer_name")) if first_version else None
    if name is not None:
        variables.setdefault("customer_name", name)
    return CallRequest(
        workspace_id=workspace_id,
        dialect=DIALECT,
        to_number=body["to_number"].strip(),
        callee_name=variables.get("customer_name", ""),
        agent_tag=body["agent_tag"],
        from_numbers=(body["from_number"].strip(),),
        variables=variables,
        body=body,
    )


def instant(at: datetime) -> str:
    """``2026-03-02T09:15:04.120331Z``"""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
