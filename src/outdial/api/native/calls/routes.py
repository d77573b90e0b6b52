"""Calls: place, read, list, follow, cancel, hang up, reschedule."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from outdial.api import once
from outdial.api.native import listing, requests
from outdial.api.native.calls import responses, translate
from outdial.api.native.door import admit, body_of
from outdial.api.parts import Parts
from outdial.commands.change_call import Stopped, cancel_call, hang_up, reschedule_call
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.ids import parse_uuid
from outdial.domain.record import CallRecord
from outdial.store.calls import reading as calls
from outdial.store.calls.pages import bodies_of, call_page

_MAX_AHEAD: Final = timedelta(days=365)
_MAX_SEQ: Final = 2**63 - 1


class CallRoutes:
    """One method for each route, all over the same parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def create(self, request: Request) -> Response:
        """Place a call. It is on disk when the answer comes; nothing has been dialled yet."""
        workspace_id = await admit(self._parts, request)
        once.key_of(request)
        body = await body_of(request)
        call = requests.read(requests.CallIn, body)
        if call.scheduled_at is not None and call.scheduled_at > self._parts.now() + _MAX_AHEAD:
            raise Invalid(Fault(("scheduled_at",), "scheduled_at must lie within the next 365 days"))
        requests.must_be_bounded(call)
        wanted = translate.call_request(call, body, workspace_id)
        repeatable = once.once_of(
            request, workspace_id=workspace_id, dialect=translate.DIALECT, operation="call", body=body
        )
        response = await once.place(
            self._parts,
            wanted,
            lambda placed: once.answer(201, translate.accepted(placed, wanted.to_number)),
            repeatable,
        )
        response.headers["Location"] = f"{request.scope['root_path']}/calls/{json.loads(bytes(response.body))['id']}"
        return response

    async def one(self, request: Request, call_id: str) -> responses.Call:
        """One call: how it stands, every dial, and why it waits."""
        workspace_id = await admit(self._parts, request)
        return await self._read(workspace_id, _id(call_id))

    async def page(self, request: Request, query: Annotated[listing.CallsQuery, Query()]) -> responses.CallPage:
        """Calls, newest first. ``metadata.NAME`` and ``variables.NAME`` compare with what stands there, as text."""
        workspace_id = await admit(self._parts, request)
        limit, wanted = listing.limit_of(query), listing.wanted(query, request.query_params.multi_items())
        after = listing.place_of(query.cursor)
        found, end = await self._parts.database.read(
            call_page, workspace_id, wanted, limit=limit, after=after, now=self._parts.now
        )
        return responses.CallPage(calls=await self._shown(found), next=listing.cursor_of(end))

    async def events(self, request: Request, call_id: str, after: Annotated[str, Query()] = "0") -> responses.EventList:
        """The call's facts numbered above ``after``, oldest first."""
        workspace_id = await admit(self._parts, request)
        if not after.isascii() or not after.isdecimal() or len(after) > 19 or int(after) > _MAX_SEQ:
            raise Invalid(Fault(("after",), "after must be an event's number"))
        known = _id(call_id)
        await self._parts.database.read(calls.call_record, workspace_id, known, now=self._parts.now)
        facts = await self._parts.database.read(calls.events_of, workspace_id, known, int(after))
        return responses.EventList(events=[translate.event(fact) for fact in facts])

    async def cancel(self, request: Request, call_id: str, response: Response) -> responses.Call:
        """End a call that waits (200), or have the attempt under way ended and nobody rung again (202)."""
        workspace_id = await admit(self._parts, request)
        known = _id(call_id)
        stopped = await cancel_call(self._parts.database, workspace_id, known, now=self._parts.now)
        response.status_code = 200 if stopped is Stopped.CANCELLED else 202
        return await self._read(workspace_id, known)

    async def hang_up(self, request: Request, call_id: str) -> responses.Call:
        """Have the attempt under way ended; the call is over then."""
        workspace_id = await admit(self._parts, request)
        known = _id(call_id)
        await hang_up(self._parts.database, workspace_id, known, now=self._parts.now)
        return await self._read(workspace_id, known)

    async def reschedule(self, request: Request, call_id: str) -> responses.Call:
        """Let a call that waits ring at another moment, within its own window."""
        workspace_id = await admit(self._parts, request)
        known = _id(call_id)
        change = requests.read(requests.Reschedule, await body_of(request))
        at = change.scheduled_at or self._parts.now()
        await reschedule_call(self._parts.database, workspace_id, known, at, now=self._parts.now)
        self._parts.placed()
        return await self._read(workspace_id, known)

    async def _read(self, workspace_id: str, call_id: str) -> responses.Call:
        record = await self._parts.database.read(calls.call_record, workspace_id, call_id, now=self._parts.now)
        (shown,) = await self._shown([record])
        return shown

    async def _shown(self, records: Sequence[CallRecord]) -> list[responses.Call]:
        ours = [record.id for record in records if record.dialect == translate.DIALECT]
        bodies = await self._parts.database.read(bodies_of, ours) if ours else {}
        return [translate.call(record, _metadata(bodies.get(record.id, {})), self._parts.links) for record in records]


def _metadata(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return body.get("metadata") or {}


def _id(text: str) -> str:
    call_id = parse_uuid(text)
    if call_id is None:
        raise NotFound("Call not found", field="call_id")
    return call_id
