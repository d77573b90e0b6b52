"""Knowledge bases over HTTP: the documentation's exchanges, limits, and every mistake named where it was made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import NEIGHBOUR_KEY, RINGG, RINGG_KEY, Doors, open_doors
from api_examples import NOBODYS_ID, example, ordered_keys, without
from api_records import AGENT, VERSION
from knowledge_builders import Web, a_page, a_pdf, read_all
from outdial.domain.clock import utc_now
from outdial.domain.ids import new_id, parse_uuid
from outdial.store import schema
from outdial.store.database import Database

KB = f"{RINGG}/external/kb"
WEB = Web()
WEB.pages["https://www.example.test/prices"] = a_page("<html><body><p>All prices of ours.</p></body></html>")
Files = Sequence[tuple[str, tuple[str, bytes]]]


async def replay(doors: Doors, number: str, **fields: str) -> httpx.Response:
    """The documentation's request; ``fields`` replace its texts."""
    exchange = example("ringg", number)
    sent = exchange["request"].get("multipart", {}) | fields
    texts = {name: value for name, value in sent.items() if not value.startswith("@")}
    files = [(name, (value[1:], a_pdf("Prices"))) for name, value in sent.items() if value.startswith("@")]
    path = exchange["path"].replace("6d81f3e9-b247-4a5c-9e06-41c7d8f5a0b2", fields.get("kb_id", ""))
    form: dict[str, Any] = {"data": texts, "files": files} if sent else {}
    return await doors.http.request(exchange["method"], path, headers={"X-API-KEY": RINGG_KEY}, **form)


async def post(doors: Doors, sent: Files = (), *, key: str = RINGG_KEY, method: str = "POST", **data: Any) -> Any:
    """As a form, whether or not there is a file in it; never an empty one."""
    parts = [*sent, *((name, (None, value.encode())) for name, value in {"colour": "blue", **data}.items())]
    return await doors.http.request(method, KB, headers={"X-API-KEY": key}, files=parts)


async def made(doors: Doors, **data: Any) -> str:
    answer = await post(doors, kb_name="Prices", **data)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["kb_id"])


async def get(doors: Doors, kb_id: str, key: str = RINGG_KEY) -> httpx.Response:
    return await doors.http.get(f"{KB}/{kb_id}", headers={"X-API-KEY": key})


