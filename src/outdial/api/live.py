"""The native reading door: the facts of one call, for whoever follows it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from outdial.api.gate import Gate, note_fault, request_id
from outdial.api.keys import bearer_key
from outdial.api.openapi import Door, refusals
from outdial.api.parts import Parts
from outdial.domain.errors import Fault, Invalid, NotFound, OutdialError, TooMany, Unauthorized, Unreachable
from outdial.domain.events import Event
from outdial.domain.ids import digest_key, parse_uuid
from outdial.queries import access, calls

_STATUS: Final[dict[type[OutdialError], int]] = {
    Invalid: 400,
    Unauthorized: 401,
    NotFound: 404,
    TooMany: 429,
    Unreachable: 503,
}
_MAX_SEQ: Final = 2**63 - 1


class EventRow(BaseModel):
    seq: int
    type: str
    at: str
    attempt: int
    data: dict[str, Any]


class EventList(BaseModel):
    events: list[EventRow]


class Problem(BaseModel):
    message: str
    request_id: str


def application(parts: Parts) -> Door:
    """The whole door, to be mounted at ``/v1``."""
    app = Door(title="Outdial: native")
    app.add_middleware(Gate, failed=_failed)
    app.add_exception_handler(OutdialError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_http)

    async def events(request: Request, call_id: str, after: Annotated[str, Query()] = "0") -> EventList:
        """The call's facts numbered above ``after``, oldest first."""
        key = bearer_key(request.headers.get("authorization", ""))
        workspace_id = await access.authenticate(parts.database, "native", key)
        parts.rate.take(digest_key(key))
        known = parse_uuid(call_id)
        if not after.isascii() or not after.isdecimal() or len(after) > 19 or int(after) > _MAX_SEQ:
            raise Invalid(Fault(("after",), "after must be an event's number"))
        if known is None:
            raise NotFound("Call not found")
        await calls.call_record(parts.database, workspace_id, known, now=parts.now)
        facts = await calls.events_of(parts.database, workspace_id, known, int(after))
        return EventList(events=[_row(fact) for fact in facts])

    said = refusals(Problem, 400, 401, 404, 429, 500, 503)
    locked = Security(HTTPBearer(auto_error=False))
    app.add_api_route("/calls/{call_id}/events", events, methods=["GET"], responses=said, dependencies=[locked])
    return app


def _row(fact: Event) -> EventRow:
    return EventRow(seq=fact.seq, type=fact.type, at=fact.at.isoformat(), attempt=fact.attempt, data=dict(fact.data))


def _failed(request: Request) -> Response:
    return _answer(request, 500, "An unexpected server error occurred")


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OutdialError)
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    if status >= 500:
        note_fault(request, error)
        return _answer(request, status, "The service is not available at the moment, please try again")
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooMany) else {}
    return _answer(request, status, str(error), headers)


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code, error.detail, dict(error.headers or {}))


def _answer(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    problem = Problem(message=message, request_id=request_id(request))
    return JSONResponse(problem.model_dump(), status, headers)
