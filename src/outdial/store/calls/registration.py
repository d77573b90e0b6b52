"""A call as it is written when it is accepted: its place on the calendar, what was asked, and the first fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from outdial.domain.call import CallState
from outdial.domain.events import Event, EventType
from outdial.domain.numbers import canonical
from outdial.domain.plan import Plan
from outdial.domain.request import Callback, CallRequest, without_credentials
from outdial.store.calls.creates import Rows
from outdial.store.calls.lanes import LaneName, source_of
from outdial.store.events import row_of
from outdial.store.inserts import Inserts


@dataclass(frozen=True)
class CallerNumber:
    """A number a call may be made from."""

    id: str
    number: str


@dataclass(frozen=True)
class Registration:
    """An accepted request and what the look-ups made of it; ``from_numbers`` is empty for a stored pool."""

    call_id: str
    created_at: datetime
    due_at: datetime
    agent_id: str
    from_numbers: Sequence[CallerNumber]
    plan: Plan
    warnings: Sequence[str]
    request: CallRequest


def lane_of(registration: Registration) -> str:
    """Calls of one lane share their caller numbers and their list, so that they wait in one line."""
    request = registration.request
    source = source_of([number.id for number in registration.from_numbers], request.number_pool_id)
    return str(LaneName(request.workspace_id, source, request.bulk_list_id))


def rows_of(registration: Registration, inserts: Inserts) -> Rows:
    """The call, its request and its ``registered`` event, encoded for the group commit."""
    call = inserts.calls.row(_call(registration))
    request = inserts.call_requests.row(_request(registration))
    fact = Event(
        call_id=registration.call_id,
        workspace_id=registration.request.workspace_id,
        type=EventType.REGISTERED,
        at=registration.created_at,
    )
    return Rows((call,), (request,), (inserts.events.row(row_of(fact)),))


def callback_to_json(callback: Callback | None) -> dict[str, Any] | None:
    return None if callback is None else asdict(callback)


def callback_from_json(stored: Mapping[str, Any] | None) -> Callback | None:
    return None if stored is None else Callback(**stored)


def _call(registration: Registration) -> dict[str, Any]:
    request = registration.request
    return {
        "id": registration.call_id,
        "workspace_id": request.workspace_id,
        "agent_id": registration.agent_id,
        "lane": lane_of(registration),
        "state": CallState.REGISTERED.value,
        "due_at": registration.due_at,
        "to_number": request.to_number,
        "subscriber": canonical(request.to_number),
        "dialect": request.dialect,
        "bulk_list_id": request.bulk_list_id or None,
        "created_at": registration.created_at,
    }


def _request(registration: Registration) -> dict[str, Any]:
    request = registration.request
    return {
        "call_id": registration.call_id,
        "version_id": request.version_id or None,
        "voice_id": request.voice_id or None,
        "callee_name": request.callee_name,
        "from_numbers": [{"id": number.id, "number": number.number} for number in registration.from_numbers],
        "number_pool_id": request.number_pool_id or None,
        "variables": dict(request.variables),
        "plan": registration.plan.to_json(),
        "callback": callback_to_json(request.callback),
        "warnings": list(registration.warnings),
        "call_category": request.call_category,
        "parent_call_id": request.parent_call_id,
        "body": without_credentials(request.body),
    }
