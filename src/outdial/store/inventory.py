"""What a workspace owns: agents, numbers, trunks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.agent import Definition
from outdial.domain.errors import Broken, Invalid, NotFound
from outdial.domain.rules import Price
from outdial.store import schema
from outdial.store.agents.definitions import definition_from_json
from outdial.store.policy.credits import Funds, funds, prices_of


@dataclass(frozen=True)
class WorkspaceRow:
    """``price`` None: its credits are not counted, whatever ``funds`` it has."""

    id: str
    name: str
    settings: Mapping[str, Any]
    created_at: datetime
    funds: Funds
    price: Price | None


@dataclass(frozen=True)
class AgentRow:
    """An agent with its active version."""

    id: str
    name: str
    tag: str
    type: str
    call_count: int
    version_id: str
    version_number: int
    version_description: str
    definition: Definition
    settings: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True)
class NumberAgent:
    """The agent a number belongs to."""

    id: str
    name: str


@dataclass(frozen=True)
class NumberRow:
    """A caller number. ``call_count``: dials made from it; ``owner``: email of the workspace's first user, or empty."""

    id: str
    number: str
    display_name: str
    outbound: bool
    spam: bool
    tags: tuple[str, ...]
    number_pool_id: str | None
    trunk_id: str
    trunk_name: str
    call_count: int
    created_at: datetime
    agent: NumberAgent | None
    owner: str


@dataclass(frozen=True)
class TrunkRow:
    """A trunk without its password. ``definition``: the other members of ``domain.attempt.Trunk``."""

    id: str
    name: str
    definition: Mapping[str, Any]
    has_password: bool
    created_at: datetime


@dataclass(frozen=True)
class PoolRow:
    id: str
    name: str
    created_at: datetime


def workspace(conn: Connection, workspace_id: str) -> WorkspaceRow:
    """
    Raises:
        NotFound: there is no such workspace.
    """
    row = conn.execute(sa.select(schema.workspaces).where(schema.workspaces.c.id == workspace_id)).mappings().first()
    if row is None:
        raise NotFound("Workspace not found", field="workspace_id")
    price = prices_of(conn, [workspace_id]).get(workspace_id)
    return WorkspaceRow(**row, funds=funds(conn, workspace_id), price=price)


def agents(conn: Connection, workspace_id: str, *, limit: int = 20, offset: int = 0) -> list[AgentRow]:
    """The workspace's agents in use, oldest first."""
    asked = _agents().where(schema.agents.c.workspace_id == workspace_id, schema.agents.c.archived_at.is_(None))
    rows = conn.execute(asked.order_by(schema.agents.c.created_at, schema.agents.c.id).limit(limit).offset(offset))
    return [_agent(row) for row in rows.mappings()]


@dataclass(frozen=True)
class ModelAgent:
    """An agent in use that talks with a language model; ``model`` empty: it names none."""

    name: str
    model: str


def model_agents(conn: Connection, workspace_id: str = "", *, limit: int = 1000) -> list[ModelAgent]:
    """Agents without a flow, of one workspace or of all, the latest first; of more than ``limit`` agents, those."""
    asked = _agents().where(schema.agents.c.archived_at.is_(None))
    if workspace_id:
        asked = asked.where(schema.agents.c.workspace_id == workspace_id)
    rows = conn.execute(asked.order_by(schema.agents.c.created_at.desc()).limit(limit))
    found = [_agent(row) for row in rows.mappings()]
    return [ModelAgent(one.name, one.definition.model) for one in found if one.definition.flow is None]


def agent(conn: Connection, workspace_id: str, agent_id: str) -> AgentRow:
    """One agent, archived or not.

    Raises:
        NotFound: the workspace has no such agent.
    """
    rows = conn.execute(_agents().where(schema.agents.c.workspace_id == workspace_id, schema.agents.c.id == agent_id))
    row = rows.mappings().first()
    if row is None:
        raise NotFound("Agent not found", field="agent_id")
    return _agent(row)


