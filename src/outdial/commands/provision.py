"""Set up what calls are made with: workspaces, trunks, numbers, pools, agents and their versions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Unpack

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.commands.rules import TrunkLimits
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.domain.numbers import e164
from outdial.domain.rules import limit_faults, trunk_faults
from outdial.store.agents import agents_by_id
from outdial.store.database import Database
from outdial.store.definitions import definition_from_json, definition_to_json
from outdial.store.schema import agent_versions, agents, number_pools, numbers, trunks, workspaces
from outdial.store.trunks import trunk_to_row

_AGENT_TYPES: Final = ("outbound", "inbound", "outbound_inbound")


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
    faults = trunk_faults(limits.get("max_calls"), limits.get("calls_per_s"))
    if not trunk.name.strip() or not trunk.name.isprintable():
        faults.append(Fault(("name",), "name must be a text that can be printed"))
    if faults:
        raise Invalid(*faults)
    row = trunk_to_row(trunk if trunk.id else replace(trunk, id=new_id()))
    try:
        await _insert(db, trunks, **row, **limits, workspace_id=workspace_id, created_at=now())
    except sa.exc.IntegrityError as error:
        raise Conflict(f"the workspace already has a trunk named {trunk.name}") from error
    return str(row["id"])


async def add_number_pool(db: Database, workspace_id: str, name: str, *, now: Clock) -> str:
    """A stored pool of caller numbers; its id. Numbers join it in ``add_number``."""
    identity = new_id()
    await _insert(db, number_pools, id=identity, workspace_id=workspace_id, name=name, created_at=now())
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
    tags: Sequence[str] = (),
    max_calls: int | None = None,
) -> str:
    """A caller number on a trunk; its id. ``max_calls``: calls from it at the same moment.

    Raises:
        Invalid: ``number`` is not E.164, or the limit is none.
        NotFound: the trunk or pool is not the workspace's.
        Conflict: the workspace has that number.
    """
    plain, faults = e164(number), limit_faults("max_calls", max_calls)
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
        await conn.execute(
            numbers.insert().values(
                id=identity,
                workspace_id=workspace_id,
                trunk_id=trunk_id,
                number_pool_id=number_pool_id,
                number=plain,
                display_name=display_name,
                outbound=outbound,
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
    chosen = f"agent_{secrets.token_hex(11)[:21]}" if tag is None else tag
    if not 1 <= len(chosen) <= 128 or any(letter.isspace() for letter in chosen):
        raise Invalid(Fault(("tag",), "tag must be 1 to 128 characters without blanks"))
    if agent_type not in _AGENT_TYPES:
        raise Invalid(Fault(("type",), "type must be outbound, inbound or outbound_inbound"))
    agent_id, version_id, created_at, stored = new_id(), new_id(), now(), _storable(definition)

    async def work(conn: AsyncConnection) -> None:
        await conn.execute(
            agents.insert().values(
                id=agent_id,
                workspace_id=workspace_id,
                name=name,
                tag=chosen,
                type=agent_type,
                active_version_id=version_id,
                settings={},
                created_at=created_at,
                updated_at=created_at,
            )
        )
        await conn.execute(
            agent_versions.insert().values(
                id=version_id,
                agent_id=agent_id,
                number=1,
                description=description,
                definition=stored,
                created_at=created_at,
                updated_at=created_at,
            )
        )

    try:
        await db.write(work)
    except sa.exc.IntegrityError as error:
        raise Conflict(f"the workspace already has an agent with the tag {chosen}") from error
    return agent_id


async def add_version(
    db: Database, workspace_id: str, agent_id: str, definition: Definition, *, now: Clock, description: str = ""
) -> str:
    """A further version of the agent, active from now on; its id.

    Raises:
        Invalid: a member of the definition cannot be used.
        NotFound: the agent is archived or not the workspace's.
    """
    version_id, created_at, stored = new_id(), now(), _storable(definition)

    async def work(conn: AsyncConnection) -> None:
        # Locked: two new versions at the same moment must not get the same number.
        locked = sa.select(agents.c.id).where(agents.c.id == agent_id).with_for_update()
        await conn.execute(locked)
        agent = (await agents_by_id(conn, [agent_id])).get(agent_id)
        if agent is None or agent.workspace_id != workspace_id:
            raise NotFound("Agent not found", field="agent_id")
        highest = sa.select(sa.func.max(agent_versions.c.number)).where(agent_versions.c.agent_id == agent_id)
        await conn.execute(
            agent_versions.insert().values(
                id=version_id,
                agent_id=agent_id,
                number=(await conn.scalar(highest) or 0) + 1,
                description=description,
                definition=stored,
                created_at=created_at,
                updated_at=created_at,
            )
        )
        await conn.execute(
            agents.update().where(agents.c.id == agent_id).values(active_version_id=version_id, updated_at=created_at)
        )

    await db.write(work)
    return version_id


async def archive_agent(db: Database, workspace_id: str, agent_id: str, *, now: Clock) -> None:
    """Take the agent out of use: no new calls, and one that still waits is cancelled when its turn comes.

    Raises:
        NotFound: the agent is archived already or not the workspace's.
    """
    archived_at = now()

    async def work(conn: AsyncConnection) -> None:
        done = await conn.execute(
            agents.update()
            .where(agents.c.id == agent_id, agents.c.workspace_id == workspace_id, agents.c.archived_at.is_(None))
            .values(archived_at=archived_at, updated_at=archived_at)
        )
        if done.rowcount == 0:
            raise NotFound("Agent not found", field="agent_id")

    await db.write(work)


def _storable(definition: Definition) -> dict[str, Any]:
    # Read back at once: what cannot be read would stop every later look at the workspace's agents.
    stored = definition_to_json(definition)
    definition_from_json(stored)
    return stored


async def _insert(db: Database, table: sa.Table, **values: Any) -> None:
    async def work(conn: AsyncConnection) -> None:
        await conn.execute(table.insert().values(values))

    await db.write(work)


async def _must_own(
    conn: AsyncConnection, table: sa.Table, workspace_id: str, identity: str, missing: NotFound
) -> None:
    owned = sa.select(table.c.id).where(table.c.id == identity, table.c.workspace_id == workspace_id)
    if await conn.scalar(owned) is None:
        raise missing
