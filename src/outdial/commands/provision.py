"""Set up what calls are made with: workspaces, trunks, numbers, pools, agents and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.commands.agents import AgentDraft, create_agent, new_version
from outdial.commands.rules import TrunkLimits
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.bounds import headers_faults
from outdial.domain.clock import Clock
from outdial.domain.display_names import unfit_display_name
from outdial.domain.errors import Conflict, Fault, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.domain.numbers import e164
from outdial.domain.rules import limit_faults, trunk_faults
from outdial.store.database import Database
from outdial.store.quotas import must_have_room
from outdial.store.schema import number_pools, numbers, trunks, workspaces
from outdial.store.trunks import trunk_to_row


async def create_workspace(db: Database, name: str, *, now: Clock) -> str:
    """A new workspace; its id."""
    identity = new_id()
    await _insert(db, workspaces, id=identity, name=name, settings={}, created_at=now())
    return identity


async def add_trunk(db: Database, workspace_id: str, trunk: Trunk, *, now: Clock, **limits: Unpack[TrunkLimits]) -> str:
    """Store an account at a carrier; its id (``trunk.id`` if it has one). Its name is unique in the workspace.

    Raises:
        Invalid: its name is empty or holds control characters, or a limit is none.
        Conflict: the workspace has a trunk of that name.
    """
    if faults := faults_of(trunk, limits):
        raise Invalid(*faults)
    row = trunk_to_row(trunk if trunk.id else replace(trunk, id=new_id()))
    try:
        await _insert(db, trunks, "trunks", **row, **limits, workspace_id=workspace_id, created_at=now())
    except sa.exc.IntegrityError as error:
        raise Conflict(f"the workspace already has a trunk named {trunk.name}") from error
    return str(row["id"])


def faults_of(trunk: Trunk, limits: TrunkLimits) -> list[Fault]:
    """What is wrong with a trunk's name and limits; whether it can be dialled over, its carrier says."""
    faults = trunk_faults(limits.get("max_calls"), limits.get("calls_per_s"))
    faults += headers_faults(dict(trunk.headers), "headers")
    if not trunk.name.strip() or not trunk.name.isprintable():
        faults.append(Fault(("name",), "name must be a text that can be printed"))
    return faults


async def add_number_pool(db: Database, workspace_id: str, name: str, *, now: Clock) -> str:
    """A stored pool of caller numbers; its id. Numbers join it in ``add_number``."""
    identity = new_id()
    await _insert(db, number_pools, "number_pools", id=identity, workspace_id=workspace_id, name=name, created_at=now())
    return identity


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
    if faults:
        raise Invalid(*faults)
    identity, created_at = new_id(), now()

    async def work(conn: AsyncConnection) -> None:
        await _must_own(conn, trunks, workspace_id, trunk_id, NotFound("Trunk not found", field="trunk_id"))
        if number_pool_id is not None:
            unknown = NotFound("Number pool not found", field="number_pool_id")
            await _must_own(conn, number_pools, workspace_id, number_pool_id, unknown)
        await must_have_room(conn, workspace_id, db.quotas, "numbers")
        await conn.execute(
            numbers.insert().values(
                id=identity,
                workspace_id=workspace_id,
                trunk_id=trunk_id,
                number_pool_id=number_pool_id,
                number=plain,
                display_name=display_name,
                outbound=outbound,
                spam=spam,
                tags=list(tags),
                max_calls=max_calls,
                created_at=created_at,
            )
        )

    try:
        await db.write(work)
    except sa.exc.IntegrityError as error:
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


async def _insert(db: Database, table: sa.Table, counted: str = "", **values: Any) -> None:
    """``counted``: the quota of the workspace it falls under; empty: none."""

    async def work(conn: AsyncConnection) -> None:
        if counted:
            await must_have_room(conn, values["workspace_id"], db.quotas, counted)
        await conn.execute(table.insert().values(values))

    await db.write(work)


async def _must_own(
    conn: AsyncConnection, table: sa.Table, workspace_id: str, identity: str, missing: NotFound
) -> None:
    owned = sa.select(table.c.id).where(table.c.id == identity, table.c.workspace_id == workspace_id)
    if await conn.scalar(owned) is None:
        raise missing
