"""Calls from a browser, which Outdial does not carry, and what somebody thought of a call, which it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Final, NoReturn

from starlette.requests import Request
from starlette.responses import Response

from outdial.api.gate import add_header
from outdial.api.ringg.calls import requests, responses
from outdial.api.ringg.door import RinggDoor
from outdial.commands.feedback import Opinion, give_feedback
from outdial.domain.bounds import variables_faults
from outdial.domain.errors import Fault, Forbidden, NotFound, NotOffered, Unauthorized, must_be_sound
from outdial.domain.ids import parse_uuid
from outdial.domain.web_addresses import origin
from outdial.store import inventory
from outdial.store.agents.origins import agent_lists, is_listed

NO_WEB_CALLS: Final = "Web calls are not available: this server carries phone calls only, no audio of browsers"
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, x-api-key",
    "Access-Control-Max-Age": "600",
}
_MEDIA_TYPES: Final = ("audio", "text")
_MAX_COMMENT: Final = 2000
_MAX_RATING: Final = 1_000_000


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.route(
        "POST /calling/webcall",
        routes.webcall,
        responses.WebCallResponse,
        *(400, 404, 413, 501),
        body=requests.WebCall,
    )
    door.route(
        "POST /calling/{call_id}/feedback",
        routes.feedback,
        responses.FeedbackResponse,
        *(400, 404, 413),
        body=requests.Feedback,
    )
    for path in ("/calling/webcall", "/calling/{call_id}/feedback"):
        door.route(f"OPTIONS {path}", routes.preflight, None, include_in_schema=False)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def webcall(self, request: Request) -> NoReturn:
        """Refused with 501, when there is nothing wrong with it: there are no web calls here."""
        database, page = self._door.parts.database, await self._show_to_its_page(request)
        opened = await self._door.admit_page(request)
        body = await self._door.body(request)
        agent_id = parse_uuid(str(body.get("agent_id")))
        if opened.publishable:
            whose = opened.workspace_id, agent_id or ""
            if page is None or not await database.read(agent_lists, *whose, page):
                raise Unauthorized("this key opens web calls of an agent from pages it lists")
        must_be_sound(_webcall_faults(body))
        unknown = NotFound("Agent not found", field="agent_id")
        if agent_id is None:
            raise unknown
        agent = await database.read(inventory.agent, opened.workspace_id, agent_id)
        raise unknown if agent.archived_at is not None else NotOffered(NO_WEB_CALLS)

    async def feedback(self, request: Request, call_id: str) -> responses.FeedbackResponse:
        """Rate a call, whichever way it came about; the last word counts."""
        await self._show_to_its_page(request)
        workspace_id = await self._door.admit(request)
        opinion = _opinion(await self._door.body(request))
        known = parse_uuid(call_id)
        if known is None:
            raise NotFound("Call not found", field="call_id")
        await give_feedback(self._door.parts.database, workspace_id, known, opinion, now=self._door.parts.now)
        return responses.FeedbackResponse(message="Feedback saved")

    async def preflight(self, request: Request) -> Response:
        """What a browser asks before it lets a page post here."""
        if await self._show_to_its_page(request) is None:
            raise Forbidden("This origin is on no agent's list of domains")
        return Response(status_code=204, headers=_PREFLIGHT)

    async def _show_to_its_page(self, request: Request) -> str | None:
        """Let the page a browser asks for read the answer, whatever it will be, if an agent lists its origin.

        That origin; None: no agent of any workspace lists it, or there is none.
        """
        asking = origin(request.headers.get("origin", ""))
        if asking is None or not await is_listed(self._door.parts.database, asking):
            return None
        add_header(request, "Access-Control-Allow-Origin", asking)
        add_header(request, "Vary", "Origin")
        return asking


def _webcall_faults(body: Mapping[str, object]) -> Iterator[Fault]:
    agent_id, media_type = body.get("agent_id"), body.get("media_type")
    if not isinstance(agent_id, str) or not agent_id.strip():
        yield Fault(("agent_id",), "agent_id is required", "missing")
    if not isinstance(body.get("custom_args_values", {}), (dict, NoneType)):
        yield Fault(("custom_args_values",), "custom_args_values must be an object", "type")
    if isinstance(variables := body.get("custom_args_values"), dict):
        yield from variables_faults(variables, "custom_args_values")
    if media_type is not None and media_type not in _MEDIA_TYPES:
        yield Fault(("media_type",), f"media_type must be one of {', '.join(_MEDIA_TYPES)}", "unknown")


def _opinion(body: Mapping[str, object]) -> Opinion:
    """
    Raises:
        Invalid: the rating is no number, or the comment no text of a fair length.
    """
    rating, comment = body.get("rating"), body.get("comment")
    faults = []
    if rating is not None and (isinstance(rating, bool) or not isinstance(rating, (int, float))):
        faults.append(Fault(("rating",), "rating must be a number", "type"))
    elif isinstance(rating, (int, float)) and abs(rating) > _MAX_RATING:
        faults.append(Fault(("rating",), f"rating must be between -{_MAX_RATING} and {_MAX_RATING}"))
    if comment is not None and not isinstance(comment, str):
        faults.append(Fault(("comment",), "comment must be a text", "type"))
    elif isinstance(comment, str) and len(comment) > _MAX_COMMENT:
        faults.append(Fault(("comment",), f"comment must have at most {_MAX_COMMENT} characters"))
    must_be_sound(faults)
    return Opinion(None if rating is None else float(str(rating)), str(comment or ""))
