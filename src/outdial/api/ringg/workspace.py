"""The workspace: its credits, numbers and people, and another key for the one that asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from outdial.api.ringg import asked, listing, translate, workspace_words
from outdial.api.ringg import workspace_wire as wire
from outdial.api.ringg.door import RinggDoor, key_of
from outdial.commands.keys import rotate_key
from outdial.domain.errors import NotFound, Unauthorized
from outdial.store import inventory
from outdial.store import users as people


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.route("GET /workspace/numbers", routes.numbers, wire.NumbersResponse, 400)
    door.route("GET /workspace/all", routes.workspaces, wire.WorkspacesResponse)
    door.route("GET /workspace/users", routes.users, wire.UsersResponse, 400)
    door.route("PATCH /workspace/api-key", routes.rotate_key, wire.NewKeyResponse)
    door.route("GET /workspace", routes.workspace, wire.WorkspaceResponse)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def numbers(self, request: Request, query: Annotated[asked.Paging, Query()]) -> wire.NumbersResponse:
        """Numbers a call may be made from."""
        workspace_id = await self._door.admit(request)
        page = listing.page(query)
        found = await self._door.parts.database.read(
            inventory.numbers, workspace_id, limit=page.limit, offset=page.offset
        )
        return wire.NumbersResponse(workspace_numbers=[workspace_words.number(row) for row in found])

    async def workspaces(self, request: Request) -> wire.WorkspacesResponse:
        """The workspaces the key opens: one."""
        workspace_id = await self._door.admit(request)
        row = await self._door.parts.database.read(inventory.workspace, workspace_id)
        return wire.WorkspacesResponse(workspaces=[workspace_words.owned(row)])

    async def users(self, request: Request, query: Annotated[asked.Paging, Query()]) -> wire.UsersResponse:
        """People of the workspace, first come first."""
        workspace_id = await self._door.admit(request)
        page = listing.page(query)
        found = await self._door.parts.database.read(
            people.users_of, workspace_id, limit=page.limit, offset=page.offset
        )
        return wire.UsersResponse(workspace_users=[workspace_words.user(row) for row in found])

    async def rotate_key(self, request: Request) -> wire.NewKeyResponse:
        """A new key for the calling one, which opens nothing from this answer on."""
        workspace_id = await self._door.admit(request)
        parts, old = self._door.parts, key_of(request)
        try:
            new = await rotate_key(parts.database, workspace_id, translate.DIALECT, old, now=parts.now)
        except NotFound as error:
            # Another request with the same key was first, since this one was let in.
            raise Unauthorized("API key is missing or not valid") from error
        return wire.NewKeyResponse(new_api_key=new)

    async def workspace(self, request: Request) -> wire.WorkspaceResponse:
        """The workspace and its credits."""
        workspace_id = await self._door.admit(request)
        row = await self._door.parts.database.read(inventory.workspace, workspace_id)
        return wire.WorkspaceResponse(workspace_info=workspace_words.workspace(row))
