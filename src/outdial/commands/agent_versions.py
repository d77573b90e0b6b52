"""The versions of an agent beside each other: copied, described, deleted, and tried against each other (A/B)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from outdial.commands.agents import Versioned, add_version
from outdial.domain.ab_test import SETTING, ABTest, adds_up
from outdial.domain.clock import Clock
from outdial.domain.errors import Fault, Invalid, NotFound, Refused
from outdial.domain.ids import new_id
from outdial.store.agents import versions as agents
from outdial.store.agents.definitions import storable
from outdial.store.agents.versions import HeldAgent, hold_agent, version_of
from outdial.store.database import Connection, Database

_MOST_IN_A_TEST: Final = 5


async def copy_version(
    db: Database, workspace_id: str, agent_id: str, *, version_id: str, description: str, now: Clock
) -> Versioned:
    """A further version, as ``version_id`` (empty: the active one) is now; not active, and in no test.

    Raises:
        NotFound: the agent is archived or not the workspace's, or the version is not the agent's.
        Refused: the agent has as many versions as may be tried against each other.
    """
    at, new = now(), new_id()

    def work(conn: Connection) -> Versioned:
        agent = hold_agent(conn, workspace_id, agent_id)
        copied = version_of(conn, agent, version_id)
        if agents.count_versions(conn, agent) >= _MOST_IN_A_TEST:
            raise Refused(f"An agent may have at most {_MOST_IN_A_TEST} versions")
        made = Versioned(agent.id, new, agents.next_number(conn, agent), at, copied.definition)
        add_version(conn, made, description, storable(copied.definition))
        return made

    return await db.write(work)


async def set_traffic(
    db: Database, workspace_id: str, agent_id: str, shares: Mapping[str, float], *, field: str, now: Clock
) -> None:
    """Give each version its share of the calls, from 0 to 1; those left out get none. They count while a test is live.

    Raises:
        NotFound: the agent is archived or not the workspace's, or a version is not the agent's.
        Invalid: the shares do not add up to 1.
    """
    if not adds_up(shares):
        raise Invalid(Fault((field,), f"the shares in {field} must be between 0 and 1 and add up to 1", "out_of_range"))

    def shared(conn: Connection, agent: HeldAgent, test: ABTest) -> ABTest:
        for version_id in shares:
            version_of(conn, agent, version_id)
        return replace(test, shares=dict(shares))

    await _change_test(db, workspace_id, agent_id, shared, now)


async def toggle_test(db: Database, workspace_id: str, agent_id: str, *, live: bool, now: Clock) -> None:
    """Begin or end the test; ended, the active version has all calls that are placed from now on.

    Raises:
        NotFound: the agent is archived or not the workspace's.
    """

    def toggled(conn: Connection, agent: HeldAgent, test: ABTest) -> ABTest:
        del conn, agent
        return replace(test, live=live)

    await _change_test(db, workspace_id, agent_id, toggled, now)


async def describe_version(
    db: Database, workspace_id: str, agent_id: str, version_id: str, description: str, *, now: Clock
) -> None:
    """
    Raises:
        NotFound: the agent is archived or not the workspace's, or the version is not the agent's.
    """
    await _change_version(db, workspace_id, agent_id, version_id, now, description=description)


async def delete_version(db: Database, workspace_id: str, agent_id: str, version_id: str, *, now: Clock) -> None:
    """Let nobody choose this version any more. Calls that have it keep it, and records go on naming it.

    Raises:
        NotFound: the agent is archived or not the workspace's, or the version is not the agent's.
        Refused: it is the active one, or has a share in a test that is live.
    """
    await _change_version(db, workspace_id, agent_id, version_id, now, deleted_at=now())


async def _change_test(
    db: Database,
    workspace_id: str,
    agent_id: str,
    change: Callable[[Connection, HeldAgent, ABTest], Any],
    now: Clock,
) -> None:
    at = now()

    def work(conn: Connection) -> None:
        agent = hold_agent(conn, workspace_id, agent_id)
        test = change(conn, agent, ABTest.of(agent.settings))
        agents.change_agent(conn, agent, at, {"settings": {**agent.settings, SETTING: test.to_json()}})

    await db.write(work)


async def _change_version(
    db: Database, workspace_id: str, agent_id: str, version_id: str, now: Clock, **columns: Any
) -> None:
    at = now()

    def work(conn: Connection) -> None:
        agent = hold_agent(conn, workspace_id, agent_id)
        if not version_id:
            raise NotFound("Version not found", field="version_id")
        version = version_of(conn, agent, version_id)
        if "deleted_at" in columns:
            _must_be_idle(agent, version.id)
        agents.change_version(conn, version.id, at, columns)
        agents.change_agent(conn, agent, at, {})

    await db.write(work)


def _must_be_idle(agent: HeldAgent, version_id: str) -> None:
    if version_id == agent.active_version_id:
        raise Refused("The active version cannot be deleted")
    if version_id in ABTest.of(agent.settings).takes_part:
        raise Refused("The version has a share of the calls; give it none first")
