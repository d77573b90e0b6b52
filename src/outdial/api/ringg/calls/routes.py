"""Placing calls."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from outdial.api import once
from outdial.api.ringg import instants
from outdial.api.ringg.calls import requests, responses, translate, validation
from outdial.api.ringg.door import RinggDoor
from outdial.commands.once import Answer
from outdial.commands.place_call import Placed
from outdial.domain.ids import new_id, parse_uuid
from outdial.store.agents.reading import definition_for_call

_ACCEPTED: Final = "Call initiated successfully"
_REFUSED: Final = (400, 404, 413, 422)


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    ways = {
        "/calling/outbound/individual": routes.individual,
        "/calling/v2/outbound/individual": routes.individual_v2,
        "/calling/outbound/individual/v2": routes.individual_v2,
    }
    for path, answer in ways.items():
        door.route(
            f"POST {path}",
            answer,
            responses.CallResponse,
            *_REFUSED,
            body=requests.IndividualCall,
            parameters=(once.DOCUMENTED,),
        )


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def individual(self, request: Request) -> Response:
        """Place a call. It is on disk when the answer comes; nothing has been dialled yet."""
        return await self._place(request, v2=False)

    async def individual_v2(self, request: Request) -> Response:
        """Place a call; the caller number may come from a stored pool, and the voice be chosen."""
        return await self._place(request, v2=True)

    async def _place(self, request: Request, *, v2: bool) -> Response:
        parts = self._door.parts
        workspace_id = await self._door.admit(request)
        once.key_of(request)
        body = await self._door.body(request)
        call_id = new_id()
        agent_id, version_id = (parse_uuid(str(body.get(name) or "")) or "" for name in ("agent_id", "version_id"))
        talks = await definition_for_call(parts.database, workspace_id, agent_id, version_id, call_id)
        validation.check_call(body, v2=v2, now=parts.now(), has_callers=bool(talks.caller_ids))
        wanted = translate.call_request(body, workspace_id, extract_name=talks.extract_callee_name)
        # Every route to a call means the same by the same body.
        repeatable = once.once_of(
            request, workspace_id=workspace_id, dialect=translate.DIALECT, operation="call", body=body
        )
        return await once.place(
            parts, wanted, lambda placed: _accepted(placed, wanted.to_number), repeatable, call_id=call_id
        )


def _accepted(placed: Placed, to_number: str) -> Answer:
    response = responses.CallResponse(
        status="success",
        message=_ACCEPTED,
        legacy_message=_ACCEPTED,
        data=responses.CallAccepted(
            call_id=placed.call_id,
            call_direction="outbound",
            call_status="registered",
            initiated_at=instants.naive_micros(placed.created_at),
            agent_id=placed.agent_id,
            custom_args_values=dict(placed.variables),
            legacy_call_id=placed.call_id,
            legacy_direction="outbound",
            legacy_status="registered",
            legacy_from_number=placed.from_number,
            legacy_to_number=to_number,
            legacy_initiated_at=instants.zulu_seconds(placed.created_at),
            legacy_agent_id=placed.agent_id,
            message=_ACCEPTED,
        ),
    )
    if placed.warnings:
        response.warnings = list(placed.warnings)
    return once.answer(200, response)
