"""Send once more what an endpoint was told, or should have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery, DeliveryState
from outdial.domain.errors import Conflict, NotFound
from outdial.domain.limits import MAX_REPLAYED_AT_ONCE
from outdial.store.database import Connection, Database
from outdial.store.webhooks import deliveries, endpoints

LONGEST_CLAIM: Final = timedelta(seconds=60)
"""How long a sender may hold a delivery (``webhooks.claiming.Pace.claim_s``)."""
_AT_ONCE: Final = 250


@dataclass(frozen=True)
class Selected:
    """Deliveries to be sent again: of a call, of an endpoint, made in a span, or what several of these say together.

    ``only_failed``: those given up, and those that wait for another try; else those that arrived, too.
    """

    call_id: str = ""
    endpoint_id: str = ""
    since: datetime | None = None
    before: datetime | None = None
    only_failed: bool = True

    @property
    def is_everything(self) -> bool:
        """It names neither a call, an endpoint nor a moment."""
        return not (self.call_id or self.endpoint_id or self.since or self.before)


@dataclass(frozen=True)
class Replayed:
    """``more``: there are others, ask once more."""

    count: int
    more: bool


async def replay_all(db: Database, workspace_id: str, selected: Selected, *, now: Clock) -> Replayed:
    """Let everything selected go out at once, at most ``MAX_REPLAYED_AT_ONCE`` of it, oldest first. What is under way,
    and what has not been tried yet, is left alone.

    Raises:
        NotFound: the workspace has no such endpoint.
    """
    at = now()
    ids = await db.read(_to_replay, workspace_id, selected, at)
    count = 0
    for begin in range(0, min(len(ids), MAX_REPLAYED_AT_ONCE), _AT_ONCE):
        count += await db.write(_again, ids[begin : min(begin + _AT_ONCE, MAX_REPLAYED_AT_ONCE)], at)
    return Replayed(count, len(ids) > MAX_REPLAYED_AT_ONCE)


def _to_replay(conn: Connection, workspace_id: str, selected: Selected, at: datetime) -> list[str]:
    """One more than are sent again at once, if there are."""
    endpoint = endpoints.one_of(conn, workspace_id, selected.endpoint_id) if selected.endpoint_id else None
    if selected.endpoint_id and endpoint is None:
        raise NotFound("Webhook endpoint not found", field="endpoint_id")
    wanted = deliveries.ReplayWanted(
        claimed_until=at + LONGEST_CLAIM,
        call_id=selected.call_id,
        endpoint_url=endpoint.url if endpoint else "",
        since=selected.since,
        before=selected.before,
        only_failed=selected.only_failed,
    )
    return deliveries.to_replay(conn, workspace_id, wanted, MAX_REPLAYED_AT_ONCE + 1)


def _again(conn: Connection, ids: Sequence[str], at: datetime) -> int:
    count = 0
    for each in deliveries.load(conn, ids):
        if each.state is not DeliveryState.WAITING:
            count += deliveries.again(conn, each, each.replayed(at))
        elif each.due_at > at + LONGEST_CLAIM:
            count += deliveries.hasten(conn, each, at)
    return count


async def replay(db: Database, workspace_id: str, delivery_id: str, *, now: Clock) -> Delivery:
    """Let a delivery that is over go out again: to the same URL, with the same headers and body, at once.

    It has as many tries as a new one; those before stay in its log. One that failed and waits for longer than a claim
    lasts goes out now.

    Raises:
        NotFound: the workspace has no such delivery.
        Conflict: it is still on its way.
    """

    def work(conn: Connection) -> Delivery:
        found = deliveries.load(conn, [delivery_id])
        if not found or found[0].workspace_id != workspace_id:
            raise NotFound("Delivery not found", field="delivery_id")
        (over,) = found
        at = now()
        if over.state is not DeliveryState.WAITING:
            after = over.replayed(at)
            if deliveries.again(conn, over, after):
                return after
        elif over.tries and over.due_at > at + LONGEST_CLAIM and deliveries.hasten(conn, over, at):
            return over.postponed(at)
        raise Conflict("the delivery is still on its way: it can be sent again once it is delivered or given up")

    return await db.write(work)
