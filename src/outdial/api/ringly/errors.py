"""The six refusals, each with exactly one sentence; what caused it stands in ``details``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from outdial.api.gate import note_fault, request_id
from outdial.api.ringly.responses import ErrorBody
from outdial.domain.errors import (
    Invalid,
    NoCredits,
    NotFound,
    OutdialError,
    Refused,
    TooMany,
    Unauthorized,
    Unreachable,
)

RINGLY_NOT_FOUND_STATUS: Final = 404

BAD_REQUEST: Final = "Invalid request format, please check API reference."
UNAUTHORIZED: Final = "API key is missing or invalid."
NO_CREDITS: Final = "Trial has ended, please add payment method."
NOT_FOUND: Final = "Cannot find requested asset under given api key."
TOO_MANY: Final = "Account rate limited, please throttle your requests."
SERVER_FAULT: Final = "An unexpected server error occurred."

FIRST_VERSION_PATH: Final = "/make-outbound-call"
_DEPRECATED: Final = {
    "Deprecation": "true",
    "Link": '</api/1.1/wf/make-outbound-call-v2>; rel="successor-version"',
}


class _Kind(NamedTuple):
    status: int
    sentence: str


_KINDS: Final[Mapping[type[OutdialError], _Kind]] = {
    Unauthorized: _Kind(401, UNAUTHORIZED),
    TooMany: _Kind(429, TOO_MANY),
    NoCredits: _Kind(402, NO_CREDITS),
    NotFound: _Kind(RINGLY_NOT_FOUND_STATUS, NOT_FOUND),
    Refused: _Kind(400, BAD_REQUEST),
    Unreachable: _Kind(503, SERVER_FAULT),
    OutdialError: _Kind(500, SERVER_FAULT),
}
_HTTP_SENTENCES: Final = {404: NOT_FOUND, 405: BAD_REQUEST}


def install(app: FastAPI) -> None:
    """Give every error of ``app`` this API's shape; what is not an OutdialError is the gate's to answer."""
    app.add_exception_handler(OutdialError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_http)


def failed(request: Request) -> Response:
    """The answer to a fault nobody expected."""
    return _answer(request, _KINDS[OutdialError])


def notices(request: Request) -> dict[str, str]:
    """Headers every answer of the deprecated route carries."""
    return dict(_DEPRECATED) if request.scope["path"].endswith(FIRST_VERSION_PATH) else {}


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OutdialError)
    kind = next(kind for base, kind in _KINDS.items() if isinstance(error, base))
    if kind.status >= 500:
        note_fault(request, error)
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooMany) else {}
    return _answer(request, kind, _causes(error), headers)


def _causes(error: OutdialError) -> list[str]:
    if isinstance(error, Invalid):
        return [fault.message for fault in error.faults]
    if isinstance(error, NotFound):
        return [error.field] if error.field else []
    spoken_for = isinstance(error, (Unauthorized, TooMany, NoCredits)) or not isinstance(error, Refused)
    return [] if spoken_for else [str(error)]


async def _answer_http(request: Request, error: Exception) -> Response:
    """Unknown routes and methods."""
    assert isinstance(error, HTTPException)
    sentence = _HTTP_SENTENCES.get(error.status_code, SERVER_FAULT)
    return _answer(request, _Kind(error.status_code, sentence), (), error.headers or {})


def _answer(
    request: Request, kind: _Kind, details: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    body = ErrorBody(error_message=kind.sentence, details=list(details), request_id=request_id(request))
    return JSONResponse(body.model_dump(), kind.status, {**(headers or {}), **notices(request)})
