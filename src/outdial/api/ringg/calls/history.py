"""Calls as they are read: one with everything, many by filters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from outdial.api.ringg import listing
from outdial.api.ringg.calls import downloads, render, requests, responses
from outdial.api.ringg.door import RinggDoor
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.ids import parse_uuid
from outdial.domain.record import CallRecord
from outdial.store.calls import reading as calls


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.route("GET /calling/call-details", routes.call_details, responses.CallDetailsResponse, 400, 404)
    door.route(
        "GET /calling/history", routes.history, responses.HistoryResponse, 400, openapi_extra=downloads.ALSO_FILES
    )
    door.route("GET /calling/history/{call_id}", routes.one_of_history, responses.CallDetailsResponse, 400, 404)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def call_details(
        self, request: Request, query: Annotated[requests.DetailsQuery, Query()]
    ) -> responses.CallDetailsResponse:
        """One call: how it stands, what was said, and why it waits."""
        workspace_id = await self._door.admit(request)
        wanted = (query.id or "").strip() or (query.call_id or "").strip()
        if not wanted:
            raise Invalid(Fault(("id",), "id is required", "missing"))
        return await self._details(workspace_id, wanted, query)

    async def one_of_history(
        self, request: Request, call_id: str, query: Annotated[requests.AnalysisQuery, Query()]
    ) -> responses.CallDetailsResponse:
        """The same as call-details."""
        workspace_id = await self._door.admit(request)
        return await self._details(workspace_id, call_id, query)

    async def history(
        self, request: Request, query: Annotated[requests.HistoryQuery, Query()]
    ) -> responses.HistoryResponse | Response:
        """Calls, newest first."""
        workspace_id = await self._door.admit(request)
        if listing.truth("download", query.download):
            wanted = requests.DownloadQuery(
                **query.model_dump(exclude={"agent_id", "download"}), agent_id=[query.agent_id or ""]
            )
            return await downloads.history_file(self._door.parts, request, workspace_id, wanted)
        page = listing.page(query, default=listing.HISTORY_LIMIT)
        filters = listing.history_filters(query, page)
        found: tuple[list[CallRecord], int] = ([], 0)
        if filters is not None:
            found = await self._door.parts.database.read(calls.history, workspace_id, filters, now=self._door.parts.now)
        page_of_calls, total = found
        return responses.HistoryResponse(
            calls=[render.history_row(record, self._door.parts.links) for record in page_of_calls],
            limit=page.limit,
            offset=page.offset,
            count=len(page_of_calls),
            total=total,
        )

    async def _details(
        self, workspace_id: str, wanted: str, query: requests.AnalysisQuery
    ) -> responses.CallDetailsResponse:
        analysis = listing.truth("send_analysis", query.send_analysis)
        call_id = parse_uuid(wanted)
        if call_id is None:
            raise NotFound("Call not found", field="id")
        record = await self._door.parts.database.read(
            calls.call_record, workspace_id, call_id, now=self._door.parts.now
        )
        details = render.call_details(record, self._door.parts.links, analysis=analysis)
        return responses.CallDetailsResponse(status="success", data=details)
