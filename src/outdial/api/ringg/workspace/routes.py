"""The workspace: its credits, numbers and people, and another key for the one that asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from outdial.api.ringg import listing
from outdial.api.ringg.calls import requests, translate
from outdial.api.ringg.door import RinggDoor, key_of
from outdial.api.ringg.workspace import render, responses
from outdial.commands.keys import rotate_key
from outdial.domain.errors import NotFound, Unauthorized
from outdial.store import inventory
from outdial.store import users as people


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.route("GET /workspace/numbers", routes.numbers, responses.NumbersResponse, 400)
    door.route("GET /workspace/all", routes.workspaces, responses.WorkspacesResponse)
    door.route("GET /workspace/users", routes.users, responses.UsersResponse, 400)
    door.route("PATCH /workspace/api-key", routes.rotate_key, responses.NewKeyResponse)
    door.route("GET /workspace", routes.workspace, responses.WorkspaceResponse)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def numbers(self, request: Request, query: Annotated[requests.Paging, Query()]) -> responses.NumbersResponse:
        """Numbers a call may be made from."""
        workspace_id = await self._door.admit(request)
        page = listing.page(query)
        found = await self._door.parts.database.read(
            inventory.numbers, workspace_id, limit=page.limit, offset=page.offset
        )
        return responses.NumbersResponse(workspace_numbers=[render.number(row) for row in found])

    async def workspaces(self, request: Request) -> responses.WorkspacesResponse:
        """The workspaces the key opens: one."""
        workspace_id = await self._door.admit(request)
        row = await self._door.parts.database.read(inventory.workspace, workspace_id)
        return responses.WorkspacesResponse(workspaces=[render.owned(row)])

    async def users(self, request: Request, query: Annotated[requests.Paging, Query()]) -> responses.UsersResponse:
        """People of the workspace, first come first."""
        workspace_id = await self._door.admit(request)
        page = listing.page(query)
        found = await self._door.parts.database.read(
            people.users_of, workspace_id, limit=page.limit, offset=page.offset
        )
        return responses.UsersResponse(workspace_users=[render.user(row) for row in found])

    async def rotate_key(self, request: Request) -> responses.NewKeyResponse:
        """A new key for the calling one, which opens nothing from this answer on."""
        workspace_id = await self._door.admit(request)
        parts, old = self._door.parts, key_of(request)
        try:
            new = await rotate_key(parts.database, workspace_id, translate.DIALECT, old, now=parts.now)
        except NotFound as error:
            # Another request with the same key was first, since this one was let in.
            raise Unauthorized("API key is missing or not valid") from error
        return responses.NewKeyResponse(new_api_key=new)

    async def workspace(self, request: Request) -> responses.WorkspaceResponse:
        """The workspace and its credits."""
        workspace_id = await self._door.admit(request)
        row = await self._door.parts.database.read(inventory.workspace, workspace_id)
        return responses.WorkspaceResponse(workspace_info=render.workspace(row))
