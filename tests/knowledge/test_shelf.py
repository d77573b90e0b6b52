"""The files of a node, kept as the database has its knowledge bases."""

from __future__ import annotations

import asyncio
from pathlib import Path

from knowledge_builders import HOURS, a_base, an_upload, files_in, read_all
from outdial.commands.knowledge import Removal, create_base, delete_base, edit_base
from outdial.domain.ids import new_id
from outdial.domain.knowledge import Upload
from outdial.knowledge.index import Index, revision_of
from outdial.knowledge.shelf import Shelf
from outdial.store.database import Database
from workspace_builders import AT_NOON, an_office

PRICES = "A check-up costs 49 dollars."


def found(folder: Path, base_id: str, query: str) -> list[str]:
    index = Index()
    try:
        return [passage.text for passage in index.search([str(folder / f"{base_id}.db")], query)]
    finally:
        index.close()


class TestTheShelf:
    async def test_holds_what_was_read(self, database: Database, tmp_path: Path) -> None:
        office = await an_office(database)
        base = await a_base(database, office.workspace_id, an_upload(prices_txt=PRICES))

        made = await Shelf(database, tmp_path / "k").step()

        assert made == 1
        assert found(tmp_path / "k", base.id, "check-up") == [PRICES]
        assert files_in(tmp_path / "k") == [f"{base.id}.db"]

    async def test_follows_every_change(self, database: Database, tmp_path: Path) -> None:
        office = await an_office(database)
        base = await a_base(database, office.workspace_id, an_upload(prices_txt=PRICES))
        shelf = Shelf(database, tmp_path / "k")
        await shelf.step()

        await edit_base(
            database,
            office.workspace_id,
            base.id,
            Removal(files=frozenset({base.items[0].id})),
            Upload(faqs=(HOURS,)),
            now=AT_NOON,
        )
        await shelf.step()

        assert found(tmp_path / "k", base.id, "check-up") == []
        assert found(tmp_path / "k", base.id, "when are you open") == [f"{HOURS.question}\n{HOURS.answer}"]

    async def test_throws_away_what_was_deleted(self, database: Database, tmp_path: Path) -> None:
        office = await an_office(database)
        base = await a_base(database, office.workspace_id, Upload(faqs=(HOURS,)))
        shelf = Shelf(database, tmp_path / "k")
        await shelf.step()

        await delete_base(database, office.workspace_id, base.id, now=AT_NOON)
        await shelf.step()

        assert files_in(tmp_path / "k") == []

    async def test_makes_nothing_twice_not_even_after_a_restart(self, database: Database, tmp_path: Path) -> None:
        office = await an_office(database)
        await a_base(database, office.workspace_id, Upload(faqs=(HOURS,)))
        shelf = Shelf(database, tmp_path / "k")

        assert [await shelf.step(), await shelf.step(), await Shelf(database, tmp_path / "k").step()] == [1, 0, 0]

    async def test_mends_what_a_crash_left_behind(self, database: Database, tmp_path: Path) -> None:
        office = await an_office(database)
        base = await a_base(database, office.workspace_id, Upload(faqs=(HOURS,)))
        (tmp_path / "k").mkdir()
        (tmp_path / "k" / f"{base.id}.db").write_bytes(b"half a file")
        (tmp_path / "k" / f"{base.id}.new").write_bytes(b"half a file")
        (tmp_path / "k" / f"{new_id()}.db").write_bytes(b"of a base that was deleted meanwhile")

        await Shelf(database, tmp_path / "k").step()

        assert files_in(tmp_path / "k") == [f"{base.id}.db"]
        assert found(tmp_path / "k", base.id, "when are you open")

    async def test_shows_questions_before_files_are_read(self, database: Database, tmp_path: Path) -> None:
        office = await an_office(database)
        upload = Upload(files=an_upload(prices_txt=PRICES).files, faqs=(HOURS,))
        made = await create_base(database, office.workspace_id, "Both", upload, now=AT_NOON)
        shelf = Shelf(database, tmp_path / "k")

        await shelf.step()
        early = found(tmp_path / "k", made.id, "check-up open")
        await read_all(database)
        await shelf.step()

        assert [len(early), len(found(tmp_path / "k", made.id, "check-up open"))] == [1, 2]
        assert revision_of(tmp_path / "k" / f"{made.id}.db") == 1

    async def test_works_until_stopped(self, database: Database, tmp_path: Path) -> None:
        office = await an_office(database)
        base = await a_base(database, office.workspace_id, Upload(faqs=(HOURS,)))
        shelf = Shelf(database, tmp_path / "k", poll_s=0.01)
        working = asyncio.ensure_future(shelf.run())

        async with asyncio.timeout(20):
            while not (tmp_path / "k" / f"{base.id}.db").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            shelf.stop()
            await working
