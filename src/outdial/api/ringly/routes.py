"""The call route and its deprecated predecessor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import Security
from fastapi.security import APIKeyHeader
from starlette.requests import Request
from starlette.responses import Response

from outdial.api import admission, once
from outdial.api.gate import Gate, request_id
from outdial.api.json_body import TooLarge, parse_object, read_body
from outdial.api.keys import bearer_key, header_of
from outdial.api.openapi import Door, body_of, refusals
from outdial.api.parts import Parts
from outdial.api.ringly import errors, responses, translate, validation
from outdial.commands.once import Answer
from outdial.commands.place_call import Placed
from outdial.domain.errors import Fault, Invalid, Unauthorized

RINGLY_SUCCESS_STATUS: Final = 200
_KEY: Final = APIKeyHeader(name="Authorization", auto_error=False, description="The key, bare or after `Bearer `")
_REFUSALS: Final = refusals(responses.ErrorBody, 400, 401, 402, errors.RINGLY_NOT_FOUND_STATUS, 429, 500, 503)


def application(parts: Parts) -> Door:
    """The whole API, to be mounted at ``/api/1.1/wf``."""
    app = Door(
        title="Outdial: Ringly dialect",
        bodies=(responses.OutboundCall, responses.FirstOutboundCall, responses.ErrorBody),
    )
    app.router.dependencies = [Security(_KEY)]
    app.add_middleware(Gate, failed=errors.failed)
    errors.install(app)
    routes = _Routes(parts)

    def post(path: str, answer: Callable[..., Any], body: type[Any], model: type[Any], **more: Any) -> None:
        app.add_api_route(
            path,
            answer,
            methods=["POST"],
            status_code=RINGLY_SUCCESS_STATUS,
            response_model=model,
            response_model_exclude_unset=True,
            responses=_REFUSALS,
            openapi_extra=body_of(body, once.DOCUMENTED),
            **more,
        )

    post("/make-outbound-call-v2", routes.second_version, responses.OutboundCall, responses.OutboundCallAccepted)
    first = responses.FirstOutboundCall, responses.FirstOutboundCallAccepted
    post(errors.FIRST_VERSION_PATH, routes.first_version, *first, deprecated=True)
    return app


class _Routes:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def second_version(self, request: Request) -> Response:
        """Place a call. It is on disk when the answer comes; nothing has been dialled yet."""
        return await self._place(request, first_version=False)

    async def first_version(self, request: Request) -> Response:
        """The former way to place a call, with the customer's name beside the variables."""
        response = await self._place(request, first_version=True)
        response.headers.update(errors.notices(request))
        return response

    async def _place(self, request: Request, *, first_version: bool) -> Response:
        workspace_id = await self._admit(request)
        once.key_of(request)
        body = await _body(request)
        validation.check_call(body, first_version=first_version)
        wanted = translate.call_request(body, workspace_id, first_version=first_version)
        repeatable = once.once_of(
            request,
            workspace_id=workspace_id,
            dialect=translate.DIALECT,
            operation="first call" if first_version else "call",
            body=body,
        )
        name = body.get("customer_name") if first_version else None

        def accepted(placed: Placed) -> Answer:
            return _accepted(placed, wanted.to_number, request_id(request), validation.as_text(name))

        return await once.place(self._parts, wanted, accepted, repeatable)

    async def _admit(self, request: Request) -> str:
        """The workspace that knocks. A missing key takes the same way as a wrong one, and as one that only reads."""
        key = key_of(header_of(request, "authorization"))
        opened = await admission.known(self._parts, request, translate.DIALECT, key)
        if not opened.full:
            raise Unauthorized("this key only reads")
        admission.count(self._parts, opened, key)
        return opened.workspace_id


def _accepted(placed: Placed, to_number: str, identity: str, customer_name: str | None) -> Answer:
    accepted = responses.FirstOutboundCallAccepted(
        from_number=placed.from_number,
        to_number=to_number,
        agent_tag=placed.agent_tag,
        call_status="registered",
        dynamic_variables={key: str(value) for key, value in placed.variables.items()},
        call_id=placed.call_id,
        request_id=identity,
        created_at=translate.instant(placed.created_at),
    )
    if placed.warnings:
        accepted.warnings = list(placed.warnings)
    if customer_name is not None:
        accepted.customer_name = customer_name
    return once.answer(RINGLY_SUCCESS_STATUS, accepted)


async def _body(request: Request) -> Mapping[str, object]:
    try:
        raw = await read_body(request, limit_bytes=validation.BODY_LIMIT_BYTES)
    except TooLarge as error:
        raise Invalid(Fault((), f"the body may be at most {validation.BODY_LIMIT_BYTES} bytes long")) from error
    body = parse_object(raw)
    if body is None:
        raise Invalid(validation.NOT_AN_OBJECT)
    return body


def key_of(authorization: str) -> str:
    """The key in an ``Authorization`` value: bare, or after ``Bearer``; empty for any other scheme."""
    bare = authorization.split()
    if len(bare) == 1 and bare[0].lower() != "bearer":
        return bare[0]
    return bearer_key(authorization)