def rows(conn: Connection) -> list[int]:
    tables = (schema.knowledge_bases, schema.knowledge_items, schema.jobs)
    return [conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


def fault(answer: httpx.Response) -> tuple[int, list[str], str]:
    body = answer.json()
    assert body["detail"] == body["message"] == body["error"]["message"]
    return answer.status_code, body["details"][0]["loc"] if body["details"] else [], body["message"]


class TestTheDocumentation:
    async def test_70_creates(self, doors: Doors) -> None:
        answer = await replay(doors, "70")

        wanted = example("ringg", "70")["response"]["body"]
        assert answer.status_code == 200
        assert without(answer.json(), "kb_id") == without(wanted, "kb_id")
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        assert parse_uuid(answer.json()["kb_id"])
        assert await doors.database.read(rows) == [1, 3, 2]

    async def test_71_reads(self, doors: Doors) -> None:
        kb_id = (await replay(doors, "70")).json()["kb_id"]
        await read_all(doors.database, WEB, clock=utc_now)

        answer = await replay(doors, "71", kb_id=kb_id)

        wanted = example("ringg", "71")["response"]["body"]
        differing = ("kb_id", "file_id", "file_size", "created_at", "updated_at")
        assert answer.status_code == 200
        assert without(answer.json(), *differing) == without(wanted, *differing)
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        assert answer.json()["created_at"] == "2026-03-02T09:15:04.120331+00:00"

    async def test_72_lists(self, doors: Doors) -> None:
        kb_id = (await replay(doors, "70")).json()["kb_id"]

        answer = await replay(doors, "72")

        wanted = example("ringg", "72")["response"]["body"]
        assert answer.status_code == 200
        assert without(answer.json(), "kb_id", "created_at") == without(wanted, "kb_id", "created_at")
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        assert answer.json()[0]["kb_id"] == kb_id

    async def test_73_edits(self, doors: Doors) -> None:
        kb_id = (await replay(doors, "70")).json()["kb_id"]
        [file] = (await get(doors, kb_id)).json()["files"]

        answer = await replay(doors, "73", kb_id=kb_id, files_to_remove=json.dumps([file["file_id"]]))

        wanted = example("ringg", "73")["response"]["body"]
        assert answer.status_code == 200
        assert without(answer.json(), "kb_id", "file_id") == without(wanted, "kb_id", "file_id")
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        [left] = (await get(doors, kb_id)).json()["files"]
        assert (left["filename"], left["file_id"]) == ("prices-2.pdf", answer.json()["new_files"][0]["file_id"])

    async def test_73_edits_questions_as_well(self, doors: Doors) -> None:
        kb_id = await made(doors, faqs=json.dumps([{"question": "Old?", "answer": "Yes."}]))
        [old] = (await get(doors, kb_id)).json()["faqs"]
        new = {"question": "Price?", "answer": "See the letter."}

        answer = await post(
            doors,
            method="PATCH",
            kb_id=kb_id,
            faqs_to_remove=json.dumps([old["file_id"]]),
            new_faqs=json.dumps([new]),
            new_files_metadata=json.dumps([{"any": "thing"}]),
        )

        assert (answer.status_code, answer.json()["items_removed"], answer.json()["new_files"]) == (200, 1, [])
        [left] = (await get(doors, kb_id)).json()["faqs"]
        assert left["content"] == new

    async def test_74_deletes(self, doors: Doors) -> None:
        kb_id = (await replay(doors, "70")).json()["kb_id"]

        answer = await replay(doors, "74", kb_id=kb_id)

        wanted = example("ringg", "74")["response"]["body"]
        assert (answer.status_code, answer.json()) == (200, {**wanted, "kb_id": kb_id})
        assert (await get(doors, kb_id)).status_code == 404
        assert await doors.database.read(rows) == [0, 0, 0]


class TestCreating:
    async def test_l19_the_list_is_a_bare_array_also_of_nothing(self, doors: Doors) -> None:
        assert (await doors.ringg_get("/external/kb/all")).json() == []

    async def test_takes_files_under_both_names(self, doors: Doors) -> None:
        files = [("files", ("a.txt", b"One")), ("files[]", ("b.md", b"Two")), ("files", ("", b""))]

        answer = await post(doors, files, kb_name="Both")

        assert answer.json()["files_queued"] == 2

    async def test_takes_nothing_but_a_name(self, doors: Doors) -> None:
        kb_id = await made(doors)

        assert (await get(doors, kb_id)).json()["status"] == "completed"

    async def test_takes_a_url_that_is_not_in_a_list(self, doors: Doors) -> None:
        kb_id = await made(doors, urls="https://a.test/x.pdf")

        [url] = (await get(doors, kb_id)).json()["urls"]
        assert (url["url"], url["file_path"]) == ("https://a.test/x.pdf", "kb/x.pdf")

    async def test_ignores_fields_nobody_knows(self, doors: Doors) -> None:
        await made(doors, colour="red", new_files_metadata="[]")

    async def test_says_that_there_is_a_new_job(self, doors: Doors) -> None:
        told: list[bool] = []
        object.__setattr__(doors.parts, "new_job", lambda: told.append(True))

        await made(doors, urls="https://a.test")

        assert told == [True]

    async def test_shows_names_and_no_places(self, doors: Doors) -> None:
        answer = await post(doors, [("files", ("../../etc/passwd.txt", b"root"))], kb_name="Sly")

        [file] = (await get(doors, answer.json()["kb_id"])).json()["files"]
        assert (file["filename"], file["file_path"]) == ("passwd.txt", "kb/passwd.txt")

    async def test_tells_of_what_could_not_be_read(self, doors: Doors) -> None:
        answer = await post(doors, [("files", ("a.pdf", b"no PDF"))], kb_name="Bad")
        kb_id = answer.json()["kb_id"]
        await read_all(doors.database, clock=utc_now)

        body = (await get(doors, kb_id)).json()
        assert body["status"] == "failed"
        assert body["errors"] == [
            {"file_id": body["files"][0]["file_id"], "message": "it is damaged, or not what PDF files are"}
        ]

    @pytest.mark.parametrize(
        ("files", "data", "field", "said"),
        [
            ([], {}, "kb_name", "kb_name is required"),
            ([], {"kb_name": " "}, "kb_name", "kb_name is required"),
            ([], {"kb_name": "x" * 256}, "kb_name", "kb_name has at most 255 characters"),
            ([("files", ("a.exe", b"x"))], {}, "files", "files: a.exe is none of PDF, DOCX, TXT, MD, CSV"),
            ([("files", ("a.txt", bytes(2_000_001)))], {}, "files", "files: a.txt is larger than 2 MB"),
            ([("files", ("a.txt", b"x"))] * 11, {}, "files", "files: at most 10 files at a time"),
            ([("files", ("a.txt", bytes(1_800_000)))] * 3, {}, "files", "files: at most 5 MB at a time"),
            ([], {"files": "no file"}, "files", "files must be a file with a file name"),
            ([], {"urls": '["ftp://a.test"]'}, "urls", "urls: ftp://a.test is not an http or https URL"),
            ([], {"urls": "[1]"}, "urls", "urls must be JSON text: a list of strings"),
            ([], {"urls": json.dumps(["https://a.test"] * 21)}, "urls", "urls: at most 20 URLs at a time"),
            ([], {"faqs": "[{}]"}, "faqs", "faqs must be JSON text"),
            ([], {"faqs": "what?"}, "faqs", "faqs must be JSON text"),
            ([], {"faqs": '[{"question": "a", "answer": 3}]'}, "faqs", "faqs must be JSON text"),
        ],
    )
    async def test_refuses_and_keeps_nothing(
        self, doors: Doors, files: Files, data: dict[str, str], field: str, said: str
    ) -> None:
        answer = await post(doors, files, **({"kb_name": "Prices"} if field != "kb_name" else {}) | data)

        status, where, message = fault(answer)
        assert (status, where) == (400, ["body", field])
        assert message.startswith(said)
        assert await doors.database.read(rows) == [0, 0, 0]

    @pytest.mark.parametrize(
        ("kind", "body", "said"),
        [
            ("application/json", b"{}", "Request body must be multipart/form-data"),
            ("multipart/form-data", b"--x--", "Request body is not a good multipart form: Missing boundary"),
            ("multipart/form-data; boundary=x", b"junk", "Request body is not a good multipart form"),
            ("multipart/form-data; boundary=x", b"", "Request body breaks off before its last boundary"),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="kb_name"\r\n\r\nHalf',
                "Request body breaks off before its last boundary",
            ),
            ("multipart/form-data; boundary=x", bytes(8_000_001), "Request body is larger than 8 MB"),
        ],
    )
    async def test_refuses_what_is_no_form(self, doors: Doors, kind: str, body: bytes, said: str) -> None:
        answer = await doors.http.post(KB, content=body, headers={"X-API-KEY": RINGG_KEY, "Content-Type": kind})

        status, _, message = fault(answer)
        assert status == 400
        assert message.startswith(said)

    async def test_counts_a_body_that_does_not_say_how_long_it_is(self, doors: Doors) -> None:
        async def endless() -> Any:
            while True:
                yield bytes(100_000)

        headers = {"X-API-KEY": RINGG_KEY, "Content-Type": "multipart/form-data; boundary=x"}
        answer = await doors.http.post(KB, content=endless(), headers=headers)

        assert answer.status_code == 400

    async def test_needs_a_key(self, doors: Doors) -> None:
        assert (await post(doors, key="wrong", kb_name="Prices")).status_code == 401


