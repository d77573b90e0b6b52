"""The routes of the native API, and what its document says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from outdial.api import once
from outdial.api.gate import Gate
from outdial.api.native import keys, requests
from outdial.api.native.agents import responses as agent_responses
from outdial.api.native.agents import routes as agents
from outdial.api.native.calls import responses as call_responses
from outdial.api.native.calls.routes import CallRoutes
from outdial.api.native.door import ONLY_READ
from outdial.api.native.equipment import responses as equipment_responses
from outdial.api.native.equipment import routes as equipment
from outdial.api.native.policies import PolicyRoutes
from outdial.api.native.problems import Problem, failed, install, refusals
from outdial.api.native.webhooks import endpoints, outgoing
from outdial.api.openapi import Door, body_of
from outdial.api.parts import Parts

_KEY: Final = HTTPBearer(auto_error=False, description="A native key")
_BODIES: Final = (
    Problem,
    requests.CallIn,
    requests.Reschedule,
    requests.SuppressionIn,
    requests.PolicyCheckIn,
    *equipment_responses.BODIES,
    *keys.BODIES,
    *endpoints.BODIES,
    *agent_responses.BODIES,
)


def application(parts: Parts) -> Door:
    """The whole API, to be mounted at ``/v1``."""
    app = Door(title="Outdial: native", bodies=_BODIES)
    app.router.dependencies = [Security(_KEY)]
    app.add_middleware(Gate, failed=failed)
    install(app)
    calls, policies = CallRoutes(parts), PolicyRoutes(parts)

    def route(
        asking: str,
        answer: Callable[..., Any],
        model: type[BaseModel] | None,
        *refused: int,
        status: int = 200,
        also: Mapping[int, type[BaseModel]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """``asking``: method and path. ``also``: other good answers."""
        method, path = asking.split()
        forbidden = () if method == "GET" or path in ONLY_READ else (403,)
        responses = refusals(*refused, *forbidden) | {other: {"model": its} for other, its in (also or {}).items()}
        app.add_api_route(
            path,
            answer,
            methods=[method],
            response_model=model,
            status_code=status,
            responses=responses,
            openapi_extra=extra,
        )

    placing = body_of(requests.CallIn, once.DOCUMENTED)
    route("POST /calls", calls.create, call_responses.Accepted, 400, 404, 413, 422, status=201, extra=placing)
    route("GET /calls", calls.page, call_responses.CallPage, 400)
    route("GET /calls/{call_id}", calls.one, call_responses.Call, 404)
    route(
        "PATCH /calls/{call_id}",
        calls.reschedule,
        call_responses.Call,
        400,
        404,
        409,
        413,
        extra=body_of(requests.Reschedule),
    )
    route("GET /calls/{call_id}/events", calls.events, call_responses.EventList, 400, 404)
    route("POST /calls/{call_id}/cancel", calls.cancel, call_responses.Call, 404, 409, also={202: call_responses.Call})
    route("POST /calls/{call_id}/hang-up", calls.hang_up, call_responses.Call, 404, 409, status=202)
    route("GET /suppressions", policies.page, call_responses.SuppressionPage, 400)
    route("GET /suppressions/{number}", policies.one, call_responses.Suppression, 404)
    route(
        "PUT /suppressions/{number}",
        policies.put,
        call_responses.Suppression,
        *(400, 404, 413),
        also={201: call_responses.Suppression},
        extra=body_of(requests.SuppressionIn, required=False),
    )
    route("DELETE /suppressions/{number}", policies.delete, None, 404, status=204)
    route(
        "POST /policy/check",
        policies.check,
        call_responses.PolicyAnswer,
        400,
        413,
        extra=body_of(requests.PolicyCheckIn),
    )
    equipment.install(parts, route)
    keys.install(parts, route)
    outgoing.install(parts, route)
    endpoints.install(parts, route)
    agents.install(parts, route)
    return app
