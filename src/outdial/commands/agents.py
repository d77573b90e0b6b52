"""Set up who talks: make agents, give them versions, edit what they say, take them out of use.

Every change holds the agent's row from its first look to its commit: two edits follow each other, none is lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from outdial.commands.change_call import cancel_waiting
from outdial.domain.agent import AGENT_TYPES, DOMAINS, LABELS, Definition
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, must_be_sound
from outdial.domain.ids import new_id
from outdial.domain.subscription import Subscription
from outdial.domain.webhook_endpoint import endpoint_of
from outdial.store.agents import versions as agents
from outdial.store.agents.definitions import storable
from outdial.store.agents.links import (
    NumberLink,
    link_number,
    must_call_from,
    must_own_knowledge,
    release_numbers,
)
from outdial.store.agents.versions import AgentVersion, HeldAgent, hold_agent, version_of
from outdial.store.calls.waiting_calls import Selection
from outdial.store.database import Connection, Database
from outdial.store.policy.quotas import must_have_room
from outdial.store.trouble import IntegrityError
from outdial.store.webhooks import endpoints as webhook_endpoints

_SUBSCRIPTIONS = Callable[[Sequence[Subscription]], Sequence[Subscription]]
_MAX_NAME: Final = 100


@dataclass(frozen=True)
class AgentDraft:
    """An agent to be made. ``tag`` None makes ``agent_`` and 21 hex digits."""

    name: str
    definition: Definition
    type: str = "outbound"
    tag: str | None = None
    description: str = ""
    subscriptions: Sequence[Subscription] = ()
    whitelisted_domains: Sequence[str] = ()


@dataclass(frozen=True)
class AgentChange:
    """What to change; None leaves it as it is.

    ``definition`` is given the agent's type (the new one) and the version as it is; ``subscriptions`` all of the
    agent's, of every dialect. Both may refuse by raising. ``knowledge_id``: a knowledge base the change is about;
    ``caller_ids``: numbers it is about, each of which must be the workspace's and may call out. ``labels``: what talks
    are sorted into, whichever version talks.
    """

    name: str | None = None
    type: str | None = None
    whitelisted_domains: Sequence[str] | None = None
    subscriptions: _SUBSCRIPTIONS | None = None
    definition: Callable[[str, Definition], Definition] | None = None
    knowledge_id: str = ""
    caller_ids: Sequence[str] = ()
    number: NumberLink | None = None
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Versioned:
    """A version as it is after the command."""

    agent_id: str
    version_id: str
    number: int
    at: datetime
    definition: Definition


async def create_agent(db: Database, workspace_id: str, draft: AgentDraft, *, now: Clock) -> Versioned:
    """A new agent with its first, active version. The tag is unique in the workspace.

    Raises:
        Invalid: the name, tag, type or a member of the definition cannot be used.
        NotFound: a knowledge base is not the workspace's.
        Conflict: the workspace has an agent of that tag.
    """
    tag = f"agent_{secrets.token_hex(11)[:21]}" if draft.tag is None else draft.tag
    faults = [*_name_faults(draft.name), *_type_faults(draft.type), *_tag_faults(tag)]
    must_be_sound(faults)
    stored, at = storable(draft.definition), now()
    made = Versioned(new_id(), new_id(), 1, at, draft.definition)

    def work(conn: Connection) -> None:
        must_own_knowledge(conn, workspace_id, draft.definition.knowledge, "definition")
        must_have_room(conn, workspace_id, db.quotas, "agents")
        settings = {DOMAINS: list(draft.whitelisted_domains)} if draft.whitelisted_domains else {}
        values = {
            "id": made.agent_id,
            "name": draft.name,
            "tag": tag,
            "type": draft.type,
            "active_version_id": made.version_id,
            "settings": settings,
            "subscriptions": [one.to_json() for one in draft.subscriptions],
            "created_at": at,
            "updated_at": at,
        }
        agents.add_agent(conn, workspace_id, values)
        add_version(conn, made, draft.description, stored)

    try:
        await db.write(work)
    except IntegrityError as error:
        raise Conflict(f"the workspace already has an agent with the tag {tag}") from error
    return made


async def new_version(
    db: Database,
    workspace_id: str,
    agent_id: str,
    definition: Definition,
    *,
    now: Clock,
    description: str = "",
    active: bool = False,
) -> Versioned:
    """A further version of the agent, under the next number; the active one from now on, if so wished.

    Raises:
        Invalid: a member of the definition cannot be used.
        NotFound: the agent is archived or not the workspace's, or a knowledge base is not.
    """
    stored, at, version_id = storable(definition), now(), new_id()

    def work(conn: Connection) -> Versioned:
        agent = hold_agent(conn, workspace_id, agent_id)
        must_own_knowledge(conn, workspace_id, definition.knowledge, "definition")
        made = Versioned(agent.id, version_id, agents.next_number(conn, agent), at, definition)
        add_version(conn, made, description, stored)
        agents.change_agent(conn, agent, at, {"active_version_id": version_id} if active else {})
        return made

    return await db.write(work)


async def activate(db: Database, workspace_id: str, agent_id: str, version_id: str, *, now: Clock) -> None:
    """Let this version talk from now on, wherever a call names no other. Calls under way go on as they began.

    Raises:
        NotFound: the agent is archived or not the workspace's, or the version is not the agent's.
    """
    at = now()

    def work(conn: Connection) -> None:
        agent = hold_agent(conn, workspace_id, agent_id)
        version = version_of(conn, agent, version_id)
        agents.change_agent(conn, agent, at, {"active_version_id": version.id})

    await db.write(work)


async def edit_agent(
    db: Database, workspace_id: str, agent_id: str, change: AgentChange, *, now: Clock, version_id: str = ""
) -> Versioned:
    """Change an agent, and one of its versions in place (the active one, unless another is named): all or nothing.

    Raises:
        NotFound: the agent is archived or not the workspace's, or something else the change names is unknown.
        Invalid: a name, type or member of the definition cannot be used.
        Refused: what ``change`` itself refuses, or the number belongs to another agent.
    """
    faults = [*_name_faults(change.name), *_type_faults(change.type)]
    must_be_sound(faults)
    at = now()

    def work(conn: Connection) -> Versioned:
        agent = hold_agent(conn, workspace_id, agent_id)
        version = version_of(conn, agent, version_id)
        if change.knowledge_id:
            must_own_knowledge(conn, workspace_id, [change.knowledge_id], "kb_id")
        must_call_from(conn, workspace_id, change.caller_ids)
        if change.number is not None:
            link_number(conn, workspace_id, agent.id, change.number)
        definition = version.definition
        if change.definition is not None:
            definition = change.definition(change.type or agent.type, definition)
            _edit_version(conn, workspace_id, version, definition, at)
        columns = _columns(agent, change)
        agents.change_agent(conn, agent, at, columns)
        # Whoever subscribes a URL (again) means it, whatever it answered before.
        named = {endpoint_of(one["url"]) for one in columns.get("subscriptions", ())}
        webhook_endpoints.enable(conn, workspace_id, named, at)
        return Versioned(agent.id, version.id, version.number, at, definition)

    return await db.write(work)


async def archive(db: Database, workspace_id: str, agent_id: str, *, now: Clock) -> int:
    """Take the agent out of use and end its waiting calls; how many. Those under way are finished.

    Raises:
        NotFound: the agent is archived already or not the workspace's.
    """
    at = now()

    def work(conn: Connection) -> None:
        agent = hold_agent(conn, workspace_id, agent_id)
        release_numbers(conn, agent.id)
        agents.change_agent(conn, agent, at, {"archived_at": at})

    await db.write(work)
    # A call placed in this very moment is cancelled when its turn comes.
    return await cancel_waiting(db, workspace_id, Selection(agent_id=agent_id), now=now)


def add_version(conn: Connection, made: Versioned, description: str, stored: dict[str, Any]) -> None:
    """Write down a version that ``made`` tells of; ``stored`` is its definition as JSON."""
    values = {"id": made.version_id, "agent_id": made.agent_id, "number": made.number, "description": description}
    agents.add_version(conn, values | {"definition": stored, "created_at": made.at, "updated_at": made.at})


def _edit_version(
    conn: Connection, workspace_id: str, version: AgentVersion, definition: Definition, at: datetime
) -> None:
    stored = storable(definition)
    added = [one for one in definition.knowledge if one not in version.definition.knowledge]
    must_own_knowledge(conn, workspace_id, added, "definition")
    agents.change_version(conn, version.id, at, {"definition": stored})


def _columns(agent: HeldAgent, change: AgentChange) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if change.name is not None:
        columns["name"] = change.name
    if change.type is not None:
        columns["type"] = change.type
    settings: dict[str, Any] = {}
    if change.whitelisted_domains is not None:
        settings[DOMAINS] = list(change.whitelisted_domains)
    if change.labels is not None:
        settings[LABELS] = dict(change.labels)
    if settings:
        columns["settings"] = {**agent.settings, **settings}
    if change.subscriptions is not None:
        columns["subscriptions"] = [one.to_json() for one in change.subscriptions(agent.subscriptions)]
    return columns


def _name_faults(name: str | None) -> list[Fault]:
    if name is None or (name.strip() and len(name) <= _MAX_NAME):
        return []
    return [Fault(("name",), f"name must be 1 to {_MAX_NAME} characters")]


def _type_faults(agent_type: str | None) -> list[Fault]:
    if agent_type is None or agent_type in AGENT_TYPES:
        return []
    return [Fault(("type",), "type must be outbound, inbound or outbound_inbound")]


def _tag_faults(tag: str) -> list[Fault]:
    if 1 <= len(tag) <= 128 and not any(letter.isspace() for letter in tag):
        return []
    return [Fault(("tag",), "tag must be 1 to 128 characters without blanks")]
