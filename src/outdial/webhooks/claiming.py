"""Taking what is due: who may send how much, and the words it is told in.

A claim lasts ``claim_s``. A sender that dies within it has told nobody whether its request left, so the delivery is
sent again: at least once, never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery, DeliveryState, Try
from outdial.domain.errors import Refused
from outdial.domain.events import Event, EventType
from outdial.domain.record import CallRecord
from outdial.domain.webhook_endpoint import Standing, WebhookEndpoint, endpoint_of
from outdial.store.calls.records import load_calls
from outdial.store.database import Connection, Database
from outdial.store.webhooks import deliveries, endpoints
from outdial.webhooks.places import Places
from outdial.webhooks.ports import Dialects

_FINAL: Final = frozenset({EventType.CALL_ENDED, EventType.PROCESSED})
"""The events that say how many before them are still owed."""
_log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How fast and how long. ``timeout_s`` is for one whole try (Ringg §5.5), ``short_timeout_s`` for one to an origin
    that keeps hanging; ``claim_s`` must be longer. ``concurrency`` tries are under way at once.
    """

    timeout_s: float = 30.0
    short_timeout_s: float = 5.0
    claim_s: float = 60.0
    concurrency: int = 64
    poll_s: float = 0.5

    @property
    def at_once(self) -> int:
        """Deliveries claimed together."""
        return max(1, self.concurrency // 4)


@dataclass(frozen=True)
class Claimed:
    """A delivery that is to go out now, with what its sender must know of its receiver.

    ``standing``: of its origin, if the last try there failed. ``owed``: of a final event, how many before it have not
    arrived.
    """

    delivery: Delivery
    endpoint: WebhookEndpoint | None = None
    standing: Standing | None = None
    owed: int | None = None


@dataclass(frozen=True)
class _Due:
    """What was read about deliveries that are due."""

    ids: Sequence[str] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    endpoints: Mapping[endpoints.Key, WebhookEndpoint] = field(default_factory=dict)
    owed: Mapping[str, int] = field(default_factory=dict)
    bodies: Mapping[str, bytes | Refused] = field(default_factory=dict)


class Claims:
    """Holds nothing between two claims but the places: any process may make the next one."""

    def __init__(self, db: Database, dialects: Dialects, places: Places, *, clock: Clock, pace: Pace) -> None:
        self._db = db
        self._dialects = dialects
        self._places = places
        self._clock = clock
        self._pace = pace

    async def claim(self) -> list[Claimed]:
        """Deliveries that are due and now ours, each with a place: whoever sends one gives it back.

        Their bodies are on disk before they are returned: every try sends the same bytes. Those that cannot be put
        into words, and those to a disabled endpoint, are given up here.

        Raises:
            Unreachable: the database did not answer.
        """
        if self._places.free <= 0:
            return []
        now = self._clock()
        until = now + timedelta(seconds=self._pace.claim_s)
        due = await self._db.read(self._due, now)
        if not due.ids:
            return []

        def work(conn: Connection) -> list[Claimed]:
            lost = {lane for lane in sorted(due.standings) if not endpoints.take_turn(conn, lane, now, until)}
            taken = deliveries.claim(conn, due.ids, now, until)
            going: list[Claimed] = []
            for each in taken:
                after = replace(each, due_at=now) if each.lane in lost else self._prepared(each, due, now)
                if after is not each:
                    deliveries.record(conn, each, after)
                if after.state is DeliveryState.WAITING and after.due_at == until:
                    key = (after.workspace_id, endpoint_of(after.url))
                    standing, owed = due.standings.get(after.lane), due.owed.get(after.id)
                    going.append(Claimed(after, due.endpoints.get(key), standing, owed))
            tried = {each.delivery.lane for each in going} | lost
            endpoints.end_turns(conn, due.standings.keys() - tried, now)
            return going

        going = await self._db.write(work)
        for each in going:
            self._places.take(each.delivery.lane, failing=each.standing is not None)
        return going

    def _due(self, conn: Connection, now: datetime) -> _Due:
        lanes = [lane for lane, _ in deliveries.due_lanes(conn, now)]
        if not lanes:
            return _Due()
        failing = endpoints.standings(conn, lanes)
        shares = self._places.shares(lanes, failing, now, at_most=self._pace.at_once)
        found = deliveries.load(conn, deliveries.ready(conn, now, shares)) if shares else []
        if not found:
            return _Due()
        about = deliveries.told_of(conn, found)
        known = endpoints.find(conn, {(each.workspace_id, endpoint_of(each.url)) for each in found})
        owed = deliveries.owed_before(conn, [each for each in found if _is_final(each, about)])
        wordless = [each for each in found if each.body is None]
        calls = load_calls(conn, list({each.call_id for each in wordless}), now) if wordless else []
        by_id = {call.id: call for call in calls}
        return _Due(
            ids=[each.id for each in found],
            standings={each.lane: failing[each.lane] for each in found if each.lane in failing},
            endpoints=known,
            owed=owed,
            bodies={each.id: self._body(each, about, by_id, owed.get(each.id)) for each in wordless},
        )

    def _body(
        self, delivery: Delivery, about: Mapping[int, Event], calls: Mapping[str, CallRecord], owed: int | None
    ) -> bytes | Refused:
        event, call = about.get(delivery.event_seq), calls.get(delivery.call_id)
        translate = self._dialects.get(delivery.dialect)
        if event is None or call is None or translate is None:
            return Refused(f"the event, its call or the dialect {delivery.dialect!r} is gone")
        try:
            body = translate(event, call, delivery.kind, owed)
            body.decode()
        except Exception:  # a fault in a translator costs its own delivery, not those that wait behind it
            _log.exception("an event cannot be put into words", delivery_id=delivery.id, kind=delivery.kind)
            return Refused("the event cannot be put into words: see Outdial's log")
        return body

    def _prepared(self, claimed: Delivery, due: _Due, now: datetime) -> Delivery:
        """A claimed delivery with its body, or put off, or given up."""
        endpoint = due.endpoints.get((claimed.workspace_id, endpoint_of(claimed.url)))
        body = claimed.body if claimed.body is not None else due.bodies.get(claimed.id)
        if not isinstance(body, bytes):
            return claimed.tried(Try(now, error=str(body or "its words are missing"), hopeless=True))
        worded = claimed if claimed.body is not None else replace(claimed, body=body)
        if endpoint is not None and endpoint.disabled_at is not None:
            return worded.tried(Try(now, error="the endpoint is disabled: it answered 410 (Gone)", hopeless=True))
        if endpoint is not None and endpoint.paused_until is not None and endpoint.paused_until > now:
            return worded.postponed(endpoint.paused_until)
        return worded


def _is_final(delivery: Delivery, about: Mapping[int, Event]) -> bool:
    event = about.get(delivery.event_seq)
    return event is not None and event.type in _FINAL
