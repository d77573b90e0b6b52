"""Who may hear of calls, read for many calls at once without reading the calls: most have nobody who listens."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.subscription import Audience, Subscription
from outdial.store.calls.batches import one_of, padded
from outdial.store.schema import agents, call_requests, calls

_CALLS = (
    sa.select(calls.c.id, calls.c.dialect, calls.c.agent_id, call_requests.c.callback)
    .join(call_requests, call_requests.c.call_id == calls.c.id)
    .where(one_of(calls.c.id))
)
_AGENTS = sa.select(agents.c.id, agents.c.subscriptions).where(one_of(agents.c.id))


def load_audiences(conn: Connection, call_ids: Collection[str]) -> dict[str, Audience]:
    """By call; unknown ids are left out."""
    if not call_ids:
        return {}
    rows = conn.execute(_CALLS, {"ids": padded(call_ids)}).all()
    if not rows:
        return {}
    found = conn.execute(_AGENTS, {"ids": padded({row.agent_id for row in rows})})
    subscriptions = {row.id: tuple(Subscription.from_json(one) for one in row.subscriptions) for row in found}
    return {
        row.id: Audience(row.dialect, row.callback is not None, subscriptions.get(row.agent_id, ())) for row in rows
    }
