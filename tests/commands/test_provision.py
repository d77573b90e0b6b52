"""Setting up what calls are made with."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from outdial.commands.agents import archive
from outdial.commands.equipment import add_pool
from outdial.commands.provision import (
    add_agent,
    add_number,
    add_trunk,
    add_version,
    create_workspace,
)
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Broken, Conflict, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.store import inventory
from outdial.store.database import Database
from outdial.store.equipment.trunks import load_trunk
from outdial.store.schema import agent_versions
from workspace_builders import AT_NOON, CALLER, GREETING, an_office


class TestATrunk:
    async def test_is_read_back_as_it_was_stored(self, database: Database) -> None:
        workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)
        trunk = Trunk(
            id=new_id(),
            name="carrier",
            host="sip.example.test",
            port=5061,
            transport="tls",
            auth_user="user",
            password="hush",
            codecs=("pcma",),
            headers={"X-Account": "7"},
        )

        await add_trunk(database, workspace_id, trunk, now=AT_NOON)
        assert await database.read(load_trunk, trunk.id) == trunk

    async def test_never_shows_its_password(self, database: Database) -> None:
        office = await an_office(database)

        (shown,) = await database.read(inventory.trunks, office.workspace_id)

        assert shown.has_password
        assert "hush" not in repr(shown)
        assert "hush" not in repr(await database.read(load_trunk, office.trunk_id))

    async def test_has_a_name_of_its_own(self, database: Database) -> None:
        office = await an_office(database)

        with pytest.raises(Conflict, match="already has a trunk named main"):
            await add_trunk(database, office.workspace_id, Trunk(id="", name="main", host="x"), now=AT_NOON)


class TestANumber:
    async def test_must_be_a_number(self, database: Database) -> None:
        office = await an_office(database)

        with pytest.raises(Invalid, match=r"E\.164"):
            await add_number(database, office.workspace_id, office.trunk_id, "0800 123", now=AT_NOON)

    async def test_exists_once_in_a_workspace(self, database: Database) -> None:
        office = await an_office(database)

        with pytest.raises(Conflict, match="already has the number"):
            await add_number(database, office.workspace_id, office.trunk_id, f" {CALLER} ", now=AT_NOON)

    async def test_hangs_on_a_trunk_and_pool_of_its_own_workspace(self, database: Database) -> None:
        office = await an_office(database)
        stranger = await create_workspace(database, "Somebody else", now=AT_NOON)
        pool_id = await add_pool(database, office.workspace_id, "pool", (), now=AT_NOON)
        trunk_id = await add_trunk(database, stranger, Trunk(id="", name="theirs", host="x"), now=AT_NOON)

        with pytest.raises(NotFound, match="Trunk not found"):
            await add_number(database, stranger, office.trunk_id, "+12025550111", now=AT_NOON)
        with pytest.raises(NotFound, match="Number pool not found"):
            await add_number(database, stranger, trunk_id, "+12025550111", number_pool_id=pool_id, now=AT_NOON)


class TestAnAgent:
    @pytest.mark.parametrize("config", [{"call_time": {}}, {"retry_count": 99}])
    async def test_that_could_not_be_read_back_is_not_stored(self, database: Database, config: dict[str, Any]) -> None:
        office = await an_office(database)
        faulty = Definition(call_config=config)

        with pytest.raises(Invalid, match="call_config"):
            await add_agent(database, office.workspace_id, faulty, "Ava", now=AT_NOON)
        with pytest.raises(Invalid, match="call_config"):
            await add_version(database, office.workspace_id, office.agent_id, faulty, now=AT_NOON)

        (agent,) = await database.read(inventory.agents, office.workspace_id)
        assert agent.version_number == 1

    async def test_that_is_stored_wrong_is_no_fault_of_its_reader(self, database: Database) -> None:
        office = await an_office(database)
        await database.write(lambda conn: conn.execute(agent_versions.update().values(definition={"colour": "red"})))

        with pytest.raises(Broken, match="stored wrong"):
            await database.read(inventory.agents, office.workspace_id)

    async def test_is_given_a_tag_of_the_usual_form(self, database: Database) -> None:
        office = await an_office(database)

        agent = await database.read(inventory.agent, office.workspace_id, office.agent_id)

        assert re.fullmatch(r"agent_[0-9a-f]{21}", agent.tag)
        assert (agent.name, agent.version_number, agent.definition) == ("Ava", 1, GREETING)

    async def test_has_a_tag_of_its_own(self, database: Database) -> None:
        office = await an_office(database)
        await add_agent(database, office.workspace_id, GREETING, "One", tag="desk", now=AT_NOON)

        with pytest.raises(Conflict, match="already has an agent with the tag desk"):
            await add_agent(database, office.workspace_id, GREETING, "Two", tag="desk", now=AT_NOON)
        await add_agent(database, office.workspace_id, GREETING, "Three", tag="Desk", now=AT_NOON)

    @pytest.mark.parametrize("tag", ["", "two words", "x" * 129])
    async def test_cannot_have_just_any_tag(self, database: Database, tag: str) -> None:
        office = await an_office(database)

        with pytest.raises(Invalid, match="tag must be"):
            await add_agent(database, office.workspace_id, GREETING, "One", tag=tag, now=AT_NOON)

    async def test_speaks_with_its_newest_version(self, database: Database) -> None:
        office = await an_office(database)

        version_id = await add_version(
            database,
            office.workspace_id,
            office.agent_id,
            Definition(greeting="Good day."),
            now=AT_NOON,
            description="politer",
        )

        agent = await database.read(inventory.agent, office.workspace_id, office.agent_id)
        assert (agent.version_id, agent.version_number, agent.version_description) == (version_id, 2, "politer")
        assert agent.definition.greeting == "Good day."

    async def test_numbers_versions_made_at_the_same_time(self, database: Database) -> None:
        office = await an_office(database)

        await asyncio.gather(
            *(add_version(database, office.workspace_id, office.agent_id, GREETING, now=AT_NOON) for _ in range(8))
        )

        agent = await database.read(inventory.agent, office.workspace_id, office.agent_id)
        assert agent.version_number == 9

    async def test_leaves_the_list_when_archived(self, database: Database) -> None:
        office = await an_office(database)

        await archive(database, office.workspace_id, office.agent_id, now=AT_NOON)

        assert await database.read(inventory.agents, office.workspace_id) == []
        assert (await database.read(inventory.agent, office.workspace_id, office.agent_id)).archived_at == AT_NOON()
        with pytest.raises(NotFound):
            await archive(database, office.workspace_id, office.agent_id, now=AT_NOON)
        with pytest.raises(NotFound):
            await add_version(database, office.workspace_id, office.agent_id, GREETING, now=AT_NOON)
