"""Lists of people: read whole or not at all, whoever dies on the way."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from campaign_builders import (
    MAPPING,
    a_file,
    campaign,
    imported,
    importer,
    killed_half_way,
    left_in,
    number_of,
    people,
    uploaded,
    worked,
)
from dialer_builders import World
from outdial.campaigns.importing import IMPORT_TAKES
from outdial.domain.campaign import CampaignState, Contact
from outdial.domain.errors import Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.domain.limits import MAX_LIST_COLUMNS
from outdial.store.campaigns import rows as campaigns
from outdial.store.campaigns.reading import rejected_rows
from outdial.store.database import Database
from outdial.store.schema import agents, campaign_files, campaign_rows, jobs
from outdial.store.schema import campaigns as campaigns_table

TABLES = (campaigns_table, campaign_rows, campaign_files, jobs)
MIXED = ("+12025550143,Sam,Pune", "9876543210,,Goa", "not-a-number,Robin,", "+12025550143,Sam again,Pune")
_NOBODY = "the file has no row with a phone number: row 1: the number holds letters"
MANY = 2500
"""More than are written at once."""


@pytest.fixture
async def world(database: Database) -> World:
    return await World(database).set_up()


async def rejected(world: World, campaign_id: str) -> list[Contact]:
    pages = await rejected_rows(world.db, world.workspace_id, campaign_id)
    return [one async for page in pages for one in page]


async def rows_of(world: World, campaign_id: str) -> list[Contact]:
    return await world.db.read(campaigns.rows_after, campaign_id, 0, 10_000)


class TestAnImport:
    async def test_keeps_every_row_and_says_how_many_can_be_rung(self, world: World) -> None:
        result = await imported(world, a_file(*MIXED))

        kept = await campaign(world, result.id)
        sam = {"mobile_number": "+12025550143", "callee_name": "Sam", "city": "Pune"}
        nobody = {"mobile_number": "+919876543210", "callee_name": "", "city": "Goa"}
        assert (result.total_rows, result.successful_rows, result.failed_rows) == (4, 2, 2)
        assert result.first == (sam, nobody)
        assert (kept.state, kept.total_rows, kept.failed_rows) == (CampaignState.DRAFT, 4, 2)
        assert [one.row for one in await rejected(world, result.id)] == [3, 4]
        assert await left_in(world, jobs) == 0

    async def test_drops_rows_that_cannot_be_rung_if_asked_to(self, world: World) -> None:
        result = await imported(world, a_file(*MIXED), options={"remove_invalid_rows": True})

        assert (result.total_rows, result.successful_rows, result.failed_rows) == (4, 2, 2)
        assert [one.row for one in await rows_of(world, result.id)] == [1, 2]
        assert (await campaign(world, result.id)).failed_rows == 0

    async def test_writes_names_in_another_language_if_asked_to(self, world: World) -> None:
        result = await imported(world, a_file(MIXED[0]), options={"transliterate_callee_name": "hi"})

        (row,) = await rows_of(world, result.id)
        assert row.callee_name == row.variables["callee_name"] == "SAM (hi)"
        assert row.variables["original_callee_name"] == "Sam"

    async def test_reads_a_byte_order_mark_blank_lines_and_cells_over_two_lines(self, world: World) -> None:
        text = '\ufeff\n"mobile_number","NAME",city\n\n+12025550143,"Sam\nSample","a, ""b"""\n,,\n'

        result = await imported(world, io.BytesIO(text.encode()))

        assert result.first == ({"mobile_number": "+12025550143", "callee_name": "Sam\nSample", "city": 'a, "b"'},)
        assert result.total_rows == 1

    async def test_shows_the_first_hundred(self, world: World) -> None:
        result = await imported(world, people(MANY))

        assert [one["mobile_number"] for one in result.first] == [number_of(row) for row in range(1, 101)]
        assert len(await rows_of(world, result.id)) == result.successful_rows == MANY

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            (b"", "file"),
            (b"\n\n", "file"),
            (b"Mobile Number,Name,City\r\n", "file"),
            (b"Mobile Number,Name,City\r\nnobody,Sam,Pune\r\n", "file"),
            (b"Name,City\r\nSam,Pune\r\n", "variables_map"),
            (b"Mobile Number,Name,City\n+12025550143,S\x81m,Pune\n", "file"),
            ("Mobile Number,Name,City\n+12025550143,Sam,Pune\n".encode("utf-16-le"), "file"),
            (b"Mobile Number,Name,City\n+12025550143,Sam\x00,Pune\n", "file"),
            (b'Mobile Number,Name,City\n+12025550143,"Sam,Pune\n', "file"),
            (b"Mobile Number,Name,City" + b",x" * MAX_LIST_COLUMNS, "file"),
            (people(MANY).getvalue() + b'\r\n"open', "file"),
        ],
        ids=["empty", "blank", "header", "nobody", "column", "no text", "utf-16", "nul", "quote", "wide", "late quote"],
    )
    async def test_of_a_file_nobody_can_read_leaves_nothing(self, world: World, content: bytes, field: str) -> None:
        with pytest.raises(Invalid) as refused:
            await imported(world, io.BytesIO(content))

        assert refused.value.faults[0].path[0] == field
        assert await left_in(world, *TABLES) == 0

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"country_code": "India"}, "country_code"),
            ({"name": "a\x00"}, "campaign_name"),
            ({"mapping": MAPPING | {"\ud800": "City"}}, "variables_map"),
            ({"mapping": MAPPING | {"x": "No such"}}, "variables_map"),
        ],
    )
    async def test_that_asks_for_the_impossible_leaves_nothing(
        self, world: World, wrong: dict[str, Any], field: str
    ) -> None:
        for bring in (imported, uploaded):
            with pytest.raises(Invalid) as refused:
                await bring(world, a_file(*MIXED), **wrong)
            assert refused.value.faults[0].path[0] == field

        assert await left_in(world, *TABLES) == 0

    async def test_needs_an_agent_of_the_workspace_that_calls(self, world: World) -> None:
        with pytest.raises(NotFound, match="Agent not found"):
            await imported(world, a_file(*MIXED), agent_id=new_id())
        await world.run(agents.update().values(type="inbound"))
        with pytest.raises(Invalid, match="not enabled for outbound"):
            await imported(world, a_file(*MIXED))

        assert await left_in(world, *TABLES) == 0