class TestEditing:
    async def test_takes_out_by_id_and_pages_by_their_url(self, doors: Doors) -> None:
        faqs = json.dumps([{"question": "a", "answer": "b"}, {"question": "c", "answer": "d"}])
        kb_id = await made(doors, urls='["https://a.test", "https://b.test"]', faqs=faqs)
        before = (await get(doors, kb_id)).json()

        answer = await post(
            doors,
            method="PATCH",
            kb_id=kb_id,
            urls_to_remove=json.dumps(["https://a.test", new_id()]),
            faqs_to_remove=json.dumps([before["faqs"][0]["file_id"]]),
            files_to_remove=json.dumps([before["faqs"][1]["file_id"]]),
            new_urls='["https://c.test"]',
        )

        after = (await get(doors, kb_id)).json()
        assert answer.json()["items_removed"] == 2
        assert {url["url"] for url in after["urls"]} == {"https://b.test", "https://c.test"}
        assert [faq["content"]["question"] for faq in after["faqs"]] == ["c"]

    @pytest.mark.parametrize(
        ("data", "status", "field"),
        [
            ({}, 400, "kb_id"),
            ({"kb_id": "no id"}, 404, "kb_id"),
            ({"kb_id": new_id()}, 404, "kb_id"),
            ({"kb_id": "KB", "new_urls": "[3]"}, 400, "new_urls"),
            ({"kb_id": "KB", "files_to_remove": "{}"}, 400, "files_to_remove"),
            ({"kb_id": "KB", "new_urls": '["nowhere"]'}, 400, "new_urls"),
        ],
    )
    async def test_refuses_and_changes_nothing(
        self, doors: Doors, data: dict[str, str], status: int, field: str
    ) -> None:
        kb_id = await made(doors, faqs='[{"question": "a", "answer": "b"}]')
        before = (await get(doors, kb_id)).json()

        fields: dict[str, Any] = {key: kb_id if it == "KB" else it for key, it in data.items()}
        answer = await post(doors, method="PATCH", **fields)

        assert fault(answer)[:2] == (status, ["body", field])
        assert (await get(doors, kb_id)).json() == before

    async def test_is_for_whom_it_belongs_to(self, doors: Doors) -> None:
        kb_id = await made(doors)

        answers = [
            await get(doors, kb_id, NEIGHBOUR_KEY),
            await post(doors, method="PATCH", key=NEIGHBOUR_KEY, kb_id=kb_id),
            await doors.http.delete(f"{KB}/{kb_id}", headers={"X-API-KEY": NEIGHBOUR_KEY}),
        ]

        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert (await get(doors, kb_id)).status_code == 200


