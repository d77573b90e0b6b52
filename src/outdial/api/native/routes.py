"""The routes of the native API, and what its document says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from outdial.api import once
from outdial.api.gate import Gate
from outdial.api.native import agent_wire, agents, asked, endpoints, equipment, equipment_wire, keys, outgoing, wire
from outdial.api.native.calls import CallRoutes
from outdial.api.native.door import ONLY_READ
from outdial.api.native.policies import PolicyRoutes
from outdial.api.native.problems import Problem, failed, install, refusals
from outdial.api.openapi import Door, body_of
from outdial.api.parts import Parts

_KEY: Final = HTTPBearer(auto_error=False, description="A native key")
_BODIES: Final = (
    Problem,
    asked.CallIn,
    asked.Reschedule,
    asked.SuppressionIn,
    asked.PolicyCheckIn,
    *equipment_wire.BODIES,
    *keys.BODIES,
    *endpoints.BODIES,
    *agent_wire.BODIES,
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

    placing = body_of(asked.CallIn, once.DOCUMENTED)
    route("POST /calls", calls.create, wire.Accepted, 400, 404, 413, 422, status=201, extra=placing)
    route("GET /calls", calls.page, wire.CallPage, 400)
    route("GET /calls/{call_id}", calls.one, wire.Call, 404)
    route("PATCH /calls/{call_id}", calls.reschedule, wire.Call, 400, 404, 409, 413, extra=body_of(asked.Reschedule))
    route("GET /calls/{call_id}/events", calls.events, wire.EventList, 400, 404)
    route("POST /calls/{call_id}/cancel", calls.cancel, wire.Call, 404, 409, also={202: wire.Call})
    route("POST /calls/{call_id}/hang-up", calls.hang_up, wire.Call, 404, 409, status=202)
    route("GET /suppressions", policies.page, wire.SuppressionPage, 400)
    route("GET /suppressions/{number}", policies.one, wire.Suppression, 404)
    route(
        "PUT /suppressions/{number}",
        policies.put,
        wire.Suppression,
        *(400, 404, 413),
        also={201: wire.Suppression},
        extra=body_of(asked.SuppressionIn, required=False),
    )
    route("DELETE /suppressions/{number}", policies.delete, None, 404, status=204)
    route("POST /policy/check", policies.check, wire.PolicyAnswer, 400, 413, extra=body_of(asked.PolicyCheckIn))
    equipment.install(parts, route)
    keys.install(parts, route)
    outgoing.install(parts, route)
    endpoints.install(parts, route)
    agents.install(parts, route)
    return app
