"""Receivers of webhooks over the native API: secrets shown once, rotation, what fails, and sending again."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import NATIVE_KEY, Doors
from api_records import ANSWERED_CALL, UNANSWERED_CALL, WORKSPACE, at
from outdial.domain.delivery import Delivery, Try
from outdial.domain.ids import new_id
from outdial.store import schema
from outdial.store.webhooks import deliveries, endpoints

KEY = {"Authorization": f"Bearer {NATIVE_KEY}"}
URL = "https://hooks.example.test/outdial"
MINE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def ask(doors: Doors, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
    sent = {} if body is None else {"json": body}
    return await doors.http.request(method, f"/v1{path}", headers=KEY, params=params, **sent)


async def made(doors: Doors, **body: Any) -> dict[str, Any]:
    response = await ask(doors, "POST", "/webhook-endpoints", {"url": URL} | body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def failed(doors: Doors, url: str = URL, *, gone: bool = False, workspace_id: str = WORKSPACE) -> None:
    failure = endpoints.Failure((workspace_id, url), at("09:16:00"), "HTTP 500", gone)

    def work(conn: Connection) -> None:
        endpoints.failed(conn, [failure])

    await doors.database.write(work)


NEVER = {"previous_until": None, "failing_since": None, "paused_until": None, "disabled_at": None}
"""What has not happened to an endpoint that is new."""


class TestAnEndpoint:
    async def test_is_shown_whole_wherever_it_is_shown(self, doors: Doors) -> None:
        new = await made(doors)
        path = f"/webhook-endpoints/{new['id']}"
        (listed,) = (await ask(doors, "GET", "/webhook-endpoints")).json()["endpoints"]
        one = (await ask(doors, "GET", path)).json()
        enabled = (await ask(doors, "POST", f"{path}/enable")).json()
        rotated = (await ask(doors, "POST", f"{path}/rotate", {"grace_s": 0})).json()

        for shown in (new, listed, one, enabled, rotated):
            assert {name: shown[name] for name in NEVER} == NEVER
            assert shown["created_at"] == "2026-03-02T09:15:04.120331Z"

    @pytest.mark.parametrize(("method", "end"), [("DELETE", ""), ("GET", ""), ("POST", "/enable"), ("POST", "/rotate")])
    async def test_that_is_not_there_is_not_found(self, doors: Doors, method: str, end: str) -> None:
        assert (await ask(doors, method, f"/webhook-endpoints/{new_id()}{end}")).status_code == 404

    async def test_that_many_rotate_at_once_has_the_secret_of_one_who_was_told_so(self, doors: Doors) -> None:
        path = f"/webhook-endpoints/{(await made(doors))['id']}/rotate"

        answers = await asyncio.gather(*(ask(doors, "POST", path) for _ in range(10)))

        told = [answer.json()["secret"] for answer in answers if answer.status_code == 200]
        assert {answer.status_code for answer in answers} <= {200, 409}
        kept = await doors.database.read(lambda conn: conn.scalar(sa.select(schema.webhook_endpoints.c.secret)))
        assert kept in told


class TestASecret:
    async def test_is_shown_once_and_never_again(self, doors: Doors) -> None:
        new = await made(doors)

        listed = (await ask(doors, "GET", "/webhook-endpoints")).json()["endpoints"]
        one = (await ask(doors, "GET", f"/webhook-endpoints/{new['id']}")).json()

        assert len(base64.b64decode(new["secret"].removeprefix("whsec_"))) == 32
        assert listed == [one]
        assert one == {name: value for name, value in new.items() if name != "secret"}
        assert (one["url"], one["state"], one["signed"], one["failures"]) == (URL, "active", True, 0)
        assert new["secret"] not in str(listed)

    async def test_may_be_brought_along(self, doors: Doors) -> None:
        assert (await made(doors, secret=MINE))["secret"] == MINE

    async def test_belongs_to_the_url_without_its_query_and_there_is_one(self, doors: Doors) -> None:
        assert (await made(doors, url=URL + "?order=17#x"))["url"] == URL
        assert (await ask(doors, "POST", "/webhook-endpoints", {"url": URL + "?order=18"})).status_code == 409

    async def test_is_rotated_with_two_valid_for_a_while(self, doors: Doors) -> None:
        new = await made(doors)
        path = f"/webhook-endpoints/{new['id']}/rotate"

        second = (await ask(doors, "POST", path)).json()
        third = (await ask(doors, "POST", path, {"grace_s": 0, "secret": MINE})).json()

        assert len({new["secret"], second["secret"], third["secret"]}) == 3
        assert (second["previous_until"], third["previous_until"]) == ("2026-03-03T09:15:04.120331Z", None)
        assert third["secret"] == MINE

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "url"),
            ({"url": "ftp://x"}, "url"),
            ({"url": "hooks"}, "url"),
            ({"url": "https://x/" + "a" * 2048}, "url"),
            ({"url": URL, "secret": "a password"}, "secret"),
            ({"url": URL, "secret": "whsec_" + "A" * 1000}, "secret"),
            ({"url": URL, "colour": "red"}, "colour"),
        ],
    )
    async def test_that_cannot_be_is_refused(self, doors: Doors, body: dict[str, Any], field: str) -> None:
        response = await ask(doors, "POST", "/webhook-endpoints", body)

        assert response.status_code == 400
        assert field in response.text

    @pytest.mark.parametrize("grace_s", [-1, 604_801, "1"])
    async def test_is_not_rotated_with_such_a_grace(self, doors: Doors, grace_s: Any) -> None:
        new = await made(doors)

        response = await ask(doors, "POST", f"/webhook-endpoints/{new['id']}/rotate", {"grace_s": grace_s})

        assert response.status_code == 400
        assert "grace_s" in response.text

    async def test_goes_with_its_endpoint(self, doors: Doors) -> None:
        new = await made(doors)

        assert (await ask(doors, "DELETE", f"/webhook-endpoints/{new['id']}")).status_code == 204
        assert (await ask(doors, "GET", f"/webhook-endpoints/{new['id']}")).status_code == 404
        await made(doors)

    @pytest.mark.parametrize("what", ["", "/rotate", "/enable", "/replay"])
    @pytest.mark.parametrize("name", ["nothing", "11111111-2222-4333-8444-555555555555"])
    async def test_of_nobody_or_a_neighbour_does_not_exist(self, doors: Doors, what: str, name: str) -> None:
        method = "POST" if what else "GET"
        await failed(doors, workspace_id=new_id())
        (neighbours,) = await doors.database.read(endpoints.page, limit=9)

        assert (await ask(doors, method, f"/webhook-endpoints/{name}{what}")).status_code == 404
        assert (await ask(doors, method, f"/webhook-endpoints/{neighbours.id}{what}")).status_code == 404


class TestAnEndpointThatFails:
    async def test_is_listed_by_its_state(self, doors: Doors) -> None:
        new = await made(doors)
        for path in ("/bad", "/bad", "/gone"):
            await failed(doors, URL + path, gone=path == "/gone")

        listed = {
            state: [
                (one["url"], one["state"], one["failures"], one["last_error"])
                for one in (await ask(doors, "GET", "/webhook-endpoints", state=state)).json()["endpoints"]
            ]
            for state in ("active", "failing", "disabled")
        }

        assert listed == {
            "active": [(new["url"], "active", 0, "")],
            "failing": [(URL + "/bad", "failing", 2, "HTTP 500")],
            "disabled": [(URL + "/gone", "disabled", 1, "HTTP 500")],
        }

    async def test_is_enabled_again(self, doors: Doors) -> None:
        await failed(doors, gone=True)
        (gone,) = (await ask(doors, "GET", "/webhook-endpoints")).json()["endpoints"]

        enabled = (await ask(doors, "POST", f"/webhook-endpoints/{gone['id']}/enable")).json()

        assert (gone["state"], enabled["state"]) == ("disabled", "active")

    async def test_is_enabled_by_an_edit_of_the_subscription(self, doors: Doors) -> None:
        await failed(doors, gone=True)
        agent = (await ask(doors, "GET", "/agents")).json()["agents"][0]

        response = await ask(
            doors,
            "PATCH",
            f"/agents/{agent['id']}",
            {"subscriptions": [{"events": ["processed"], "url": URL + "?a=1"}]},
        )

        assert response.status_code == 200, response.text
        (one,) = (await ask(doors, "GET", "/webhook-endpoints")).json()["endpoints"]
        assert one["state"] == "active"

    async def test_pages_and_refuses_what_is_no_page(self, doors: Doors) -> None:
        for number in range(5):
            await failed(doors, f"{URL}/{number}")
        seen: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = (await ask(doors, "GET", "/webhook-endpoints", limit="2", **after)).json()
            seen += [one["url"] for one in page["endpoints"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}

        assert sorted(seen) == [f"{URL}/{number}" for number in range(5)]
        assert (await ask(doors, "GET", "/webhook-endpoints", state="ill")).status_code == 400
        assert (await ask(doors, "GET", "/webhook-endpoints", after="x")).status_code == 400


def a_delivery(seq: int, how: str, **changes: Any) -> Delivery:
    # The doors' clock stands at 09:15.
    plain = Delivery(
        id=new_id(),
        call_id=ANSWERED_CALL,
        workspace_id=WORKSPACE,
        event_seq=seq,
        kind="subscription",
        dialect="ringg",
        url=f"{URL}?seq={seq}",
        due_at=at("09:15:00"),
        created_at=at("09:10:00") + timedelta(minutes=seq),
        body=b"{}",
    )
    tries = {
        "new": [],
        "arrived": [Try(at("09:14:00"), status=200)],
        "given_up": [Try(at("09:14:00"), error="internal", hopeless=True)],
        "retried": [Try(at("09:14:00"), status=500)] * 6,
        "soon": [Try(at("09:15:00"), status=500)],
    }[how]
    made = replace(plain, **changes)
    for attempt in tries:
        made = made.tried(attempt)
    return made


HOWS = ("new", "arrived", "given_up", "retried", "soon")


class TestSendingAgain:
    @pytest.mark.parametrize(
        ("wish", "again"),
        [
            ({"call_id": ANSWERED_CALL}, {"given_up", "retried"}),
            ({"call_id": ANSWERED_CALL, "state": "any"}, {"arrived", "given_up", "retried"}),
            ({"call_id": UNANSWERED_CALL}, set()),
            ({"created_from": "2026-03-02T09:12:00Z", "created_to": "2026-03-02T09:13:00Z"}, {"given_up"}),
            ({"created_from": "2026-03-02T09:13:00Z"}, {"retried"}),
            ({"created_to": "2026-03-02T09:12:00Z", "state": "any"}, {"arrived"}),
        ],
    )
    async def test_of_a_call_or_a_span(self, doors: Doors, wish: dict[str, str], again: set[str]) -> None:
        some = {how: a_delivery(seq, how) for seq, how in enumerate(HOWS)}
        foreign = a_delivery(9, "given_up", workspace_id=new_id())
        await doors.database.write(deliveries.add, [*some.values(), foreign])

        response = await ask(doors, "POST", "/deliveries/replay", wish)

        assert (response.status_code, response.json()) == (202, {"replayed": len(again), "more": False})
        now = await doors.database.read(
            lambda conn: {each.id: each for each in deliveries.load(conn, [*(one.id for one in some.values())])}
        )
        changed = {how for how, before in some.items() if now[before.id].due_at != before.due_at}
        assert changed == again
        assert {now[some[how].id].state for how in again} <= {"waiting"}
        assert len({now[some[how].id].due_at for how in again}) <= 1

    async def test_of_an_endpoints_failures(self, doors: Doors) -> None:
        new = await made(doors)
        mine, other = a_delivery(1, "given_up"), a_delivery(2, "given_up", url=URL + "-two?seq=2")
        await doors.database.write(deliveries.add, [mine, other])

        response = await ask(doors, "POST", f"/webhook-endpoints/{new['id']}/replay")

        assert (response.status_code, response.json()) == (202, {"replayed": 1, "more": False})
        assert (await ask(doors, "GET", f"/deliveries/{mine.id}")).json()["state"] == "waiting"
        assert (await ask(doors, "GET", f"/deliveries/{other.id}")).json()["state"] == "given_up"

    async def test_of_one_that_waits_for_a_later_try(self, doors: Doors) -> None:
        later, soon = a_delivery(1, "retried"), a_delivery(2, "soon")
        await doors.database.write(deliveries.add, [later, soon])

        assert (await ask(doors, "POST", f"/deliveries/{later.id}/replay")).status_code == 202
        assert (await ask(doors, "POST", f"/deliveries/{soon.id}/replay")).status_code == 409

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({}, "call_id"),
            ({"state": "any"}, "call_id"),
            ({"call_id": "seven"}, "call_id"),
            ({"endpoint_id": "seven"}, "endpoint_id"),
            ({"created_from": "yesterday"}, "created_from"),
            ({"call_id": ANSWERED_CALL, "state": "lost"}, "state"),
        ],
    )
    async def test_of_nothing_in_particular_is_refused(self, doors: Doors, wish: dict[str, str], field: str) -> None:
        response = await ask(doors, "POST", "/deliveries/replay", wish)

        assert response.status_code == 400
        assert field in response.text

    async def test_to_an_unknown_endpoint_is_a_404(self, doors: Doors) -> None:
        assert (await ask(doors, "POST", "/deliveries/replay", {"endpoint_id": new_id()})).status_code == 404


async def test_secrets_are_in_no_row_but_their_own(doors: Doors) -> None:
    new = await made(doors)

    assert [column.name for column in schema.webhook_endpoints.c if "secret" in column.name] == [
        "secret",
        "previous_secret",
    ]
    assert new["secret"] not in (await ask(doors, "GET", "/webhook-endpoints")).text
