"""The roof over the doors: health, recordings, the facts of a call, and the rim all requests pass."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from api_builders import (
    NATIVE_KEY,
    RINGG_KEY,
    Doors,
    a_clock_that_raises,
    a_ringg_body,
    a_ringly_body,
    keep,
    open_doors,
    seed,
)
from api_records import ANSWERED_CALL, at, the_answered_call
from outdial.api.gate import Gate, request_id
from outdial.api.json_body import parse_object, read_body
from outdial.api.parts import Health
from outdial.api.rate import RateLimit
from outdial.api.recordings import LIFE, RecordingLinks, find_under
from outdial.domain.errors import Broken, Invalid, OutdialError, TooMany, Unreachable
from outdial.store.database import Database
from outdial.virtual_time import run


class TestHealth:
    async def test_ready(self, sqlite: Database, tmp_path: Path) -> None:
        health = Health(ready=True, parts={"database": "ready", "media": "1 of 1 ready"})
        async with open_doors(sqlite, tmp_path, health=health) as doors:
            response = await doors.http.get("/health/")

        assert response.status_code == 200
        assert response.json() == {
            "service": "outdial",
            "ready": True,
            "status": "ready",
            "parts": {"database": "ready", "media": "1 of 1 ready"},
        }

    async def test_starting(self, sqlite: Database, tmp_path: Path) -> None:
        async with open_doors(sqlite, tmp_path, health=Health(False, {"voices": "loading"})) as doors:
            response = await doors.http.get("/health")

        assert response.status_code == 503
        assert (response.json()["status"], response.json()["parts"]) == ("starting", {"voices": "loading"})


class TestTheRoof:
    @pytest.mark.parametrize("path", ["/", "/nowhere", "/ca/api/v1/agent/all", "/recordings"])
    async def test_answers_unknown_paths_in_json(self, doors: Doors, path: str) -> None:
        response = await doors.http.get(path)

        assert response.status_code == 404
        assert response.json()["request_id"] == response.headers["X-Request-Id"]

    @pytest.mark.parametrize("path", ["/ca/api/v0", "/api/1.1/wf", "/v1"])
    async def test_each_door_has_a_document_of_its_own(self, doors: Doors, path: str) -> None:
        document = (await doors.http.get(f"{path}/openapi.json")).json()

        assert document["servers"] == [{"url": path}]
        assert "ValidationError" not in str(document)


class TestRecordings:
    async def test_are_reached_by_a_link_made_here_only(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())
        put_recording(doors, b"0123456789")
        link = httpx.URL(doors.parts.links.link(ANSWERED_CALL))

        whole = await doors.http.get(link)
        part = await doors.http.get(link, headers={"Range": "bytes=2-4"})
        forged = await doors.http.get(link.copy_set_param("sig", "0" * 64))
        stretched = await doors.http.get(link.copy_set_param("expires", "99999999999"))
        bare = await doors.http.get(link.copy_with(query=None))

        assert (whole.status_code, whole.content, whole.headers["Content-Type"]) == (200, b"0123456789", "audio/wav")
        assert (part.status_code, part.content) == (206, b"234")
        assert [answer.status_code for answer in (forged, stretched, bare)] == [403, 403, 403]

    async def test_are_not_found_when_there_are_none(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        lost = await doors.http.get(doors.parts.links.link(ANSWERED_CALL))
        unknown = await doors.http.get(doors.parts.links.link("no-such-call"))

        assert (lost.status_code, unknown.status_code) == (404, 404)

    def test_links_expire_after_a_day(self) -> None:
        moment = [at("09:00:00")]
        links = RecordingLinks(secret=b"s", base_url="http://x/", now=lambda: moment[0])
        query = httpx.URL(links.link("call")).params

        def holds(later: timedelta) -> bool:
            moment[0] = at("09:00:00") + later
            return links.holds("call", query["expires"], query["sig"])

        assert holds(LIFE)
        assert not holds(LIFE + timedelta(seconds=1))

    @given(call_id=st.text(), expires=st.text(), signature=st.text())
    def test_no_made_up_link_holds(self, call_id: str, expires: str, signature: str) -> None:
        links = RecordingLinks(secret=b"s", base_url="http://x", now=lambda: at("09:00:00"))

        assert not links.holds(call_id, expires, signature)

    def test_never_lie_outside_their_folder(self, tmp_path: Path) -> None:
        folder = tmp_path / "recordings"
        folder.mkdir()
        (tmp_path / "secret").write_text("x")
        (folder / "a.wav").write_text("x")

        assert find_under(folder, "a.wav") == folder / "a.wav"
        assert [find_under(folder, path) for path in ("../secret", str(tmp_path / "secret"), "b.wav", "")] == [None] * 4


class TestTheFactsOfACall:
    async def test_lists_the_facts_of_a_call_from_a_number_on(self, doors: Doors) -> None:
        call_id = (await doors.ringg(a_ringg_body())).json()["data"]["call_id"]

        first = await events(doors, call_id)
        rest = await events(doors, call_id, after=str(first.json()["events"][0]["seq"]))

        (registered,) = first.json()["events"]
        assert (registered["type"], registered["attempt"], registered["data"]) == ("registered", 0, {})
        assert datetime.fromisoformat(registered["at"]) == at("09:15:04.120331")
        assert rest.json() == {"events": []}

    async def test_needs_a_key_of_its_own(self, doors: Doors) -> None:
        call_id = (await doors.ringg(a_ringg_body())).json()["data"]["call_id"]

        for key in ("", "Bearer", f"Bearer {RINGG_KEY}", f"Basic {NATIVE_KEY}"):
            response = await events(doors, call_id, key=key)
            assert response.status_code == 401

    @pytest.mark.parametrize("call_id", ["00000000-0000-4000-8000-000000000000", "x"])
    async def test_knows_the_workspaces_own_calls_only(self, doors: Doors, call_id: str) -> None:
        response = await events(doors, call_id)

        assert (response.status_code, response.json()["detail"]) == (404, "Call not found")

    @pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 19, "", "٣"])
    async def test_refuses_what_is_no_number(self, doors: Doors, after: str) -> None:
        response = await events(doors, ANSWERED_CALL, after=after)

        assert (response.status_code, response.json()["detail"]) == (400, "after must be an event's number")


class TestTheRim:
    async def test_answers_a_fault_without_its_particulars(self) -> None:
        response = await get(Gate(broken, failed=sorry))

        assert (response.status_code, response.text) == (500, "sorry")
        assert response.headers["X-Request-Id"].startswith("req_")

    async def test_keeps_the_request_id_of_an_outer_rim(self) -> None:
        response = await get(Gate(Gate(echo, failed=sorry), failed=sorry))

        assert response.text == f"/a {response.headers['X-Request-Id']}"


class TestFaultsThatAreNotTheCustomers:
    @pytest.mark.parametrize("fault", [Unreachable("the disk is full"), Broken("a promise")])
    async def test_are_logged_under_the_id_the_customer_was_given(
        self, sqlite: Database, tmp_path: Path, fault: OutdialError
    ) -> None:
        async with open_doors(sqlite, tmp_path, now=a_clock_that_raises(fault)) as doors:
            with capture_logs() as logs:
                answers = [await doors.ringg(a_ringg_body()), await doors.ringly(a_ringly_body())]

        assert [answer.status_code for answer in answers] == [503 if isinstance(fault, Unreachable) else 500] * 2
        assert [line["request_id"] for line in logs] == [answer.json()["request_id"] for answer in answers]
        assert all(str(fault) not in answer.text for answer in answers)


class TestOnEitherEngine:
    async def test_a_call_is_placed_and_read_back(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        strange = {"path\0": "\0", "deep": [[[{"a": None}]]], "big": 10**30, "emoji": "🙂"}
        async with open_doors(database, tmp_path) as doors:
            placed = await doors.ringg(a_ringg_body(name="Zoë\0", custom_args_values=strange, call_category="x\0y"))
            call_id = placed.json()["data"]["call_id"]
            details = await doors.ringg_get("/calling/call-details", id=call_id)
            history = await doors.ringg_get(
                "/calling/history", start_date="0001-01-02", end_date="9999-12-31", offset="0"
            )
            facts = await events(doors, call_id, after=str(2**63 - 1))
            ringly = await doors.ringly(a_ringly_body(agent_tag="x\0"))
            unknown = await doors.ringg(a_ringg_body(from_number_id="\0x", version_id="y"))

        assert details.json()["data"]["callee_name"] == "Zoë"
        assert details.json()["data"]["custom_args_values"] == placed.json()["data"]["custom_args_values"]
        assert [row["id"] for row in history.json()["calls"]] == [call_id]
        assert facts.json() == {"events": []}
        assert (ringly.status_code, unknown.status_code) == (404, 404)


class TestTheRate:
    def test_is_each_keys_own(self) -> None:
        rate = RateLimit(2, lambda: 0.0)
        rate.take("a")
        rate.take("a")

        rate.take("b")
        with pytest.raises(TooMany):
            rate.take("a")

    @given(per_s=st.floats(0.01, 1000), seconds=st.integers(1, 100))
    def test_never_lets_through_more_than_it_says(self, per_s: float, seconds: int) -> None:
        clock = [0.0]
        rate = RateLimit(per_s, lambda: clock[0])

        passed = 0
        for tick in range(seconds * 10):
            clock[0] = tick / 10
            passed += sum(taken(rate) for _ in range(20))

        assert passed <= max(per_s, 1) + per_s * seconds + 1

    @given(per_s=st.floats(0.01, 1000))
    def test_says_truly_when_to_come_back(self, per_s: float) -> None:
        clock = [0.0]
        rate = RateLimit(per_s, lambda: clock[0])
        while taken(rate):
            pass

        with pytest.raises(TooMany) as refusal:
            rate.take("a")
        clock[0] += refusal.value.retry_after_s

        assert taken(rate)


class TestAJsonBody:
    @given(st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=5)))
    def test_comes_out_as_it_went_in(self, value: dict[str, Any]) -> None:
        text = httpx.Request("POST", "http://x", json=value).content

        assert parse_object(text) == without_nul(value)

    @given(st.binary())
    def test_never_fails(self, raw: bytes) -> None:
        assert parse_object(raw) is None or raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")

    def test_may_have_a_byte_order_mark(self) -> None:
        assert parse_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


class TestABodyThatDoesNotCome:
    def test_is_not_waited_for_for_ever(self) -> None:
        async def never() -> Message:
            await asyncio.sleep(3600)
            raise AssertionError("nobody waits an hour")

        with pytest.raises(Invalid, match="did not arrive within 30 seconds"):
            run(read_body(Request({"type": "http", "headers": []}, never), limit_bytes=10))


def put_recording(doors: Doors, content: bytes) -> None:
    file = doors.parts.recordings_dir / the_answered_call().attempts[0].recording_path
    file.parent.mkdir()
    file.write_bytes(content)


async def events(doors: Doors, call_id: str, *, after: str = "0", key: str = f"Bearer {NATIVE_KEY}") -> httpx.Response:
    headers = {"Authorization": key} if key else {}
    return await doors.http.get(f"/v1/calls/{call_id}/events", params={"after": after}, headers=headers)


async def get(app: Gate) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as http:
        return await http.get("/a//")


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError("particulars")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"{scope['path']} {request_id(Request(scope))}")(scope, receive, send)


def sorry(request: Request) -> Response:
    return PlainTextResponse("sorry", 500)


def taken(rate: RateLimit) -> bool:
    try:
        rate.take("a")
    except TooMany:
        return False
    return True


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    return value
