"""Sending what is due: claim it and put it into words, send, write down what came of it.

A claim lasts ``claim_s``. A sender that dies within it has told nobody whether its request left, so the delivery is
sent again: at least once, never lost.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery, DeliveryState, Try
from outdial.domain.errors import Refused, Unreachable
from outdial.domain.events import Event
from outdial.domain.record import CallRecord
from outdial.outgoing.requests import Requests
from outdial.outgoing.targets import Targets
from outdial.store import deliveries
from outdial.store.database import Database
from outdial.store.records import load_calls
from outdial.webhooks.ports import Dialects
from outdial.webhooks.signing import Signer

_BEFORE_PATH: Final = re.compile(r"(?:[a-zA-Z]+://)?[^/?#]*")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How fast and how long. ``timeout_s`` is for one whole try (Ringg §5.5); ``claim_s`` must be longer.

    ``concurrency`` tries are under way at once.
    """

    timeout_s: float = 30.0
    claim_s: float = 60.0
    concurrency: int = 32
    poll_s: float = 0.5

    @property
    def at_once(self) -> int:
        """Deliveries claimed together, and tries under way to one host beyond which it gets no more."""
        return max(1, self.concurrency // 4)


@dataclass(frozen=True)
class Sent:
    """A delivery as it was claimed, and as it is after one try."""

    claimed: Delivery
    after: Delivery


class Sender:
    """The three steps of a try. Holds nothing between them: any process may take the next one."""

    def __init__(
        self,
        db: Database,
        dialects: Dialects,
        targets: Targets,
        requests: Requests,
        *,
        clock: Clock,
        pace: Pace,
        signer: Signer,
    ) -> None:
        self._db = db
        self._dialects = dialects
        self._targets = targets
        self._requests = requests
        self._clock = clock
        self._pace = pace
        self._signer = signer

    async def claim(self, limit: int, *, except_under: Collection[str] = ()) -> list[Delivery]:
        """Up to ``limit`` deliveries that are due and now ours, none with a URL under ``except_under``.

        Their bodies are on disk before they are returned: every try sends the same bytes. Those that cannot be put
        into words are given up here.

        Raises:
            Unreachable: the database did not answer.
        """
        now = self._clock()
        until = now + timedelta(seconds=self._pace.claim_s)
        async with self._db.reading() as conn:
            ids = await deliveries.ready(conn, now, limit, except_under=except_under)
            wordless = [each for each in await deliveries.load(conn, ids) if each.body is None] if ids else []
            about = await deliveries.told_of(conn, wordless) if wordless else {}
            found = await load_calls(conn, list({each.call_id for each in wordless}), now) if wordless else []
        if not ids:
            return []
        calls = {call.id: call for call in found}
        first = {each.id: self._first_body(each, about, calls) for each in wordless}

        async def work(conn: AsyncConnection) -> list[Sent]:
            taken = await deliveries.claim(conn, ids, now, until)
            worded = [Sent(each, _worded(each, first.get(each.id), now)) for each in taken]
            for each in worded:
                if each.after is not each.claimed:
                    await deliveries.record(conn, each.claimed, each.after)
            return worded

        worded = await self._db.write(work)
        for each in worded:
            self._tell(each)
        return [each.after for each in worded if each.after.state is DeliveryState.WAITING]

    async def send(self, claimed: Delivery) -> Sent:
        """Make one request."""
        began = self._clock()
        status, error, hopeless, body = 0, "", False, claimed.body or b""
        headers = self._signer.headers(claimed.headers, claimed.id, began, body)
        try:
            async with asyncio.timeout(self._pace.timeout_s):
                target = await self._targets.check(claimed.url)
                status = await self._requests.send(target, claimed.method, headers, body)
        except TimeoutError:
            error = f"no answer within {self._pace.timeout_s:g} s"
        except Refused as refusal:
            error, hopeless = str(refusal), True
        except Unreachable as trouble:
            error = str(trouble)
        except Exception:  # recorded like any failed try: a delivery that hurts must not come round for ever
            _log.exception("a request failed in a way nobody thought of", delivery_id=claimed.id)
            error = "the request failed inside Outdial: see its log"
        ms = round((self._clock() - began) / timedelta(milliseconds=1))
        return Sent(claimed, claimed.tried(Try(began, ms, status, error, hopeless)))

    async def record(self, several: Sequence[Sent]) -> bool:
        """Write down what came of requests, all in one transaction; True when it is done.

        Raises:
            Unreachable: the database did not answer; what is never written down is sent again.
        """

        async def work(conn: AsyncConnection) -> list[bool]:
            return [await deliveries.record(conn, each.claimed, each.after) for each in several]

        for each, told in zip(several, await self._db.write(work), strict=True):
            self._tell(each, late=not told)
        return True

    def _first_body(
        self, delivery: Delivery, about: Mapping[int, Event], calls: Mapping[str, CallRecord]
    ) -> bytes | Refused:
        event, call = about.get(delivery.event_seq), calls.get(delivery.call_id)
        translate = self._dialects.get(delivery.dialect)
        if event is None or call is None or translate is None:
            return Refused(f"the event, its call or the dialect {delivery.dialect!r} is gone")
        try:
            body = translate(event, call, delivery.kind)
            body.decode()
        except Exception:  # a fault in a translator costs its own delivery, not those that wait behind it
            _log.exception("an event cannot be put into words", delivery_id=delivery.id, kind=delivery.kind)
            return Refused("the event cannot be put into words: see Outdial's log")
        return body

    def _tell(self, sent: Sent, *, late: bool = False) -> None:
        """One line for each try; no path, header or body, which may hold secrets."""
        claimed, after = sent.claimed, sent.after
        if after.tries == claimed.tries:
            return
        tried = after.log[-1]
        log = _log.bind(
            delivery_id=after.id,
            call_id=after.call_id,
            kind=after.kind,
            endpoint=origin_of(after.url),
            tries=after.tries,
            ms=tried.ms,
        )
        if late:
            log.warning("a try took longer than its claim: it is made again")
        elif after.state is DeliveryState.DELIVERED:
            log.info("delivered", status=tried.status)
        elif after.state is DeliveryState.GIVEN_UP:
            log.warning("given up", status=tried.status, error=tried.error)
        else:
            log.info("not delivered yet", status=tried.status, error=tried.error, due_at=after.due_at.isoformat())


def _worded(claimed: Delivery, body: bytes | Refused | None, now: datetime) -> Delivery:
    """A claimed delivery with its body, or given up because there can be none."""
    if claimed.body is not None:
        return claimed
    if isinstance(body, bytes):
        return replace(claimed, body=body)
    return claimed.tried(Try(now, error=str(body or "its words are missing"), hopeless=True))


def prefix_of(url: str) -> str:
    """What comes before the path: all URLs that begin so lead to one host."""
    found = _BEFORE_PATH.match(url)
    return found.group() if found else url


def origin_of(url: str) -> str:
    """``https://host:port`` of a URL, for logs: nothing of what the customer may keep secret."""
    scheme, separator, authority = prefix_of(url).partition("://")
    return f"{scheme}://{authority.rpartition('@')[2]}" if separator else ""