class TestDeleting:
    async def test_takes_it_from_the_agents_that_use_it(self, doors: Doors) -> None:
        kb_id, other = await made(doors), new_id()
        version = schema.agent_versions.c.id == VERSION
        asked = sa.select(schema.agent_versions.c.definition).where(version)
        definition = await doors.database.read(lambda conn: conn.execute(asked).scalar_one())
        used = {**definition, "knowledge": [other, kb_id]}
        await doors.database.write(
            lambda conn: conn.execute(schema.agent_versions.update().where(version).values(definition=used))
        )

        await doors.http.delete(f"{KB}/{kb_id}", headers={"X-API-KEY": RINGG_KEY})

        stored = await doors.database.read(lambda conn: conn.execute(asked).scalar_one())
        assert stored == {**definition, "knowledge": [other]}
        assert AGENT in (await doors.ringg_get("/agent/all")).text

    @pytest.mark.parametrize("kb_id", ["no-id", NOBODYS_ID])
    async def test_of_what_is_not_there_is_404(self, doors: Doors, kb_id: str) -> None:
        answer = await doors.http.delete(f"{KB}/{kb_id}", headers={"X-API-KEY": RINGG_KEY})

        assert answer.status_code == 404


class TestInAnHour:
    @pytest.mark.parametrize(
        ("most", "method", "path"),
        [
            (10, "POST", ""),
            (20, "PATCH", ""),
            (60, "GET", "/all"),
            (60, "GET", f"/{NOBODYS_ID}"),
        ],
    )
    async def test_there_may_be_so_many_for_each_workspace(
        self, sqlite: Database, tmp_path: Path, most: int, method: str, path: str
    ) -> None:
        clock = [1000.0]
        async with open_doors(sqlite, tmp_path, seconds=lambda: clock[0]) as doors:

            async def ask(key: str) -> httpx.Response:
                form: dict[str, Any] = {"files": [("kb_name", (None, b"x"))]} if method != "GET" else {}
                return await doors.http.request(method, f"{KB}{path}", headers={"X-API-KEY": key}, **form)

            answers = [await ask(RINGG_KEY) for _ in range(most)]
            one_more = await ask(RINGG_KEY)
            neighbours = await ask(NEIGHBOUR_KEY)
            clock[0] += 3600
            later = await ask(RINGG_KEY)

        assert 429 not in {answer.status_code for answer in [*answers, neighbours, later]}
        assert (one_more.status_code, one_more.headers["Retry-After"]) == (429, "3600")
