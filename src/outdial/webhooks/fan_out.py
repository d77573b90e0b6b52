"""From facts to deliveries: reads the list of events once, in order, and writes down who hears of each.

The place reached and the deliveries are stored in one transaction, and only if nobody else has moved the place
meanwhile: of several processes that read the same events one wins, and a crash repeats or loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery
from outdial.domain.events import Event
from outdial.domain.ids import new_id
from outdial.domain.record import CallRecord
from outdial.domain.subscription import Audience
from outdial.store.calls.records import load_calls
from outdial.store.database import Connection, Database
from outdial.store.events import events_after
from outdial.store.webhooks import deliveries
from outdial.store.webhooks.audiences import load_audiences
from outdial.webhooks.ports import Endpoint, Subscriber

READER: Final = "webhooks"
_AT_ONCE: Final = 200
_log = structlog.get_logger()


@dataclass(frozen=True)
class _News:
    """What came ``since`` a position of the reader. ``calls``: those somebody listens to, by id."""

    since: int
    events: Sequence[Event]
    heard: Sequence[Event]
    calls: Mapping[str, CallRecord]


class FanOut:
    def __init__(self, db: Database, subscribers: Sequence[Subscriber], clock: Clock) -> None:
        self._db = db
        self._subscribers = subscribers
        self._clock = clock

    async def step(self) -> int:
        """Deal with the next events, at most 200; how many there were. 0: up to date.

        Raises:
            Unreachable: the database did not answer; nothing is lost, step again.
        """
        news = await self._db.read(self._next)
        if not news.events:
            return 0
        new = [
            new
            for event in news.heard
            if event.call_id in news.calls
            for new in self._deliveries(event, news.calls[event.call_id])
        ]

        def work(conn: Connection) -> None:
            if deliveries.move_on(conn, READER, since=news.since, to=news.events[-1].seq):
                deliveries.add(conn, new)

        await self._db.write(work)
        return len(news.events)

    def _next(self, conn: Connection) -> _News:
        since = deliveries.position(conn, READER)
        events = events_after(conn, since, _AT_ONCE)
        known = [event for event in events if any(event.type in each.types for each in self._subscribers)]
        audiences = load_audiences(conn, {event.call_id for event in known})
        heard = [event for event in known if self._anybody_listens(event, audiences.get(event.call_id))]
        ids = list(dict.fromkeys(event.call_id for event in heard))
        calls = {call.id: call for call in load_calls(conn, ids, self._clock())} if ids else {}
        return _News(since, events, heard, calls)

    def _anybody_listens(self, event: Event, audience: Audience | None) -> bool:
        return audience is not None and any(
            event.type in each.types and each.listens(event, audience) for each in self._subscribers
        )

    def _deliveries(self, event: Event, call: CallRecord) -> list[Delivery]:
        now = self._clock()
        return [
            Delivery(
                id=new_id(),
                call_id=event.call_id,
                workspace_id=event.workspace_id,
                event_seq=event.seq,
                kind=endpoint.kind,
                dialect=endpoint.dialect,
                url=_storable(endpoint.url),
                method=endpoint.method,
                headers=endpoint.headers,
                due_at=now,
                created_at=now,
            )
            for subscriber in self._subscribers
            if event.type in subscriber.types
            for endpoint in _endpoints(subscriber, event, call)
        ]


def _storable(url: str) -> str:
    """Without what a database cannot hold (half a surrogate pair, NUL): one such URL would stop all fan-out."""
    return url.encode(errors="replace").decode().replace("\x00", "%00")


def _endpoints(subscriber: Subscriber, event: Event, call: CallRecord) -> Sequence[Endpoint]:
    try:
        return subscriber.endpoints(event, call)
    except Exception:  # one event nobody can read must not hold up all that follow it, for ever
        _log.exception("an event is told to nobody: its subscriber failed", call_id=call.id, event_seq=event.seq)
        return ()
