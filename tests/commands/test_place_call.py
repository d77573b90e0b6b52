"""Placing a call: what is checked, what is stored, what the answer says."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.commands.agents import archive
from outdial.commands.equipment import add_pool
from outdial.commands.place_call import place_call
from outdial.commands.provision import (
    add_agent,
    add_number,
    add_version,
    create_workspace,
)
from outdial.domain.agent import Definition
from outdial.domain.call import CallState
from outdial.domain.errors import Invalid, NotFound
from outdial.domain.events import EventType
from outdial.domain.ids import new_id
from outdial.domain.request import Callback, Overrides
from outdial.store.calls.reading import call_record, events_of
from outdial.store.database import Database
from outdial.store.schema import calls, events
from store_builders import NOON
from workspace_builders import AT_NOON, CALLEE, CALLER, GREETING, LUZ, VOICES, an_office, at


def nothing_is_stored(conn: Connection) -> bool:
    found = [conn.scalar(sa.select(sa.func.count()).select_from(table)) for table in (calls, events)]
    return found == [0, 0]


class TestAnAcceptedCall:
    async def test_is_on_the_calendar_with_its_first_fact(self, database: Database) -> None:
        office = await an_office(database)

        placed = await office.place()

        record = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        facts = await database.read(events_of, office.workspace_id, placed.call_id)
        assert record.state is CallState.REGISTERED
        assert record.due_at == record.created_at == placed.created_at == NOON
        assert record.to_number == CALLEE
        assert record.agent_name == "Ava"
        assert [(fact.type, fact.at) for fact in facts] == [(EventType.REGISTERED, NOON)]

    async def test_is_answered_with_its_caller_number_and_variables(self, database: Database) -> None:
        office = await an_office(database)

        placed = await office.place(variables={"callee_name": "Sam", "order": 3, "vip": True})

        assert placed.from_number == CALLER
        assert placed.variables == {"callee_name": "Sam", "order": 3, "vip": True}
        assert placed.agent_id == office.agent_id
        assert placed.warnings == ()

    async def test_keeps_what_was_asked_with_its_json_types(self, database: Database) -> None:
        office = await an_office(database)
        callback = Callback("https://hooks.example.test/a?b=c", headers={"X-A": "1"}, params={"p": "q"})
        variables = {"callee_name": "Zoë", "order": 3, "sum": 2.5, "vip": True, "none": None, "list": [1, {"a": "b"}]}

        placed = await office.place(variables=variables, callback=callback, call_category="renewal", warnings=("w",))

        record = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        assert record.variables == variables
        assert record.callback == callback
        assert record.call_category == "renewal"
        assert record.warnings == ("w",)

    async def test_finds_its_agent_by_tag_and_its_number_by_value(self, database: Database) -> None:
        office = await an_office(database)
        agent_id = await add_agent(database, office.workspace_id, GREETING, "Bo", tag="Front-Desk", now=AT_NOON)

        placed = await office.place(agent_tag="Front-Desk", from_numbers=(CALLER,), dialect="ringly")

        assert (placed.agent_id, placed.agent_tag, placed.from_number) == (agent_id, "Front-Desk", CALLER)

    async def test_from_a_stored_pool_names_no_number_yet(self, database: Database) -> None:
        office = await an_office(database)
        pool_id = await add_pool(database, office.workspace_id, "pool", (), now=AT_NOON)

        placed = await office.place(number_pool_id=pool_id)

        record = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        assert placed.from_number == ""
        assert record.from_numbers == ()

    async def test_waits_for_its_schedule_and_says_so(self, database: Database) -> None:
        office = await an_office(database)
        tomorrow = NOON + timedelta(days=1)

        placed = await office.place(overrides=Overrides(scheduled_at=tomorrow))

        record = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        assert record.due_at == tomorrow
        assert record.blocked_by == ("schedule",)
        assert record.next_eligible_at == tomorrow

    async def test_scheduled_outside_its_window_names_both_causes(self, database: Database) -> None:
        office = await an_office(database)
        overrides = Overrides(
            scheduled_at=datetime(2026, 3, 3, 3, 0),
            window_start=time(9, 0),
            window_end=time(18, 0),
            timezone="Asia/Kolkata",
            has_window=True,
        )

        placed = await office.place(overrides=overrides)

        record = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        assert record.blocked_by == ("schedule", "window")
        assert record.next_eligible_at == datetime.fromisoformat("2026-03-03T09:00:00+05:30")

    async def test_that_is_due_waits_for_nothing_and_then_for_capacity_only(self, database: Database) -> None:
        office = await an_office(database)

        placed = await office.place()

        first = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        a_second_later = at(NOON + timedelta(seconds=1))
        then = await database.read(call_record, office.workspace_id, placed.call_id, now=a_second_later)
        assert (first.blocked_by, first.next_eligible_at) == ((), NOON)
        assert (then.blocked_by, then.next_eligible_at) == (("capacity",), None)


class TestVariablesThatDoNotMatch:
    async def test_are_reported_with_a_hint_at_the_spelling(self, database: Database) -> None:
        office = await an_office(database, Definition(greeting="This is @{{company_name}}."))

        placed = await office.place(variables={"callee_name": "Sam", "mobile_number": CALLEE, "companyName": "X"})

        assert placed.warnings == ("missing_variable:company_name", "unused_variable:companyName")

    async def test_are_only_reported_as_missing_in_ringly(self, database: Database) -> None:
        office = await an_office(database, Definition(greeting="This is {{company}}."))

        placed = await office.place(variables={"companyName": "X"}, dialect="ringly")

        assert placed.warnings == ("missing_variable:company",)

    async def test_are_refused_by_an_agent_that_requires_them(self, database: Database) -> None:
        office = await an_office(database, Definition(greeting="{{a}} {{b}} {{c}}", require_variables=True))

        with pytest.raises(Invalid) as refused:
            await office.place(variables={"b": "x"})

        assert [fault.path[-1] for fault in refused.value.faults] == ["a", "c"]
        assert await database.read(nothing_is_stored)


class TestARequestThatCannotBeMet:
    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({"agent_id": new_id()}, "Agent not found"),
            ({"agent_tag": "nobody"}, "Agent not found"),
            ({"from_number_ids": (new_id(),)}, "Number not found"),
            ({"from_numbers": ("+12025550199",)}, "Number not found"),
            ({"from_numbers": (CALLER, "+12025550199")}, "Number not found"),
            ({"number_pool_id": new_id()}, "Number pool not found"),
            ({"version_id": new_id()}, "Agent version not found"),
            ({"voice_id": new_id()}, "Voice not found"),
        ],
    )
    async def test_is_answered_with_what_was_not_found(
        self, database: Database, facts: dict[str, Any], message: str
    ) -> None:
        office = await an_office(database)

        with pytest.raises(NotFound, match=message) as refused:
            await office.place(**facts)

        assert refused.value.field
        assert await database.read(nothing_is_stored)

    async def test_by_the_things_of_another_workspace(self, database: Database) -> None:
        office = await an_office(database)
        stranger = await create_workspace(database, "Somebody else", now=AT_NOON)

        with pytest.raises(NotFound, match="Agent not found"):
            await office.place(workspace_id=stranger)

        foreign = await add_agent(database, stranger, GREETING, "Theirs", now=AT_NOON)
        with pytest.raises(NotFound, match="Number not found"):
            await office.place(workspace_id=stranger, agent_id=foreign)

    async def test_by_an_archived_agent(self, database: Database) -> None:
        office = await an_office(database)
        await archive(database, office.workspace_id, office.agent_id, now=AT_NOON)

        with pytest.raises(NotFound, match="Agent not found"):
            await office.place()

    async def test_by_an_inbound_agent(self, database: Database) -> None:
        office = await an_office(database)
        inbound = await add_agent(database, office.workspace_id, GREETING, "In", agent_type="inbound", now=AT_NOON)

        with pytest.raises(Invalid, match="Agent is not enabled for outbound calls"):
            await office.place(agent_id=inbound)

    async def test_by_a_number_that_may_not_call_out(self, database: Database) -> None:
        office = await an_office(database)
        silent = await add_number(
            database, office.workspace_id, office.trunk_id, "+12025550101", outbound=False, now=AT_NOON
        )

        with pytest.raises(Invalid, match="Number is not enabled for outbound calls"):
            await office.place(from_number_ids=(office.number_id, silent))

    async def test_by_a_voice_of_another_language(self, database: Database) -> None:
        office = await an_office(database)

        with pytest.raises(Invalid, match="Voice does not support the agent language"):
            await office.place(voice_id=LUZ.id)

    async def test_by_another_agents_version(self, database: Database) -> None:
        office = await an_office(database)
        other = await add_agent(database, office.workspace_id, GREETING, "Other", now=AT_NOON)
        version = await add_version(database, office.workspace_id, other, GREETING, now=AT_NOON)

        with pytest.raises(NotFound, match="Agent version not found"):
            await office.place(version_id=version)

        placed = await place_call(
            database, office.request(agent_id=other, version_id=version), voices=VOICES, now=AT_NOON
        )
        assert placed.agent_id == other

    @pytest.mark.parametrize(
        "facts",
        [
            {"callee_name": "a\x00b"},
            {"callee_name": "\ud800"},
            {"call_category": "\udfff"},
            {"agent_tag": "\x00"},
            {"variables": {"note": ["fine", {"deep": "\ud800"}]}},
            {"variables": {"no\x00te": "fine"}},
        ],
    )
    async def test_by_any_database_for_its_characters(self, database: Database, facts: dict[str, Any]) -> None:
        office = await an_office(database)

        with pytest.raises(Invalid, match="character that cannot be stored"):
            await office.place(**facts)

        assert await database.read(nothing_is_stored)
