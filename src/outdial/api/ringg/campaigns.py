"""Ending calls that wait, by list, agent or number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from outdial.api.ringg import asked, termination, wire
from outdial.api.ringg.door import RinggDoor
from outdial.commands.change_call import cancel_waiting
from outdial.domain.errors import Refused


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    for path in ("/campaign/terminate", "/campaign/terminate/agent"):
        door.route(
            f"PATCH {path}",
            routes.terminate,
            wire.TerminationResponse,
            *(400, 413),
            body=asked.Termination,
            sparse=False,
        )
    door.route(
        "POST /campaign/terminate/{campaign_id}",
        routes.terminate_campaign,
        wire.TerminationResponse,
        *(400, 413),
        body=asked.Termination,
        body_required=False,
        sparse=False,
    )


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def terminate(
        self, request: Request, query: Annotated[asked.TerminationQuery, Query()]
    ) -> wire.TerminationResponse:
        """End calls that wait; one that is being dialled is left alone."""
        workspace_id = await self._door.admit(request)
        return await self._terminate(workspace_id, await self._door.body(request), query)

    async def terminate_campaign(
        self, request: Request, campaign_id: str, query: Annotated[asked.TerminationQuery, Query()]
    ) -> wire.TerminationResponse:
        """The same for one list, named in the path."""
        workspace_id = await self._door.admit(request)
        body = await self._door.body(request, may_be_empty=True)
        return await self._terminate(workspace_id, {**body, "campaign_id": campaign_id}, query)

    async def _terminate(
        self, workspace_id: str, body: Mapping[str, object], query: asked.TerminationQuery
    ) -> wire.TerminationResponse:
        wanted = termination.selection(body, query.terminate_all_calls)
        ended = await cancel_waiting(self._door.parts.database, workspace_id, wanted, now=self._door.parts.now)
        if not ended:
            raise Refused("No terminable calls found")
        return wire.TerminationResponse(message="Calls terminated successfully!", terminated_count=ended)
