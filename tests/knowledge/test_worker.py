"""Items of knowledge bases at work: read, fetched, tried again, given up, overtaken by whoever deletes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from knowledge_builders import (
    HOURS,
    Advancing,
    Web,
    a_base,
    a_docx,
    a_page,
    a_pdf,
    an_encrypted_pdf,
    an_upload,
    read_all,
)
from outdial.commands.knowledge import Removal, create_base, delete_base, edit_base
from outdial.domain.ids import new_id
from outdial.domain.job import JobKind
from outdial.domain.knowledge import ItemState, Upload
from outdial.jobs.runner import Jobs
from outdial.knowledge.worker import KnowledgeWorker
from outdial.store import jobs, schema
from outdial.store.database import Database
from outdial.store.knowledge import items as store
from outdial.store.knowledge.reading import base
from store_builders import NOON
from workspace_builders import AT_NOON, an_office

PAGE = "https://a.test"


def texts(conn: Connection, base_id: str) -> dict[str, str]:
    _, found = store.entries(conn, base_id)
    return {entry.source: entry.text for entry in found}


def jobs_left(conn: Connection) -> int:
    return conn.scalar(sa.select(sa.func.count()).select_from(schema.jobs)) or 0


class TestFiles:
    async def test_of_every_sort_are_read(self, database: Database) -> None:
        office = await an_office(database)
        upload = an_upload(
            a_pdf=a_pdf("Of a PDF."), b_docx=a_docx("Of Word."), c_txt="Of a text.", d_md="# Of Markdown", e_csv="x\n1"
        )

        made = await a_base(database, office.workspace_id, upload)

        assert [item.state for item in made.items] == [ItemState.COMPLETED] * 5
        assert [item.name for item in made.items] == ["a.pdf", "b.docx", "c.txt", "d.md", "e.csv"]
        assert await database.read(texts, made.id) == {
            "a.pdf": "Of a PDF.",
            "b.docx": "Of Word.",
            "c.txt": "Of a text.",
            "d.md": "# Of Markdown",
            "e.csv": "x: 1",
        }
        assert await database.read(jobs_left) == 0

    async def test_are_forgotten_as_they_were_sent_once_they_are_read(self, database: Database) -> None:
        office = await an_office(database)
        await a_base(database, office.workspace_id, an_upload(a_txt="Text."))

        raw = await database.read(lambda conn: conn.execute(sa.select(schema.knowledge_items.c.raw)).scalar_one())
        assert raw is None

    async def test_that_cannot_be_read_say_why_and_keep_nobody_else_from_it(self, database: Database) -> None:
        office = await an_office(database)
        upload = an_upload(a_pdf=an_encrypted_pdf("hush", "secret"), b_txt="Text.", c_txt=bytes(10))

        made = await a_base(database, office.workspace_id, upload)

        assert [(item.state, item.trouble) for item in made.items] == [
            (ItemState.FAILED, "it is encrypted: send it without a password"),
            (ItemState.COMPLETED, ""),
            (ItemState.FAILED, "it holds no text"),
        ]


class TestPages:
    @pytest.mark.parametrize(
        ("page", "text"),
        [
            (a_page("<main><p>A page in HTML.</p></main>"), "A page in HTML."),
            (a_page("<html><body><p>No type.</p></body></html>", content_type=""), "No type."),
            (a_page("A page of text.", "text/plain"), "A page of text."),
            (a_page("Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1"), "Grüße"),
            (a_page(a_pdf("A page in PDF."), "application/pdf"), "A page in PDF."),
            (a_page("x,y\n1,2", "text/csv"), "x: 1; y: 2"),
        ],
    )
    async def test_are_read_by_their_type(self, database: Database, page: object, text: str) -> None:
        office = await an_office(database)
        web = Web()
        web.pages[PAGE] = page  # type: ignore[assignment]

        made = await a_base(database, office.workspace_id, Upload(urls=(PAGE,)), web)

        assert await database.read(texts, made.id) == {PAGE: text}
        assert made.items[0].size > 0

    @pytest.mark.parametrize(
        ("page", "why"),
        [
            (a_page("", status=301, location="https://b.test"), "it redirects to https://b.test (status 301)"),
            (a_page("", status=304), "it redirects (status 304)"),
            (a_page("gone", status=404), "the page answers with status 404"),
            (a_page("", status=204), "the page answers with status 204"),
            (a_page(b"\x89PNG", "image/png"), "it is image/png: only pages, texts and PDF are read"),
            (a_page("", "text/plain"), "it holds no text"),
        ],
    )
    async def test_that_are_none_fail_at_once(self, database: Database, page: object, why: str) -> None:
        office = await an_office(database)
        web = Web()
        web.pages[PAGE] = page  # type: ignore[assignment]

        made = await a_base(database, office.workspace_id, Upload(urls=(PAGE,)), web)

        [item] = made.items
        assert item.state is ItemState.FAILED
        assert item.trouble.startswith(why)
        assert web.asked == [PAGE]

    @pytest.mark.parametrize("page", [None, a_page("", status=503), a_page("", status=429)])
    async def test_that_do_not_come_are_asked_for_again_and_given_up_at_last(
        self, database: Database, page: object
    ) -> None:
        office = await an_office(database)
        web, clock = Web(), Advancing()
        if page:
            web.pages[PAGE] = page  # type: ignore[assignment]
        made = await create_base(database, office.workspace_id, "Pages", Upload(urls=(PAGE,)), now=AT_NOON)

        for pause_s in (0, 5, 30, 120):
            clock.pass_s(pause_s - 1)
            await read_all(database, web, clock=clock)
            clock.pass_s(1)
            await read_all(database, web, clock=clock)

        [item] = (await database.read(base, office.workspace_id, made.id)).items
        assert len(web.asked) == 4
        assert item.state is ItemState.FAILED
        assert item.trouble.startswith("the page ")
        assert await database.read(jobs_left) == 0


class TestWhoeverIsOvertaken:
    async def test_by_a_deletion_writes_nothing(self, database: Database) -> None:
        office = await an_office(database)
        made = await create_base(database, office.workspace_id, "Gone", an_upload(a_txt="Text."), now=AT_NOON)
        until = NOON + timedelta(seconds=90)
        [job] = await database.write(jobs.claim, JobKind.KNOWLEDGE, NOON, until, 9)

        await delete_base(database, office.workspace_id, made.id, now=AT_NOON)
        await KnowledgeWorker(database, Web(), AT_NOON).work(job)
        await KnowledgeWorker(database, Web(), AT_NOON).give_up(job, "too late")

        assert await database.read(texts, made.id) == {}

    async def test_by_another_worker_writes_nothing_either(self, database: Database) -> None:
        office = await an_office(database)
        made = await create_base(database, office.workspace_id, "Twice", an_upload(a_txt="Text."), now=AT_NOON)
        until = NOON + timedelta(seconds=90)
        later = until + timedelta(seconds=90)
        [slow] = await database.write(jobs.claim, JobKind.KNOWLEDGE, NOON, until, 9)
        [quick] = await database.write(jobs.claim, JobKind.KNOWLEDGE, until, later, 9)
        worker = KnowledgeWorker(database, Web(), AT_NOON)

        await worker.give_up(slow, "it took too long")
        between = await database.read(base, office.workspace_id, made.id)
        await worker.work(quick)

        assert between.items[0].state is ItemState.PENDING
        assert await database.read(texts, made.id) == {"a.txt": "Text."}

    async def test_by_a_removal_leaves_the_rest_to_be_read(self, database: Database) -> None:
        office = await an_office(database)
        made = await create_base(
            database, office.workspace_id, "Edited", an_upload(a_txt="One.", b_txt="Two."), now=AT_NOON
        )
        gone = Removal(files=frozenset({made.files[0].id, new_id()}))

        edited = await edit_base(database, office.workspace_id, made.id, gone, Upload(faqs=(HOURS,)), now=AT_NOON)
        await read_all(database)

        assert edited.removed == 1
        assert await database.read(texts, made.id) == {"b.txt": "Two.", HOURS.question: ""}
        assert await database.read(jobs_left) == 0

    async def test_by_nobody_keeps_the_runner_busy_no_longer_than_there_is_work(self, database: Database) -> None:
        worker = KnowledgeWorker(database, Web(), AT_NOON)

        assert await Jobs(database, [worker], AT_NOON).step(worker) == 0
