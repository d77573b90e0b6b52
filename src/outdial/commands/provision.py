"""Set up what calls are made with: workspaces, trunks, numbers, pools, agents and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

from outdial.commands.agents import AgentDraft, create_agent, new_version
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.bounds import headers_faults
from outdial.domain.clock import Clock
from outdial.domain.display_names import unfit_display_name
from outdial.domain.errors import Conflict, Fault, must_be_sound
from outdial.domain.ids import new_id
from outdial.domain.numbers import e164
from outdial.domain.rules import TrunkLimits, limit_faults, trunk_faults
from outdial.store import workspaces
from outdial.store.database import Connection, Database
from outdial.store.equipment import changing as equipment
from outdial.store.policy.quotas import must_have_room
from outdial.store.trouble import IntegrityError


async def create_workspace(db: Database, name: str, *, now: Clock) -> str:
    """A new workspace; its id."""
    identity = new_id()
    await db.write(workspaces.add, identity, name, now())
    return identity


async def add_trunk(db: Database, workspace_id: str, trunk: Trunk, *, now: Clock, **limits: Unpack[TrunkLimits]) -> str:
    """Store an account at a carrier; its id (``trunk.id`` if it has one). Its name is unique in the workspace.

    Raises:
        Invalid: its name is empty or holds control characters, or a limit is none.
        Conflict: the workspace has a trunk of that name.
    """
    must_be_sound(faults_of(trunk, limits))
    stored, at = trunk if trunk.id else replace(trunk, id=new_id()), now()

    def work(conn: Connection) -> None:
        must_have_room(conn, workspace_id, db.quotas, "trunks")
        equipment.add_trunk(conn, workspace_id, stored, limits, at)

    try:
        await db.write(work)
    except IntegrityError as error:
        raise Conflict(f"the workspace already has a trunk named {trunk.name}") from error
    return stored.id


def faults_of(trunk: Trunk, limits: TrunkLimits) -> list[Fault]:
    """What is wrong with a trunk's name and limits; whether it can be dialled over, its carrier says."""
    faults = trunk_faults(limits.get("max_calls"), limits.get("calls_per_s"))
    faults += headers_faults(dict(trunk.headers), "headers")
    if not trunk.name.strip() or not trunk.name.isprintable():
        faults.append(Fault(("name",), "name must be a text that can be printed"))
    return faults


async def add_number(
    db: Database,
    workspace_id: str,
    trunk_id: str,
    number: str,
    *,
    now: Clock,
    number_pool_id: str | None = None,
    display_name: str = "",
    outbound: bool = True,
    spam: bool = False,
    tags: Sequence[str] = (),
    max_calls: int | None = None,
) -> str:
    """A caller number on a trunk; its id. ``max_calls``: calls from it at the same moment.

    Raises:
        Invalid: ``number`` is not E.164, SIP cannot carry the name, or the limit is none.
        NotFound: the trunk or pool is not the workspace's.
        Conflict: the workspace has that number.
    """
    plain, faults = e164(number), [*limit_faults("max_calls", max_calls), *display_name_faults(display_name)]
    if plain is None:
        faults.append(Fault(("number",), "number must be in E.164 format"))
    must_be_sound(faults)
    identity, created_at = new_id(), now()

    values = {
        "id": identity,
        "number": plain,
        "created_at": created_at,
        "trunk_id": trunk_id,
        "number_pool_id": number_pool_id,
        "display_name": display_name,
        "outbound": outbound,
        "spam": spam,
        "tags": list(tags),
        "max_calls": max_calls,
    }

    def work(conn: Connection) -> None:
        must_have_room(conn, workspace_id, db.quotas, "numbers")
        equipment.add_number(conn, workspace_id, values)

    try:
        await db.write(work)
    except IntegrityError as error:
        raise Conflict(f"the workspace already has the number {plain}") from error
    return identity


def display_name_faults(name: str) -> list[Fault]:
    """What keeps a number's name from being shown to whoever is called."""
    why = unfit_display_name(name)
    return [Fault(("display_name",), f"display_name {why}")] if why else []


async def add_agent(
    db: Database,
    workspace_id: str,
    definition: Definition,
    name: str,
    *,
    now: Clock,
    tag: str | None = None,
    agent_type: str = "outbound",
    description: str = "",
) -> str:
    """A new agent with ``definition`` as its first, active version; its id.

    ``tag``: 1-128 characters without blanks, unique in the workspace; None makes ``agent_`` and 21 hex digits.

    Raises:
        Invalid: the tag, type or a member of the definition cannot be used.
        Conflict: the workspace has an agent of that tag.
    """
    draft = AgentDraft(name, definition, agent_type, tag, description)
    return (await create_agent(db, workspace_id, draft, now=now)).agent_id


async def add_version(
    db: Database, workspace_id: str, agent_id: str, definition: Definition, *, now: Clock, description: str = ""
) -> str:
    """A further version of the agent, active from now on; its id.

    Raises:
        Invalid: a member of the definition cannot be used.
        NotFound: the agent is archived or not the workspace's.
    """
    made = await new_version(db, workspace_id, agent_id, definition, description=description, active=True, now=now)
    return made.version_id
