"""Call history as a file."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_builders import NEIGHBOUR_KEY, RINGG, RINGG_KEY, SURVEY_AGENT, Doors, keep, open_doors
from api_examples import example
from api_records import (
    AGENT,
    ANALYSED,
    ANSWERED_CALL,
    UNANSWERED_CALL,
    a_call,
    an_attempt,
    at,
    links,
    the_answered_attempt,
    the_answered_call,
    the_unanswered_call,
)
from outdial.api.ringg.calls.history_file import COLUMNS, HistoryFile, zipped
from outdial.domain.call import AttemptState, CallState
from outdial.domain.ids import new_id
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.record import CallRecord
from outdial.store.database import Database

PATH = "/calling/history/download"
LIST = "11111111-2222-4333-8444-555555555555"
VOICEMAIL_CALL = "0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"
SURVEY_CALL = "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b"


async def download(doors: Doors, **params: Any) -> httpx.Response:
    return await doors.ringg_post(PATH, params=params)


def rows_in(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content, newline="")))


async def ids(doors: Doors, **params: Any) -> list[str]:
    response = await download(doors, **params)
    assert response.status_code == 200, response.text
    return [row["id"] for row in rows_in(response.text)]


def a_voicemail() -> CallRecord:
    taken = the_answered_attempt(outcome=Outcome.VOICEMAIL, turns=(), from_number="+12025550101")
    return the_answered_call(
        id=VOICEMAIL_CALL,
        to_number="+12025550177",
        created_at=at("08:00:00"),
        outcome=Outcome.VOICEMAIL,
        bulk_list_id=LIST,
        attempts=(replace(taken, recording_path=""),),
    )


def a_survey() -> CallRecord:
    return a_call(id=SURVEY_CALL, agent_id=SURVEY_AGENT, created_at=at("07:00:00"), due_at=at("07:00:00"))


@pytest.fixture
async def kept(doors: Doors) -> Doors:
    """Four calls, newest first: answered, unanswered, voicemail, and one of another agent that waits."""
    answered = the_answered_call(analysis=ANALYSED)
    await keep(doors.database, answered, the_unanswered_call(), a_voicemail(), a_survey())
    return doors


class TestAFile:
    async def test_is_answered_as_documented(self, doors: Doors) -> None:
        exchange = example("ringg", "15")
        # Nothing was said, and yet it is no call the callee left: the agent hung up.
        silent = the_answered_attempt(turns=(), recording_path="", ended_by=EndedBy.AGENT)
        await keep(doors.database, the_answered_call(attempts=(silent,), ended_by=EndedBy.AGENT))

        response = await doors.replay(exchange)

        assert response.text == exchange["response"]["body"]
        for name, value in exchange["response"]["headers"].items():
            assert response.headers[name] == value
        assert response.headers["X-Request-Id"]

    async def test_holds_the_same_words_as_history(self, kept: Doors) -> None:
        rows = rows_in((await download(kept)).text)
        shown = (await kept.ringg_get("/calling/history")).json()["calls"]

        assert [list(row) for row in rows] == [list(COLUMNS)] * 4
        for row, wanted in zip(rows, shown, strict=True):
            for name in ("id", "name", "to_number", "status", "sub_status", "created_at", "transcript"):
                assert row[name] == wanted[name]
            assert row["call_attempt_time"] == (wanted["call_attempt_time"] or "")
            assert float(row["call_duration"]) == wanted["call_duration"]
            assert float(row["call_cost"]) == wanted["call_cost"]
            assert (row["agent_id"], row["agent_name"]) == (wanted["agent"]["id"], wanted["agent"]["agent_name"])
        assert [row["from_number"] for row in rows] == ["+12025550100", "+12025550100", "+12025550101", "+12025550100"]
        assert [row["bulk_list_id"] for row in rows] == ["", "", LIST, ""]

    async def test_links_to_recordings(self, kept: Doors) -> None:
        answered, *others = rows_in((await download(kept)).text)

        assert answered["audio_recording"].startswith(f"http://outdial.test/recordings/{ANSWERED_CALL}.wav?")
        assert [row["audio_recording"] for row in others] == ["", "", ""]

    async def test_names_the_number_dialled_from_last(self, doors: Doors) -> None:
        busy = an_attempt(state=AttemptState.ENDED, outcome=Outcome.BUSY)
        again = replace(busy, number=2, from_number="+12025550101")
        await keep(doors.database, the_unanswered_call(attempts=(busy, again)))

        (row,) = rows_in((await download(doors)).text)

        assert row["from_number"] == "+12025550101"

    @pytest.mark.parametrize("wanted", ["true", "1"])
    async def test_has_both_analyses_when_asked_for(self, kept: Doors, wanted: str) -> None:
        answered = rows_in((await download(kept, include_analysis=wanted)).text)[0]
        details = await kept.ringg_get("/calling/call-details", id=ANSWERED_CALL, send_analysis="true")

        assert list(answered) == [*COLUMNS, "platform_analysis", "client_analysis"]
        assert json.loads(answered["client_analysis"]) == ANALYSED.client
        for part in ("platform_analysis", "client_analysis"):
            assert json.loads(answered[part]) == details.json()["data"][part]

    @pytest.mark.parametrize(
        ("name", "cell"),
        [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+12025550143", "+12025550143"),
            ('Sam "the one", Sample\nof two lines', 'Sam "the one", Sample\nof two lines'),
            ("राजेश", "राजेश"),
        ],
    )
    async def test_runs_no_formula_in_a_spreadsheet(self, doors: Doors, name: str, cell: str) -> None:
        await keep(doors.database, the_answered_call(callee_name=name))

        (row,) = rows_in((await download(doors)).text)

        assert (row["name"], row["to_number"]) == (cell, "+12025550143")

    async def test_of_no_calls_has_its_header_only(self, doors: Doors) -> None:
        response = await download(doors)

        assert response.text == ",".join(COLUMNS) + "\r\n"


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "wanted"),
        [
            ({}, [ANSWERED_CALL, UNANSWERED_CALL, VOICEMAIL_CALL, SURVEY_CALL]),
            ({"start_date": "2026-03-02T08:00:00Z"}, [ANSWERED_CALL, UNANSWERED_CALL, VOICEMAIL_CALL]),
            ({"end_date": "2026-03-02T08:00:00Z"}, [VOICEMAIL_CALL, SURVEY_CALL]),
            ({"start_date": "2026-03-02", "end_date": "2026-03-02", "limit": "1"}, [ANSWERED_CALL]),
            ({"end_date": "2026-03-01"}, []),
            ({"limit": "2", "offset": "1"}, [UNANSWERED_CALL, VOICEMAIL_CALL]),
            ({"agent_id": SURVEY_AGENT}, [SURVEY_CALL]),
            ({"agent_id[]": [SURVEY_AGENT]}, [SURVEY_CALL]),
            ({"agent_id[]": [SURVEY_AGENT, AGENT], "offset": "2"}, [VOICEMAIL_CALL, SURVEY_CALL]),
            ({"agent_id[]": [SURVEY_AGENT, "no-id", ""]}, [SURVEY_CALL]),
            ({"agent_id": AGENT, "agent_id[]": [SURVEY_AGENT], "limit": "1"}, [ANSWERED_CALL]),
            ({"agent_id": "no-id"}, []),
            ({"agent_id": new_id()}, []),
            ({"status": "completed"}, [ANSWERED_CALL, VOICEMAIL_CALL]),
            ({"status": "retry"}, [UNANSWERED_CALL]),
            ({"call_type": "outbound", "limit": "1"}, [ANSWERED_CALL]),
            ({"call_type": "Inbound"}, []),
            ({"call_type": "webcall"}, []),
            ({"bulk_list_id": LIST}, [VOICEMAIL_CALL]),
            ({"bulk_list_id": "\0"}, []),
            ({"voicemail": "true"}, [VOICEMAIL_CALL]),
            ({"voicemail": "0"}, [ANSWERED_CALL, UNANSWERED_CALL, SURVEY_CALL]),
            ({"from_number": "+12025550101"}, [VOICEMAIL_CALL]),
            ({"from_number": "12025550100"}, [ANSWERED_CALL, UNANSWERED_CALL]),
            ({"from_number": "nobody"}, []),
            ({"to_number": "+12025550177"}, [VOICEMAIL_CALL]),
            ({"to_number": " 12025550177"}, [VOICEMAIL_CALL]),
            ({"to_number": "\0"}, []),
            ({"call_id": VOICEMAIL_CALL.upper()}, [VOICEMAIL_CALL]),
            ({"call_id": new_id()}, []),
            ({"call_id": "call-1"}, []),
            ({"call_id": ANSWERED_CALL, "status": "failed"}, []),
            ({"page": "3", "search": "x", "limit": "0"}, [ANSWERED_CALL, UNANSWERED_CALL, VOICEMAIL_CALL, SURVEY_CALL]),
        ],
    )
    async def test_restrict_it(self, kept: Doors, query: dict[str, Any], wanted: list[str]) -> None:
        assert await ids(kept, **query) == wanted

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ({"status": "sleeping"}, "status must be one of"),
            ({"call_type": "telepathy"}, "call_type must be one of outbound, inbound, webcall"),
            ({"voicemail": "maybe"}, "voicemail must be true or false"),
            ({"include_analysis": "yes please"}, "include_analysis must be true or false"),
            ({"limit": "all"}, "limit must be a whole number"),
            ({"offset": "1.5"}, "offset must be a whole number"),
            ({"start_date": "yesterday"}, "start_date must be an ISO 8601 date"),
            ({"end_date": "2026-02-30", "call_id": "no-id"}, "end_date must be an ISO 8601 date"),
        ],
    )
    async def test_that_cannot_be_read_are_named(self, doors: Doors, query: dict[str, str], message: str) -> None:
        response = await download(doors, **query)

        assert response.status_code == 400
        assert response.json()["message"].startswith(message)
        assert response.json()["details"][0]["loc"][1] in query

    async def test_never_show_calls_of_others(self, kept: Doors) -> None:
        theirs = await kept.ringg_post(PATH, key=NEIGHBOUR_KEY, params={"call_id": ANSWERED_CALL})

        assert rows_in(theirs.text) == []

    async def test_need_a_key(self, doors: Doors) -> None:
        assert (await doors.ringg_post(PATH, key="")).status_code == 401


class TestManyCalls:
    async def test_are_all_there_once_and_in_order_over_pages(self, doors: Doors) -> None:
        # Several of each moment: a page may end between two of them.
        calls = [
            a_call(id=new_id(), created_at=at("07:00:00") + timedelta(seconds=index // 3), state=CallState.CANCELLED)
            for index in range(420)
        ]
        await keep(doors.database, *calls)
        newest_first = [one.id for one in sorted(calls, key=lambda call: (call.created_at, call.id), reverse=True)]

        assert await ids(doors) == newest_first
        assert await ids(doors, limit="250", offset="150") == newest_first[150:400]
        assert await ids(doors, limit="400") == newest_first[:400]


class TestAnArchive:
    @pytest.mark.parametrize("accept", ["application/zip", "application/json, Application/ZIP;q=0.9"])
    async def test_holds_the_same_file(self, kept: Doors, accept: str) -> None:
        response = await kept.ringg_post(PATH, headers={"Accept": accept})
        plain = await download(kept)

        assert response.headers["Content-Type"] == "application/zip"
        assert response.headers["Content-Disposition"] == 'attachment; filename="call_history.zip"'
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            assert archive.namelist() == ["call_history.csv"]
            assert archive.testzip() is None
            assert archive.read("call_history.csv") == plain.content

    async def test_is_sent_while_it_is_made(self) -> None:
        sent: list[int] = []
        chunks = [str(number).encode() * 400_000 for number in range(3)]

        async def made() -> AsyncIterator[bytes]:
            for number, chunk in enumerate(chunks):
                sent.append(number)
                yield chunk

        pieces, asked = [], []
        async for piece in zipped(made(), at("10:00:00")):
            pieces.append(piece)
            asked.append(len(sent))

        assert asked[0] == 1
        with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
            assert archive.read("call_history.csv") == b"".join(chunks)


class TestTheOlderForm:
    async def test_of_history_answers_with_the_same_file(self, kept: Doors) -> None:
        older = await kept.ringg_get("/calling/history", download="true", agent_id=AGENT, status="completed")

        assert older.headers["Content-Disposition"] == 'attachment; filename="call_history.csv"'
        assert [row["id"] for row in rows_in(older.text)] == [ANSWERED_CALL, VOICEMAIL_CALL]

    async def test_of_history_without_an_agent_has_all_calls(self, kept: Doors) -> None:
        older = await kept.ringg_get("/calling/history", download="1")

        assert older.text == (await download(kept)).text

    @pytest.mark.parametrize("text", ["false", "0", ""])
    async def test_is_asked_for_in_so_many_words(self, kept: Doors, text: str) -> None:
        assert (await kept.ringg_get("/calling/history", download=text)).json()["count"] == 4

    async def test_says_when_it_cannot_be_read(self, doors: Doors) -> None:
        response = await doors.ringg_get("/calling/history", download="please")

        assert (response.status_code, response.json()["message"]) == (400, "download must be true or false")


async def test_a_dead_database_is_a_503_and_no_broken_file(sqlite: Database, tmp_path: Path) -> None:
    async with open_doors(sqlite, tmp_path) as doors:
        await keep(sqlite, the_answered_call())
        assert (await download(doors)).status_code == 200
        await sqlite.close()
        (tmp_path / "outdial.db").unlink()
        (tmp_path / "outdial.db").mkdir()

        response = await doors.http.post(RINGG + PATH, headers={"X-API-KEY": RINGG_KEY})

    assert (response.status_code, response.json()["error"]["code"]) == (503, "SERVER_ERROR")


@pytest.mark.parametrize(("seconds", "cell"), [(0, "0"), (0.001, "0.001"), (19.3, "19.3"), (14_400, "14400")])
def test_numbers_are_written_plainly(seconds: float, cell: str) -> None:
    call = the_answered_call(attempts=(the_answered_attempt(talk_ms=round(seconds * 1000)),))

    file = HistoryFile(links(), analysis=False)
    (row,) = rows_in((file.head() + file.rows([call])).decode())

    assert row["call_duration"] == cell
