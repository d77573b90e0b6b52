"""Deliveries and facts over the native API: reading them, sending again, never anybody else's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import NATIVE_KEY, Doors, keep
from api_records import ANSWERED_CALL, UNANSWERED_CALL, WORKSPACE, at, the_answered_call, the_unanswered_call
from outdial.domain.delivery import Delivery, Try
from outdial.domain.events import Event, EventType
from outdial.domain.ids import new_id
from outdial.store import schema
from outdial.store.events import append
from outdial.store.webhooks import deliveries

KEY = {"Authorization": f"Bearer {NATIVE_KEY}"}
FAILED = Try(at("09:16:00"), ms=30, status=500)


async def get(doors: Doors, path: str, **params: str) -> httpx.Response:
    return await doors.http.get(f"/v1{path}", params=params, headers=KEY)


async def replay(doors: Doors, delivery_id: str) -> httpx.Response:
    return await doors.http.post(f"/v1/deliveries/{delivery_id}/replay", headers=KEY)


def a_delivery(call_id: str = ANSWERED_CALL, *tries: Try, **changes: Any) -> Delivery:
    made = Delivery(
        id=new_id(),
        call_id=call_id,
        workspace_id=WORKSPACE,
        event_seq=1,
        kind="subscription",
        dialect="ringg",
        url="https://hooks.example.test/ringg",
        due_at=at("09:16:00"),
        created_at=at("09:16:00"),
        headers={"Authorization": "Bearer example-receiver-token"},
        body=b'{"event_type": "call_started"}',
    )
    made = replace(made, **changes)
    for attempt in tries:
        made = made.tried(attempt)
    return made


def given_up(call_id: str = ANSWERED_CALL, **changes: Any) -> Delivery:
    return a_delivery(call_id, *[FAILED] * 3, replace(FAILED, hopeless=True), **changes)


async def store(doors: Doors, *some: Delivery) -> None:
    await doors.database.write(deliveries.add, some)


async def happened(doors: Doors, call_id: str, *types: EventType, workspace_id: str = WORKSPACE) -> None:
    facts = [Event(call_id, workspace_id, type_, at("09:16:00"), 1, {"a": 1}) for type_ in types]
    await doors.database.write(append, facts)


def ids(some: Sequence[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in some]


class TestOneDelivery:
    async def test_says_what_became_of_every_try_and_hides_the_values_of_headers(self, doors: Doors) -> None:
        delivery = given_up()
        await happened(doors, ANSWERED_CALL, EventType.RINGING)
        await store(doors, delivery)

        body = (await get(doors, f"/deliveries/{delivery.id}")).json()

        tried = {"at": "2026-03-02T09:16:00.000000Z", "ms": 30, "status": 500, "error": ""}
        assert body == {
            "id": delivery.id,
            "call_id": ANSWERED_CALL,
            "event_seq": 1,
            "event_type": "ringing",
            "dialect": "ringg",
            "kind": "subscription",
            "method": "POST",
            "url": "https://hooks.example.test/ringg",
            "state": "given_up",
            "due_at": None,
            "tries": 4,
            "created_at": "2026-03-02T09:16:00.000000Z",
            "ended_at": "2026-03-02T09:16:00.030000Z",
            "log": [tried] * 4,
            "headers": {"Authorization": "***"},
            "body": '{"event_type": "call_started"}',
        }

    async def test_of_a_campaigns_end_is_found_under_the_campaign_and_sent_again(self, doors: Doors) -> None:
        campaign_id = new_id()
        delivery = given_up(campaign_id, kind="campaign", event_seq=-77)
        await store(doors, delivery)

        (shown,) = (await get(doors, "/deliveries", call_id=campaign_id)).json()["deliveries"]
        again = (await replay(doors, delivery.id)).json()

        assert (shown["id"], shown["event_seq"], shown["event_type"]) == (delivery.id, 0, None)
        assert (again["state"], again["body"]) == ("waiting", '{"event_type": "call_started"}')

    @pytest.mark.parametrize("name", ["nothing", "11111111-2222-4333-8444-555555555555"])
    async def test_that_does_not_exist_is_a_404(self, doors: Doors, name: str) -> None:
        assert (await get(doors, f"/deliveries/{name}")).status_code == 404
        assert (await replay(doors, name)).status_code == 404

    async def test_of_a_neighbour_does_not_exist(self, doors: Doors) -> None:
        delivery = given_up(workspace_id=new_id())
        await store(doors, delivery)

        assert (await get(doors, f"/deliveries/{delivery.id}")).status_code == 404
        assert (await replay(doors, delivery.id)).status_code == 404


class TestTheList:
    async def test_of_a_call_is_all_of_its_deliveries_newest_first(self, doors: Doors) -> None:
        first, second = given_up(), a_delivery(event_seq=2, created_at=at("09:17:00"))
        await store(doors, first, second, given_up(UNANSWERED_CALL, event_seq=3))

        body = (await get(doors, "/deliveries", call_id=ANSWERED_CALL)).json()

        assert ids(body["deliveries"]) == [second.id, first.id]
        assert body["next"] is None
        assert "headers" not in body["deliveries"][0]
        assert [row["ended_at"] for row in body["deliveries"]] == [None, "2026-03-02T09:16:00.030000Z"]
        tried = {"at": "2026-03-02T09:16:00.000000Z", "ms": 30, "status": 500, "error": ""}
        assert [row["log"] for row in body["deliveries"]] == [[], [tried] * 4]

    async def test_of_a_state_is_the_workspaces(self, doors: Doors) -> None:
        lost, waiting = given_up(), a_delivery(UNANSWERED_CALL, event_seq=2)
        await store(doors, lost, waiting, given_up(workspace_id=new_id(), event_seq=3))

        assert ids((await get(doors, "/deliveries", state="given_up")).json()["deliveries"]) == [lost.id]
        assert ids((await get(doors, "/deliveries", state="waiting")).json()["deliveries"]) == [waiting.id]

    async def test_goes_on_page_by_page(self, doors: Doors) -> None:
        some = [given_up(event_seq=seq, created_at=at(f"09:{10 + seq // 2}:00")) for seq in range(1, 8)]
        await store(doors, *some)

        seen: list[str] = []
        page: dict[str, Any] = {"next": ""}
        while page["next"] is not None:
            more = {"after": page["next"]} if page["next"] else {}
            page = (await get(doors, "/deliveries", state="given_up", limit="3", **more)).json()
            seen += ids(page["deliveries"])

        assert sorted(seen) == sorted(each.id for each in some)
        assert len(seen) == 7

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({}, "call_id"),
            ({"state": "delivered"}, "call_id"),
            ({"state": "lost"}, "state"),
            ({"call_id": "seven"}, "call_id"),
            ({"state": "waiting", "limit": "0"}, "limit"),
            ({"state": "waiting", "after": "x"}, "after"),
            ({"state": "waiting", "after": "11111111-2222-4333-8444-555555555555"}, "after"),
        ],
    )
    async def test_that_cannot_be_given_says_why(self, doors: Doors, query: dict[str, str], field: str) -> None:
        response = await get(doors, "/deliveries", **query)

        assert response.status_code == 400
        assert field in response.text


class TestSendingAgain:
    async def test_lets_it_wait_again_and_keeps_its_log(self, doors: Doors) -> None:
        delivery = given_up()
        await store(doors, delivery)

        response = await replay(doors, delivery.id)

        assert response.status_code == 202
        body = response.json()
        assert (body["state"], body["tries"], len(body["log"]), body["ended_at"]) == ("waiting", 0, 4, None)
        assert body["due_at"] == "2026-03-02T09:15:04.120331Z"

    async def test_twice_is_refused_while_it_is_on_its_way(self, doors: Doors) -> None:
        delivery = given_up()
        await store(doors, delivery)

        await replay(doors, delivery.id)

        assert (await replay(doors, delivery.id)).status_code == 409


class TestTheFacts:
    async def test_are_those_of_the_workspace_in_order(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call(), the_unanswered_call())
        await happened(doors, ANSWERED_CALL, EventType.DIALING)
        await happened(doors, new_id(), EventType.DIALING, workspace_id=new_id())
        await happened(doors, UNANSWERED_CALL, EventType.PROCESSED)

        body = (await get(doors, "/events")).json()

        told = [(fact["call_id"], fact["type"]) for fact in body["events"]]
        assert told[-2:] == [(ANSWERED_CALL, "dialing"), (UNANSWERED_CALL, "processed")]
        assert body["next"] == body["events"][-1]["seq"]
        assert list(body["events"][0]) == ["seq", "type", "at", "attempt", "data", "call_id"]

    async def test_go_on_from_next_and_none_is_told_twice(self, doors: Doors) -> None:
        await happened(doors, ANSWERED_CALL, *[EventType.SAID] * 7)
        after, seen = "0", []

        for _ in range(5):
            page = (await get(doors, "/events", after=after, limit="3")).json()
            seen += [fact["seq"] for fact in page["events"]]
            after = str(page["next"])

        assert seen == sorted(set(seen))
        assert len(seen) == 7
        await happened(doors, ANSWERED_CALL, EventType.PROCESSED)
        assert [fact["type"] for fact in (await get(doors, "/events", after=after)).json()["events"]] == ["processed"]

    async def test_are_passed_by_in_long_strides_where_they_are_others(self, doors: Doors) -> None:
        """An empty page is no end: it says from where to go on."""
        others = [{"call_id": "c", "workspace_id": "w", "type": "said", "at": at("09:00:00"), "data": {}}] * 10_001

        def work(conn: Connection) -> None:
            conn.execute(sa.insert(schema.events), others)

        await doors.database.write(work)
        await happened(doors, ANSWERED_CALL, EventType.PROCESSED)

        first = (await get(doors, "/events")).json()
        second = (await get(doors, "/events", after=str(first["next"]))).json()

        assert (first["events"], first["next"]) == ([], 10_000)
        assert [fact["type"] for fact in second["events"]] == ["processed"]

    @pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "99999999999999999999"])
    async def test_after_must_be_a_number(self, doors: Doors, after: str) -> None:
        assert (await get(doors, "/events", after=after)).status_code == 400
