"""What is laid down for a workspace, a number and a trunk, also by several at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from sqlalchemy import Connection

from outdial.commands.provision import add_number, add_trunk, create_workspace
from outdial.commands.rules import change_rules, limit_number, limit_trunk
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Broken, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.domain.rules import CallingHours, CallingPolicy, Price, Rules
from outdial.store.database import Database
from outdial.store.policy.reading import number_limits, rules_of, trunk_limits
from outdial.store.schema import workspaces
from workspace_builders import AT_NOON, an_office

BY_DAY = CallingPolicy(CallingHours(time(8), time(21)), per_day=3, per_week=7)


class TestTheRulesOfAWorkspace:
    async def test_limit_nothing_but_heed_the_suppression_list_until_some_are_laid_down(
        self, database: Database
    ) -> None:
        workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)

        assert await database.read(rules_of, workspace_id) == Rules(CallingPolicy(suppression=True))

    async def test_are_read_back_as_they_were_laid_down(self, database: Database) -> None:
        workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)

        await change_rules(database, workspace_id, lambda rules: replace(rules, policy=BY_DAY))
        await change_rules(database, workspace_id, lambda rules: replace(rules, max_calls=20))

        assert await database.read(rules_of, workspace_id) == Rules(BY_DAY, max_calls=20)

    async def test_are_changed_by_several_at_once_without_losing_any_of_it(self, database: Database) -> None:
        workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)
        changes: list[Callable[[Rules], Rules]] = [
            lambda rules: replace(rules, max_calls=20),
            lambda rules: replace(rules, price=Price(50_000)),
            lambda rules: replace(rules, policy=replace(rules.policy, per_day=3)),
            lambda rules: replace(rules, policy=replace(rules.policy, per_week=7)),
            lambda rules: replace(rules, policy=replace(rules.policy, hours=BY_DAY.hours)),
        ]

        await asyncio.gather(*(change_rules(database, workspace_id, change) for change in changes))

        assert await database.read(rules_of, workspace_id) == Rules(BY_DAY, 20, Price(50_000))

    async def test_that_cannot_be_are_refused_naming_each_member_and_change_nothing(self, database: Database) -> None:
        workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)
        await change_rules(database, workspace_id, lambda rules: replace(rules, policy=BY_DAY))

        never = CallingPolicy(CallingHours(time(9), time(9)), per_day=0)
        with pytest.raises(Invalid) as refused:
            await change_rules(database, workspace_id, lambda rules: replace(rules, policy=never))

        assert [fault.path for fault in refused.value.faults] == [("hours",), ("per_day",)]
        assert (await database.read(rules_of, workspace_id)).policy == BY_DAY

    async def test_nobody_can_read_are_not_overwritten_by_a_change(self, database: Database) -> None:
        workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)
        await store_rules(database, {"policy": {"quiet_after": "21:00"}})

        with pytest.raises(Broken, match="quiet_after is not known"):
            await change_rules(database, workspace_id, lambda rules: replace(rules, max_calls=5))
        with pytest.raises(Broken):
            await database.read(rules_of, workspace_id)

    async def test_of_an_unknown_workspace_are_not_found(self, database: Database) -> None:
        with pytest.raises(NotFound):
            await change_rules(database, new_id(), lambda rules: replace(rules, max_calls=5))
        with pytest.raises(NotFound):
            await database.read(rules_of, new_id())


class TestTheLimitOfANumber:
    async def test_is_set_and_lifted(self, database: Database) -> None:
        office = await an_office(database)

        await limit_number(database, office.workspace_id, office.number_id, 5)
        (limited,) = await database.read(number_limits, office.workspace_id)
        await limit_number(database, office.workspace_id, office.number_id, None)
        (lifted,) = await database.read(number_limits, office.workspace_id)

        assert (limited.max_calls, lifted.max_calls) == (5, None)

    async def test_may_be_there_from_the_first_day(self, database: Database) -> None:
        office = await an_office(database)

        added = await add_number(
            database, office.workspace_id, office.trunk_id, "+12025550199", now=AT_NOON, max_calls=2
        )

        limits = {row.id: row.max_calls for row in await database.read(number_limits, office.workspace_id)}
        assert limits == {office.number_id: None, added: 2}

    async def test_is_a_whole_number(self, database: Database) -> None:
        office = await an_office(database)

        with pytest.raises(Invalid, match="max_calls must be a whole number of 0 or more"):
            await limit_number(database, office.workspace_id, office.number_id, -1)
        with pytest.raises(Invalid, match="max_calls must be a whole number of 0 or more"):
            await add_number(database, office.workspace_id, office.trunk_id, "+12025550199", now=AT_NOON, max_calls=-1)

    async def test_is_its_workspaces_business_only(self, database: Database) -> None:
        office = await an_office(database)
        stranger = await create_workspace(database, "Somebody else", now=AT_NOON)

        with pytest.raises(NotFound, match="Number not found"):
            await limit_number(database, stranger, office.number_id, 5)

        assert await database.read(number_limits, stranger) == []


class TestTheLimitsOfATrunk:
    async def test_are_set_one_without_the_other(self, database: Database) -> None:
        office = await an_office(database)

        await limit_trunk(database, office.workspace_id, office.trunk_id, max_calls=30, calls_per_s=2.5)
        await limit_trunk(database, office.workspace_id, office.trunk_id, max_calls=None)

        (trunk,) = await database.read(trunk_limits, office.workspace_id)
        assert (trunk.max_calls, trunk.calls_per_s) == (None, 2.5)

    async def test_may_be_there_from_the_first_day(self, database: Database) -> None:
        workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)
        trunk = Trunk(id="", name="main", host="127.0.0.1")

        await add_trunk(database, workspace_id, trunk, now=AT_NOON, max_calls=30, calls_per_s=2)

        (stored,) = await database.read(trunk_limits, workspace_id)
        assert (stored.name, stored.max_calls, stored.calls_per_s) == ("main", 30, 2)

    @pytest.mark.parametrize("wrong", [{"max_calls": -1}, {"calls_per_s": 0}])
    async def test_that_cannot_be_are_refused(self, database: Database, wrong: dict[str, Any]) -> None:
        office = await an_office(database)

        with pytest.raises(Invalid, match=f"{next(iter(wrong))} must be"):
            await limit_trunk(database, office.workspace_id, office.trunk_id, **wrong)
        with pytest.raises(Invalid, match=f"{next(iter(wrong))} must be"):
            await add_trunk(
                database, office.workspace_id, Trunk(id="", name="x", host="127.0.0.1"), now=AT_NOON, **wrong
            )

        assert [row.name for row in await database.read(trunk_limits, office.workspace_id)] == ["main"]

    async def test_are_its_workspaces_business_only(self, database: Database) -> None:
        office = await an_office(database)
        stranger = await create_workspace(database, "Somebody else", now=AT_NOON)

        with pytest.raises(NotFound, match="Trunk not found"):
            await limit_trunk(database, stranger, office.trunk_id, max_calls=5)


async def store_rules(database: Database, settings: dict[str, Any]) -> None:
    def work(conn: Connection) -> None:
        conn.execute(workspaces.update().values(settings=settings))

    await database.write(work)
