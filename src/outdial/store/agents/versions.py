"""Agents and their versions. The functions ``…_by_…`` find many at once (``Database.find``)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.ab_test import ABTest
from outdial.domain.agent import LABELS, AnalysisPlan, Definition
from outdial.domain.errors import Broken, Invalid, NotFound
from outdial.domain.subscription import Subscription
from outdial.store.agents.definitions import definition_from_json
from outdial.store.database import Database
from outdial.store.schema import agent_versions, agents

_IN_USE: Final = agents.c.archived_at.is_(None)
_VERSIONS: Final = sa.select(
    agent_versions.c.id,
    agent_versions.c.number,
    sa.cast(agent_versions.c.definition, sa.Text).label("definition"),
    agents.c.id.label("agent_id"),
    agents.c.workspace_id,
    agents.c.name,
    agents.c.tag,
    agents.c.type,
    agents.c.settings,
    agent_versions.c.deleted_at,
).join(agents, agents.c.id == agent_versions.c.agent_id)


@dataclass(frozen=True)
class AgentVersion:
    """One version and the agent it belongs to."""

    id: str
    number: int
    workspace_id: str
    agent_id: str
    agent_name: str
    agent_tag: str
    agent_type: str
    definition: Definition
    ab_test: ABTest = field(default_factory=ABTest)
    labels: Mapping[str, str] = field(default_factory=dict)
    """The agent's classifications, which stand in the place of the version's own; empty: it has none."""
    deleted: bool = False

    @property
    def analysis(self) -> AnalysisPlan:
        """What talks of this version are asked."""
        return replace(self.definition.analysis, labels=self.labels) if self.labels else self.definition.analysis


def agents_by_id(conn: Connection, ids: Collection[str]) -> Mapping[str, AgentVersion]:
    """The active versions of agents in use, of any workspace, by agent id."""
    found = _all(conn, agent_versions.c.id == agents.c.active_version_id, agents.c.id.in_(ids), _IN_USE)
    return {version.agent_id: version for version in found}


def agents_by_tag(conn: Connection, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], AgentVersion]:
    """The active versions of agents in use by workspace and tag."""
    found = _all(
        conn,
        agent_versions.c.id == agents.c.active_version_id,
        agents.c.workspace_id.in_({workspace_id for workspace_id, _ in keys}),
        agents.c.tag.in_({tag for _, tag in keys}),
        _IN_USE,
    )
    return {(version.workspace_id, version.agent_tag): version for version in found}


def versions_by_id(conn: Connection, ids: Collection[str]) -> Mapping[str, AgentVersion]:
    """Versions of any workspace, also deleted ones and those of archived agents."""
    return {version.id: version for version in _all(conn, agent_versions.c.id.in_(ids))}


async def version_for_call(db: Database, agent: AgentVersion, version_id: str, call_id: str) -> AgentVersion | None:
    """The version of ``agent`` that is to talk: as named, else drawn by lot, else the active one.

    None: the agent has no version ``version_id``.
    """
    wanted = version_id or agent.ab_test.version_for(call_id, agent.id)
    if wanted == agent.id:
        return agent
    found = (await db.find(versions_by_id, [wanted])).get(wanted)
    if found is not None and found.agent_id == agent.agent_id and not found.deleted:
        return found
    return None if version_id else agent


@dataclass(frozen=True)
class HeldAgent:
    """An agent in use that nobody else changes while this transaction lasts."""

    id: str
    name: str
    tag: str
    type: str
    active_version_id: str
    settings: Mapping[str, Any]
    subscriptions: tuple[Subscription, ...]


def hold_agent(conn: Connection, workspace_id: str, agent_id: str) -> HeldAgent:
    """
    Raises:
        NotFound: the agent is archived or not the workspace's.
    """
    asked = sa.select(agents).where(agents.c.id == agent_id, agents.c.workspace_id == workspace_id, _IN_USE)
    row = conn.execute(asked.with_for_update()).mappings().first()
    if row is None:
        raise NotFound("Agent not found", field="agent_id")
    return HeldAgent(
        id=row["id"],
        name=row["name"],
        tag=row["tag"],
        type=row["type"],
        active_version_id=row["active_version_id"],
        settings=row["settings"],
        subscriptions=tuple(map(Subscription.from_json, row["subscriptions"])),
    )


def add_agent(conn: Connection, workspace_id: str, values: Mapping[str, Any]) -> None:
    """``values``: the columns ``id``, ``name``, ``tag``, ``type``, ``active_version_id``, ``settings``,
    ``subscriptions``, ``created_at``, ``updated_at``.

    Raises:
        IntegrityError: the workspace has an agent of that tag.
    """
    conn.execute(agents.insert().values(workspace_id=workspace_id, **values))


def change_agent(conn: Connection, agent: HeldAgent, at: datetime, values: Mapping[str, Any]) -> None:
    conn.execute(agents.update().where(agents.c.id == agent.id).values(updated_at=at, **values))


def add_version(conn: Connection, values: Mapping[str, Any]) -> None:
    """``values``: the columns ``id``, ``agent_id``, ``number``, ``description``, ``definition`` (``storable``),
    ``created_at``, ``updated_at``."""
    conn.execute(agent_versions.insert().values(values))


def change_version(conn: Connection, version_id: str, at: datetime, values: Mapping[str, Any]) -> None:
    conn.execute(agent_versions.update().where(agent_versions.c.id == version_id).values(updated_at=at, **values))


def next_number(conn: Connection, agent: HeldAgent) -> int:
    """Of a version that is made now; the numbers of deleted ones are not used again."""
    mine = agent_versions.c.agent_id == agent.id
    return (conn.scalar(sa.select(sa.func.max(agent_versions.c.number)).where(mine)) or 0) + 1


def count_versions(conn: Connection, agent: HeldAgent) -> int:
    """Those that can be chosen."""
    kept = agent_versions.c.agent_id == agent.id, agent_versions.c.deleted_at.is_(None)
    return conn.scalar(sa.select(sa.func.count()).where(*kept)) or 0


def version_of(conn: Connection, agent: HeldAgent, version_id: str) -> AgentVersion:
    """One of the agent's versions; without an id the active one.

    Raises:
        NotFound: it is not the agent's.
    """
    wanted = version_id or agent.active_version_id
    found = versions_by_id(conn, [wanted]).get(wanted)
    if found is None or found.agent_id != agent.id or found.deleted:
        raise NotFound("Version not found", field="version_id")
    return found


def _all(conn: Connection, *where: sa.ColumnElement[bool]) -> list[AgentVersion]:
    return [_version_of(row) for row in conn.execute(_VERSIONS.where(*where)).mappings()]


def _version_of(row: Mapping[Any, Any]) -> AgentVersion:
    return AgentVersion(
        id=row["id"],
        number=row["number"],
        workspace_id=row["workspace_id"],
        agent_id=row["agent_id"],
        agent_name=row["name"],
        agent_tag=row["tag"],
        agent_type=row["type"],
        definition=definition_of(row["id"], row["definition"]),
        ab_test=ABTest.of(row["settings"]),
        labels=row["settings"].get(LABELS) or {},
        deleted=row["deleted_at"] is not None,
    )


@lru_cache(maxsize=256)
def definition_of(version_id: str, stored: str) -> Definition:
    """The definition in the text as it is stored.

    Remembered: it is read for every dial and every call that is placed, and hardly ever another.

    Raises:
        Broken: it cannot be read.
    """
    try:
        return definition_from_json(json.loads(stored))
    except (Invalid, ValueError) as wrong:
        raise Broken(f"agent version {version_id} is stored wrong: {wrong}") from wrong
