"""Keys over the native API: made, shown once, listed without themselves, withdrawn; and what a reading key may do."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from api_builders import (
    NATIVE_KEY,
    RINGG,
    RINGG_KEY,
    RINGLY,
    Doors,
    a_ringg_body,
    a_ringly_body,
    open_doors,
)
from api_records import WORKSPACE
from outdial.commands.rules import change_rules
from outdial.domain.clock import from_micros
from outdial.domain.rules import CallingPolicy, Price, Rules
from outdial.store import schema
from outdial.store.database import Database

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def ask(
    doors: Doors, method: str, path: str, body: Any = None, *, key: str = NATIVE_KEY, **more: Any
) -> httpx.Response:
    return await doors.http.request(method, f"/v1{path}", json=body, headers={"Authorization": f"Bearer {key}"}, **more)


async def made(doors: Doors, dialect: str, access: str = "full") -> dict[str, Any]:
    response = await ask(doors, "POST", "/keys", {"dialect": dialect, "access": access})
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


class TestAKey:
    async def test_opens_the_door_it_was_made_for_and_is_shown_once(self, doors: Doors) -> None:
        ringg, ringly, native = [await made(doors, dialect) for dialect in ("ringg", "ringly", "native")]

        listed = (await ask(doors, "GET", "/keys", key=native["key"])).json()["keys"]

        assert (await doors.ringg(a_ringg_body(), key=ringg["key"])).status_code == 200
        assert (await doors.ringly(a_ringly_body(), key=ringly["key"])).status_code == 200
        shown = {row["id"]: row for row in listed}
        for key in (ringg, ringly, native):
            assert shown[key["id"]] == {name: value for name, value in key.items() if name != "key"}
        assert all(key["hint"] == key["key"][-4:] for key in (ringg, ringly, native))

    async def test_opens_nothing_once_it_is_withdrawn(self, doors: Doors) -> None:
        key = await made(doors, "ringg")
        assert (await doors.ringg_get("/workspace", key["key"])).status_code == 200

        gone = await ask(doors, "DELETE", f"/keys/{key['id']}")
        again = await ask(doors, "DELETE", f"/keys/{key['id']}")

        assert (gone.status_code, again.status_code) == (204, 404)
        assert again.json()["errors"][0]["parameter"] == "key_id"
        assert (await doors.ringg_get("/workspace", key["key"])).status_code == 401
        assert key["id"] not in [row["id"] for row in (await ask(doors, "GET", "/keys")).json()["keys"]]

    async def test_that_is_the_last_full_native_one_cannot_go(self, doors: Doors) -> None:
        second = await made(doors, "native")
        await made(doors, "native", "read")
        await forget_the_seeded_key(doors)

        last = await ask(doors, "DELETE", f"/keys/{second['id']}", key=second["key"])

        assert (last.status_code, last.json()["type"]) == (409, "urn:outdial:problem:conflict")
        assert (await ask(doors, "GET", "/keys", key=second["key"])).status_code == 200

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({}, "#/dialect"),
            ({"dialect": "telex"}, "#/dialect"),
            ({"dialect": "ringg", "access": "write"}, "#/access"),
            ({"dialect": "ringg", "key": "mine"}, "#/key"),
            ([], "#"),
        ],
    )
    async def test_is_refused_where_it_is_wrong(self, doors: Doors, body: Any, pointer: str) -> None:
        response = await ask(doors, "POST", "/keys", body)

        assert response.status_code == 400
        assert [error["pointer"] for error in response.json()["errors"]] == [pointer]

    @pytest.mark.parametrize("key_id", [UNKNOWN, "x", "%00"])
    async def test_that_nobody_has_is_not_found(self, doors: Doors, key_id: str) -> None:
        assert (await ask(doors, "DELETE", f"/keys/{key_id}")).status_code == 404

    async def test_is_listed_page_by_page(self, doors: Doors) -> None:
        ids = [(await made(doors, "ringg"))["id"] for _ in range(3)]
        seen: list[str] = []
        cursor: dict[str, str] = {}

        first = (await ask(doors, "GET", "/keys", params={"limit": "4"})).json()
        # The keys of the seeded workspace have ids of no UUID; those made by the platform have.
        while first["next"] is not None and len(seen) < 20:
            seen += [row["id"] for row in first["keys"]]
            cursor = {"cursor": first["next"]}
            first = (await ask(doors, "GET", "/keys", params={"limit": "1", **cursor})).json()
        seen += [row["id"] for row in first["keys"]]

        assert len(seen) == len(set(seen)) == 6
        assert set(ids) <= set(seen)


class TestAKeyThatOnlyReads:
    async def test_reads_at_the_native_door_and_changes_nothing(self, doors: Doors) -> None:
        key = (await made(doors, "native", "read"))["key"]
        call = {"to_number": "+12025550143", "agent_tag": "renewal", "from_numbers": ["+12025550100"]}

        reads = [
            await ask(doors, "GET", "/calls", key=key),
            await ask(doors, "HEAD", "/calls", key=key),
            await ask(doors, "POST", "/policy/check", {"to_number": "+12025550143"}, key=key),
        ]
        writes = [
            await ask(doors, "POST", "/calls", call, key=key),
            await ask(doors, "POST", "/calls", [], key=key),
            await ask(doors, "PATCH", f"/calls/{UNKNOWN}", {"scheduled_at": None}, key=key),
            await ask(doors, "PUT", "/suppressions/+12025550143", key=key),
            await ask(doors, "DELETE", "/suppressions/+12025550143", key=key),
            await ask(doors, "POST", "/keys", {"dialect": "native"}, key=key),
        ]

        assert [answer.status_code for answer in reads] == [200] * 3
        assert [answer.status_code for answer in writes] == [403] * 6
        assert writes[0].json()["type"] == "urn:outdial:problem:forbidden"
        assert "RateLimit" in writes[0].headers
        assert await doors.calls_stored() == 0

    async def test_reads_at_the_ringg_door_and_changes_nothing(self, doors: Doors) -> None:
        key = (await made(doors, "ringg", "read"))["key"]

        reads = [await doors.ringg_get(path, key) for path in ("/calling/history", "/workspace", "/agent/all")]
        placed = await doors.ringg(a_ringg_body(), key=key)
        ended = await doors.http.patch(f"{RINGG}/campaign/terminate", json={}, headers={"X-API-KEY": key})

        assert [answer.status_code for answer in reads] == [200] * 3
        assert [placed.status_code, ended.status_code] == [403, 403]
        assert placed.json()["error"]["code"] == "FORBIDDEN"
        assert placed.json()["message"] == placed.json()["detail"] == "This API key may only read"
        assert await doors.calls_stored() == 0

    async def test_is_no_key_at_the_ringly_door(self, doors: Doors) -> None:
        key = (await made(doors, "ringly", "read"))["key"]

        response = await doors.ringly(a_ringly_body(), key=key)

        assert (response.status_code, response.json()["details"]) == (401, [])
        assert await doors.calls_stored() == 0

    async def test_is_slowed_down_like_any_other(self, sqlite: Database, tmp_path: Path) -> None:
        async with open_doors(sqlite, tmp_path) as doors:
            key = (await made(doors, "ringg", "read"))["key"]
        async with open_doors(sqlite, tmp_path, requests_per_s=1, seconds=lambda: 0.0) as doors:
            answers = [await doors.ringg(a_ringg_body(), key=key) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [403, 429]


class TestAKeyThatIsSentTwice:
    """By a library and its caller: one value is one key, two are none."""

    @pytest.mark.parametrize(("second", "status"), [(None, 200), ("ok_other", 401)])
    async def test_to_ringly(self, doors: Doors, second: str | None, status: int) -> None:
        key = (await made(doors, "ringly"))["key"]
        headers = [("Authorization", key), ("Authorization", second or f" {key} ")]

        answer = await doors.http.post(f"{RINGLY}/make-outbound-call-v2", json=a_ringly_body(), headers=headers)

        assert answer.status_code == status

    @pytest.mark.parametrize(("second", "status"), [(RINGG_KEY, 200), ("other", 401), (f"Bearer {RINGG_KEY}", 401)])
    async def test_to_ringg(self, doors: Doors, second: str, status: int) -> None:
        headers = [("X-API-KEY", RINGG_KEY), ("X-API-KEY", second), ("Authorization", f"Bearer {RINGG_KEY}")]

        assert (await doors.http.get(f"{RINGG}/workspace", headers=headers)).status_code == status

    @pytest.mark.parametrize(("second", "status"), [(NATIVE_KEY, 200), ("other", 401)])
    async def test_to_the_native_door(self, doors: Doors, second: str, status: int) -> None:
        headers = [("Authorization", f"Bearer {NATIVE_KEY}"), ("Authorization", f"Bearer {second}")]

        assert (await doors.http.get("/v1/calls", headers=headers)).status_code == status


class TestTheWorkspace:
    async def test_tells_its_rules_and_credits(self, doors: Doors) -> None:
        laid_down = Rules(CallingPolicy(per_day=2), max_calls=5, price=Price(per_minute_micros=50_000, pulse_s=30))
        await change_rules(doors.database, WORKSPACE, lambda _: laid_down)

        body = (await ask(doors, "GET", "/workspace")).json()

        assert body == {
            "id": WORKSPACE,
            "name": "Example Workspace",
            "policy": {"hours": None, "per_day": 2, "per_week": None, "suppression": True},
            "max_calls": 5,
            "price": {"per_minute": 0.05, "pulse_s": 30},
            "credits": {"balance": 0.0, "held": 0.0, "free": 0.0},
            "created_at": "2026-01-01T00:00:00.000000Z",
        }


async def forget_the_seeded_key(doors: Doors) -> None:
    def work(conn: Connection) -> None:
        keys = schema.api_keys
        seeded = keys.c.created_at < from_micros(1_768_000_000_000_000)
        conn.execute(keys.delete().where(keys.c.dialect == "native", seeded))

    await doors.database.write(work)
