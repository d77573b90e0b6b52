"""Deliveries that are over are sent once more on demand, on either engine."""

from __future__ import annotations

import pytest

from outdial.commands.deliveries import replay
from outdial.domain.delivery import DeliveryState
from outdial.domain.errors import Conflict, NotFound
from outdial.domain.events import EventType
from outdial.domain.ids import new_id
from outdial.store.webhooks.reading import delivery_page, facts_after
from webhook_builders import Answer, Office, Receiver


async def given_up(office: Office, receiver: Receiver) -> str:
    """A call whose one delivery has failed four times, the last time after three days."""
    receiver.answers = [Answer(500)] * 4
    call_id = await office.call(receiver.url(), headers={"X-Token": "t"})
    for wait_s in (0, 10, 60, 3 * 86_400):
        office.clock.pass_s(wait_s)
        await office.work()
    assert (await office.delivery(call_id)).state is DeliveryState.GIVEN_UP
    return call_id


class TestADeliveryThatWasGivenUp:
    async def test_goes_out_again_as_it_was(self, office: Office, receiver: Receiver) -> None:
        call_id = await given_up(office, receiver)
        delivery = await office.delivery(call_id)

        await replay(office.db, office.workspace_id, delivery.id, now=office.clock)
        await office.work()

        assert len(receiver.requests) == 5
        assert len(set(receiver.bodies())) == 1
        assert receiver.requests[-1].values("x-token") == ["t"]
        after = await office.delivery(call_id)
        assert after.state is DeliveryState.DELIVERED
        assert [tried.status for tried in after.log] == [500, 500, 500, 500, 200]
        assert after.tries == 1

    async def test_has_as_many_tries_as_a_new_one(self, office: Office, receiver: Receiver) -> None:
        call_id = await given_up(office, receiver)
        receiver.answers = [Answer(500)] * 5

        await replay(office.db, office.workspace_id, (await office.delivery(call_id)).id, now=office.clock)
        for wait_s in (0, 10, 60, 120, 3 * 86_400, 10_000):
            office.clock.pass_s(wait_s)
            await office.work()

        assert len(receiver.requests) == 9
        assert (await office.delivery(call_id)).state is DeliveryState.GIVEN_UP

    async def test_that_fails_again_is_tried_again(self, office: Office, receiver: Receiver) -> None:
        call_id = await given_up(office, receiver)
        receiver.answers = [Answer(500)]

        await replay(office.db, office.workspace_id, (await office.delivery(call_id)).id, now=office.clock)
        await office.work()

        assert (await office.delivery(call_id)).state is DeliveryState.WAITING
        office.clock.pass_s(10)
        await office.work()
        assert (await office.delivery(call_id)).state is DeliveryState.DELIVERED


class TestADeliveryThatArrived:
    async def test_can_be_sent_again(self, office: Office, receiver: Receiver) -> None:
        call_id = await office.call(receiver.url())
        await office.work()

        await replay(office.db, office.workspace_id, (await office.delivery(call_id)).id, now=office.clock)
        await office.work()

        assert len(receiver.requests) == 2
        assert len(set(receiver.bodies())) == 1


class TestWhatCannotBeSentAgain:
    async def test_a_delivery_on_its_way(self, office: Office, receiver: Receiver) -> None:
        call_id = await office.call(receiver.url())
        await office.fan_out.step()

        with pytest.raises(Conflict):
            await replay(office.db, office.workspace_id, (await office.delivery(call_id)).id, now=office.clock)

    async def test_one_of_another_workspace(self, office: Office, receiver: Receiver) -> None:
        call_id = await given_up(office, receiver)

        with pytest.raises(NotFound):
            await replay(office.db, new_id(), (await office.delivery(call_id)).id, now=office.clock)

        assert (await office.delivery(call_id)).state is DeliveryState.GIVEN_UP

    async def test_one_that_does_not_exist(self, office: Office) -> None:
        with pytest.raises(NotFound):
            await replay(office.db, office.workspace_id, new_id(), now=office.clock)


class TestReadingThem:
    async def test_page_by_page_none_is_missed_or_told_twice(self, office: Office) -> None:
        calls = [await office.call("http://127.0.0.1:1/hook") for _ in range(5)]
        await office.fan_out.step()

        seen, after, more = [], "", True
        while more:
            page, more = await office.db.read(
                delivery_page, office.workspace_id, state=DeliveryState.WAITING, after=after, limit=2
            )
            seen += [told.delivery.call_id for told in page]
            after = page[-1].delivery.id

        assert sorted(seen) == sorted(calls)
        assert {told.event.type for told in page if told.event} == {EventType.REGISTERED}

    async def test_facts_are_numbered_through(self, office: Office) -> None:
        call_id = await office.call(None)
        await office.happens(call_id, EventType.DIALING, EventType.PROCESSED)

        first, following = await office.db.read(facts_after, office.workspace_id, 0, limit=2)
        second, end = await office.db.read(facts_after, office.workspace_id, following, limit=2)

        assert [fact.type for fact in (*first, *second)] == ["registered", "dialing", "processed"]
        assert await office.db.read(facts_after, office.workspace_id, end, limit=2) == ([], end)
        assert await office.db.read(facts_after, office.workspace_id, end + 9, limit=2) == ([], end + 9)
