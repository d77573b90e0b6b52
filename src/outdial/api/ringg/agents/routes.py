"""Agents: who talks. Made and edited here; edits change a version in place, new versions are the native API's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import Query
from starlette.requests import Request

from outdial.api.ringg import instants, listing
from outdial.api.ringg.agents import agent_fields, operations, render, requests, responses, versions
from outdial.api.ringg.calls import requests as call_requests
from outdial.api.ringg.calls import responses as call_responses
from outdial.api.ringg.door import RinggDoor
from outdial.commands import agents as commands
from outdial.domain import voices as speaking
from outdial.domain.agent import Definition, Voice
from outdial.domain.agent_warnings import agent_warnings
from outdial.domain.errors import NotFound
from outdial.domain.ids import parse_uuid
from outdial.store import inventory
from outdial.store.agents import reading as queries

_INITIAL: Final = "Initial version"
_EDITED: Final = "Agent updated successfully!"


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.route("GET /agent/all", routes.agents, call_responses.AgentListResponse, 400)
    door.route("GET /agent/voices", routes.voices, responses.VoicesResponse)
    edit = requests.AgentEdit
    door.route("PATCH /agent/v1", routes.edit, responses.AgentEditedResponse, 400, 404, 413, 422, body=edit)
    made, updated = responses.AgentMadeResponse, responses.AgentUpdatedResponse
    door.route("POST /public/agent", routes.create, made, 400, 404, 413, body=requests.AgentIn)
    update = requests.AgentUpdate
    door.route("PATCH /public/agent/{agent_id}", routes.update, updated, 400, 404, 413, body=update)
    # After their siblings: these would answer for them.
    for path in ("/agent/v1/{agent_id}", "/agent/{agent_id}"):
        door.route(f"GET {path}", routes.one, responses.AgentDetailsResponse, 404)
    door.route("DELETE /agent/{agent_id}", routes.archive, responses.AgentArchivedResponse, 404)


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door
        self._parts = door.parts

    @property
    def _voices(self) -> Mapping[str, Voice]:
        return self._door.parts.voices

    async def agents(
        self, request: Request, query: Annotated[call_requests.Paging, Query()]
    ) -> call_responses.AgentListResponse:
        """Agents in use."""
        workspace_id = await self._door.admit(request)
        page = listing.page(query)
        found = await self._parts.database.read(inventory.agents, workspace_id, limit=page.limit, offset=page.offset)
        listed = call_responses.AgentList(agents=[render.agent(row) for row in found])
        return call_responses.AgentListResponse(status="success", data=listed)

    async def one(self, request: Request, agent_id: str) -> responses.AgentDetailsResponse:
        """One agent with all its versions."""
        workspace_id = await self._door.admit(request)
        whole = await self._parts.database.read(queries.agent, workspace_id, _id(agent_id))
        return responses.AgentDetailsResponse(agents=render.details(whole, self._voices))

    async def voices(
        self, request: Request, query: Annotated[requests.VoicesQuery, Query()]
    ) -> responses.VoicesResponse:
        """The voices an agent may speak with; there is one for every supported locale."""
        await self._door.admit(request)
        wanted = [name.strip() for name in (query.language or "").split(",") if name.strip()]
        installed = self._voices.values()
        found = [
            render.voice(one, self._voices)
            for one in installed
            if not wanted or any(speaking.speaks(one, language, installed) for language in wanted)
        ]
        return responses.VoicesResponse(voices=found)

    async def create(self, request: Request) -> responses.AgentMadeResponse:
        """Make an agent; its first version is active at once."""
        workspace_id = await self._door.admit(request)
        body = await self._door.body(request)
        wanted = agent_fields.read(body, self._voices.values(), complete=True)
        agent_type = wanted.type or "outbound"
        draft = commands.AgentDraft(
            name=wanted.name or "",
            type=agent_type,
            definition=wanted.applied_to(Definition(), agent_type, self._voices),
            description=_INITIAL,
        )
        made = await commands.create_agent(self._parts.database, workspace_id, draft, now=self._parts.now)
        answer = responses.AgentMadeResponse(
            success=True,
            message="Agent created successfully",
            data=responses.AgentMade(
                id=made.agent_id,
                agent_id=made.agent_id,
                version=render.slug(made.number),
                version_id=made.version_id,
                created_at=instants.offset_micros(made.at),
            ),
        )
        if warnings := self._warnings(made):
            answer.warnings = list(warnings)
        return answer

    async def update(self, request: Request, agent_id: str) -> responses.AgentUpdatedResponse:
        """Change fields of an agent's active version."""
        workspace_id = await self._door.admit(request)
        wanted = agent_fields.read(await self._door.body(request), self._voices.values(), complete=False)
        change = commands.AgentChange(
            name=wanted.name,
            type=wanted.type,
            definition=lambda agent_type, definition: wanted.applied_to(definition, agent_type, self._voices),
        )
        edited = await commands.edit_agent(
            self._parts.database, workspace_id, _id(agent_id), change, now=self._parts.now
        )
        answer = responses.AgentUpdatedResponse(
            success=True,
            message="Agent updated successfully",
            data=responses.AgentUpdated(
                id=edited.agent_id,
                agent_id=edited.agent_id,
                version=render.slug(edited.number),
                updated_at=instants.offset_micros(edited.at),
            ),
        )
        if warnings := self._warnings(edited, about_speech=wanted.about_speech):
            answer.warnings = list(warnings)
        return answer

    async def edit(self, request: Request) -> responses.AgentEditedResponse:
        """Carry out one operation on an agent: on its active version, or on the one that is named."""
        workspace_id = await self._door.admit(request)
        body = await self._door.body(request)
        wanted = operations.read(body, self._voices, self._parts.now())
        if wanted.about_versions:
            return await self._edit_versions(workspace_id, wanted, body)
        edited = await commands.edit_agent(
            self._parts.database,
            workspace_id,
            wanted.agent_id,
            wanted.change,
            version_id=wanted.version_id,
            now=self._parts.now,
        )
        answer = responses.AgentEditedResponse(message=_EDITED, agent_id=edited.agent_id)
        for name, value in wanted.echoed.items():
            setattr(answer, name, value)
        if warnings := self._warnings(edited, about_speech=wanted.about_speech):
            answer.warnings = list(warnings)
        return answer

    async def _edit_versions(
        self, workspace_id: str, wanted: operations.Edit, body: Mapping[str, object]
    ) -> responses.AgentEditedResponse:
        asked = versions.Asked(
            self._parts.database, workspace_id, wanted.agent_id, wanted.version_id, body, self._parts.now
        )
        said = await versions.OPERATIONS[wanted.about_versions](asked)
        return responses.AgentEditedResponse(message=_EDITED, agent_id=wanted.agent_id, **said)

    async def archive(self, request: Request, agent_id: str) -> responses.AgentArchivedResponse:
        """Take an agent out of use. Its waiting calls are cancelled, running ones finish."""
        workspace_id = await self._door.admit(request)
        await commands.archive(self._parts.database, workspace_id, _id(agent_id), now=self._parts.now)
        return responses.AgentArchivedResponse(message="Agent archived successfully")

    def _warnings(self, version: commands.Versioned, *, about_speech: bool = True) -> Sequence[str]:
        model = self._parts.language_models
        return agent_warnings(version.definition, self._voices, language_models=model, about_speech=about_speech)


def _id(agent_id: str) -> str:
    """
    Raises:
        NotFound: nothing has an id like that.
    """
    found = parse_uuid(agent_id)
    if found is None:
        raise NotFound("Agent not found", field="agent_id")
    return found