def numbers(conn: Connection, workspace_id: str, *, limit: int = 20, offset: int = 0) -> list[NumberRow]:
    """The workspace's numbers, oldest first."""
    dials = sa.select(sa.func.count()).where(schema.attempts.c.number_id == schema.numbers.c.id).scalar_subquery()
    # An agent that is out of use owns nothing.
    theirs = (schema.agents.c.id == schema.numbers.c.agent_id) & schema.agents.c.archived_at.is_(None)
    asked = (
        sa.select(
            schema.numbers,
            schema.trunks.c.name.label("trunk_name"),
            schema.agents.c.name.label("agent_name"),
            dials.label("call_count"),
            _first_user(workspace_id).label("owner"),
        )
        .join(schema.trunks, schema.trunks.c.id == schema.numbers.c.trunk_id)
        .outerjoin(schema.agents, theirs)
        .where(schema.numbers.c.workspace_id == workspace_id)
        .order_by(schema.numbers.c.created_at, schema.numbers.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [_number(row) for row in conn.execute(asked).mappings()]


def trunks(conn: Connection, workspace_id: str) -> list[TrunkRow]:
    """The workspace's trunks, oldest first."""
    asked = (
        sa.select(
            schema.trunks.c.id,
            schema.trunks.c.name,
            schema.trunks.c.definition,
            (schema.trunks.c.password != "").label("has_password"),
            schema.trunks.c.created_at,
        )
        .where(schema.trunks.c.workspace_id == workspace_id)
        .order_by(schema.trunks.c.created_at, schema.trunks.c.id)
    )
    return [TrunkRow(**row) for row in conn.execute(asked).mappings()]


def pools(conn: Connection, workspace_id: str) -> list[PoolRow]:
    """The workspace's stored pools of numbers, oldest first."""
    asked = (
        sa.select(schema.number_pools.c.id, schema.number_pools.c.name, schema.number_pools.c.created_at)
        .where(schema.number_pools.c.workspace_id == workspace_id)
        .order_by(schema.number_pools.c.created_at, schema.number_pools.c.id)
    )
    return [PoolRow(**row) for row in conn.execute(asked).mappings()]


def _agents() -> sa.Select[Any]:
    made = sa.select(sa.func.count()).where(schema.calls.c.agent_id == schema.agents.c.id).scalar_subquery()
    return sa.select(
        schema.agents,
        made.label("call_count"),
        schema.agent_versions.c.number.label("version_number"),
        schema.agent_versions.c.description.label("version_description"),
        schema.agent_versions.c.definition,
    ).join(schema.agent_versions, schema.agent_versions.c.id == schema.agents.c.active_version_id)


def _agent(row: Mapping[Any, Any]) -> AgentRow:
    return AgentRow(
        id=row["id"],
        name=row["name"],
        tag=row["tag"],
        type=row["type"],
        call_count=row["call_count"],
        version_id=row["active_version_id"],
        version_number=row["version_number"],
        version_description=row["version_description"],
        definition=_definition(row),
        settings=row["settings"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        archived_at=row["archived_at"],
    )


def _definition(row: Mapping[Any, Any]) -> Definition:
    try:
        return definition_from_json(row["definition"])
    except Invalid as wrong:
        # It is not the reader's request that is wrong.
        raise Broken(f"agent version {row['active_version_id']} is stored wrong: {wrong}") from wrong


def _first_user(workspace_id: str) -> sa.ScalarSelect[Any]:
    users = schema.users.c
    return (
        sa.select(users.email)
        .where(users.workspace_id == workspace_id)
        .order_by(users.created_at, users.id)
        .limit(1)
        .scalar_subquery()
    )


def _number(row: Mapping[Any, Any]) -> NumberRow:
    return NumberRow(
        id=row["id"],
        number=row["number"],
        display_name=row["display_name"],
        outbound=row["outbound"],
        spam=row["spam"],
        tags=tuple(row["tags"]),
        number_pool_id=row["number_pool_id"],
        trunk_id=row["trunk_id"],
        trunk_name=row["trunk_name"],
        call_count=row["call_count"],
        created_at=row["created_at"],
        agent=NumberAgent(row["agent_id"], row["agent_name"]) if row["agent_name"] is not None else None,
        owner=row["owner"] or "",
    )
