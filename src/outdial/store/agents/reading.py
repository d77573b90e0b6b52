"""Agents with all their versions, for those who set them up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.ab_test import ABTest
from outdial.domain.agent import DOMAINS, LABELS, Definition
from outdial.domain.errors import Broken, Invalid, NotFound
from outdial.domain.subscription import Subscription
from outdial.store.agents.definitions import definition_from_json
from outdial.store.agents.versions import agents_by_id, version_for_call
from outdial.store.database import Database
from outdial.store.paging import Place
from outdial.store.schema import agent_versions, agents, knowledge_bases

_Row = Mapping[Any, Any]


@dataclass(frozen=True)
class VersionRow:
    """``number`` counts from 1 in the order they were made."""

    id: str
    number: int
    description: str
    definition: Definition
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class AgentWhole:
    """An agent in use. ``versions``: the active one, then the others, newest first.

    ``knowledge``: the names of the knowledge bases its versions look into, by id.
    """

    id: str
    name: str
    tag: str
    type: str
    versions: tuple[VersionRow, ...]
    knowledge: Mapping[str, str]
    subscriptions: tuple[Subscription, ...]
    whitelisted_domains: tuple[str, ...]
    ab_test: ABTest
    labels: Mapping[str, str]
    created_at: datetime
    updated_at: datetime

    @property
    def active(self) -> VersionRow:
        return self.versions[0]


def agent(conn: Connection, workspace_id: str, agent_id: str) -> AgentWhole:
    """
    Raises:
        NotFound: the agent is archived or not the workspace's.
    """
    asked = _in_use(workspace_id).where(agents.c.id == agent_id)
    found = _wholes(conn, asked)
    if not found:
        raise NotFound("Agent not found", field="agent_id")
    return found[0]


def agent_page(
    conn: Connection, workspace_id: str, *, limit: int, after: Place | None
) -> tuple[list[AgentWhole], Place | None]:
    """Agents in use, oldest first, and where the page ended; None when nothing follows."""
    asked = _in_use(workspace_id).order_by(agents.c.created_at, agents.c.id).limit(limit + 1)
    if after is not None:
        here = agents.c.created_at, agents.c.id
        asked = asked.where(here[0] >= after.created_at, (here[0] > after.created_at) | (here[1] > after.id))
    found = _wholes(conn, asked)
    shown = found[:limit]
    return shown, Place(shown[-1].created_at, shown[-1].id) if len(found) > limit else None


async def definition_for_call(
    db: Database, workspace_id: str, agent_id: str, version_id: str, call_id: str
) -> Definition:
    """What fills in for whatever a request to call leaves out: the version that is to talk in this call.

    Empty for what does not exist: that is found out, and said, where the call is placed.
    """
    agent = (await db.find(agents_by_id, [agent_id])).get(agent_id)
    if agent is None or agent.workspace_id != workspace_id:
        return Definition()
    version = await version_for_call(db, agent, version_id, call_id)
    return Definition() if version is None else version.definition


def _in_use(workspace_id: str) -> sa.Select[Any]:
    return sa.select(agents).where(agents.c.workspace_id == workspace_id, agents.c.archived_at.is_(None))


def _wholes(conn: Connection, asked: sa.Select[Any]) -> list[AgentWhole]:
    rows = conn.execute(asked).mappings().all()
    versions = _versions(conn, [row["id"] for row in rows])
    named = {one for each in versions.values() for version in each for one in version.definition.knowledge}
    knowledge = _knowledge(conn, {row["workspace_id"] for row in rows}, named)
    return [_whole(row, versions[row["id"]], knowledge) for row in rows]


def _versions(conn: Connection, agent_ids: Sequence[str]) -> Mapping[str, list[VersionRow]]:
    by_agent: dict[str, list[VersionRow]] = defaultdict(list)
    kept = agent_versions.c.deleted_at.is_(None)
    asked = sa.select(agent_versions).where(agent_versions.c.agent_id.in_(agent_ids), kept)
    for row in conn.execute(asked.order_by(agent_versions.c.number.desc())).mappings():
        by_agent[row["agent_id"]].append(_version(row))
    return by_agent


def _knowledge(conn: Connection, workspaces: set[str], ids: set[str]) -> Mapping[str, str]:
    if not ids:
        return {}
    asked = sa.select(knowledge_bases.c.id, knowledge_bases.c.name).where(
        knowledge_bases.c.workspace_id.in_(workspaces), knowledge_bases.c.id.in_(ids)
    )
    return {row.id: row.name for row in conn.execute(asked)}


def _whole(row: _Row, versions: Sequence[VersionRow], knowledge: Mapping[str, str]) -> AgentWhole:
    active = [version for version in versions if version.id == row["active_version_id"]]
    if not active:
        raise Broken(f"agent {row['id']} has no active version")
    return AgentWhole(
        id=row["id"],
        name=row["name"],
        tag=row["tag"],
        type=row["type"],
        versions=(*active, *(version for version in versions if version.id != row["active_version_id"])),
        knowledge=knowledge,
        subscriptions=tuple(map(Subscription.from_json, row["subscriptions"])),
        whitelisted_domains=tuple(row["settings"].get(DOMAINS, ())),
        ab_test=ABTest.of(row["settings"]),
        labels=row["settings"].get(LABELS) or {},
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _version(row: _Row) -> VersionRow:
    try:
        definition = definition_from_json(row["definition"])
    except Invalid as wrong:
        # It is not the reader's request that is wrong.
        raise Broken(f"agent version {row['id']} is stored wrong: {wrong}") from wrong
    return VersionRow(
        id=row["id"],
        number=row["number"],
        description=row["description"],
        definition=definition,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
