"""Agents and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.agent import Definition
from outdial.store.definitions import definition_from_json
from outdial.store.schema import agent_versions, agents


@dataclass(frozen=True)
class AgentVersion:
    """One version and the agent it belongs to."""

    id: str
    number: int
    agent_id: str
    agent_name: str
    agent_tag: str
    agent_type: str
    definition: Definition


async def load_version(conn: AsyncConnection, version_id: str) -> AgentVersion | None:
    """A version by its id, also of an archived agent: a call accepted before is still made."""
    return await _first(conn, agent_versions.c.id == version_id)


async def load_active_version(conn: AsyncConnection, agent_id: str) -> AgentVersion | None:
    """The version of the agent that talks now, also of an archived agent."""
    return await _first(conn, agent_versions.c.id == agents.c.active_version_id, agents.c.id == agent_id)


async def find_agent(
    conn: AsyncConnection, workspace_id: str, *, agent_id: str = "", tag: str = ""
) -> AgentVersion | None:
    """The active version of the workspace's agent of that id or tag; None when there is none or it is archived."""
    named = agents.c.id == agent_id if agent_id else agents.c.tag == tag
    return await _first(
        conn,
        agent_versions.c.id == agents.c.active_version_id,
        agents.c.workspace_id == workspace_id,
        agents.c.archived_at.is_(None),
        named,
    )


async def _first(conn: AsyncConnection, *where: sa.ColumnElement[bool]) -> AgentVersion | None:
    asked = (
        sa.select(
            agent_versions.c.id,
            agent_versions.c.number,
            agent_versions.c.definition,
            agents.c.id.label("agent_id"),
            agents.c.name,
            agents.c.tag,
            agents.c.type,
        )
        .join(agents, agents.c.id == agent_versions.c.agent_id)
        .where(*where)
    )
    row = (await conn.execute(asked)).mappings().first()
    return None if row is None else _version_of(row)


def _version_of(row: Mapping[Any, Any]) -> AgentVersion:
    return AgentVersion(
        id=row["id"],
        number=row["number"],
        agent_id=row["agent_id"],
        agent_name=row["name"],
        agent_tag=row["tag"],
        agent_type=row["type"],
        definition=definition_from_json(row["definition"]),
    )
