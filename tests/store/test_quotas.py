"""What a workspace may have, held exactly, whoever adds at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO

import pytest

from outdial.campaigns.importing import Draft, import_list, upload_list
from outdial.commands.agents import AgentDraft, archive, create_agent
from outdial.commands.equipment import add_pool
from outdial.commands.keys import issue_key, withdraw_key
from outdial.commands.knowledge import create_base
from outdial.commands.provision import add_number, add_trunk, create_workspace
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Refused
from outdial.domain.knowledge import Upload
from outdial.domain.quotas import Quotas
from outdial.store.database import Database
from outdial.store.policy.quotas import KINDS
from store_builders import NOON

MOST = 3
Adding = Callable[[int], Awaitable[object]]


async def a_workspace(database: Database) -> str:
    database.quotas = Quotas(**dict.fromkeys(KINDS, MOST))
    return await create_workspace(database, "Tenant", now=lambda: NOON)


def a_trunk(name: str) -> Trunk:
    return Trunk(id="", name=name, host="sip.example.test")


async def adding(database: Database, workspace_id: str, kind: str) -> Adding:
    """What adds one more of that kind; the number tells them apart."""
    if kind == "numbers":
        trunk = await add_trunk(database, workspace_id, a_trunk("only"), now=lambda: NOON)
        return lambda n: add_number(database, workspace_id, trunk, f"+1202555010{n}", now=lambda: NOON)
    if kind == "lists":
        agent = await create_agent(database, workspace_id, AgentDraft("A", Definition()), now=lambda: NOON)
        return lambda n: a_list(database, workspace_id, agent.agent_id, in_background=n % 2 == 1)
    ways: dict[str, Adding] = {
        "number_pools": lambda n: add_pool(database, workspace_id, f"pool {n}", [], now=lambda: NOON),
        "trunks": lambda n: add_trunk(database, workspace_id, a_trunk(f"trunk {n}"), now=lambda: NOON),
        "keys": lambda _: issue_key(database, workspace_id, "native", now=lambda: NOON),
        "agents": lambda n: create_agent(database, workspace_id, AgentDraft(f"A{n}", Definition()), now=lambda: NOON),
        "knowledge_bases": lambda n: create_base(database, workspace_id, f"base {n}", Upload(), now=lambda: NOON),
    }
    return ways[kind]


async def a_list(database: Database, workspace_id: str, agent_id: str, *, in_background: bool) -> object:
    draft = Draft(
        workspace_id=workspace_id,
        agent_id=agent_id,
        dialect="ringg",
        name="List",
        starts_at=NOON,
        ends_at=NOON,
        call_config={},
        mapping={},
        country_code="+1",
        options={},
    )
    file = BytesIO(b"Name,Mobile Number\nSam,+12025550143\n")
    if in_background:
        return await upload_list(database, draft, file, now=lambda: NOON)
    return await import_list(database, draft, file, spell=lambda name, _: name, now=lambda: NOON)


class TestAQuota:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_is_held_exactly_by_those_who_add_at_once(self, database: Database, kind: str) -> None:
        add = await adding(database, await a_workspace(database), kind)

        done = await asyncio.gather(*(add(number) for number in range(2 * MOST)), return_exceptions=True)

        refused = [one for one in done if isinstance(one, BaseException)]
        assert len(done) - len(refused) == MOST, refused
        assert all(isinstance(one, Refused) for one in refused)
        assert f"the workspace has {MOST} {kind.replace('_', ' ')}" in str(refused[0])
        assert f"OUTDIAL_QUOTA_{kind.upper()}" in str(refused[0])

    async def test_of_one_workspace_is_no_matter_of_another(self, database: Database) -> None:
        add = await adding(database, await a_workspace(database), "agents")
        for number in range(MOST):
            await add(number)

        other = await adding(database, await a_workspace(database), "agents")

        await other(0)

    async def test_counts_no_key_that_is_withdrawn_and_no_agent_that_is_archived(self, database: Database) -> None:
        workspace_id = await a_workspace(database)
        keys = [await issue_key(database, workspace_id, "native", now=lambda: NOON) for _ in range(MOST)]
        agents = [
            await create_agent(database, workspace_id, AgentDraft(f"A{n}", Definition()), now=lambda: NOON)
            for n in range(MOST)
        ]
        await withdraw_key(database, workspace_id, keys[0].id, now=lambda: NOON)
        await archive(database, workspace_id, agents[0].agent_id, now=lambda: NOON)

        await issue_key(database, workspace_id, "native", now=lambda: NOON)
        await create_agent(database, workspace_id, AgentDraft("B", Definition()), now=lambda: NOON)