class TestAnImportThatIsKilled:
    async def test_is_seen_by_nobody_and_swept_up_later(self, world: World) -> None:
        await killed_half_way(world, "import", MANY)
        begun = await left_in(world, campaign_rows)
        before = await worked(world, importer), await left_in(world, campaign_rows)

        world.clock.forward(seconds=IMPORT_TAKES.total_seconds() + 1)
        await worked(world, importer)

        assert 0 < begun < MANY
        assert before == (0, begun)
        assert await left_in(world, *TABLES) == 0


class TestAnUpload:
    async def test_is_read_in_the_background(self, world: World) -> None:
        kept = await uploaded(world, a_file(*MIXED), options={"transliterate_callee_name": "hi"})
        assert (kept.state, kept.total_rows) == (CampaignState.UPLOADED, 4)

        await worked(world, importer)

        read = await campaign(world, kept.id)
        assert (read.state, read.total_rows, read.failed_rows) == (CampaignState.DRAFT, 4, 2)
        assert [one.callee_name for one in await rows_of(world, kept.id)] == ["SAM (hi)", "", "Robin", "Sam again"]
        assert await left_in(world, campaign_files, jobs) == 0

    async def test_that_turns_out_to_be_nothing_has_failed_and_says_why(self, world: World) -> None:
        kept = await uploaded(world, a_file("nobody,Sam,Pune"))

        await worked(world, importer)

        read = await campaign(world, kept.id)
        assert (read.state, read.trouble) == (CampaignState.FAILED, _NOBODY)
        assert await left_in(world, campaign_files, campaign_rows, jobs) == 0

    async def test_is_read_again_from_its_beginning_when_its_reader_died(self, world: World) -> None:
        kept = await uploaded(world, people(MANY))

        def half_read(conn: Connection) -> None:
            campaigns.change(conn, kept.id, state=CampaignState.PROCESSING.value)
            campaigns.add_rows(conn, kept.id, [Contact(row, f"+1202555{row:04d}") for row in range(1, 1200)])

        await world.db.write(half_read)
        await worked(world, importer)

        assert (await campaign(world, kept.id)).state is CampaignState.DRAFT
        assert [one.mobile_number for one in await rows_of(world, kept.id)] == [
            number_of(n) for n in range(1, MANY + 1)
        ]

    async def test_without_rows_is_refused_at_once(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            await uploaded(world, a_file())

        assert refused.value.faults[0].path == ("file",)
        assert await left_in(world, *TABLES) == 0


def test_a_hundred_thousand_rows_are_never_in_memory_at_once(tmp_path: Path) -> None:
    program = f"""
import asyncio, resource
from campaign_builders import imported, number_of
from dialer_builders import World
from outdial.store.database import Database

async def main():
    database = await Database.open("sqlite:///{tmp_path}/outdial.db")
    world = await World(database).set_up()
    with open("{tmp_path}/list.csv", "w") as file:
        file.write("Mobile Number,Name,City\\n")
        file.writelines(f"{{number_of(row)}},Maya {{row}},Pune\\n" for row in range(100_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("{tmp_path}/list.csv", "rb") as file:
        result = await imported(world, file)
    print(result.successful_rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    await database.close()

asyncio.run(main())
"""
    builders = {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=builders)

    rows, kilobytes = map(int, done.stdout.split())
    assert rows == 100_000
    assert kilobytes < 100_000
