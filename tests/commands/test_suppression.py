"""The suppression list: what stands on it, for whom, and that a list is taken whole or not at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from outdial.commands.provision import create_workspace
from outdial.commands.suppression import suppress, suppress_all, unsuppress
from outdial.domain.errors import Invalid, NotFound
from outdial.store.database import Database
from outdial.store.policy.suppressions import SuppressionRow, suppression_page
from store_builders import NOON
from workspace_builders import AT_NOON, at

ANN, BOB, CAT = "+12025550101", "+12025550102", "+442079460018"
LATER = at(NOON + timedelta(days=1))


async def a_workspace(database: Database) -> str:
    return await create_workspace(database, "Example Dental", now=AT_NOON)


async def numbers_of(database: Database, workspace_id: str) -> list[str]:
    return [row.number for row in await database.read(suppression_page, workspace_id, limit=10_000)]


class TestANumber:
    async def test_is_put_on_the_list_with_its_reason(self, database: Database) -> None:
        workspace_id = await a_workspace(database)

        assert await suppress(database, workspace_id, f" {ANN} ", "asked not to be rung", now=AT_NOON)

        (row,) = await database.read(suppression_page, workspace_id, limit=10)
        assert row == SuppressionRow(ANN, "asked not to be rung", NOON)

    async def test_put_on_it_again_keeps_its_first_reason_and_time(self, database: Database) -> None:
        workspace_id = await a_workspace(database)
        await suppress(database, workspace_id, ANN, "asked not to be rung", now=AT_NOON)

        assert not await suppress(database, workspace_id, ANN, "again", now=LATER)

        (row,) = await database.read(suppression_page, workspace_id, limit=10)
        assert (row.reason, row.created_at) == ("asked not to be rung", NOON)

    async def test_is_taken_off_it_once(self, database: Database) -> None:
        workspace_id = await a_workspace(database)
        await suppress(database, workspace_id, ANN, now=AT_NOON)

        await unsuppress(database, workspace_id, ANN)

        assert await numbers_of(database, workspace_id) == []
        with pytest.raises(NotFound):
            await unsuppress(database, workspace_id, ANN)

    async def test_stands_on_the_list_of_one_workspace_only(self, database: Database) -> None:
        mine, other = await a_workspace(database), await a_workspace(database)
        await suppress(database, mine, ANN, now=AT_NOON)

        with pytest.raises(NotFound):
            await unsuppress(database, other, ANN)

        assert (await numbers_of(database, mine), await numbers_of(database, other)) == ([ANN], [])

    @pytest.mark.parametrize("wrong", ["5550101", "+0123456789", "+1 202 555 0101", "", "+12025550101x"])
    async def test_that_is_none_is_refused(self, database: Database, wrong: str) -> None:
        with pytest.raises(Invalid, match=r"number must be in E\.164 format"):
            await suppress(database, await a_workspace(database), wrong, now=AT_NOON)

    @pytest.mark.parametrize("wrong", ["x" * 201, "two\nlines", "\x00", "\ud800"])
    async def test_with_a_reason_nobody_can_keep_is_refused(self, database: Database, wrong: str) -> None:
        with pytest.raises(Invalid, match="reason must be a text of at most 200 characters"):
            await suppress(database, await a_workspace(database), ANN, wrong, now=AT_NOON)


class TestAList:
    async def test_is_added_to_what_is_there_and_says_how_many_are_new(self, database: Database) -> None:
        workspace_id = await a_workspace(database)
        await suppress(database, workspace_id, BOB, "first", now=AT_NOON)

        new = await suppress_all(
            database, workspace_id, [(CAT, "c"), (BOB, "again"), (f"{ANN} ", "a"), (CAT, "twice")], now=LATER
        )

        assert new == 2
        rows = await database.read(suppression_page, workspace_id, limit=10)
        assert [(row.number, row.reason) for row in rows] == [(ANN, "a"), (BOB, "first"), (CAT, "c")]

    async def test_with_wrong_entries_names_each_and_is_not_taken(self, database: Database) -> None:
        workspace_id = await a_workspace(database)

        with pytest.raises(Invalid) as refused:
            await suppress_all(
                database, workspace_id, [(ANN, ""), ("nobody", ""), (BOB, "\n"), ("", "\n")], now=AT_NOON
            )

        assert [fault.path for fault in refused.value.faults] == [
            ("1", "number"),
            ("2", "reason"),
            ("3", "number"),
            ("3", "reason"),
        ]
        assert await numbers_of(database, workspace_id) == []

    async def test_longer_than_one_statement_is_taken_whole(self, database: Database) -> None:
        workspace_id = await a_workspace(database)
        numbers = [f"+1202555{place:04}" for place in range(1234)]

        assert await suppress_all(database, workspace_id, [(number, "") for number in numbers], now=AT_NOON) == 1234

        assert await numbers_of(database, workspace_id) == numbers

    async def test_may_be_added_twice_at_the_same_moment(self, database: Database) -> None:
        workspace_id = await a_workspace(database)
        entries = [(f"+1202555{place:04}", "") for place in range(600)]

        new = await asyncio.gather(
            suppress_all(database, workspace_id, entries, now=AT_NOON),
            suppress_all(database, workspace_id, entries[::-1], now=AT_NOON),
        )

        assert sum(new) == 600

    async def test_of_nothing_adds_nothing(self, database: Database) -> None:
        assert await suppress_all(database, await a_workspace(database), [], now=AT_NOON) == 0

    async def test_is_read_page_by_page_in_the_order_of_its_numbers(self, database: Database) -> None:
        workspace_id = await a_workspace(database)
        await suppress_all(database, workspace_id, [(CAT, ""), (ANN, ""), (BOB, "")], now=AT_NOON)

        first = await database.read(suppression_page, workspace_id, limit=2)
        await unsuppress(database, workspace_id, BOB)
        rest = await database.read(suppression_page, workspace_id, limit=2, after=first[-1].number)

        assert [row.number for row in first] == [ANN, BOB]
        assert [row.number for row in rest] == [CAT]
