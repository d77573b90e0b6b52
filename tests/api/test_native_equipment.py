"""Caller numbers, trunks and pools over the native API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_builders import (
    NATIVE_KEY,
    NEIGHBOUR_NUMBER,
    NUMBER_ID,
    POOL,
    SECOND_NUMBER_ID,
    Doors,
    a_ringg_body,
    keep,
    open_doors,
    seed,
)
from api_records import WORKSPACE, the_answered_call
from outdial.commands.provision import add_trunk
from outdial.domain.attempt import Trunk
from outdial.domain.clock import utc_now
from outdial.store.database import Database
from outdial.store.equipment.trunks import load_trunk

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NEW_NUMBER = "+12025550150"
A_TRUNK = {"name": "carrier", "host": "sip.example.test"}
V2 = "/calling/v2/outbound/individual"


@pytest.fixture
async def either(database: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    """The doors over each engine in turn: what may go is decided by the database."""
    await seed(database)
    async with open_doors(database, tmp_path) as opened:
        yield opened


async def ask(doors: Doors, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {NATIVE_KEY}"}
    return await doors.http.request(method, f"/v1{path}", json=body, headers=headers, **more)


async def made(doors: Doors, what: str, **body: Any) -> dict[str, Any]:
    response = await ask(doors, "POST", f"/{what}", body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    assert response.headers["Location"] == f"/v1/{what}/{answer['id']}"
    assert (await ask(doors, "GET", f"/{what}/{answer['id']}")).json() == answer
    return answer


class TestATrunk:
    async def test_is_added_with_nothing_but_its_name_and_host(self, doors: Doors) -> None:
        trunk = await made(doors, "trunks", **A_TRUNK)

        assert trunk == {
            **A_TRUNK,
            "id": trunk["id"],
            "kind": "sip",
            "port": 5060,
            "transport": "udp",
            "auth_user": "",
            "has_password": False,
            "srtp": "off",
            "codecs": ["pcmu", "pcma"],
            "outbound_proxy": "",
            "headers": {},
            "ca_file": "",
            "display_name": "",
            "max_calls": None,
            "calls_per_s": None,
            "created_at": "2026-03-02T09:15:04.120331Z",
        }

    async def test_keeps_its_password_to_itself(self, either: Doors) -> None:
        trunk = await made(either, "trunks", **A_TRUNK, auth_user="me", password="hush hush", max_calls=3)

        renamed = await ask(either, "PATCH", f"/trunks/{trunk['id']}", {"name": "other", "calls_per_s": 2})
        kept = await either.database.read(load_trunk, trunk["id"])
        without = await ask(either, "PATCH", f"/trunks/{trunk['id']}", {"password": ""})

        assert renamed.json() == {**trunk, "name": "other", "calls_per_s": 2.0}
        assert (trunk["has_password"], without.json()["has_password"]) == (True, False)
        assert "hush" not in renamed.text
        assert kept is not None
        assert (kept.password, kept.auth_user, kept.name) == ("hush hush", "me", "other")

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"name": ""}, "#/name"),
            ({"name": "a\tb"}, "#/name"),
            ({"host": "no host"}, "#/host"),
            ({"host": None}, "#/host"),
            ({"port": 0}, "#/port"),
            ({"port": "5060"}, "#/port"),
            ({"transport": "pigeon"}, "#/transport"),
            ({"password": 'a"b'}, "#/password"),
            ({"codecs": []}, "#/codecs"),
            ({"codecs": ["mp3"]}, "#/codecs/0"),
            ({"outbound_proxy": "a b"}, "#/outbound_proxy"),
            ({"headers": {"Via": "x"}}, "#/headers"),
            ({"headers": {"X-A": "a\r\nb"}}, "#/headers"),
            ({"max_calls": -1}, "#/max_calls"),
            ({"calls_per_s": 0}, "#/calls_per_s"),
            ({"kind": "simulator"}, "#/kind"),
            ({"ca_file": "/etc/passwd"}, "#/ca_file"),
        ],
    )
    async def test_is_refused_where_it_is_wrong(self, doors: Doors, change: dict[str, Any], pointer: str) -> None:
        trunk = await made(doors, "trunks", **A_TRUNK)

        answers = [
            await ask(doors, "POST", "/trunks", {**A_TRUNK, "name": "second", **change}),
            await ask(doors, "PATCH", f"/trunks/{trunk['id']}", change),
        ]

        for answer in answers:
            assert answer.status_code == 400, answer.text
            assert answer.json()["errors"][0]["pointer"] == pointer
        assert (await ask(doors, "GET", f"/trunks/{trunk['id']}")).json() == trunk

    async def test_has_a_name_of_its_own(self, either: Doors) -> None:
        await made(either, "trunks", **A_TRUNK)
        other = await made(either, "trunks", **A_TRUNK | {"name": "other"})

        added = await ask(either, "POST", "/trunks", A_TRUNK)
        renamed = await ask(either, "PATCH", f"/trunks/{other['id']}", {"name": "carrier"})

        assert (added.status_code, renamed.status_code) == (409, 409)

    async def test_goes_once_nothing_needs_it(self, either: Doors) -> None:
        trunk = await made(either, "trunks", **A_TRUNK)
        number = await made(either, "numbers", number=NEW_NUMBER, trunk_id=trunk["id"])

        needed = await ask(either, "DELETE", f"/trunks/{trunk['id']}")
        await ask(either, "DELETE", f"/numbers/{number['id']}")
        gone = await ask(either, "DELETE", f"/trunks/{trunk['id']}")

        assert (needed.status_code, needed.json()["detail"]) == (409, "this trunk has numbers")
        assert gone.status_code == 204
        assert (await ask(either, "GET", f"/trunks/{trunk['id']}")).status_code == 404

    async def test_that_calls_were_made_over_stays(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())
        trunk_id = (await ask(doors, "GET", f"/numbers/{NUMBER_ID}")).json()["trunk_id"]

        response = await ask(doors, "DELETE", f"/trunks/{trunk_id}")

        assert (response.status_code, response.json()["detail"]) == (409, "calls were made over this trunk")


class TestANumber:
    async def test_is_added_changed_and_listed(self, either: Doors) -> None:
        trunk = await made(either, "trunks", **A_TRUNK)

        number = await made(either, "numbers", number=NEW_NUMBER, trunk_id=trunk["id"], tags=["new"], max_calls=2)
        change = {"display_name": "Desk", "number_pool_id": POOL.upper(), "outbound": False, "max_calls": None}
        changed = (await ask(either, "PATCH", f"/numbers/{number['id']}", change)).json()
        same = (await ask(either, "PATCH", f"/numbers/{number['id']}", {})).json()
        listed = (await ask(either, "GET", "/numbers")).json()

        assert number == {
            "id": number["id"],
            "number": NEW_NUMBER,
            "trunk_id": trunk["id"],
            "number_pool_id": None,
            "agent_id": None,
            "display_name": "",
            "outbound": True,
            "spam": False,
            "tags": ["new"],
            "max_calls": 2,
            "used_at": None,
            "created_at": "2026-03-02T09:15:04.120331Z",
        }
        assert changed == same == {**number, **change, "number_pool_id": POOL}
        assert listed["numbers"][-1] == changed
        assert NEIGHBOUR_NUMBER not in [row["number"] for row in listed["numbers"]]

    async def test_may_be_marked_as_a_nuisance_and_cleared_of_it(self, doors: Doors) -> None:
        trunk = await made(doors, "trunks", **A_TRUNK)

        number = await made(doors, "numbers", number=NEW_NUMBER, trunk_id=trunk["id"], display_name="Desk", spam=True)
        cleared = await ask(doors, "PATCH", f"/numbers/{number['id']}", {"spam": False})

        assert (number["display_name"], number["spam"]) == ("Desk", True)
        assert cleared.json() == {**number, "spam": False}

    async def test_that_is_switched_off_makes_no_calls(self, doors: Doors) -> None:
        await ask(doors, "PATCH", f"/numbers/{NUMBER_ID}", {"outbound": False})

        assert (await doors.ringg(a_ringg_body())).status_code == 400

    @pytest.mark.parametrize(
        ("change", "status", "pointer"),
        [
            ({"trunk_id": UNKNOWN}, 404, "#/trunk_id"),
            ({"number_pool_id": UNKNOWN}, 404, "#/number_pool_id"),
            ({"number_pool_id": "x"}, 404, "#/number_pool_id"),
            ({"trunk_id": None}, 400, "#/trunk_id"),
            ({"max_calls": 1.5}, 400, "#/max_calls"),
            ({"tags": [""]}, 400, "#/tags/0"),
            ({"outbound": None}, 400, "#/outbound"),
            ({"agent_id": UNKNOWN}, 400, "#/agent_id"),
        ],
    )
    async def test_is_refused_where_it_is_wrong(
        self, doors: Doors, change: dict[str, Any], status: int, pointer: str
    ) -> None:
        before = (await ask(doors, "GET", f"/numbers/{NUMBER_ID}")).json()
        new = {"number": NEW_NUMBER, "trunk_id": before["trunk_id"], **change}

        for answer in (
            await ask(doors, "POST", "/numbers", new),
            await ask(doors, "PATCH", f"/numbers/{NUMBER_ID}", change),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
        assert (await ask(doors, "GET", f"/numbers/{NUMBER_ID}")).json() == before
        assert len((await ask(doors, "GET", "/numbers")).json()["numbers"]) == 3

    async def test_is_in_a_workspace_once(self, doors: Doors) -> None:
        trunk_id = (await ask(doors, "GET", f"/numbers/{NUMBER_ID}")).json()["trunk_id"]

        response = await ask(doors, "POST", "/numbers", {"number": "+12025550100", "trunk_id": trunk_id})

        assert response.status_code == 409

    async def test_stays_while_a_call_needs_it_or_has(self, either: Doors) -> None:
        await either.ringg(a_ringg_body(from_number_id=SECOND_NUMBER_ID))
        await keep(either.database, the_answered_call())

        waited_for, used = [await ask(either, "DELETE", f"/numbers/{one}") for one in (SECOND_NUMBER_ID, NUMBER_ID)]

        assert (waited_for.status_code, used.status_code) == (409, 409)
        assert waited_for.json()["detail"] == "calls wait to be made from this number"
        assert used.json()["detail"] == "calls were made from this number"

    async def test_goes_when_no_call_needs_it(self, either: Doors) -> None:
        gone = await ask(either, "DELETE", f"/numbers/{SECOND_NUMBER_ID}")

        assert gone.status_code == 204
        assert (await ask(either, "DELETE", f"/numbers/{SECOND_NUMBER_ID}")).status_code == 404


class TestAPool:
    async def test_takes_numbers_out_of_the_pool_they_were_in(self, either: Doors) -> None:
        pool = await made(either, "pools", name="Night", number_ids=[NUMBER_ID, SECOND_NUMBER_ID])

        main = (await ask(either, "GET", f"/pools/{POOL}")).json()
        fewer = await ask(either, "PATCH", f"/pools/{pool['id']}", {"number_ids": [SECOND_NUMBER_ID]})
        renamed = await ask(either, "PATCH", f"/pools/{pool['id']}", {"name": "Late"})

        assert sorted(pool["number_ids"]) == sorted([NUMBER_ID, SECOND_NUMBER_ID])
        assert main["number_ids"] == []
        assert fewer.json()["number_ids"] == renamed.json()["number_ids"] == [SECOND_NUMBER_ID]
        assert renamed.json()["name"] == "Late"

    async def test_makes_calls(self, either: Doors) -> None:
        pool = await made(either, "pools", name="Night", number_ids=[NUMBER_ID])

        placed = await either.ringg(a_ringg_body(from_number_id=..., number_pool_id=pool["id"]), path=V2)
        needed = await ask(either, "DELETE", f"/pools/{pool['id']}")

        assert placed.status_code == 200
        assert (needed.status_code, needed.json()["detail"]) == (409, "calls wait to be made from this pool")

    async def test_goes_and_leaves_its_numbers(self, either: Doors) -> None:
        gone = await ask(either, "DELETE", f"/pools/{POOL}")

        assert gone.status_code == 204
        assert (await ask(either, "GET", f"/numbers/{NUMBER_ID}")).json()["number_pool_id"] is None
        assert (await ask(either, "GET", "/pools")).json() == {"pools": [], "next": None}

    async def test_of_unknown_numbers_is_not_made(self, doors: Doors) -> None:
        added = await ask(doors, "POST", "/pools", {"name": "Night", "number_ids": [NUMBER_ID, UNKNOWN]})
        changed = await ask(doors, "PATCH", f"/pools/{POOL}", {"name": "x", "number_ids": [UNKNOWN]})

        (pool,) = (await ask(doors, "GET", "/pools")).json()["pools"]
        assert (added.status_code, changed.status_code) == (404, 404)
        assert added.json()["errors"][0]["pointer"] == "#/number_ids"
        assert (pool["name"], pool["number_ids"]) == ("Main", [NUMBER_ID])


class TestALongList:
    async def test_is_read_page_by_page(self, either: Doors) -> None:
        trunk = await made(either, "trunks", **A_TRUNK)
        for last in range(6):
            await made(either, "numbers", number=f"+1202555020{last}", trunk_id=trunk["id"])
        seen: list[str] = []
        cursor: dict[str, str] = {}

        while True:
            page = (await ask(either, "GET", "/numbers", params={"limit": "4", **cursor})).json()
            seen += [row["number"] for row in page["numbers"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}

        assert len(seen) == len(set(seen)) == 9

    @pytest.mark.parametrize("what", ["numbers", "trunks", "pools", "keys"])
    @pytest.mark.parametrize("query", ["limit=0", "cursor=x"])
    async def test_is_refused_for_a_query_that_makes_no_sense(self, doors: Doors, what: str, query: str) -> None:
        assert (await ask(doors, "GET", f"/{what}?{query}")).status_code == 400


@pytest.mark.parametrize("what", ["numbers", "trunks", "pools"])
@pytest.mark.parametrize("identity", [UNKNOWN, "x", "%00"])
async def test_what_is_nobodys_is_not_found(doors: Doors, what: str, identity: str) -> None:
    answers = [
        await ask(doors, "GET", f"/{what}/{identity}"),
        await ask(doors, "PATCH", f"/{what}/{identity}", {}),
        await ask(doors, "DELETE", f"/{what}/{identity}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3


class TestATrunkThatLeadsInside:
    @pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "2130706433", "localhost", "127.1"])
    async def test_is_not_added(self, doors: Doors, host: str) -> None:
        response = await ask(doors, "POST", "/trunks", {"name": "inside", "host": host})

        assert response.status_code == 400
        (fault,) = response.json()["errors"]
        assert fault["pointer"] == "#/host"
        assert "leads to an internal address" in fault["detail"]
        assert host not in response.text or host == "localhost"

    async def test_is_not_added_by_its_outbound_proxy(self, doors: Doors) -> None:
        wanted = {**A_TRUNK, "outbound_proxy": "sip:10.0.0.5:6379;transport=tcp"}

        response = await ask(doors, "POST", "/trunks", wanted)

        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "#/outbound_proxy"
        assert "10.0.0.5" not in response.text

    @pytest.mark.parametrize(
        ("change", "where"),
        [({"host": "127.0.0.1"}, "#/host"), ({"outbound_proxy": "10.0.0.1"}, "#/outbound_proxy")],
    )
    async def test_is_not_made_of_one_that_does_not(self, doors: Doors, change: dict[str, str], where: str) -> None:
        trunk = await made(doors, "trunks", **A_TRUNK)

        response = await ask(doors, "PATCH", f"/trunks/{trunk['id']}", change)

        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == where
        assert (await ask(doors, "GET", f"/trunks/{trunk['id']}")).json() == trunk

    async def test_stays_the_operators_while_nobody_else_says_where_it_leads(
        self, either: Doors, database: Database
    ) -> None:
        trunk_id = await add_trunk(database, WORKSPACE, Trunk(id="", name="pbx", host="10.1.2.3"), now=utc_now)

        renamed = await ask(either, "PATCH", f"/trunks/{trunk_id}", {"name": "our pbx", "host": "10.1.2.3"})
        moved = await ask(either, "PATCH", f"/trunks/{trunk_id}", {"port": 6379})

        assert (renamed.status_code, moved.status_code) == (200, 400)
        stored = await database.read(load_trunk, trunk_id)
        assert stored is not None
        assert (stored.added_by, stored.name, stored.port) == ("command", "our pbx", 5060)

    async def test_is_a_customers_from_then_on_when_a_customer_says_where(
        self, either: Doors, database: Database
    ) -> None:
        trunk_id = await add_trunk(database, WORKSPACE, Trunk(id="", name="pbx", host="10.1.2.3"), now=utc_now)

        assert (await ask(either, "PATCH", f"/trunks/{trunk_id}", {"host": "sip.example.test"})).status_code == 200

        stored = await database.read(load_trunk, trunk_id)
        assert stored is not None
        assert stored.added_by == "api"
