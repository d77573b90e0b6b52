"""Agents and their versions: made, edited in place, versioned, activated, archived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from outdial.api.native import listing, requests
from outdial.api.native.agents import responses
from outdial.api.native.calls import translate
from outdial.api.native.door import Routing, admit, body_of, path_id
from outdial.api.native.webhooks.payloads import TYPES
from outdial.api.openapi import body_of as body
from outdial.api.parts import Parts
from outdial.commands import agents as commands
from outdial.domain import voices as speaking
from outdial.domain.agent import Definition, Voice
from outdial.domain.agent_warnings import agent_warnings
from outdial.domain.bounds import definition_faults, headers_faults
from outdial.domain.errors import Fault, Invalid, must_be_sound
from outdial.domain.subscription import Subscription
from outdial.domain.subscription_headers import masked, may_be_sent, replaced
from outdial.domain.web_addresses import is_web_address, origin
from outdial.language.flow_parsing import parse
from outdial.store.agents import reading as read
from outdial.store.agents.definitions import definition_from_json, definition_to_json

_FIELD: Final = "definition"


def install(parts: Parts, to: Routing) -> None:
    routes = _Agents(parts)
    one, versions = "/agents/{agent_id}", "/agents/{agent_id}/versions"
    to("GET /agents", routes.page, responses.AgentPage, 400)
    to("POST /agents", routes.create, responses.Agent, 400, 404, 409, 413, status=201, extra=body(responses.AgentIn))
    to(f"GET {one}", routes.one, responses.Agent, 404)
    to(f"PATCH {one}", routes.change, responses.Agent, 400, 404, 413, extra=body(responses.AgentChange))
    to(f"DELETE {one}", routes.archive, None, 404, status=204)
    to(f"GET {versions}", routes.versions, responses.VersionList, 404)
    to(f"POST {versions}", routes.add, responses.Version, 400, 404, 413, status=201, extra=body(responses.VersionIn))
    to(f"POST {versions}/{{version_id}}/activate", routes.activate, responses.Agent, 404)


class _Agents:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._db = parts.database

    async def page(self, request: Request, query: Annotated[listing.PageQuery, Query()]) -> responses.AgentPage:
        """Agents in use, oldest first."""
        workspace_id = await admit(self._parts, request)
        limit, after = listing.limit_of(query), listing.place_of(query.cursor)
        found, end = await self._db.read(read.agent_page, workspace_id, limit=limit, after=after)
        return responses.AgentPage(agents=[self._agent(one) for one in found], next=listing.cursor_of(end))

    async def one(self, request: Request, agent_id: str) -> responses.Agent:
        """One agent with its active version."""
        workspace_id = await admit(self._parts, request)
        return await self._read(workspace_id, _known(agent_id))

    async def create(self, request: Request, response: Response) -> responses.Agent:
        """Make an agent; its first version is active at once."""
        workspace_id = await admit(self._parts, request)
        new = requests.read(responses.AgentIn, await body_of(request))
        draft = commands.AgentDraft(
            name=new.name,
            definition=self._definition(new.definition),
            type=new.type,
            tag=new.tag,
            description=new.description,
            subscriptions=replaced((), translate.DIALECT, _subscriptions(new.subscriptions), "subscriptions"),
            whitelisted_domains=_origins(new.whitelisted_domains),
        )
        made = await commands.create_agent(self._db, workspace_id, draft, now=self._parts.now)
        response.headers["Location"] = f"{request.scope['root_path']}/agents/{made.agent_id}"
        return await self._read(workspace_id, made.agent_id)

    async def change(self, request: Request, agent_id: str) -> responses.Agent:
        """Change what is named, all of it or nothing; the definition is that of the active version, in place."""
        workspace_id = await admit(self._parts, request)
        known = _known(agent_id)
        sent = requests.read(responses.AgentChange, await body_of(request))
        said = sent.model_fields_set
        change = commands.AgentChange(
            name=sent.name if "name" in said else None,
            type=sent.type if "type" in said else None,
            whitelisted_domains=_origins(sent.whitelisted_domains) if "whitelisted_domains" in said else None,
            subscriptions=_replacing(sent.subscriptions) if "subscriptions" in said else None,
            definition=self._merging(sent.definition) if "definition" in said else None,
        )
        await commands.edit_agent(self._db, workspace_id, known, change, now=self._parts.now)
        return await self._read(workspace_id, known)

    async def archive(self, request: Request, agent_id: str) -> Response:
        """Take an agent out of use. Its waiting calls are cancelled, running ones finish."""
        workspace_id = await admit(self._parts, request)
        await commands.archive(self._db, workspace_id, _known(agent_id), now=self._parts.now)
        return Response(status_code=204)

    async def versions(self, request: Request, agent_id: str) -> responses.VersionList:
        """All versions of an agent."""
        workspace_id = await admit(self._parts, request)
        whole = await self._db.read(read.agent, workspace_id, _known(agent_id))
        return responses.VersionList(versions=[self._version(whole, version) for version in whole.versions])

    async def add(self, request: Request, agent_id: str) -> responses.Version:
        """A further version under the next number; it talks when it is activated."""
        workspace_id = await admit(self._parts, request)
        known = _known(agent_id)
        new = requests.read(responses.VersionIn, await body_of(request))
        made = await commands.new_version(
            self._db,
            workspace_id,
            known,
            self._definition(new.definition),
            description=new.description,
            active=new.active,
            now=self._parts.now,
        )
        whole = await self._db.read(read.agent, workspace_id, known)
        return self._version(whole, next(version for version in whole.versions if version.id == made.version_id))

    async def activate(self, request: Request, agent_id: str, version_id: str) -> responses.Agent:
        """Let this version talk from now on, wherever a call names no other."""
        workspace_id = await admit(self._parts, request)
        known, version = _known(agent_id), path_id(version_id, "Version", "version_id")
        await commands.activate(self._db, workspace_id, known, version, now=self._parts.now)
        return await self._read(workspace_id, known)

    async def _read(self, workspace_id: str, agent_id: str) -> responses.Agent:
        return self._agent(await self._db.read(read.agent, workspace_id, agent_id))

    def _definition(self, members: Mapping[str, Any]) -> Definition:
        """
        Raises:
            Invalid: a member is unknown or wrong, or the flow is, each named; or the voice does not speak the language.
            NotFound: there is no such voice.
        """
        try:
            definition = definition_from_json(members)
            must_be_sound(definition_faults(definition))
            if definition.flow is not None:
                parse(definition.flow)
            _must_be_spoken(definition, self._parts.voices)
        except Invalid as wrong:
            raise Invalid(*(fault.within(_FIELD) for fault in wrong.faults)) from None
        return definition

    def _merging(self, members: Mapping[str, Any]) -> Callable[[str, Definition], Definition]:
        def merged(_: str, definition: Definition) -> Definition:
            return self._definition({**definition_to_json(definition), **members})

        return merged

    def _agent(self, whole: read.AgentWhole) -> responses.Agent:
        return responses.Agent(
            id=whole.id,
            name=whole.name,
            tag=whole.tag,
            type=whole.type,
            version=self._version(whole, whole.active),
            subscriptions=[
                responses.Subscription(
                    events=list(one.events), url=one.url, headers=masked(one.headers), method=one.method
                )
                for one in whole.subscriptions
                if one.dialect == translate.DIALECT
            ],
            whitelisted_domains=list(whole.whitelisted_domains),
            created_at=translate.instant(whole.created_at),
            updated_at=translate.instant(whole.updated_at),
        )

    def _version(self, whole: read.AgentWhole, version: read.VersionRow) -> responses.Version:
        definition = version.definition
        return responses.Version(
            id=version.id,
            number=version.number,
            description=version.description,
            active=version.id == whole.active.id,
            created_at=translate.instant(version.created_at),
            updated_at=translate.instant(version.updated_at),
            definition=definition_to_json(definition),
            warnings=list(agent_warnings(definition, self._parts.voices, language_models=self._parts.language_models)),
        )


def _must_be_spoken(definition: Definition, voices: Mapping[str, Voice]) -> None:
    for name in ("language", "secondary_language"):
        if getattr(definition, name) and not speaking.is_known(getattr(definition, name), voices.values()):
            raise Invalid(Fault((name,), f"{name} is not a supported language"))
    if definition.secondary_voice_id:
        speaking.must_exist(definition.secondary_voice_id, voices, _FIELD)
    if definition.voice_id:
        speaking.must_exist(definition.voice_id, voices, _FIELD)
        speaking.must_speak(definition.voice_id, definition.language, voices)


def _known(agent_id: str) -> str:
    return path_id(agent_id, "Agent", "agent_id")


def _replacing(
    wanted: Sequence[responses.SubscriptionIn],
) -> Callable[[Sequence[Subscription]], Sequence[Subscription]]:
    new = _subscriptions(wanted)
    return lambda stored: replaced(stored, translate.DIALECT, new, "subscriptions")


def _subscriptions(wanted: Sequence[responses.SubscriptionIn]) -> list[Subscription]:
    """
    Raises:
        Invalid: with every fault.
    """
    faults = [fault for index, one in enumerate(wanted) for fault in _faults(one, ("subscriptions", str(index)))]
    must_be_sound(faults)
    return [Subscription(translate.DIALECT, tuple(one.events), one.url, one.headers, one.method) for one in wanted]


def _faults(one: responses.SubscriptionIn, path: tuple[str, ...]) -> list[Fault]:
    faults = []
    if not set(one.events) <= TYPES:
        faults.append(Fault((*path, "events"), f"events must be among {', '.join(sorted(TYPES))}"))
    if not is_web_address(one.url):
        faults.append(Fault((*path, "url"), "url must be an http or https URL"))
    wrong = [name for name, value in one.headers.items() if not may_be_sent(name, value)]
    faults += [Fault((*path, "headers", name), f"{name} is no header that can be sent") for name in wrong]
    return [*faults, *headers_faults(one.headers, *path, "headers")]


def _origins(names: Sequence[str]) -> tuple[str, ...]:
    """
    Raises:
        Invalid: one is no domain and no origin.
    """
    found = {name: origin(name) for name in names}
    faults = [
        Fault(("whitelisted_domains", str(names.index(name))), "whitelisted_domains must hold domains or origins")
        for name, known in found.items()
        if known is None
    ]
    must_be_sound(faults)
    return tuple(dict.fromkeys(known for known in found.values() if known is not None))
