"""What endpoints were told, or should have been, and the facts of a workspace, for their readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.delivery import Delivery, DeliveryState
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.events import Event
from outdial.store.events import event_of, last_seq
from outdial.store.schema import events
from outdial.store.webhooks import deliveries

LOOKED_AT: Final = 10_000
"""Facts looked at for one page, of all workspaces: the list is numbered, not sorted by workspace."""


@dataclass(frozen=True)
class Told:
    """A delivery and the fact it is about."""

    delivery: Delivery
    event: Event | None


def delivery_page(
    conn: Connection,
    workspace_id: str,
    *,
    call_id: str = "",
    state: DeliveryState | None = None,
    after: str = "",
    limit: int,
) -> tuple[list[Told], bool]:
    """Deliveries, newest first, from the one that follows the delivery ``after``; whether more follow.

    Raises:
        Invalid: ``after`` is no delivery of this workspace.
    """
    last = _delivery(conn, workspace_id, after) if after else None
    if after and last is None:
        raise Invalid(Fault(("after",), "after must be the next of a page"))
    found = deliveries.page(conn, workspace_id, call_id=call_id, state=state, after=last, limit=limit + 1)
    return _told(conn, found[:limit]), len(found) > limit


def delivery(conn: Connection, workspace_id: str, delivery_id: str) -> Told:
    """
    Raises:
        NotFound: the workspace has no such delivery.
    """
    found = _delivery(conn, workspace_id, delivery_id)
    if found is None:
        raise NotFound("Delivery not found", field="delivery_id")
    (told,) = _told(conn, [found])
    return told


def facts_after(conn: Connection, workspace_id: str, seq: int, *, limit: int) -> tuple[list[Event], int]:
    """The workspace's facts numbered above ``seq``, oldest first, and the number to go on from.

    Looks at the next ``LOOKED_AT`` numbers at most: a page may be empty although facts follow, never the other way
    round, and the number to go on from is beyond all that was looked at.
    """
    # Read first: what is numbered up to here is committed, so nothing can turn up behind it.
    end = min(last_seq(conn), seq + LOOKED_AT)
    mine = (events.c.seq > seq, events.c.seq <= end, events.c.workspace_id == workspace_id)
    rows = conn.execute(sa.select(events).where(*mine).order_by(events.c.seq).limit(limit))
    facts = [event_of(row) for row in rows.mappings()]
    return facts, facts[-1].seq if len(facts) == limit else max(seq, end)


def _delivery(conn: Connection, workspace_id: str, delivery_id: str) -> Delivery | None:
    found = deliveries.load(conn, [delivery_id])
    return found[0] if found and found[0].workspace_id == workspace_id else None


def _told(conn: Connection, found: Sequence[Delivery]) -> list[Told]:
    about = deliveries.told_of(conn, found) if found else {}
    return [Told(each, about.get(each.event_seq)) for each in found]
