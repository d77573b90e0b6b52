"""Every refusal and fault as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from outdial.api import once
from outdial.api.gate import note_fault, request_id
from outdial.api.json_body import TooLarge
from outdial.domain.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NoCredits,
    NotFound,
    NotOffered,
    OutdialError,
    Refused,
    Reused,
    TooMany,
    Unauthorized,
    Unreachable,
    Unsupported,
)

MEDIA_TYPE: Final = "application/problem+json"
_OURS: Final = "urn:outdial:problem:"
_UNREACHABLE: Final = "The service is not available at the moment, please try again"
_FAULT: Final = "An unexpected server error occurred"


class FaultyPart(BaseModel):
    """One thing wrong, and where: in the body (a JSON pointer), in the address, or in a header."""

    detail: str
    pointer: str = Field(default="", description="Into the body, e.g. #/window/start")
    parameter: str = Field(default="", description="In the path or the query")
    header: str = ""


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked")
    request_id: str
    errors: list[FaultyPart] = Field(default=[], description="Every fault of the request, when there are any")


class _Kind(NamedTuple):
    status: int
    name: str
    title: str
    detail: str = ""
    """Said instead of the error's own words, which may be about our insides."""


_KINDS: Final[Mapping[type[OutdialError], _Kind]] = {
    Invalid: _Kind(400, "invalid-request", "The request is not valid"),
    NotFound: _Kind(404, "not-found", "There is no such thing"),
    Unauthorized: _Kind(401, "unauthorized", "The key does not open this door", "API key is missing or not valid"),
    Forbidden: _Kind(403, "forbidden", "The key may not do this"),
    Conflict: _Kind(409, "conflict", "The state of the thing rules this out"),
    TooLarge: _Kind(413, "too-large", "The body is too large"),
    Reused: _Kind(422, "idempotency-key-reused", "The Idempotency-Key belongs to another request"),
    # The draft's own type, which clients of any API can know.
    TooMany: _Kind(429, "quota-exceeded", "Too many requests"),
    Unsupported: _Kind(400, "unsupported", "This cannot be done this way"),
    NotOffered: _Kind(501, "not-offered", "Outdial does not do this"),
    NoCredits: _Kind(402, "no-credits", "There are no credits left"),
    Refused: _Kind(400, "refused", "This cannot be done"),
    Unreachable: _Kind(503, "unavailable", "The service is not available", _UNREACHABLE),
    OutdialError: _Kind(500, "server-fault", "A fault of ours", _FAULT),
}
_ELSEWHERE: Final[Mapping[str, str]] = {
    "quota-exceeded": "https://iana.org/assignments/http-problem-types#quota-exceeded"
}
_OUR_NAMES: Final = {"from_number_id": "from_number_ids", "from_number": "from_numbers"}
"""Members that commands call otherwise than this API does."""
_OF_HTTP: Final = {
    404: _Kind(404, "not-found", "There is no such thing"),
    405: _Kind(405, "method-not-allowed", "This cannot be asked here"),
}


def install(app: FastAPI) -> None:
    """Give every error of ``app`` this shape; what is not an OutdialError is the gate's to answer."""
    app.add_exception_handler(OutdialError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_http)


def failed(request: Request) -> Response:
    """The answer to a fault nobody expected."""
    return _answer(request, _KINDS[OutdialError], _FAULT)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a route: which statuses it may also answer with, besides those every route has."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    said: dict[int | str, dict[str, Any]] = {
        status: {"description": _title(status), "content": content}
        for status in sorted({*statuses, 401, 429, 500, 503})
    }
    said[429]["headers"] = {
        "Retry-After": {"description": "Whole seconds to wait", "required": True, "schema": {"type": "integer"}}
    }
    return said


def _title(status: int) -> str:
    return next(kind.title for kind in _KINDS.values() if kind.status == status)


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OutdialError)
    kind = next(kind for base, kind in _KINDS.items() if isinstance(error, base))
    if kind.status >= 500:
        note_fault(request, error)
    headers = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(request, kind, kind.detail or str(error), headers, list(_parts(request, error)))


async def _answer_http(request: Request, error: Exception) -> Response:
    """Unknown routes and methods."""
    assert isinstance(error, HTTPException)
    kind = _OF_HTTP.get(error.status_code, _Kind(error.status_code, "refused", "This cannot be done"))
    return _answer(request, kind, error.detail, error.headers or {})


def _parts(request: Request, error: OutdialError) -> Iterator[FaultyPart]:
    faults: tuple[Fault, ...] = ()
    if isinstance(error, Invalid):
        faults = error.faults
    elif isinstance(error, NotFound) and error.field:
        faults = (Fault((error.field,), str(error)),)
    for fault in faults:
        name = fault.path[0] if fault.path else ""
        if name == once.HEADER:
            yield FaultyPart(detail=fault.message, header=name)
        elif name in request.path_params or request.method in {"GET", "DELETE"}:
            yield FaultyPart(detail=fault.message, parameter=name)
        else:
            yield FaultyPart(detail=fault.message, pointer=_pointer(fault.path))


def _pointer(path: tuple[str, ...]) -> str:
    """RFC 6901, as a URI fragment; ``#`` is the whole body."""
    names = [_OUR_NAMES.get(name, name) for name in path[:1]] + list(path[1:])
    return "#" + "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def _answer(
    request: Request,
    kind: _Kind,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FaultyPart] = (),
) -> Response:
    problem = Problem(
        type=_ELSEWHERE.get(kind.name, _OURS + kind.name),
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=request.scope["path"],
        request_id=request_id(request),
    )
    if errors:
        problem.errors = list(errors)
    body = problem.model_dump_json(exclude_unset=True)
    return Response(body, kind.status, dict(headers or {}), media_type=MEDIA_TYPE)
