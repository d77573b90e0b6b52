"""Reading calls back from the Ringg door, and how it says that it cannot."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import (
    RINGG,
    RINGG_KEY,
    Doors,
    a_ringg_body,
    keep,
    open_doors,
)
from api_records import ANSWERED_CALL, a_call, at, the_answered_call, the_unanswered_call
from outdial.domain.call import CallState
from outdial.domain.ids import new_id
from outdial.store.database import Database


class TestCallDetails:
    async def test_l8_by_id_or_call_id_and_id_wins(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        by_id = await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL.upper())
        by_alias = await doors.ringg_get("/calling/call-details", call_id=ANSWERED_CALL)
        both = await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL, call_id=new_id())
        in_path = await doors.ringg_get(f"/calling/history/{ANSWERED_CALL}")

        assert by_id.json() == by_alias.json() == both.json() == in_path.json()
        assert by_id.json()["data"]["id"] == ANSWERED_CALL

    async def test_l9_transcription_url_is_json_text(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        data = (await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL)).json()["data"]

        assert json.loads(data["transcription_url"]) == data["transcript"]
        assert [next(iter(turn)) for turn in data["transcript"]] == ["bot", "user", "bot"]

    async def test_analysis_only_when_asked_for(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        for text, there in {"": False, "false": False, "0": False, "TRUE": True, "1": True}.items():
            got = await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL, send_analysis=text)
            assert ("platform_analysis" in got.json()["data"]) is there
            assert ("client_analysis" in got.json()["data"]) is there
        odd = await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL, send_analysis="maybe")
        assert (odd.status_code, odd.json()["message"]) == (400, "send_analysis must be true or false")

    @pytest.mark.parametrize("call_id", ["0b7f6c1e-59d4-4c62-9a35-3f1d2e8a7c40", "call-1", "\0"])
    async def test_of_an_unknown_call(self, doors: Doors, call_id: str) -> None:
        response = await doors.ringg_get("/calling/call-details", id=call_id)

        assert (response.status_code, response.json()["message"]) == (404, "Call not found")

    async def test_of_another_workspace(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        response = await doors.ringg_get(
            "/calling/call-details", key="88888888-8888-4888-8888-888888888888", id=ANSWERED_CALL
        )

        assert response.status_code == 404

    async def test_of_no_id_at_all(self, doors: Doors) -> None:
        response = await doors.ringg_get("/calling/call-details", id=" ")

        assert (response.status_code, response.json()["message"]) == (400, "id is required")
        assert response.json()["details"] == [{"loc": ["query", "id"], "msg": "id is required", "type": "missing"}]

    @pytest.mark.parametrize("state", [CallState.REGISTERED, CallState.ACTIVE, CallState.COMPLETED])
    async def test_say_why_it_waits_only_while_it_waits(self, doors: Doors, state: CallState) -> None:
        await keep(doors.database, a_call(state=state))

        data = (await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL)).json()["data"]

        assert ("blocked_by" in data) is ("next_eligible_at" in data) is (state is CallState.REGISTERED)

    async def test_recording_link_leads_to_the_recording(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())
        file = doors.parts.recordings_dir / the_answered_call().attempts[0].recording_path
        file.parent.mkdir()
        file.write_bytes(b"RIFF....WAVE")
        url = (await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL)).json()["data"]["recording_url"]

        response = await doors.http.get(url)

        assert (response.status_code, response.content) == (200, b"RIFF....WAVE")


class TestHistory:
    async def test_l14_without_dates(self, doors: Doors) -> None:
        body = (await doors.ringg_get("/calling/history")).json()

        assert body == {"calls": [], "limit": 10, "offset": 0, "count": 0, "total": 0}

    async def test_l9_transcript_is_json_text(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call(), the_unanswered_call())

        talked, silent = (await doors.ringg_get("/calling/history")).json()["calls"]

        assert len(json.loads(talked["transcript"])) == 3
        assert silent["transcript"] == "[]"

    @pytest.mark.parametrize(
        ("query", "limit", "offset"),
        [
            ({}, 10, 0),
            ({"limit": "500"}, 100, 0),
            ({"limit": "0"}, 10, 0),
            ({"limit": "-3", "offset": "-1"}, 10, 0),
            ({"limit": " 5 ", "offset": "2"}, 5, 2),
            ({"limit": "", "offset": "999999999999999999"}, 10, 2**31 - 1),
            ({"page": "x", "page_size": "y", "search": "z", "call_type": "inbound"}, 10, 0),
        ],
    )
    async def test_pages_are_kept_within_bounds(
        self, doors: Doors, query: dict[str, str], limit: int, offset: int
    ) -> None:
        body = (await doors.ringg_get("/calling/history", **query)).json()

        assert (body["limit"], body["offset"]) == (limit, offset)

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ({"limit": "ten"}, "limit must be a whole number"),
            ({"offset": "1.5"}, "offset must be a whole number"),
            ({"start_date": "yesterday"}, "start_date must be an ISO 8601 date"),
            ({"end_date": "2026-02-30"}, "end_date must be an ISO 8601 date"),
            ({"end_date": "0001-01-01T00:00:00+10:00"}, "end_date must be an ISO 8601 date"),
        ],
    )
    async def test_says_what_it_cannot_read(self, doors: Doors, query: dict[str, str], message: str) -> None:
        response = await doors.ringg_get("/calling/history", **query)

        assert (response.status_code, response.json()["message"]) == (400, message)

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({"start_date": "2026-03-02T09:15:04.120331Z"}, 1),
            ({"start_date": "2026-03-02T09:15:04.120332Z"}, 0),
            ({"end_date": "2026-03-02T09:15:04.120331"}, 1),
            ({"start_date": "2026-03-02", "end_date": "2026-03-02"}, 1),
            ({"end_date": "2026-03-01"}, 0),
            ({"start_date": "2026-03-02 00:00:00+00", "end_date": "2026-03-02t23:59:59z"}, 1),
            ({"start_date": "2026-03-02T14:45:04+05:30"}, 1),
            ({"start_date": "2026-03-02T14:45:05+0530"}, 0),
            ({"start_date": "2026-03-02T14:45:04 05:30"}, 1),
            ({"start_date": "2026-03-02T14:45:05 05:30"}, 0),
            ({"status": "completed"}, 1),
            ({"status": "ongoing"}, 0),
            ({"agent_id": "c1a7e2d4-3b58-4f0e-8a6d-90e5b7c2f314"}, 1),
            ({"agent_id": "C1A7E2D4-3b58-4f0e-8a6d-90e5b7c2f314"}, 1),
            ({"agent_id": "not-an-id"}, 0),
            ({"bulk_list_id": "00000000-0000-4000-8000-000000000000"}, 0),
            ({"bulk_list_id": "\0"}, 0),
        ],
    )
    async def test_filters(self, doors: Doors, query: dict[str, str], count: int) -> None:
        await keep(doors.database, the_answered_call())

        body = (await doors.ringg_get("/calling/history", **query)).json()

        assert (body["count"], body["total"]) == (count, count)

    async def test_clamps_the_largest_numbers(self, doors: Doors) -> None:
        body = (await doors.ringg_get("/calling/history", limit="9" * 30, offset="9" * 30)).json()

        assert (body["limit"], body["calls"]) == (100, [])

    async def test_answers_head_without_a_body(self, doors: Doors) -> None:
        response = await doors.http.head(f"{RINGG}/calling/history", headers={"X-API-KEY": RINGG_KEY})

        assert (response.status_code, response.content) == (200, b"")
        assert int(response.headers["Content-Length"]) > 0

    async def test_takes_the_last_of_a_repeated_parameter(self, doors: Doors) -> None:
        response = await doors.http.get(f"{RINGG}/calling/history?limit=3&limit=7", headers={"X-API-KEY": RINGG_KEY})

        assert (response.status_code, response.json()["limit"]) == (200, 7)

    async def test_refuses_a_status_that_does_not_exist(self, doors: Doors) -> None:
        response = await doors.ringg_get("/calling/history", status="sleeping")

        assert response.status_code == 400
        assert response.json()["details"][0]["loc"] == ["query", "status"]

    async def test_pages_through_the_newest_first(self, doors: Doors) -> None:
        calls = [a_call(id=new_id(), created_at=at(f"09:00:0{second}")) for second in range(5)]
        await keep(doors.database, *calls)

        first = (await doors.ringg_get("/calling/history", limit="2")).json()
        last = (await doors.ringg_get("/calling/history", limit="2", offset="4")).json()

        assert [row["id"] for row in first["calls"]] == [calls[4].id, calls[3].id]
        assert [row["id"] for row in last["calls"]] == [calls[0].id]
        assert (first["total"], last["count"]) == (5, 1)


class TestErrorsOfTheDoor:
    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/nowhere", 404, "NOT_FOUND"),
            ("DELETE", "/calling/history", 405, "METHOD_NOT_ALLOWED"),
            ("GET", "/", 404, "NOT_FOUND"),
        ],
    )
    async def test_have_its_shape(self, doors: Doors, method: str, path: str, status: int, code: str) -> None:
        response = await doors.http.request(method, RINGG + path)

        body = response.json()
        assert (response.status_code, body["error"]["code"]) == (status, code)
        assert body["detail"] == body["message"] == body["error"]["message"]
        assert body["request_id"] == response.headers["X-Request-Id"]

    @pytest.mark.parametrize("declared", [True, False])
    async def test_too_large(self, doors: Doors, declared: bool) -> None:
        content = json.dumps(a_ringg_body(padding="x" * 1024 * 1024)).encode()

        async def in_pieces() -> Any:
            for start in range(0, len(content), 65536):
                yield content[start : start + 65536]

        response = await doors.http.post(
            f"{RINGG}/calling/outbound/individual",
            content=content if declared else in_pieces(),
            headers={"X-API-KEY": RINGG_KEY},
        )

        assert (response.status_code, response.json()["error"]["code"]) == (413, "TOO_LARGE")
        assert await doors.calls_stored() == 0

    async def test_a_fault_of_ours_without_its_particulars(self, doors: Doors, sqlite: Database) -> None:
        def drop(conn: Connection) -> None:
            conn.execute(sa.text("DROP TABLE api_keys"))

        await sqlite.write(drop)

        response = await doors.ringg(a_ringg_body())

        assert response.status_code == 500
        assert response.json()["error"]["code"] == "SERVER_ERROR"
        assert "api_keys" not in response.text


async def test_a_dead_database_is_a_503_in_either_dialect(sqlite: Database, tmp_path: Path) -> None:
    await sqlite.close()
    (tmp_path / "outdial.db").unlink()
    (tmp_path / "outdial.db").mkdir()
    async with open_doors(sqlite, tmp_path) as doors:
        ringg = await doors.ringg(a_ringg_body())
        ringly = await doors.ringly({})

    assert (ringg.status_code, ringg.json()["error"]["code"]) == (503, "SERVER_ERROR")
    assert (ringly.status_code, ringly.json()["error_message"]) == (503, "An unexpected server error occurred.")
    assert str(tmp_path) not in ringg.text + ringly.text
