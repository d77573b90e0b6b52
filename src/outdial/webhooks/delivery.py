"""Sending what was claimed: make the request, write down what came of it, tell operators."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery, DeliveryState, Try, gap_s
from outdial.domain.errors import Refused, Unreachable
from outdial.domain.webhook_endpoint import WebhookEndpoint, endpoint_of, origin_of
from outdial.outgoing.requests import Requests
from outdial.outgoing.targets import Targets
from outdial.store.database import Connection, Database
from outdial.store.webhooks import deliveries, endpoints
from outdial.store.webhooks.endpoints import Tried
from outdial.webhooks.claiming import Claimed, Pace
from outdial.webhooks.places import Places
from outdial.webhooks.retry_after import retry_after_s
from outdial.webhooks.signing import Signer

OWED: Final = "X-Outdial-Events-Owed"
"""Of a final event: how many before it have not arrived."""
_BUSY: Final = frozenset({408, 429})
"""Answers that say, like those from 500 on, that the origin is not well."""
_TOO_MANY: Final = 429
_AWAY: Final = 503
_log = structlog.get_logger()


@dataclass(frozen=True)
class Sent:
    """A delivery as it was claimed, and as it is after one try. ``answered``: the origin is well; None: the try tells
    nothing of it, for nothing was sent."""

    claimed: Claimed
    after: Delivery
    answered: bool | None

    @property
    def tried(self) -> Try:
        return self.after.log[-1]

    @property
    def key(self) -> endpoints.Key:
        return self.after.workspace_id, endpoint_of(self.after.url)


class Sender:
    """The last two steps of a try. Holds nothing between them: any process may take the next one.

    ``chance``: 0 to 1, anew each time; spreads what failed together (``delivery.gap_s``).
    """

    def __init__(
        self,
        db: Database,
        targets: Targets,
        requests: Requests,
        places: Places,
        *,
        clock: Clock,
        pace: Pace,
        signer: Signer,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._db = db
        self._targets = targets
        self._requests = requests
        self._places = places
        self._clock = clock
        self._pace = pace
        self._signer = signer
        self._chance = chance

    async def send(self, claimed: Claimed) -> Sent:
        """Make one request, and give its place back."""
        well = None
        try:
            attempt = await self._try(claimed)
            well = _is_well(attempt)
        finally:
            lane, failing = claimed.delivery.lane, claimed.standing is not None
            self._places.give_back(lane, failing=failing, answered=bool(well))
        return Sent(claimed, claimed.delivery.tried(attempt, self._chance()), well)

    async def _try(self, claimed: Claimed) -> Try:
        delivery, standing = claimed.delivery, claimed.standing
        began = self._clock()
        status, error, hopeless, hung, after_s, body = 0, "", False, False, 0.0, delivery.body or b""
        short = standing is not None and standing.keeps_hanging
        timeout_s = min(self._pace.short_timeout_s, self._pace.timeout_s) if short else self._pace.timeout_s
        try:
            headers = dict(delivery.headers) | ({} if claimed.owed is None else {OWED: str(claimed.owed)})
            own = claimed.endpoint.secrets_at(began) if claimed.endpoint else ()
            signed = self._signer.headers(headers, delivery.id, began, body, own)
            async with asyncio.timeout(timeout_s):
                target = await self._targets.check(delivery.url)
                answer = await self._requests.send(target, delivery.method, signed, body)
            status, after_s = answer.status, retry_after_s(answer.retry_after, self._clock())
        except TimeoutError:
            error, hung = f"no answer within {timeout_s:g} s", True
        except Refused as refusal:
            error, hopeless = str(refusal), True
        except Unreachable as trouble:
            error = str(trouble)
        except Exception:  # recorded like any failed try: a delivery that hurts must not come round for ever
            _log.exception("a request failed in a way nobody thought of", delivery_id=delivery.id)
            error = "the request failed inside Outdial: see its log"
        ms = round((self._clock() - began) / timedelta(milliseconds=1))
        return Try(began, ms, status, error, hopeless, after_s, hung)

    async def record(self, several: Sequence[Sent]) -> bool:
        """Write down what came of requests, all in one transaction; True when it is done.

        Raises:
            Unreachable: the database did not answer; what is never written down is sent again.
        """
        now = self._clock()

        def work(conn: Connection) -> tuple[list[bool], list[WebhookEndpoint]]:
            told = [deliveries.record(conn, each.claimed.delivery, each.after) for each in several]
            counted = [each for each, new in zip(several, told, strict=True) if new]
            return told, _record_receivers(conn, counted, now)

        told, failing = await self._db.write(work)
        for each, new in zip(several, told, strict=True):
            _tell(each, late=not new)
        _tell_of_endpoints(several, failing)
        return True


def _record_receivers(conn: Connection, several: Sequence[Sent], now: datetime) -> list[WebhookEndpoint]:
    """What the tries tell of their origins and endpoints; the endpoints that failed, as they are now."""
    outcomes: defaultdict[str, list[Tried]] = defaultdict(list)
    known = {each.after.lane for each in several if each.claimed.standing is not None}
    for each in several:
        if each.answered is not None and (not each.answered or each.after.lane in known):
            failed = Tried.HUNG if each.tried.hung else Tried.FAILED
            outcomes[each.after.lane].append(Tried.ANSWERED if each.answered else failed)
    endpoints.origins_tried(conn, outcomes, now)
    endpoints.end_turns(conn, known - outcomes.keys(), now)
    well = {each.key: each.claimed.endpoint for each in several if each.tried.succeeded}
    endpoints.recovered(conn, [one for one in well.values() if one is not None and one.failures])
    return endpoints.failed(conn, [_failure(each) for each in several if not each.tried.succeeded])


def _failure(sent: Sent) -> endpoints.Failure:
    tried = sent.tried
    paused_until = None
    if tried.status == _TOO_MANY or (tried.status == _AWAY and tried.retry_after_s):
        paused_until = tried.ended_at + timedelta(seconds=tried.retry_after_s or gap_s(max(sent.after.tries, 1), 0.5))
    error = tried.error or f"HTTP {tried.status}"
    return endpoints.Failure(sent.key, tried.ended_at, error, tried.gone, paused_until)


def _is_well(attempt: Try) -> bool | None:
    """Whether the origin answers; None: nothing was asked of it."""
    if attempt.hopeless:
        return None
    return not attempt.error and attempt.status < 500 and attempt.status not in _BUSY


def _tell(sent: Sent, *, late: bool) -> None:
    """One line for each try; no path, header or body, which may hold secrets."""
    after, tried = sent.after, sent.tried
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


def _tell_of_endpoints(several: Sequence[Sent], failing: Sequence[WebhookEndpoint]) -> None:
    """Operators hear of an endpoint once when it keeps failing, once when it is disabled, once when it is well."""
    before = {each.key: each.claimed.endpoint for each in several}
    for now in failing:
        was = before.get((now.workspace_id, now.url))
        log = _log.bind(
            endpoint_id=now.id, endpoint=origin_of(now.url), workspace_id=now.workspace_id, error=now.last_error
        )
        if now.disabled_at is not None and (was is None or was.disabled_at is None):
            log.warning("a webhook endpoint is gone: nothing is sent there until it is enabled")
        elif now.keeps_failing and (was is None or not was.keeps_failing):
            log.warning("a webhook endpoint keeps failing", failures=now.failures)
    for each in several:
        if each.tried.succeeded and each.claimed.endpoint is not None and each.claimed.endpoint.keeps_failing:
            endpoint = each.claimed.endpoint
            _log.info("a webhook endpoint is well again", endpoint_id=endpoint.id, endpoint=origin_of(endpoint.url))
