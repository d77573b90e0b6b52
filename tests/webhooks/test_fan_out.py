"""Every event is looked at once, in order, by one process, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.delivery import DeliveryState
from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.domain.subscription import Audience
from outdial.store.transactions import InThreads, OnTheLoop
from outdial.store.webhooks.deliveries import move_on, position
from outdial.webhooks.fan_out import READER, FanOut
from outdial.webhooks.ports import Endpoint
from webhook_builders import Office, Receiver


@dataclass
class Listener:
    """A subscriber that remembers what it was asked, and names two kinds of one endpoint."""

    types: Collection[EventType] = frozenset(EventType)
    kinds: Sequence[str] = ("first", "second")
    fails_on: EventType | None = None
    listening: bool = True
    asked: list[Event] = field(default_factory=list)

    def listens(self, event: Event, audience: Audience) -> bool:
        return self.listening

    def endpoints(self, event: Event, call: CallRecord) -> Sequence[Endpoint]:
        self.asked.append(event)
        if event.type is self.fails_on:
            raise LookupError(call.id)
        return [Endpoint(kind, call.dialect, "https://hooks.example.test/") for kind in self.kinds]


async def place_reached(office: Office) -> int:
    return await office.db.read(position, READER)


@contextmanager
def statements(office: Office) -> Iterator[list[str]]:
    """What the database is asked to read meanwhile."""
    seen: list[str] = []
    reads = office.db._reads
    assert isinstance(reads, InThreads | OnTheLoop)
    engine = reads._engine if isinstance(reads, InThreads) else reads._engine.sync_engine

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


class TestEachEvent:
    async def test_becomes_a_delivery_for_each_kind(self, office: Office) -> None:
        office.subscribers = [Listener()]
        call_id = await office.call(None)
        await office.happens(call_id, EventType.DIALING)

        assert await office.fan_out.step() == 2
        assert await office.fan_out.step() == 0

        assert [(each.event_seq, each.kind) for each in await office.deliveries(call_id)] == [
            (1, "first"),
            (1, "second"),
            (2, "first"),
            (2, "second"),
        ]

    async def test_is_seen_with_its_call(self, small_office: Office) -> None:
        listener = Listener(kinds=())
        small_office.subscribers = [listener]
        call_id = await small_office.call(None)

        await small_office.fan_out.step()

        [event] = listener.asked
        assert (event.call_id, event.type, event.seq) == (call_id, EventType.REGISTERED, 1)

    async def test_that_nobody_asks_for_is_passed_over(self, small_office: Office) -> None:
        listener = Listener(types={EventType.PROCESSED})
        small_office.subscribers = [listener]
        call_id = await small_office.call(None)
        await small_office.happens(call_id, EventType.SAID, EventType.SAID)

        assert await small_office.fan_out.step() == 3

        assert listener.asked == []
        assert await place_reached(small_office) == 3

    async def test_of_a_call_nobody_listens_to_is_passed_over_without_reading_the_call(self, office: Office) -> None:
        listener = Listener(listening=False)
        office.subscribers = [listener]
        call_id = await office.call(None)
        await office.happens(call_id, EventType.PROCESSED)

        with statements(office) as seen:
            assert await office.fan_out.step() == 2

        assert listener.asked == []
        assert await place_reached(office) == 2
        assert not [one for one in seen if "attempts" in one or "agent_versions" in one]

    async def test_that_hurts_a_subscriber_does_not_hold_up_the_rest(self, small_office: Office) -> None:
        small_office.subscribers = [Listener(kinds=("one",), fails_on=EventType.DIALING)]
        call_id = await small_office.call(None)
        await small_office.happens(call_id, EventType.DIALING, EventType.ANSWERED)

        await small_office.fan_out.step()

        assert [each.event_seq for each in await small_office.deliveries(call_id)] == [1, 3]

    async def test_of_hundreds_is_reached(self, office: Office) -> None:
        listener = Listener(kinds=())
        office.subscribers = [listener]
        call_id = await office.call(None)
        await office.happens(call_id, *[EventType.RINGING] * 449)

        steps = [await office.fan_out.step() for _ in range(4)]

        assert steps == [200, 200, 50, 0]
        assert [event.seq for event in listener.asked] == list(range(1, 451))


class TestSeveralProcesses:
    async def test_write_each_delivery_once(self, office: Office) -> None:
        calls = [await office.call(None) for _ in range(20)]
        readers = [FanOut(office.db, [Listener(kinds=("one",))], office.clock) for _ in range(4)]

        await asyncio.gather(*(reader.step() for reader in readers))
        await asyncio.gather(*(reader.step() for reader in readers))

        assert [len(await office.deliveries(call_id)) for call_id in calls] == [1] * 20

    async def test_one_that_read_the_place_too_long_ago_cannot_move_it(self, office: Office) -> None:
        def moves(conn: Connection) -> list[bool]:
            return [move_on(conn, READER, since=since, to=to) for since, to in ((0, 5), (0, 3), (5, 7), (5, 6))]

        assert await office.db.write(moves) == [True, False, True, False]
        assert await place_reached(office) == 7

    async def test_send_each_delivery_once(self, office: Office, receiver: Receiver) -> None:
        for _ in range(20):
            await office.call(receiver.url())
        await office.fan_out.step()

        claims = await asyncio.gather(*(office.claims.claim() for _ in range(4)))

        ids = [each.delivery.id for claimed in claims for each in claimed]
        assert len(ids) == len(set(ids))


class TestATransactionThatFails:
    async def test_moves_nothing_and_the_next_one_does_it_all(self, office: Office) -> None:
        call_id = await office.call(None)
        not_storable = FanOut(office.db, [Listener(kinds=("good", "\ud800"))], office.clock)

        with pytest.raises(Exception, match=r"surrogates|encode"):
            await not_storable.step()
        assert await place_reached(office) == 0
        assert await office.deliveries(call_id) == []
        await FanOut(office.db, [Listener(kinds=("good",))], office.clock).step()

        assert [each.kind for each in await office.deliveries(call_id)] == ["good"]


class TestAnAddressNoDatabaseCanHold:
    async def test_costs_its_own_delivery_only(self, office: Office, receiver: Receiver) -> None:
        bad = [await office.call(receiver.url("/" + path)) for path in ("\ud800", "\x00")]
        good = await office.call(receiver.url())

        await office.work()

        assert (await office.delivery(good)).state is DeliveryState.DELIVERED
        assert [(await office.delivery(call_id)).tries for call_id in bad] == [1, 1]
