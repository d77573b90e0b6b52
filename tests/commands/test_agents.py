"""Setting up who talks: versions, edits that follow each other, and what a call placed after them says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from dialer_builders import World, order_for
from outdial.commands.agents import (
    AgentChange,
    AgentDraft,
    Versioned,
    activate,
    archive,
    create_agent,
    edit_agent,
    new_version,
)
from outdial.domain.agent import Definition
from outdial.domain.attempt import Order
from outdial.domain.call import CallState
from outdial.domain.errors import Broken, Conflict, Invalid, NotFound, Refused
from outdial.domain.ids import new_id
from outdial.domain.outcome import NotReached
from outdial.domain.subscription import Subscription
from outdial.store import schema
from outdial.store.agents.links import NumberLink
from outdial.store.agents.reading import agent, agent_page
from outdial.store.calls.records import load_call
from outdial.store.database import Database

KNOWLEDGE = "6d81f3e9-b247-4a5c-9e06-41c7d8f5a0b2"
HOOK = Subscription("ringg", ("call_started",), "https://hooks.example.test/", {"X": "y"})


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up(definition=Definition(greeting="First, {{callee_name}}."))


async def greet(world: World, words: str, version_id: str = "") -> Versioned:
    change = AgentChange(definition=lambda _, definition: replace(definition, greeting=words))
    return await edit_agent(
        world.db, world.workspace_id, world.agent_id, change, version_id=version_id, now=world.clock
    )


async def second_version(world: World, words: str = "Second.", *, active: bool = False) -> str:
    made = await new_version(
        world.db, world.workspace_id, world.agent_id, Definition(greeting=words), active=active, now=world.clock
    )
    return made.version_id


async def said(world: World) -> str:
    """How the call whose turn it is begins."""
    claimed = await world.claimed()
    order = await world.db.read(order_for, claimed)
    assert isinstance(order, Order)
    return order.brief.greeting


async def own_knowledge(world: World) -> None:
    now = world.clock()
    await world.insert(
        schema.knowledge_bases,
        id=KNOWLEDGE,
        workspace_id=world.workspace_id,
        name="Prices",
        revision=1,
        created_at=now,
        updated_at=now,
    )


class TestACallPlacedAfterAnEdit:
    async def test_talks_as_edited(self, world: World) -> None:
        await greet(world, "Edited, {{callee_name}}.")
        await world.call()

        assert await said(world) == "Edited, Maya."

    async def test_talks_as_edited_even_if_it_waited_before(self, world: World) -> None:
        await world.call()
        await greet(world, "Edited.")

        assert await said(world) == "Edited."

    async def test_talks_as_the_version_it_is_pinned_to(self, world: World) -> None:
        await second_version(world, active=True)
        await world.call(version_id=world.version_id)

        assert await said(world) == "First, Maya."

    async def test_talks_as_the_active_version_when_none_is_named(self, world: World) -> None:
        second = await second_version(world)
        await world.call()
        await activate(world.db, world.workspace_id, world.agent_id, second, now=world.clock)

        assert await said(world) == "Second."

    async def test_says_no_markup_but_what_a_value_holds(self, world: World) -> None:
        await greet(world, "<p>Hello&nbsp;<b>{{callee_name}}</b>!</p>")
        await world.call(callee_name="<Maya & Jo>")

        assert await said(world) == "Hello <Maya & Jo>!"

    async def test_looks_things_up_in_what_was_attached(self, world: World) -> None:
        await own_knowledge(world)
        change = AgentChange(definition=lambda _, definition: replace(definition, knowledge=(KNOWLEDGE,)))

        await edit_agent(world.db, world.workspace_id, world.agent_id, change, now=world.clock)

        found = await world.db.read(agent, world.workspace_id, world.agent_id)
        assert (found.active.definition.knowledge, found.knowledge) == ((KNOWLEDGE,), {KNOWLEDGE: "Prices"})


class TestWhatTheVersionThatTalkedMissed:
    async def test_is_said_beside_what_was_said_at_acceptance(self, world: World) -> None:
        call_id = await world.call(variables={"companyName": "X"}, warnings=["transliteration_unavailable"])
        await greet(world, "Hello from {{company_name}}.")
        await self._came_through(world, call_id, "ringg")
        world.clock.forward(seconds=1)
        await world.claimed()

        record = await self._read(world, call_id)

        assert record == (
            *("transliteration_unavailable", "missing_variable:company_name", "unused_variable:companyName"),
        )

    async def test_is_not_guessed_from_what_was_edited_later(self, world: World) -> None:
        call_id = await world.call()
        await world.claimed()
        world.clock.forward(seconds=1)
        await greet(world, "Hello from {{company_name}}.")

        assert await self._read(world, call_id) == ()

    async def test_is_said_to_ringly_without_hints_at_the_spelling(self, world: World) -> None:
        call_id = await world.call(variables={"companyName": "X"}, warnings=["missing_variable:company_name"])
        await greet(world, "Hello from {{company_name}}.")
        await self._came_through(world, call_id, "ringly")
        world.clock.forward(seconds=1)
        await world.claimed()

        assert await self._read(world, call_id) == ("missing_variable:company_name",)

    async def _read(self, world: World, call_id: str) -> tuple[str, ...]:
        record = await world.db.read(load_call, call_id, world.clock())
        assert record is not None
        return record.warnings

    async def _came_through(self, world: World, call_id: str, dialect: str) -> None:
        def work(conn: Connection) -> None:
            conn.execute(schema.calls.update().where(schema.calls.c.id == call_id).values(dialect=dialect))

        await world.db.write(work)


class TestVersions:
    async def test_are_numbered_one_after_the_other(self, world: World) -> None:
        await asyncio.gather(*(second_version(world, f"Version {number}") for number in range(5)))

        found = await world.db.read(agent, world.workspace_id, world.agent_id)

        assert [version.number for version in found.versions] == [1, 6, 5, 4, 3, 2]
        assert found.active.id == world.version_id

    async def test_are_edited_one_by_one_and_none_is_lost(self, world: World) -> None:
        async def add(word: str) -> None:
            change = AgentChange(definition=lambda _, definition: replace(definition, vocab=(*definition.vocab, word)))
            await edit_agent(world.db, world.workspace_id, world.agent_id, change, now=world.clock)

        await asyncio.gather(*(add(str(number)) for number in range(8)))

        found = await world.db.read(agent, world.workspace_id, world.agent_id)
        assert sorted(found.active.definition.vocab) == [str(number) for number in range(8)]

    async def test_of_another_agent_are_not_found(self, world: World) -> None:
        other = await create_agent(world.db, world.workspace_id, AgentDraft("Other", Definition()), now=world.clock)

        with pytest.raises(NotFound, match="Version not found"):
            await greet(world, "Hi.", other.version_id)
        with pytest.raises(NotFound, match="Version not found"):
            await activate(world.db, world.workspace_id, world.agent_id, other.version_id, now=world.clock)


class TestAnEdit:
    async def test_changes_all_or_nothing(self, world: World) -> None:
        def refuse(_: str, definition: Definition) -> Definition:
            raise Refused("not today")

        free = NumberLink(world.number_ids[0], attached=True)
        change = AgentChange(name="Other", number=free, subscriptions=lambda _: [HOOK], definition=refuse)
        before = await world.db.read(agent, world.workspace_id, world.agent_id)

        with pytest.raises(Refused, match="not today"):
            await edit_agent(world.db, world.workspace_id, world.agent_id, change, now=world.clock)

        assert await world.db.read(agent, world.workspace_id, world.agent_id) == before
        assert await world.db.read(lambda conn: set(conn.scalars(sa.select(schema.numbers.c.agent_id)))) == {None}

    async def test_keeps_what_it_does_not_name(self, world: World) -> None:
        hooked = AgentChange(subscriptions=lambda stored: [*stored, HOOK], whitelisted_domains=("https://a.test",))
        await edit_agent(world.db, world.workspace_id, world.agent_id, hooked, now=world.clock)
        world.clock.forward(minutes=1)

        await edit_agent(world.db, world.workspace_id, world.agent_id, AgentChange(name="Other"), now=world.clock)

        found = await world.db.read(agent, world.workspace_id, world.agent_id)
        assert (found.name, found.subscriptions, found.whitelisted_domains) == ("Other", (HOOK,), ("https://a.test",))
        assert found.updated_at - found.created_at == timedelta(minutes=1)
        assert found.active.updated_at == found.active.created_at

    async def test_that_could_not_be_read_back_is_refused(self, world: World) -> None:
        change = AgentChange(definition=lambda _, definition: replace(definition, voice_speed=9))

        with pytest.raises(Invalid, match="voice_speed must be between"):
            await edit_agent(world.db, world.workspace_id, world.agent_id, change, now=world.clock)

    async def test_must_not_name_a_strangers_knowledge(self, world: World) -> None:
        change = AgentChange(definition=lambda _, definition: replace(definition, knowledge=(KNOWLEDGE,)))

        with pytest.raises(NotFound, match="Knowledge Base not found"):
            await edit_agent(world.db, world.workspace_id, world.agent_id, change, now=world.clock)


class TestANewAgent:
    async def test_is_active_with_its_first_version(self, world: World) -> None:
        draft = AgentDraft("Ben", Definition(greeting="Hi."), tag="ben", subscriptions=[HOOK])

        made = await create_agent(world.db, world.workspace_id, draft, now=world.clock)

        found = await world.db.read(agent, world.workspace_id, made.agent_id)
        assert (found.name, found.tag, found.type, found.subscriptions) == ("Ben", "ben", "outbound", (HOOK,))
        assert (found.active.id, found.active.number) == (made.version_id, 1)

    async def test_has_a_tag_of_its_own(self, world: World) -> None:
        with pytest.raises(Conflict, match="already has an agent with the tag asha"):
            await create_agent(
                world.db, world.workspace_id, AgentDraft("Ben", Definition(), tag="asha"), now=world.clock
            )

    @pytest.mark.parametrize(
        ("draft", "message"),
        [
            (AgentDraft(" ", Definition()), "name must be"),
            (AgentDraft("x" * 101, Definition()), "name must be"),
            (AgentDraft("Ben", Definition(), tag="a b"), "tag must be"),
            (AgentDraft("Ben", Definition(), type="robot"), "type must be"),
        ],
    )
    async def test_is_refused_naming_the_field(self, world: World, draft: AgentDraft, message: str) -> None:
        with pytest.raises(Invalid, match=message):
            await create_agent(world.db, world.workspace_id, draft, now=world.clock)


class TestAnArchivedAgent:
    async def test_ends_its_waiting_calls_and_says_how_many(self, world: World) -> None:
        calls = [await world.call(lane=name) for name in "ab"]

        assert await archive(world.db, world.workspace_id, world.agent_id, now=world.clock) == 2
        states = sa.select(schema.calls.c.state).where(schema.calls.c.id.in_(calls))
        assert await world.db.read(lambda conn: set(conn.scalars(states))) == {CallState.CANCELLED}

    async def test_lets_the_call_that_is_being_dialled_go_on(self, world: World) -> None:
        call_id = await world.call()
        await world.claimed()

        assert await archive(world.db, world.workspace_id, world.agent_id, now=world.clock) == 0

        state = await world.db.read(
            lambda conn: conn.scalar(sa.select(schema.calls.c.state).where(schema.calls.c.id == call_id))
        )
        assert state == CallState.ACTIVE

    async def test_rings_nobody_even_for_a_call_placed_in_that_moment(self, world: World) -> None:
        await archive(world.db, world.workspace_id, world.agent_id, now=world.clock)
        await world.call()
        claimed = await world.claimed()

        order = await world.db.read(order_for, claimed)

        assert isinstance(order, NotReached)

    async def test_gives_its_numbers_back_and_is_gone(self, world: World) -> None:
        link = AgentChange(number=NumberLink(world.number_ids[0], attached=True))
        await edit_agent(world.db, world.workspace_id, world.agent_id, link, now=world.clock)

        await archive(world.db, world.workspace_id, world.agent_id, now=world.clock)
        assert await world.db.read(lambda conn: set(conn.scalars(sa.select(schema.numbers.c.agent_id)))) == {None}
        for again in (archive(world.db, world.workspace_id, world.agent_id, now=world.clock), greet(world, "Hi.")):
            with pytest.raises(NotFound, match="Agent not found"):
                await again


class TestReading:
    async def test_goes_page_by_page_in_the_order_they_were_made(self, world: World) -> None:
        for name in "BCDE":
            world.clock.forward(seconds=name == "D")
            await create_agent(world.db, world.workspace_id, AgentDraft(name, Definition()), now=world.clock)

        names, place = list[str](), None
        while True:
            found, place = await world.db.read(agent_page, world.workspace_id, limit=2, after=place)
            names += [one.name for one in found]
            if place is None:
                break

        assert len(names) == 5
        assert set(names[:3]) == {"Asha", "B", "C"}
        assert set(names[3:]) == {"D", "E"}

    async def test_of_an_agent_of_another_workspace(self, world: World) -> None:
        with pytest.raises(NotFound):
            await world.db.read(agent, new_id(), world.agent_id)

    async def test_names_the_version_that_is_stored_wrong(self, world: World) -> None:
        def spoil(conn: Connection) -> None:
            conn.execute(schema.agent_versions.update().values(definition={"greeting": 3}))

        await world.db.write(spoil)

        with pytest.raises(Broken, match=world.version_id):
            await world.db.read(agent, world.workspace_id, world.agent_id)
