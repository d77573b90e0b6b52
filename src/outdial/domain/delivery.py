"""One event to one endpoint: the states it goes through, changed by its verbs, and when it is tried again.

::

    waiting ──2xx──────────────────────────────▶ delivered
       │ ▲
       │ └──any other answer or none, and tries are left (due again after the gap)
       └────the last try failed, or the endpoint may never be called ──▶ given_up
    delivered | given_up ──replayed──▶ waiting, with all its tries
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from outdial.domain.errors import Broken

GAPS_S: Final = (10, 60, 120)
"""Seconds from the end of a failed try to the next one (Ringg §5.5); after the last gap comes the last try."""


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

    ``ms`` is how long it took. ``hopeless`` errors are not tried again: the same would happen.
    """

    at: datetime
    ms: int = 0
    status: int = 0
    error: str = ""
    hopeless: bool = False

    @property
    def succeeded(self) -> bool:
        return not self.error and 200 <= self.status < 300


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

    def tried(self, attempt: Try) -> Delivery:
        """After one try: delivered, due again, or given up."""
        ended_at = attempt.at + timedelta(milliseconds=attempt.ms)
        if self.state is not DeliveryState.WAITING:
            raise Broken(f"nothing is sent for a delivery that is {self.state}")
        after = replace(self, tries=self.tries + 1, log=(*self.log, attempt))
        if attempt.succeeded:
            return after._moved(DeliveryState.DELIVERED, ended_at)
        if attempt.hopeless or after.tries > len(GAPS_S):
            return after._moved(DeliveryState.GIVEN_UP, ended_at)
        return replace(
            after._moved(DeliveryState.WAITING, None), due_at=ended_at + timedelta(seconds=GAPS_S[self.tries])
        )

    def replayed(self, at: datetime) -> Delivery:
        """Asked for once more, when it was over: due at once, the same body, with all its tries before it."""
        if self.state is DeliveryState.WAITING:
            raise Broken("a delivery that waits is on its way already")
        return replace(self._moved(DeliveryState.WAITING, None), due_at=at, tries=0)

    def _moved(self, to: DeliveryState, ended_at: datetime | None) -> Delivery:
        if to not in DELIVERY_MOVES[self.state]:
            raise Broken(f"a delivery cannot go from {self.state} to {to}")
        return replace(self, state=to, ended_at=ended_at)
