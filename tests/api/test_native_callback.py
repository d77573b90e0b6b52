"""The callback of one native call: checked when it is asked for, kept with the call, told each of its facts."""

from typing import Any

import pytest

from api_builders import NATIVE_KEY, NUMBER_ID, Doors
from api_records import AGENT, WORKSPACE
from outdial.api.native.webhooks.payloads import NativeSubscriptions
from outdial.domain.events import EventType
from webhook_builders import Office, SettableClock, a_receiver

URL = "https://hooks.example.test/outdial"


async def place(doors: Doors, callback: object) -> Any:
    return await doors.http.post(
        "/v1/calls",
        json={"to_number": "+12025550143", "agent_id": AGENT, "from_number_ids": [NUMBER_ID], "callback": callback},
        headers={"Authorization": f"Bearer {NATIVE_KEY}"},
    )


class TestTheCallbackOfACall:
    async def test_is_told_each_fact_of_it(self, doors: Doors) -> None:
        native = NativeSubscriptions(doors.parts.links)
        office = Office(
            doors.database, SettableClock(), WORKSPACE, AGENT, translate=native.translate, subscribers=[native]
        )
        async with a_receiver() as receiver:
            call_id = (await place(doors, {"url": receiver.url("/a?b=1"), "headers": {"X-Token": "t"}})).json()["id"]
            await place(doors, None)
            await office.happens(call_id, EventType.DIALING, EventType.SAID, EventType.CALL_ENDED)

            await office.work()

        assert [request.json["type"] for request in receiver.requests] == ["registered", "dialing", "call_ended"]
        assert {request.json["call"]["id"] for request in receiver.requests} == {call_id}
        assert {(request.method, request.target, *request.values("x-token")) for request in receiver.requests} == {
            ("POST", "/a?b=1", "t")
        }

    @pytest.mark.parametrize(
        ("callback", "pointer"),
        [
            (URL, "#/callback"),
            ({}, "#/callback/url"),
            ({"url": "ftp://hooks.example.test"}, "#/callback/url"),
            ({"url": "https://"}, "#/callback/url"),
            ({"url": "https://hooks.example.test/a b"}, "#/callback/url"),
            ({"url": f"https://{'x' * 2048}"}, "#/callback/url"),
            ({"url": URL, "method": "PUT"}, "#/callback/method"),
            ({"url": URL, "headers": {"X-Number": 7}}, "#/callback/headers/X-Number"),
            ({"url": URL, "headers": {"X Token": "t"}}, "#/callback/headers"),
            ({"url": URL, "headers": {"X-Token": "a\r\nX-Other: b"}}, "#/callback/headers"),
        ],
    )
    async def test_is_refused_where_it_is_wrong(self, doors: Doors, callback: object, pointer: str) -> None:
        response = await place(doors, callback)

        assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
        assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
        assert await doors.calls_stored() == 0
