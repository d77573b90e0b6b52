"""The routes of this API: admit the caller, read what was sent, run one command or query, answer in vendor words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import Query, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from outdial.api import once
from outdial.api.gate import Gate
from outdial.api.json_body import parse_object, read_body
from outdial.api.keys import bearer_key
from outdial.api.openapi import Door, body_of, refusals
from outdial.api.parts import Parts
from outdial.api.ringg import asked, errors, instants, listing, records, rows, termination, translate, validation, wire
from outdial.commands.change_call import cancel_waiting
from outdial.commands.once import Answer
from outdial.commands.place_call import Placed
from outdial.domain.errors import Fault, Invalid, NotFound, Refused
from outdial.domain.ids import digest_key, parse_uuid
from outdial.domain.record import CallRecord
from outdial.queries import access, calls, inventory

BODY_LIMIT_BYTES: Final = 1024 * 1024
_ACCEPTED: Final = "Call initiated successfully"
_KEY: Final = APIKeyHeader(name="X-API-KEY", auto_error=False)
_BEARER: Final = HTTPBearer(auto_error=False, description="The same keys; ignored beside X-API-KEY")
_AS_SET: Final[Mapping[str, Any]] = {"response_model_exclude_unset": True}
_PLAIN: Final = refusals(errors.ErrorBody, 401, 429, 500, 503)
_READ: Final = refusals(errors.ErrorBody, 400, 401, 429, 500, 503)
_FIND: Final = refusals(errors.ErrorBody, 400, 401, 404, 429, 500, 503)
_STOP: Final = refusals(errors.ErrorBody, 400, 401, 413, 429, 500, 503)
_CALL: Final = refusals(errors.ErrorBody, 400, 401, 404, 413, 422, 429, 500, 503)


def application(parts: Parts) -> Door:
    """The whole API, to be mounted at ``/ca/api/v0``."""
    app = Door(title="Outdial: Ringg dialect", bodies=(asked.IndividualCall, asked.Termination))
    app.router.dependencies = [Security(_KEY), Security(_BEARER)]
    app.add_middleware(Gate, failed=errors.failed)
    errors.install(app)
    routes = _Routes(parts)

    def get(path: str, answer: Callable[..., Any], model: type[Any], said: dict[int | str, dict[str, Any]]) -> None:
        app.add_api_route(path, answer, methods=["GET"], response_model=model, responses=said, **_AS_SET)

    def post_call(path: str, answer: Callable[..., Any]) -> None:
        extra = body_of(asked.IndividualCall, once.DOCUMENTED)
        app.add_api_route(
            path,
            answer,
            methods=["POST"],
            response_model=wire.CallResponse,
            responses=_CALL,
            openapi_extra=extra,
            **_AS_SET,
        )

    def stop(method: str, path: str, answer: Callable[..., Any], *, body: bool = True) -> None:
        extra = body_of(asked.Termination, required=body)
        app.add_api_route(
            path,
            answer,
            methods=[method],
            response_model=wire.TerminationResponse,
            responses=_STOP,
            openapi_extra=extra,
        )

    post_call("/calling/outbound/individual", routes.individual)
    post_call("/calling/v2/outbound/individual", routes.individual_v2)
    post_call("/calling/outbound/individual/v2", routes.individual_v2)
    get("/calling/call-details", routes.call_details, wire.CallDetailsResponse, _FIND)
    get("/calling/history", routes.history, wire.HistoryResponse, _READ)
    get("/calling/history/{call_id}", routes.one_of_history, wire.CallDetailsResponse, _FIND)
    stop("PATCH", "/campaign/terminate", routes.terminate)
    stop("PATCH", "/campaign/terminate/agent", routes.terminate)
    stop("POST", "/campaign/terminate/{campaign_id}", routes.terminate_campaign, body=False)
    get("/agent/all", routes.agents, wire.AgentListResponse, _READ)
    get("/workspace/numbers", routes.numbers, wire.NumbersResponse, _READ)
    get("/workspace", routes.workspace, wire.WorkspaceResponse, _PLAIN)
    return app


class _Routes:
    """One method for each route, all over the same parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def individual(self, request: Request) -> Response:
        """Place a call. It is on disk when the answer comes; nothing has been dialled yet."""
        return await self._place(request, v2=False)

    async def individual_v2(self, request: Request) -> Response:
        """Place a call; the caller number may come from a stored pool, and the voice be chosen."""
        return await self._place(request, v2=True)

    async def call_details(
        self, request: Request, query: Annotated[asked.DetailsQuery, Query()]
    ) -> wire.CallDetailsResponse:
        """One call: how it stands, what was said, and why it waits."""
        workspace_id = await self._admit(request)
        wanted = (query.id or "").strip() or (query.call_id or "").strip()
        if not wanted:
            raise Invalid(Fault(("id",), "id is required", "missing"))
        return await self._details(workspace_id, wanted, query)

    async def one_of_history(
        self, request: Request, call_id: str, query: Annotated[asked.AnalysisQuery, Query()]
    ) -> wire.CallDetailsResponse:
        """The same as call-details."""
        workspace_id = await self._admit(request)
        return await self._details(workspace_id, call_id, query)

    async def history(self, request: Request, query: Annotated[asked.HistoryQuery, Query()]) -> wire.HistoryResponse:
        """Calls, newest first."""
        workspace_id = await self._admit(request)
        page = listing.page(query, default=listing.HISTORY_LIMIT)
        filters = listing.history_filters(query, page)
        found: tuple[list[CallRecord], int] = ([], 0)
        if filters is not None:
            found = await calls.history(self._parts.database, workspace_id, filters, now=self._parts.now)
        page_of_calls, total = found
        return wire.HistoryResponse(
            calls=[records.history_row(record, self._parts.links) for record in page_of_calls],
            limit=page.limit,
            offset=page.offset,
            count=len(page_of_calls),
            total=total,
        )

    async def terminate(
        self, request: Request, query: Annotated[asked.TerminationQuery, Query()]
    ) -> wire.TerminationResponse:
        """End calls that wait; one that is being dialled is left alone."""
        workspace_id = await self._admit(request)
        return await self._terminate(workspace_id, await self._body(request), query)

    async def terminate_campaign(
        self, request: Request, campaign_id: str, query: Annotated[asked.TerminationQuery, Query()]
    ) -> wire.TerminationResponse:
        """The same for one list, named in the path."""
        workspace_id = await self._admit(request)
        body = await self._body(request, may_be_empty=True)
        return await self._terminate(workspace_id, {**body, "campaign_id": campaign_id}, query)

    async def agents(self, request: Request, query: Annotated[asked.Paging, Query()]) -> wire.AgentListResponse:
        """Agents in use."""
        workspace_id = await self._admit(request)
        page = listing.page(query)
        found = await inventory.agents(self._parts.database, workspace_id, limit=page.limit, offset=page.offset)
        return wire.AgentListResponse(status="success", data=wire.AgentList(agents=[rows.agent(row) for row in found]))

    async def numbers(self, request: Request, query: Annotated[asked.Paging, Query()]) -> wire.NumbersResponse:
        """Numbers a call may be made from."""
        workspace_id = await self._admit(request)
        page = listing.page(query)
        found = await inventory.numbers(self._parts.database, workspace_id, limit=page.limit, offset=page.offset)
        return wire.NumbersResponse(workspace_numbers=[rows.number(row) for row in found])

    async def workspace(self, request: Request) -> wire.WorkspaceResponse:
        """The workspace and its credits."""
        workspace_id = await self._admit(request)
        row = await inventory.workspace(self._parts.database, workspace_id)
        return wire.WorkspaceResponse(workspace_info=rows.workspace(row))

    async def _admit(self, request: Request) -> str:
        """The workspace that knocks. A missing key takes the same way as a wrong one."""
        key = request.headers.get("x-api-key", "").strip() or bearer_key(request.headers.get("authorization", ""))
        workspace_id = await access.authenticate(self._parts.database, translate.DIALECT, key)
        self._parts.rate.take(digest_key(key))
        return workspace_id

    async def _place(self, request: Request, *, v2: bool) -> Response:
        parts = self._parts
        workspace_id = await self._admit(request)
        once.key_of(request)
        body = await self._body(request)
        validation.check_call(body, v2=v2, now=parts.now())
        wanted = translate.call_request(body, workspace_id)
        # Every route to a call means the same by the same body.
        repeatable = once.once_of(
            request, workspace_id=workspace_id, dialect=translate.DIALECT, operation="call", body=body
        )
        return await once.place(parts, wanted, lambda placed: _accepted(placed, wanted.to_number), repeatable)

    async def _body(self, request: Request, *, may_be_empty: bool = False) -> Mapping[str, object]:
        raw = await read_body(request, limit_bytes=BODY_LIMIT_BYTES)
        body = {} if may_be_empty and not raw.strip() else parse_object(raw)
        if body is None:
            raise Invalid(validation.NOT_AN_OBJECT)
        return body

    async def _terminate(
        self, workspace_id: str, body: Mapping[str, object], query: asked.TerminationQuery
    ) -> wire.TerminationResponse:
        wanted = termination.selection(body, query.terminate_all_calls)
        ended = await cancel_waiting(self._parts.database, workspace_id, wanted, now=self._parts.now)
        if not ended:
            raise Refused("No terminable calls found")
        return wire.TerminationResponse(message="Calls terminated successfully!", terminated_count=ended)

    async def _details(self, workspace_id: str, wanted: str, query: asked.AnalysisQuery) -> wire.CallDetailsResponse:
        analysis = listing.truth("send_analysis", query.send_analysis)
        call_id = parse_uuid(wanted)
        if call_id is None:
            raise NotFound("Call not found", field="id")
        record = await calls.call_record(self._parts.database, workspace_id, call_id, now=self._parts.now)
        details = records.call_details(record, self._parts.links, analysis=analysis)
        return wire.CallDetailsResponse(status="success", data=details)


def _accepted(placed: Placed, to_number: str) -> Answer:
    response = wire.CallResponse(
        status="success",
        message=_ACCEPTED,
        legacy_message=_ACCEPTED,
        data=wire.CallAccepted(
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
