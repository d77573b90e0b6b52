"""Sending what is due: claim, produce the body once, try, write down what came of it.

A claim lasts ``claim_s``. A sender that dies within it has told nobody whether its request left, so the delivery is
sent again: at least once, never lost.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery, DeliveryState, Try
from outdial.domain.errors import Refused, Unreachable
from outdial.store import deliveries
from outdial.store.database import Database
from outdial.store.events import events_after
from outdial.store.records import load_call
from outdial.webhooks.ports import Dialects
from outdial.webhooks.requests import Requests
from outdial.webhooks.targets import Targets

_BEFORE_PATH: Final = re.compile(r"(?:[a-zA-Z]+://)?[^/?#]*")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How fast and how long. ``timeout_s`` is for one whole try (Ringg §5.5); ``claim_s`` must be longer.

    ``concurrency`` tries are under way at once, ``per_endpoint`` of them to one host.
    """

    timeout_s: float = 30.0
    claim_s: float = 60.0
    concurrency: int = 32
    per_endpoint: int = 8
    poll_s: float = 0.5


class Sender:
    """One try at a time of one delivery; holds nothing between two."""

    def __init__(
        self, db: Database, dialects: Dialects, targets: Targets, requests: Requests, *, clock: Clock, pace: Pace
    ) -> None:
        self._db = db
        self._dialects = dialects
        self._targets = targets
        self._requests = requests
        self._clock = clock
        self._pace = pace

    async def claim(self, limit: int, *, except_under: Collection[str] = ()) -> list[Delivery]:
        """Up to ``limit`` deliveries that are due and now ours, none with a URL under ``except_under``.

        Raises:
            Unreachable: the database did not answer.
        """
        now = self._clock()
        async with self._db.reading() as conn:
            ids = await deliveries.ready(conn, now, limit, except_under=except_under)
        if not ids:
            return []
        until = now + timedelta(seconds=self._pace.claim_s)
        return await self._db.write(lambda conn: deliveries.claim(conn, ids, now, until))

    async def attempt(self, claimed: Delivery) -> None:
        """Try once and write down what came of it.

        Raises:
            Unreachable: the database did not answer; the delivery is tried again when the claim has run out.
        """
        tried = await self._try(claimed)
        after = claimed.tried(tried)
        told = await self._db.write(lambda conn: deliveries.record(conn, claimed, after))
        log = _log.bind(
            delivery_id=claimed.id, call_id=claimed.call_id, kind=claimed.kind, endpoint=origin_of(claimed.url)
        )
        if not told:
            log.warning("a delivery took longer than its claim and may be sent twice", ms=tried.ms)
        elif after.state is DeliveryState.DELIVERED:
            log.info("delivered", status=tried.status, ms=tried.ms, tries=after.tries)
        elif after.state is DeliveryState.GIVEN_UP:
            log.warning("given up", status=tried.status, error=tried.error, tries=after.tries)
        else:
            log.info("not delivered yet", status=tried.status, error=tried.error, due_at=after.due_at.isoformat())

    async def _try(self, claimed: Delivery) -> Try:
        began = self._clock()
        try:
            body = claimed.body if claimed.body is not None else await self._first_body(claimed)
        except Refused as refusal:
            return Try(began, error=str(refusal), hopeless=True)
        status, error, hopeless = 0, "", False
        try:
            async with asyncio.timeout(self._pace.timeout_s):
                target = await self._targets.check(claimed.url)
                status = await self._requests.send(target, claimed.method, claimed.headers, body)
        except TimeoutError:
            error = f"no answer within {self._pace.timeout_s:g} s"
        except Refused as refusal:
            error, hopeless = str(refusal), True
        except Unreachable as trouble:
            error = str(trouble)
        ms = round((self._clock() - began) / timedelta(milliseconds=1))
        return Try(began, ms, status, error, hopeless)

    async def _first_body(self, claimed: Delivery) -> bytes:
        """The body, which is on disk before it is sent: every try sends the same bytes."""
        async with self._db.reading() as conn:
            events = await events_after(conn, claimed.event_seq - 1, 1)
            call = await load_call(conn, claimed.call_id, self._clock())
        translate = self._dialects.get(claimed.dialect)
        if translate is None or call is None or not events or events[0].seq != claimed.event_seq:
            raise Refused(f"the event, its call or the dialect {claimed.dialect} is gone")
        try:
            body = translate(events[0], call, claimed.kind)
        except Exception as error:  # a fault in a translator costs its own delivery, not those that wait behind it
            _log.exception("an event cannot be put into words", delivery_id=claimed.id, kind=claimed.kind)
            raise Refused("the event cannot be put into words: see Outdial's log") from error
        if not await self._db.write(lambda conn: deliveries.keep_body(conn, claimed, body)):
            raise Unreachable("the delivery's claim ran out before it was sent")
        return body


def prefix_of(url: str) -> str:
    """What comes before the path: all URLs that begin so lead to one host."""
    found = _BEFORE_PATH.match(url)
    return found.group() if found else url


def origin_of(url: str) -> str:
    """``https://host:port`` of a URL, for logs: nothing of what the customer may keep secret."""
    scheme, separator, authority = prefix_of(url).partition("://")
    return f"{scheme}://{authority.rpartition('@')[2]}" if separator else ""
