"""Every refusal and fault in the one shape clients of this API read: ``detail``, ``message`` and ``error.message``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

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

RINGG_VALIDATION_STATUS: Final = 400
"""The documented error table lists 400 and not 422; clients map 400."""

SERVER_FAULT: Final = "An unexpected server error occurred"
UNREACHABLE: Final = "The service is not available at the moment, please try again"


class ErrorHead(BaseModel):
    code: str
    message: str


class ErrorDetail(BaseModel):
    loc: list[str]
    msg: str
    type: str


class ErrorBody(BaseModel):
    detail: str
    message: str
    error: ErrorHead
    details: list[ErrorDetail]
    request_id: str


class _Kind(NamedTuple):
    status: int
    code: str
    message: str = ""
    """Said instead of the error's own words, which may be about our insides."""


_KINDS: Final[Mapping[type[OutdialError], _Kind]] = {
    Invalid: _Kind(RINGG_VALIDATION_STATUS, "VALIDATION_ERROR"),
    NotFound: _Kind(404, "NOT_FOUND"),
    Unauthorized: _Kind(401, "UNAUTHORIZED", "API key is missing or not valid"),
    Forbidden: _Kind(403, "FORBIDDEN"),
    Conflict: _Kind(409, "CONFLICT"),
    Reused: _Kind(422, "UNPROCESSABLE"),
    TooLarge: _Kind(413, "TOO_LARGE"),
    TooMany: _Kind(429, "RATE_LIMITED", "Too many requests"),
    Unsupported: _Kind(422, "UNPROCESSABLE"),
    NotOffered: _Kind(501, "NOT_IMPLEMENTED"),
    NoCredits: _Kind(402, "INSUFFICIENT_CREDITS"),
    Refused: _Kind(400, "BUSINESS_RULE"),
    Unreachable: _Kind(503, "SERVER_ERROR", UNREACHABLE),
    OutdialError: _Kind(500, "SERVER_ERROR", SERVER_FAULT),
}
_OUR_NAMES: Final = {"variables": "custom_args_values"}
"""Fields that commands call otherwise than this API does."""
_ELSEWHERE: Final[Mapping[tuple[str, ...], str]] = {(once.HEADER,): "header", ("terminate_all_calls",): "query"}
"""Faults that stand in a part of their own, whatever the request."""
_HTTP_CODES: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def install(app: FastAPI) -> None:
    """Give every error of ``app`` this API's shape; what is not an OutdialError is the gate's to answer."""
    app.add_exception_handler(OutdialError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_http)


def failed(request: Request) -> Response:
    """The answer to a fault nobody expected."""
    return _answer(request, _KINDS[OutdialError], SERVER_FAULT)


def kind_of(error: OutdialError) -> _Kind:
    return next(kind for base, kind in _KINDS.items() if isinstance(error, base))


def details_of(error: OutdialError, where: str) -> list[ErrorDetail]:
    """One entry for each faulty field; ``where`` is the part of the request they stand in."""
    if isinstance(error, Invalid):
        return [_detail(fault, where) for fault in error.faults]
    if isinstance(error, NotFound) and error.field:
        return [_detail(Fault((error.field,), str(error), "not_found"), where)]
    return []


def _detail(fault: Fault, where: str) -> ErrorDetail:
    where = _ELSEWHERE.get(fault.path, where)
    path = [_OUR_NAMES.get(name, name) for name in fault.path[:1]] + list(fault.path[1:])
    return ErrorDetail(loc=[where, *path], msg=fault.message, type=fault.kind)


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OutdialError)
    kind = kind_of(error)
    if kind.status >= 500:
        note_fault(request, error)
    where = "query" if request.method == "GET" else "body"
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooMany) else {}
    return _answer(request, kind, kind.message or str(error), details_of(error, where), headers)


async def _answer_http(request: Request, error: Exception) -> Response:
    """Unknown routes and methods."""
    assert isinstance(error, HTTPException)
    kind = _Kind(error.status_code, _HTTP_CODES.get(error.status_code, "SERVER_ERROR"))
    return _answer(request, kind, error.detail, headers=dict(error.headers or {}))


def _answer(
    request: Request,
    kind: _Kind,
    message: str,
    details: Sequence[ErrorDetail] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = ErrorBody(
        detail=message,
        message=message,
        error=ErrorHead(code=kind.code, message=message),
        details=list(details),
        request_id=request_id(request),
    )
    return JSONResponse(body.model_dump(), kind.status, dict(headers or {}))
