"""The rim that strangers touch first: paths, headers of answers, wrong keys, and whose share of requests is whose."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from api_builders import NATIVE_KEY, NUMBER_ID, RINGG_KEY, RINGLY_KEY, Doors, open_doors
from api_records import AGENT, WORKSPACE
from outdial.api.gate import path_of
from outdial.api.rate import _ADDRESSES, WrongKeys
from outdial.api.root import NATIVE_PATH, RINGG_PATH, RINGLY_PATH
from outdial.commands.keys import create_key
from outdial.domain.errors import TooMany
from outdial.store.database import Database

KEYS = {RINGG_PATH: RINGG_KEY, RINGLY_PATH: RINGLY_KEY, NATIVE_PATH: NATIVE_KEY}
KNOWN = {RINGG_PATH: "/calling/call-details", RINGLY_PATH: "/make-outbound-call-v2", NATIVE_PATH: "/calls"}
SHAPES = {
    RINGG_PATH: {"detail", "message", "error", "details", "request_id"},
    RINGLY_PATH: {"error_message", "details", "request_id"},
    NATIVE_PATH: {"type", "title", "status", "detail", "instance", "request_id"},
}
each_door = pytest.mark.parametrize("door", KEYS)
ENCODED = ["%0A", "%0D", "%0d%0a", "%00", "%2F", "%2f", "%1B%5B2J", "%7F", "%09"]


async def knocked(doors: Doors, door: str, key: str) -> httpx.Response:
    """One request with that key, on a route that admits first."""
    method = "POST" if door == RINGLY_PATH else "GET"
    return await doors.http.request(method, door + KNOWN[door], headers={"Authorization": f"Bearer {key}"})


class TestAPathWithEncodedControlCharactersOrSlashes:
    @each_door
    @pytest.mark.parametrize("code", ENCODED)
    @pytest.mark.parametrize("form", ["{known}{code}", "{known}/x{code}", "/{code}", "/x{code}y", "{code}"])
    async def test_gets_the_404_of_its_door(self, doors: Doors, door: str, code: str, form: str) -> None:
        path = form.format(known=KNOWN[door], code=code)
        if path.startswith("%"):
            path = f"/{path}"
        headers = {"Authorization": f"Bearer {KEYS[door]}"}

        response = await doors.http.get(f"{door}{path}", headers=headers)

        assert response.status_code == 404, response.text
        assert set(response.json()) - {"errors"} == SHAPES[door]

    @given(st.text())
    def test_is_otherwise_read_as_it_was_written(self, text: str) -> None:
        raw = b"/" + quote(text, safe="", errors="replace").encode()
        read = path_of({"path": raw.decode(), "raw_path": raw})

        assert not any(letter < " " or letter == "\x7f" for letter in read)
        assert read.count("/") == 1
        plain = all(letter >= " " and letter not in "/\x7f%" for letter in text)
        assert not plain or read == "/" + text.encode("utf-8", "replace").decode()


class TestEveryAnswer:
    @pytest.mark.parametrize("path", ["/", "/health", "/nowhere", "/recordings/x.wav", "/lists/a/b/invalid.csv"])
    async def test_may_be_neither_guessed_at_nor_kept(self, doors: Doors, path: str) -> None:
        must_be_private(await doors.http.get(path))

    @each_door
    async def test_of_a_door_may_not_either_whatever_it_says(self, doors: Doors, door: str) -> None:
        for key in (KEYS[door], "nobody's"):
            must_be_private(await knocked(doors, door, key))
        must_be_private(await doors.http.get(f"{door}/openapi.json"))
        must_be_private(await doors.http.get(f"{door}/nowhere"))


def must_be_private(response: httpx.Response) -> None:
    assert response.headers.get_list("X-Content-Type-Options") == ["nosniff"]
    assert response.headers.get_list("Cache-Control") == ["no-store"]


class TestWhatIsNotOffered:
    async def test_is_an_answer_and_no_line_in_the_log(self, doors: Doors) -> None:
        with capture_logs() as logs:
            response = await doors.ringg_post("/calling/webcall", {"agent_id": AGENT})

        assert response.status_code == 501
        assert logs == []


class TestWrongKeys:
    @each_door
    async def test_of_one_address_get_a_429_after_their_share_but_right_ones_are_let_in(
        self, sqlite: Database, tmp_path: Path, door: str
    ) -> None:
        moment = [0.0]
        async with open_doors(sqlite, tmp_path, wrong_keys_per_minute=3, seconds=lambda: moment[0]) as doors:
            wrong = [await knocked(doors, door, f"wrong {place}") for place in range(5)]
            right = await knocked(doors, door, KEYS[door])
            moment[0] += float(wrong[-1].headers["Retry-After"])
            later = await knocked(doors, door, "wrong")

        assert [response.status_code for response in wrong] == [401] * 3 + [429] * 2
        assert set(wrong[-1].json()) == set(wrong[0].json())
        assert right.status_code not in {401, 429}
        assert later.status_code == 401

    @given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 30)), max_size=60), st.integers(1, 5))
    def test_are_never_more_than_their_share_in_any_minute(self, knocks: list[tuple[int, float]], share: int) -> None:
        now = [0.0]
        wrong = WrongKeys(share, lambda: now[0])
        let_in: dict[int, list[float]] = {}
        waits = []
        for address, pause in knocks:
            now[0] += pause
            try:
                wrong.note(f"192.0.2.{address}")
            except TooMany as error:
                waits.append(error.retry_after_s)
            else:
                let_in.setdefault(address, []).append(now[0])

        assert all(1 <= wait <= 60 for wait in waits)
        for moments in let_in.values():
            # A share at once, and one more for each part of the minute that passes.
            assert all(sum(at <= one < at + 60 for one in moments) <= 2 * share for at in moments)
            assert sum(one < 0.001 for one in moments) <= share

    def test_are_remembered_in_bounded_memory(self) -> None:
        wrong = WrongKeys(1, lambda: 0.0)
        for place in range(_ADDRESSES + 5_000):
            wrong.note(f"10.{place >> 16}.{place >> 8 & 255}.{place & 255}")

        assert len(wrong._buckets) == _ADDRESSES


class TestTheKeysOfOneWorkspace:
    async def test_share_its_requests_a_second(self, sqlite: Database, tmp_path: Path) -> None:
        moment = [0.0]
        async with open_doors(sqlite, tmp_path, workspace_requests_per_s=4, seconds=lambda: moment[0]) as doors:
            keys = [await create_key(sqlite, WORKSPACE, "native", now=doors.parts.now) for _ in range(3)]
            said = [(await knocked(doors, NATIVE_PATH, key)).status_code for key in keys * 2]
            other_door = await knocked(doors, RINGG_PATH, RINGG_KEY)
            moment[0] += 1.0
            later = await knocked(doors, NATIVE_PATH, keys[0])

        assert said == [200] * 4 + [429] * 2
        assert other_door.status_code == 429
        assert later.status_code == 200


class TestANumbersDisplayName:
    @pytest.mark.parametrize(
        "name",
        ['Say "hi"', "back\\slash", "<sip:x@y>", "two\nlines", "tab\t", "\x1b[31mred", "x" * 129, "\u2028", "\x00"],
    )
    async def test_that_sip_cannot_carry_is_refused_when_it_is_set(self, doors: Doors, name: str) -> None:
        headers = {"Authorization": f"Bearer {NATIVE_KEY}"}
        response = await doors.http.patch(
            f"{NATIVE_PATH}/numbers/{NUMBER_ID}", json={"display_name": name}, headers=headers
        )

        if response.status_code == 200:
            # NUL is left out of every text.
            assert response.json()["display_name"] == name.replace("\x00", "")
        else:
            assert response.status_code == 400
            assert [fault["pointer"] for fault in response.json()["errors"]] == ["#/display_name"]
        assert (response.status_code == 200) == (name == "\x00")

    @pytest.mark.parametrize("name", ["", "Müller & Söhne", "आउटडायल", "O'Neill, Inc."])
    async def test_that_it_can_is_kept(self, doors: Doors, name: str) -> None:
        headers = {"Authorization": f"Bearer {NATIVE_KEY}"}
        response = await doors.http.patch(
            f"{NATIVE_PATH}/numbers/{NUMBER_ID}", json={"display_name": name}, headers=headers
        )

        assert (response.status_code, response.json()["display_name"]) == (200, name)
