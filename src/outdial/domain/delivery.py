"""One event to one endpoint: the states it goes through, changed by its verbs, and when it is tried again.

::

    waiting ──2xx──────────────────────────────▶ delivered
       │ ▲
       │ ├──any other answer or none, and three days are not over (due again after the gap)
       │ └──postponed: its endpoint asked to be left alone for a while (no try)
       └────three days are over, the endpoint is gone (410) or may never be called ──▶ given_up
    delivered | given_up ──replayed──▶ waiting, with three days before it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from outdial.domain.errors import Broken
from outdial.domain.webhook_endpoint import lane_of

GAPS_S: Final = (10, 60, 120)
"""Seconds from the end of a failed try to the next one (Ringg §5.5)."""
_FIRST_LONG_GAP_S: Final = 300
_LONGEST_GAP_S: Final = 3600
_JITTER: Final = 0.2
TRIED_FOR: Final = timedelta(days=3)
"""From the first try to the last one, which is made when they are over."""
MAX_RETRY_AFTER_S: Final = 24 * 3600
"""No receiver can put off a try by more."""
GONE: Final = 410
_KEPT_TRIES: Final = 200
"""Entries of a log: more than one round of tries makes. Of more, the oldest are dropped."""


def gap_s(tries: int, chance: float) -> float:
    """Seconds from the end of failed try number ``tries`` (1-based) to the next one.

    First the vendor's quick schedule to the second, then gaps that double from five minutes to an hour, each up to a
    fifth shorter or longer by ``chance`` (0 to 1): what failed together does not come back together.
    """
    if tries <= len(GAPS_S):
        return GAPS_S[tries - 1]
    doubled = _FIRST_LONG_GAP_S << min(tries - len(GAPS_S) - 1, 8)
    return min(doubled, _LONGEST_GAP_S) * (1 - _JITTER + 2 * _JITTER * chance)


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    """Kept with its log; nothing more is sent unless somebody asks for it."""


DELIVERY_MOVES: Final[dict[DeliveryState, frozenset[DeliveryState]]] = {
    DeliveryState.WAITING: frozenset({DeliveryState.WAITING, DeliveryState.DELIVERED, DeliveryState.GIVEN_UP}),
    DeliveryState.DELIVERED: frozenset({DeliveryState.WAITING}),
    DeliveryState.GIVEN_UP: frozenset({DeliveryState.WAITING}),
}


@dataclass(frozen=True)
class Try:
    """One request: what came back (``status``, an HTTP status) or what went wrong instead (``error``, one line).

    ``ms`` is how long it took. ``hopeless`` errors are not tried again: the same would happen. ``retry_after_s``: the
    answer asked for that much time before the next one. ``hung``: the time-out was over before an answer came.
    """

    at: datetime
    ms: int = 0
    status: int = 0
    error: str = ""
    hopeless: bool = False
    retry_after_s: float = 0
    hung: bool = False

    @property
    def ended_at(self) -> datetime:
        return self.at + timedelta(milliseconds=self.ms)

    @property
    def succeeded(self) -> bool:
        return not self.error and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The receiver says that nobody listens there any more."""
        return self.status == GONE and not self.error


@dataclass(frozen=True)
class Delivery:
    """``event_seq`` orders the deliveries of a call to an endpoint. ``body`` is None until it is first produced.

    ``log`` holds every try there ever was, ``tries`` counts those since it was last asked for.

    ``kind`` is the subscriber's word for what is sent; the dialect's translator understands it. While somebody is
    sending, ``due_at`` is the moment at which that sender is taken for dead.
    """

    id: str
    call_id: str
    workspace_id: str
    event_seq: int
    kind: str
    dialect: str
    url: str
    due_at: datetime
    created_at: datetime
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    state: DeliveryState = DeliveryState.WAITING
    tries: int = 0
    log: tuple[Try, ...] = ()
    ended_at: datetime | None = None

    @property
    def lane(self) -> str:
        """Deliveries of one workspace to one origin wait in one line."""
        return lane_of(self.workspace_id, self.url)

    def tried(self, attempt: Try, chance: float = 0.5) -> Delivery:
        """After one try: delivered, due again, or given up. ``chance``: 0 to 1, see ``gap_s``."""
        if self.state is not DeliveryState.WAITING:
            raise Broken(f"nothing is sent for a delivery that is {self.state}")
        last_at = self._first_try_at(attempt) + TRIED_FOR
        after = replace(self, tries=self.tries + 1, log=(*self.log, attempt)[-_KEPT_TRIES:])
        if attempt.succeeded:
            return after._moved(DeliveryState.DELIVERED, attempt.ended_at)
        if attempt.hopeless or attempt.gone or attempt.at >= last_at:
            return after._moved(DeliveryState.GIVEN_UP, attempt.ended_at)
        wait_s = max(gap_s(after.tries, chance), min(attempt.retry_after_s, MAX_RETRY_AFTER_S))
        due_at = min(attempt.ended_at + timedelta(seconds=wait_s), max(last_at, attempt.ended_at))
        return replace(after._moved(DeliveryState.WAITING, None), due_at=due_at)

    def postponed(self, until: datetime) -> Delivery:
        """Due later, without a try."""
        return replace(self._moved(DeliveryState.WAITING, None), due_at=until)

    def replayed(self, at: datetime) -> Delivery:
        """Asked for once more, when it was over: due at once, the same body, with all its tries before it."""
        if self.state is DeliveryState.WAITING:
            raise Broken("a delivery that waits is on its way already")
        return replace(self._moved(DeliveryState.WAITING, None), due_at=at, tries=0)

    def _first_try_at(self, attempt: Try) -> datetime:
        """When the first of the tries was made that count."""
        return self.log[-self.tries].at if 0 < self.tries <= len(self.log) else attempt.at

    def _moved(self, to: DeliveryState, ended_at: datetime | None) -> Delivery:
        if to not in DELIVERY_MOVES[self.state]:
            raise Broken(f"a delivery cannot go from {self.state} to {to}")
        return replace(self, state=to, ended_at=ended_at)
