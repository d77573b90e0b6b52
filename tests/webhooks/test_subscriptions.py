"""An agent's subscriptions, from the stored list to the receiver, on either engine."""

from __future__ import annotations

from outdial.api.native.webhooks.payloads import NativeSubscriptions
from outdial.api.recordings import RecordingLinks
from outdial.api.ringg.webhooks.callbacks import RinggCallbacks
from outdial.api.ringg.webhooks.subscriptions import RinggSubscriptions
from outdial.domain.events import EventType
from outdial.domain.subscription import Subscription
from outdial.webhooks.ports import by_kind
from webhook_builders import NOON, Office, Receiver

LINKS = RecordingLinks(secret=b"s", base_url="https://media.example.test", now=lambda: NOON)
FINAL = "all_processing_completed"


def speaks_ringg(office: Office) -> None:
    subscriptions, callbacks = RinggSubscriptions(LINKS), RinggCallbacks(LINKS, "events")
    office.subscribers = [callbacks, subscriptions]
    office.translate = by_kind({"callback": callbacks.translate, "subscription": subscriptions.translate})


class TestTheAgentsSubscriptions:
    async def test_are_told_with_their_own_headers_and_method(self, office: Office, receiver: Receiver) -> None:
        speaks_ringg(office)
        token = {"Authorization": "Bearer example-receiver-token"}
        await office.subscribes(Subscription("ringg", (FINAL,), receiver.url("/final"), token, "PUT"))
        await office.happens(await office.call(None), EventType.PROCESSED)

        await office.work()

        [request] = receiver.requests
        assert (request.method, request.target) == ("PUT", "/final")
        assert request.values("authorization") == ["Bearer example-receiver-token"]
        assert request.values("user-agent") == ["Outdial-Webhook/1"]
        assert request.json["event_type"] == FINAL

    async def test_are_told_beside_the_calls_own_callback(self, office: Office, receiver: Receiver) -> None:
        speaks_ringg(office)
        await office.subscribes(Subscription("ringg", (FINAL,), receiver.url("/agent")))
        call_id = await office.call(receiver.url("/call"))
        await office.happens(call_id, EventType.PROCESSED)

        await office.work()

        assert sorted(request.target for request in receiver.requests) == ["/agent", "/call"]
        assert {request.json["call_id"] for request in receiver.requests} == {call_id}

    async def test_of_one_url_are_both_told(self, office: Office, receiver: Receiver) -> None:
        speaks_ringg(office)
        await office.subscribes(Subscription("ringg", (FINAL,), receiver.url()))
        await office.happens(await office.call(receiver.url()), EventType.PROCESSED)

        await office.work()

        assert len(receiver.requests) == 2

    async def test_hear_of_calls_that_came_through_another_api(self, office: Office, receiver: Receiver) -> None:
        speaks_ringg(office)
        await office.subscribes(Subscription("ringg", (FINAL,), receiver.url()))
        await office.happens(await office.call(None, dialect="ringly"), EventType.PROCESSED)

        await office.work()

        assert [request.json["event_type"] for request in receiver.requests] == [FINAL]

    async def test_that_were_removed_hear_nothing_more(self, office: Office, receiver: Receiver) -> None:
        speaks_ringg(office)
        await office.subscribes(Subscription("ringg", (FINAL,), receiver.url()))
        await office.subscribes()
        await office.happens(await office.call(None), EventType.PROCESSED)

        await office.work()

        assert receiver.requests == []


class TestTheFinalEvent:
    async def test_is_one_request_however_often_the_facts_are_read(self, office: Office, receiver: Receiver) -> None:
        speaks_ringg(office)
        await office.subscribes(Subscription("ringg", (FINAL,), receiver.url()))
        calls = [await office.call(None) for _ in range(5)]
        for call_id in calls:
            await office.happens(call_id, EventType.CALL_ENDED, EventType.PROCESSED)

        for _ in range(3):
            await office.work()

        assert sorted(request.json["call_id"] for request in receiver.requests) == sorted(calls)


class TestNativeSubscriptions:
    async def test_are_told_each_fact_with_its_call(self, office: Office, receiver: Receiver) -> None:
        native = NativeSubscriptions(LINKS)
        office.subscribers, office.translate = [native], native.translate
        wanted = ("registered", "call_ended")
        await office.subscribes(Subscription("native", wanted, receiver.url()))
        call_id = await office.call(None)
        await office.happens(call_id, EventType.DIALING, EventType.SAID, EventType.CALL_ENDED)

        await office.work()

        assert [request.json["type"] for request in receiver.requests] == list(wanted)
        first = receiver.requests[0].json
        assert list(first) == ["seq", "type", "at", "attempt", "data", "call"]
        assert first["call"]["id"] == call_id
        assert "metadata" not in first["call"]

    async def test_of_one_fact_are_all_told_at_one_url_the_last(self, office: Office, receiver: Receiver) -> None:
        native = NativeSubscriptions(LINKS)
        office.subscribers, office.translate = [native], native.translate
        paths = (("/a", "1"), ("/b", "2"), ("/a", "3"))
        await office.subscribes(
            *(Subscription("native", ("processed",), receiver.url(path), {"X-Entry": entry}) for path, entry in paths)
        )
        await office.happens(await office.call(None), EventType.PROCESSED)

        await office.work()

        told = sorted((request.target, *request.values("x-entry")) for request in receiver.requests)
        assert told == [("/a", "3"), ("/b", "2")]

    async def test_are_told_beside_the_calls_own_callback(self, office: Office, receiver: Receiver) -> None:
        native = NativeSubscriptions(LINKS)
        office.subscribers, office.translate = [native], native.translate
        await office.subscribes(Subscription("native", ("processed",), receiver.url("/agent")))
        call_id = await office.call(receiver.url("/call"), dialect="native", headers={"X-Token": "secret"})
        await office.happens(call_id, EventType.DIALING, EventType.SAID, EventType.PROCESSED)

        await office.work()

        own = [request for request in receiver.requests if request.target == "/call"]
        assert [request.json["type"] for request in own] == ["registered", "dialing", "processed"]
        assert {(request.method, *request.values("x-token")) for request in own} == {("POST", "secret")}
        (theirs,) = [request for request in receiver.requests if request.target == "/agent"]
        assert theirs.json == own[-1].json
        assert theirs.values("x-token") == []

    async def test_leave_a_ringg_calls_callback_to_ringg(self, office: Office, receiver: Receiver) -> None:
        native = NativeSubscriptions(LINKS)
        office.subscribers, office.translate = [native], native.translate
        await office.happens(await office.call(receiver.url()), EventType.PROCESSED)

        await office.work()

        assert receiver.requests == []

    async def test_of_a_ringly_call_repeat_what_was_asked(self, office: Office, receiver: Receiver) -> None:
        native = NativeSubscriptions(LINKS)
        office.subscribers, office.translate = [native], native.translate
        await office.subscribes(Subscription("native", ("processed",), receiver.url()))
        variables = {"customer_name": "Jack"}
        await office.happens(await office.call(None, dialect="ringly", variables=variables), EventType.PROCESSED)

        await office.work()

        [request] = receiver.requests
        asked = {name: request.json[name] for name in ("from_number", "to_number", "agent_tag", "dynamic_variables")}
        assert asked == {
            "from_number": "",
            "to_number": "+12025550143",
            "agent_tag": "ada",
            "dynamic_variables": variables,
        }
