"""What a receiver gets, when, and how often: Ringg §5.5."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from outdial.domain.delivery import DeliveryState
from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.webhooks.claiming import Pace
from webhook_builders import NOON, Answer, Office, Receiver


class TestAReceiverThatAnswers:
    async def test_is_told_each_event_once_in_order(self, office: Office, receiver: Receiver) -> None:
        call_id = await office.call(receiver.url())
        await office.happens(call_id, EventType.DIALING, EventType.ANSWERED, EventType.PROCESSED)

        await office.work()
        await office.work()

        assert [body.json["event"] for body in receiver.requests] == ["registered", "dialing", "answered", "processed"]
        assert {each.state for each in await office.deliveries(call_id)} == {DeliveryState.DELIVERED}

    async def test_l12_any_2xx_is_success(self, office: Office, receiver: Receiver) -> None:
        statuses = [200, 201, 202, 204, 299]
        receiver.answers = [Answer(status) for status in statuses]
        calls = [await office.call(receiver.url()) for _ in statuses]

        await office.work()

        told = [await office.delivery(call_id) for call_id in calls]
        assert {delivery.state for delivery in told} == {DeliveryState.DELIVERED}
        assert {delivery.ended_at for delivery in told} == {NOON}
        assert sorted(tried.status for delivery in told for tried in delivery.log) == statuses


class TestAReceiverThatFails:
    async def test_is_tried_quickly_first_each_gap_counted_from_the_end_of_the_try_before(
        self, office: Office, receiver: Receiver
    ) -> None:
        receiver.answers = [Answer(500), Answer(503), Answer(404), Answer(500)]
        call_id = await office.call(receiver.url())
        seen = []

        for wait_s in (0.0, 9.9, 0.1, 59.9, 0.1, 119.9, 0.1, 299.9, 0.1):
            office.clock.pass_s(wait_s)
            await office.work()
            seen.append(len(receiver.requests))

        assert seen == [1, 1, 2, 2, 3, 3, 4, 4, 5]
        delivery = await office.delivery(call_id)
        assert delivery.state is DeliveryState.DELIVERED
        assert [tried.status for tried in delivery.log] == [500, 503, 404, 500, 200]
        assert [tried.at - NOON for tried in delivery.log] == [timedelta(seconds=s) for s in (0, 10, 70, 190, 490)]

    async def test_gets_the_same_bytes_at_every_try(self, office: Office, receiver: Receiver) -> None:
        made: list[int] = []

        def never_twice_the_same(event: Event, call: CallRecord, kind: str, _owed: int | None = None) -> bytes:
            made.append(event.seq)
            return f"{kind} {call.id} {len(made)} ü".encode()

        receiver.answers = [Answer(500), Answer(500)]
        office.translate = never_twice_the_same
        await office.call(receiver.url())

        for wait_s in (0, 10, 60):
            office.clock.pass_s(wait_s)
            await office.work()

        assert len(receiver.bodies()) == 3
        assert len(set(receiver.bodies())) == 1
        assert len(made) == 1

    async def test_a_redirect_is_a_failure_and_is_not_followed(self, small_office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(307, {"location": receiver.url("/elsewhere")})]
        call_id = await small_office.call(receiver.url())

        await small_office.work()

        assert [request.target for request in receiver.requests] == ["/hook"]
        delivery = await small_office.delivery(call_id)
        assert delivery.state is DeliveryState.WAITING
        assert delivery.due_at == NOON + timedelta(seconds=10)

    async def test_one_that_takes_too_long_is_left(self, small_office: Office, receiver: Receiver) -> None:
        never = asyncio.Event()
        receiver.answers = [Answer(release=never)]
        small_office.pace = Pace(timeout_s=0.3)
        call_id = await small_office.call(receiver.url())

        await small_office.work()
        never.set()

        [tried] = (await small_office.delivery(call_id)).log
        assert tried.error == "no answer within 0.3 s"

    async def test_one_that_hangs_up_is_tried_again(self, small_office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(hang_up=True)]
        call_id = await small_office.call(receiver.url())

        await small_office.work()
        small_office.clock.pass_s(10)
        await small_office.work()

        delivery = await small_office.delivery(call_id)
        assert delivery.state is DeliveryState.DELIVERED
        assert delivery.log[0].error.startswith("the endpoint closed the connection")

    async def test_a_refused_connection_says_so(self, small_office: Office, receiver: Receiver) -> None:
        call_id = await small_office.call("http://127.0.0.1:1/hook")

        await small_office.work()

        delivery = await small_office.delivery(call_id)
        assert delivery.state is DeliveryState.WAITING
        assert delivery.log[0].error.startswith("no connection to the endpoint: ")


class TestOrder:
    @pytest.mark.parametrize("status", [302, 400, 401, 404, 422, 500, 503])
    async def test_an_event_that_is_refused_holds_back_no_other(
        self, office: Office, receiver: Receiver, status: int
    ) -> None:
        receiver.answers = [Answer(200), Answer(status)]
        call_id = await office.call(receiver.url())
        await office.happens(call_id, EventType.DIALING, EventType.ANSWERED, EventType.PROCESSED)

        await office.work()

        heard = [request.json["event"] for request in receiver.requests]
        assert heard == ["registered", "dialing", "answered", "processed"]
        states = [each.state for each in await office.deliveries(call_id)]
        assert states == ["delivered", "waiting", "delivered", "delivered"]
        office.clock.pass_s(10)
        await office.work()
        assert [request.json["event"] for request in receiver.requests][4:] == ["dialing"]

    async def test_the_final_event_says_at_every_try_how_many_before_it_are_owed(
        self, office: Office, receiver: Receiver
    ) -> None:
        receiver.answers = [Answer(400), Answer(400), Answer(200), Answer(500)]
        call_id = await office.call(receiver.url())
        await office.happens(call_id, EventType.DIALING, EventType.ANSWERED, EventType.PROCESSED)

        await office.work()
        receiver.answers = [Answer(200), Answer(404), Answer(200)]
        office.clock.pass_s(10)
        await office.work()

        final = [request for request in receiver.requests if request.json["event"] == "processed"]
        assert [request.values("x-outdial-events-owed") for request in final] == [["2"], ["1"]]
        others = [request for request in receiver.requests if request not in final]
        assert [request.values("x-outdial-events-owed") for request in others] == [[]] * len(others)

    async def test_a_failing_call_does_not_hold_back_others(self, small_office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(500)]
        await small_office.call(receiver.url())
        other = await small_office.call(receiver.url())

        await small_office.work()

        assert (await small_office.delivery(other)).state is DeliveryState.DELIVERED

    async def test_only_one_delivery_of_a_call_to_an_endpoint_is_under_way(
        self, office: Office, receiver: Receiver
    ) -> None:
        call_id = await office.call(receiver.url())
        await office.happens(call_id, EventType.DIALING)
        await office.fan_out.step()

        [first] = await office.claims.claim()
        second = await office.claims.claim()

        assert first.delivery.event_seq == 1
        assert second == []


class TestASenderThatDies:
    async def test_after_sending_is_replaced_when_its_claim_has_run_out(
        self, office: Office, receiver: Receiver
    ) -> None:
        call_id = await office.call(receiver.url())
        await office.fan_out.step()
        [claimed] = await office.claims.claim()
        await office.sender.send(claimed)

        office.clock.pass_s(59.9)
        await office.work()
        assert len(receiver.requests) == 1
        office.clock.pass_s(0.1)
        await office.work()

        assert len(receiver.requests) == 2
        assert len(set(receiver.bodies())) == 1
        assert (await office.delivery(call_id)).state is DeliveryState.DELIVERED

    async def test_and_comes_back_late_has_no_say_any_more(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(500)]
        call_id = await office.call(receiver.url())
        await office.fan_out.step()
        [claimed] = await office.claims.claim()
        late = await office.sender.send(claimed)
        office.clock.pass_s(60)
        await office.work()

        await office.sender.record([late])

        delivery = await office.delivery(call_id)
        assert delivery.state is DeliveryState.DELIVERED
        assert [tried.status for tried in delivery.log] == [200]

    async def test_and_comes_back_while_the_next_one_sends_has_no_say_either(
        self, office: Office, receiver: Receiver
    ) -> None:
        call_id = await office.call(receiver.url())
        await office.fan_out.step()
        [claimed] = await office.claims.claim()
        late = await office.sender.send(claimed)
        office.clock.pass_s(60)
        [claimed_again] = await office.claims.claim()

        await office.sender.record([late])

        assert await office.deliveries(call_id) == [claimed_again.delivery]


class TestAnEventThatCannotBePutIntoWords:
    async def test_is_given_up_and_those_behind_it_go_on(self, small_office: Office, receiver: Receiver) -> None:
        def at_a_loss(event: Event, call: CallRecord, kind: str, _owed: int | None = None) -> bytes:
            if event.type is EventType.REGISTERED:
                raise LookupError(call.id)
            return b"\xff" if event.type is EventType.DIALING else kind.encode()

        small_office.translate = at_a_loss
        call_id = await small_office.call(receiver.url())
        await small_office.happens(call_id, EventType.DIALING, EventType.PROCESSED)

        for _ in range(3):
            await small_office.work()

        states = [each.state for each in await small_office.deliveries(call_id)]
        assert states == [DeliveryState.GIVEN_UP, DeliveryState.GIVEN_UP, DeliveryState.DELIVERED]
        assert receiver.bodies() == [b"callback"]
