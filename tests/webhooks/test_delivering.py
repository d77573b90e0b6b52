"""What a receiver gets, when, and how often: Ringg §5.5."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from outdial.domain.delivery import DeliveryState
from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.webhooks.delivery import Pace
from webhook_builders import NOON, Answer, Office, Receiver


class TestAReceiverThatAnswers:
    async def test_is_told_each_event_once_in_order(self, office: Office, receiver: Receiver) -> None:
        call_id = await office.call(receiver.url())
        await office.happens(call_id, EventType.DIALING, EventType.ANSWERED, EventType.PROCESSED)

        await office.work()
        await office.work()

        assert [body.json["event"] for body in receiver.requests] == ["registered", "dialing", "answered", "processed"]
        assert {each.state for each in await office.deliveries(call_id)} == {DeliveryState.DELIVERED}

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    async def test_any_2xx_is_success(self, office: Office, receiver: Receiver, status: int) -> None:
        receiver.answers = [Answer(status)]
        call_id = await office.call(receiver.url())

        await office.work()

        delivery = await office.delivery(call_id)
        assert delivery.state is DeliveryState.DELIVERED
        assert [tried.status for tried in delivery.log] == [status]
        assert delivery.ended_at == NOON


class TestAReceiverThatFails:
    async def test_is_tried_four_times_each_gap_counted_from_the_end_of_the_try_before(
        self, office: Office, receiver: Receiver
    ) -> None:
        receiver.answers = [Answer(500), Answer(503), Answer(404), Answer(500)]
        call_id = await office.call(receiver.url())
        seen = []

        for wait_s in (0.0, 9.9, 0.1, 59.9, 0.1, 119.9, 0.1, 10_000.0):
            office.clock.pass_s(wait_s)
            await office.work()
            seen.append(len(receiver.requests))

        assert seen == [1, 1, 2, 2, 3, 3, 4, 4]
        delivery = await office.delivery(call_id)
        assert delivery.state is DeliveryState.GIVEN_UP
        assert [tried.status for tried in delivery.log] == [500, 503, 404, 500]
        assert [tried.at - NOON for tried in delivery.log] == [timedelta(seconds=s) for s in (0, 10, 70, 190)]

    async def test_gets_the_same_bytes_at_every_try(self, office: Office, receiver: Receiver) -> None:
        made: list[int] = []

        def never_twice_the_same(event: Event, call: CallRecord, kind: str) -> bytes:
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

    async def test_a_redirect_is_a_failure_and_is_not_followed(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(307, {"location": receiver.url("/elsewhere")})]
        call_id = await office.call(receiver.url())

        await office.work()

        assert [request.target for request in receiver.requests] == ["/hook"]
        delivery = await office.delivery(call_id)
        assert delivery.state is DeliveryState.WAITING
        assert delivery.due_at == NOON + timedelta(seconds=10)

    async def test_one_that_takes_too_long_is_left(self, office: Office, receiver: Receiver) -> None:
        never = asyncio.Event()
        receiver.answers = [Answer(release=never)]
        office.pace = Pace(timeout_s=0.3)
        call_id = await office.call(receiver.url())

        await office.work()
        never.set()

        [tried] = (await office.delivery(call_id)).log
        assert tried.error == "no answer within 0.3 s"

    async def test_one_that_hangs_up_is_tried_again(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(hang_up=True)]
        call_id = await office.call(receiver.url())

        await office.work()
        office.clock.pass_s(10)
        await office.work()

        delivery = await office.delivery(call_id)
        assert delivery.state is DeliveryState.DELIVERED
        assert delivery.log[0].error.startswith("the endpoint closed the connection")

    async def test_a_refused_connection_says_so(self, office: Office, receiver: Receiver) -> None:
        call_id = await office.call("http://127.0.0.1:1/hook")

        await office.work()

        delivery = await office.delivery(call_id)
        assert delivery.state is DeliveryState.WAITING
        assert delivery.log[0].error.startswith("no connection to the endpoint: ")
