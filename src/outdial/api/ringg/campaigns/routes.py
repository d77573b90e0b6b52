"""Campaigns: an imported list is started and seen; calls that wait are ended, by list, agent or number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Query
from starlette.requests import Request

from outdial.api.ringg import listing
from outdial.api.ringg.calls import requests as call_requests
from outdial.api.ringg.calls import responses as call_responses
from outdial.api.ringg.calls import termination
from outdial.api.ringg.campaigns import render, requests, responses
from outdial.api.ringg.campaigns.fields import zone_of
from outdial.api.ringg.door import RinggDoor
from outdial.api.ringg.fields import DEFAULT_ZONE
from outdial.campaigns.starting import Start, Started, start
from outdial.commands.change_call import cancel_waiting
from outdial.domain.errors import Conflict, NotFound, Refused
from outdial.domain.ids import parse_uuid
from outdial.store.campaigns.reading import campaign_page, find_campaign

_REFUSED: Final = (400, 402, 404, 413)


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    started = responses.CampaignStarted
    door.route("POST /campaign/start", routes.start, started, *_REFUSED, body=requests.CampaignStart)
    door.route("POST /campaign/v2/start", routes.start_v2, started, *_REFUSED, body=requests.CampaignStartV2)
    large = responses.LargeStarted
    door.route("POST /campaign/make-call-async", routes.start_large, large, *_REFUSED, 422, body=requests.LargeStart)
    door.route("GET /campaign/all", routes.all, responses.CampaignsResponse, 400)
    _install_termination(door, routes)


def _install_termination(door: RinggDoor, routes: _Routes) -> None:
    ended, body, refused = call_responses.TerminationResponse, call_requests.Termination, (400, 413)
    for path in ("/campaign/terminate", "/campaign/terminate/agent"):
        door.route(f"PATCH {path}", routes.terminate, ended, *refused, body=body, sparse=False)
    door.route("POST /calling/terminate", routes.terminate, ended, *refused, body=body, sparse=False)
    path = "/campaign/terminate/{campaign_id}"
    one = routes.terminate_campaign
    door.route(f"POST {path}", one, ended, *refused, body=body, body_required=False, sparse=False)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door
        self._parts = door.parts

    async def start(self, request: Request) -> responses.CampaignStarted:
        """Have the people of a list rung, from some numbers."""
        return await self._start_as_asked(request, usual="from_numbers")

    async def start_v2(self, request: Request) -> responses.CampaignStarted:
        """Have the people of a list rung, from a stored pool of numbers."""
        return await self._start_as_asked(request, usual="number_pool_id")

    async def start_large(self, request: Request) -> responses.LargeStarted:
        """Have the people of a large list rung, at the times and in the way given here."""
        workspace_id = await self._door.admit(request)
        body = await self._door.body(request)
        zone = await self._zone_of_list(workspace_id, body)
        wish = render.large_start_of(body, self._parts.now(), zone=zone)
        await self._start(workspace_id, wish)
        return responses.LargeStarted(message="Campaign calls scheduled", bulk_list_id=wish.list_id, status="scheduled")

    async def all(
        self, request: Request, query: Annotated[requests.CampaignsQuery, Query()]
    ) -> responses.CampaignsResponse:
        """Campaigns, newest first."""
        workspace_id = await self._door.admit(request)
        page, said = listing.page(query), listing.maybe("call_count", query.call_count)
        rows, total = await self._parts.database.read(
            campaign_page, workspace_id, limit=page.limit, offset=page.offset, counts=said is not False
        )
        return responses.CampaignsResponse(
            campaigns=[render.row(found) for found in rows],
            pagination=responses.Pagination(total=total, limit=page.limit, offset=page.offset),
        )

    async def terminate(
        self, request: Request, query: Annotated[call_requests.TerminationQuery, Query()]
    ) -> call_responses.TerminationResponse:
        """End calls that wait; one that is being dialled is left alone."""
        workspace_id = await self._door.admit(request)
        return await self._terminate(workspace_id, await self._door.body(request), query)

    async def terminate_campaign(
        self, request: Request, campaign_id: str, query: Annotated[call_requests.TerminationQuery, Query()]
    ) -> call_responses.TerminationResponse:
        """The same for one list, named in the path."""
        workspace_id = await self._door.admit(request)
        body = await self._door.body(request, may_be_empty=True)
        return await self._terminate(workspace_id, {**body, "campaign_id": campaign_id}, query)

    async def _start_as_asked(self, request: Request, *, usual: str) -> responses.CampaignStarted:
        workspace_id = await self._door.admit(request)
        body = await self._door.body(request)
        started = await self._start(workspace_id, render.start_of(body, self._parts.now(), usual=usual))
        return responses.CampaignStarted(
            status="campaign registered successfully!", has_ongoing_calls=started.has_ongoing_calls
        )

    async def _start(self, workspace_id: str, wish: Start) -> Started:
        try:
            started = await start(self._parts.database, workspace_id, wish, now=self._parts.now)
        except Conflict as already:
            # Here that is a rule of the business (400), not a conflict (409).
            raise Refused(str(already)) from already
        self._parts.new_job()
        return started

    async def _zone_of_list(self, workspace_id: str, body: Mapping[str, object]) -> str:
        """The time zone the list was uploaded with."""
        list_id = parse_uuid(str(body.get("bulk_list_id")))
        try:
            found = await self._parts.database.read(find_campaign, workspace_id, list_id or "")
        except NotFound:
            # What is wrong with the body is said first.
            return DEFAULT_ZONE
        return zone_of(found.call_config) or DEFAULT_ZONE

    async def _terminate(
        self, workspace_id: str, body: Mapping[str, object], query: call_requests.TerminationQuery
    ) -> call_responses.TerminationResponse:
        wanted = termination.selection(body, query.terminate_all_calls)
        ended = await cancel_waiting(self._parts.database, workspace_id, wanted, now=self._parts.now)
        if not ended:
            raise Refused("No terminable calls found")
        return call_responses.TerminationResponse(message="Calls terminated successfully!", terminated_count=ended)
