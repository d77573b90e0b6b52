"""Receivers of webhooks and the origins they are on: every statement that touches them.

Rows of several are written in the order of their keys: two processes that record at once wait for each other, never
in a ring.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import NotFound
from outdial.domain.ids import new_id
from outdial.domain.webhook_endpoint import EndpointState, Standing, WebhookEndpoint
from outdial.store.inserts import upsert_into
from outdial.store.schema import webhook_endpoints as endpoints
from outdial.store.schema import webhook_origins as origins

Key = tuple[str, str]
"""Workspace and URL (``endpoint_of``)."""
_NAMED_AT_ONCE: Final = 500
_OF_SECRETS: Final = ("registered", "secret", "previous_secret", "previous_until", "updated_at")


@dataclass(frozen=True)
class Failure:
    """One failed try. ``error``: one line. ``paused_until``: the receiver asked to be left alone."""

    key: Key
    at: datetime
    error: str
    gone: bool = False
    paused_until: datetime | None = None


def find(conn: Connection, keys: Collection[Key]) -> dict[Key, WebhookEndpoint]:
    """What is known of these endpoints; nothing is of most."""
    if not keys:
        return {}
    urls = {url for _, url in keys}
    rows = conn.execute(sa.select(endpoints).where(endpoints.c.url.in_(urls)))
    found = [_endpoint_of(row) for row in rows.mappings()]
    return {(one.workspace_id, one.url): one for one in found if (one.workspace_id, one.url) in keys}


def one_of(conn: Connection, workspace_id: str, endpoint_id: str) -> WebhookEndpoint | None:
    """The workspace's endpoint of that id."""
    mine = sa.select(endpoints).where(endpoints.c.id == endpoint_id, endpoints.c.workspace_id == workspace_id)
    row = conn.execute(mine).mappings().one_or_none()
    return None if row is None else _endpoint_of(row)


def page(
    conn: Connection,
    workspace_id: str = "",
    *,
    state: EndpointState | None = None,
    after: str = "",
    limit: int,
) -> list[WebhookEndpoint]:
    """Endpoints in the order of their ids, from the one that follows ``after``; of all workspaces if none is named."""
    query = sa.select(endpoints).where(endpoints.c.id > after)
    if workspace_id:
        query = query.where(endpoints.c.workspace_id == workspace_id)
    if state is not None:
        disabled, failing = endpoints.c.disabled_at.is_not(None), endpoints.c.failures > 0
        query = query.where(
            {
                EndpointState.DISABLED: disabled,
                EndpointState.FAILING: ~disabled & failing,
                EndpointState.ACTIVE: ~disabled & ~failing,
            }[state]
        )
    rows = conn.execute(query.order_by(endpoints.c.id).limit(limit))
    return [_endpoint_of(row) for row in rows.mappings()]


def count(conn: Connection, workspace_id: str) -> int:
    """How many endpoints of the workspace have a secret of their own."""
    mine = endpoints.c.workspace_id == workspace_id, endpoints.c.registered
    return conn.scalar(sa.select(sa.func.count()).select_from(endpoints).where(*mine)) or 0


def put(conn: Connection, endpoint: WebhookEndpoint) -> bool:
    """Store an endpoint somebody registers; False: that URL has a secret of its own already."""
    row = vars(endpoint)
    kept = {name: row[name] for name in _OF_SECRETS}
    insert = upsert_into(conn, endpoints).values(row)
    stored = conn.execute(
        insert.on_conflict_do_update(
            index_elements=["workspace_id", "url"], set_=kept, where=endpoints.c.registered.is_(False)
        )
    )
    return stored.rowcount == 1


def change_secrets(conn: Connection, endpoint: WebhookEndpoint, before: WebhookEndpoint) -> bool:
    """Store the secrets ``endpoint`` has now; False: they are not as they were ``before`` any more."""
    row = vars(endpoint)
    same = endpoints.c.id == before.id, endpoints.c.updated_at == before.updated_at
    changed = conn.execute(endpoints.update().where(*same).values({name: row[name] for name in _OF_SECRETS}))
    return changed.rowcount == 1


def remove(conn: Connection, workspace_id: str, endpoint_id: str) -> bool:
    mine = endpoints.c.id == endpoint_id, endpoints.c.workspace_id == workspace_id
    return conn.execute(endpoints.delete().where(*mine)).rowcount == 1


def enable(conn: Connection, workspace_id: str, urls: Collection[str], now: datetime) -> None:
    """Send to these endpoints again, if they were disabled or asked for a pause."""
    if urls:
        conn.execute(
            endpoints.update()
            .where(endpoints.c.workspace_id == workspace_id, endpoints.c.url.in_(urls))
            .where(endpoints.c.disabled_at.is_not(None) | endpoints.c.paused_until.is_not(None))
            .values(disabled_at=None, paused_until=None, failures=0, failing_since=None, updated_at=now)
        )


def failed(conn: Connection, failures: Sequence[Failure]) -> list[WebhookEndpoint]:
    """Write down failed tries; the endpoints as they are after them."""
    for failure in sorted(failures, key=lambda one: one.key):
        workspace_id, url = failure.key
        values = {
            "failures": 1,
            "failing_since": failure.at,
            "last_error": failure.error,
            "paused_until": failure.paused_until,
            "disabled_at": failure.at if failure.gone else None,
        }
        insert = upsert_into(conn, endpoints).values(
            id=new_id(), workspace_id=workspace_id, url=url, created_at=failure.at, updated_at=failure.at, **values
        )
        counted = {
            "failures": endpoints.c.failures + 1,
            "failing_since": sa.func.coalesce(endpoints.c.failing_since, insert.excluded.failing_since),
            "last_error": insert.excluded.last_error,
            "paused_until": sa.func.coalesce(insert.excluded.paused_until, endpoints.c.paused_until),
            "disabled_at": sa.func.coalesce(endpoints.c.disabled_at, insert.excluded.disabled_at),
        }
        conn.execute(insert.on_conflict_do_update(index_elements=["workspace_id", "url"], set_=counted))
    return list(find(conn, {failure.key for failure in failures}).values())


def recovered(conn: Connection, some: Collection[WebhookEndpoint]) -> None:
    """They took what was sent: what was known only while it failed is forgotten."""
    ids = sorted(one.id for one in some)
    if ids:
        mine = endpoints.c.id.in_(ids)
        well = {"failures": 0, "failing_since": None, "last_error": "", "paused_until": None}
        conn.execute(endpoints.update().where(mine, endpoints.c.registered).values(well))
        conn.execute(
            endpoints.delete().where(mine, endpoints.c.registered.is_(False), endpoints.c.disabled_at.is_(None))
        )


def standings(conn: Connection, lanes: Collection[str]) -> dict[str, Standing]:
    """Of those of the lanes whose last try failed."""
    if not lanes:
        return {}
    query = sa.select(origins)
    if len(lanes) <= _NAMED_AT_ONCE:
        query = query.where(origins.c.lane.in_(lanes))
    return {row["lane"]: Standing(**row) for row in conn.execute(query).mappings()}


def take_turn(conn: Connection, lane: str, now: datetime, until: datetime) -> bool:
    """Be the one that tries a failing origin until then; False: somebody else is, in this or another process."""
    free = origins.c.lane == lane, origins.c.trying_until <= now
    return conn.execute(origins.update().where(*free).values(trying_until=until)).rowcount == 1


def end_turns(conn: Connection, lanes: Collection[str], now: datetime) -> None:
    """Nothing came of these turns: nothing was sent."""
    for lane in sorted(lanes):
        conn.execute(origins.update().where(origins.c.lane == lane).values(trying_until=now))


class Tried(Enum):
    """What came of a try at an origin."""

    ANSWERED = auto()
    FAILED = auto()
    HUNG = auto()


def origins_tried(conn: Connection, outcomes: Mapping[str, Sequence[Tried]], now: datetime) -> None:
    """Count the failures in a row of each lane; ``outcomes`` are in the order of the tries."""
    for lane, several in sorted(outcomes.items()):
        since = [one for at, one in enumerate(several) if Tried.ANSWERED not in several[at:]]
        if Tried.ANSWERED in several:
            conn.execute(origins.delete().where(origins.c.lane == lane))
        if since:
            hangs = len(since) - 1 - max((at for at, one in enumerate(since) if one is not Tried.HUNG), default=-1)
            insert = upsert_into(conn, origins).values(lane=lane, failures=len(since), hangs=hangs, trying_until=now)
            counted = {
                "failures": origins.c.failures + len(since),
                "hangs": origins.c.hangs + hangs if hangs == len(since) else hangs,
                "trying_until": now,
            }
            conn.execute(insert.on_conflict_do_update(index_elements=["lane"], set_=counted))


def _endpoint_of(row: Any) -> WebhookEndpoint:
    return WebhookEndpoint(**row)


_ILL_AT_MOST: Final = 100


def endpoint_page(
    conn: Connection, workspace_id: str, *, state: EndpointState | None = None, after: str = "", limit: int
) -> tuple[list[WebhookEndpoint], bool]:
    """Endpoints in the order of their ids, from the one that follows ``after``; whether more follow."""
    found = page(conn, workspace_id, state=state, after=after, limit=limit + 1)
    return found[:limit], len(found) > limit


def webhook_endpoint(conn: Connection, workspace_id: str, endpoint_id: str) -> WebhookEndpoint:
    """
    Raises:
        NotFound: the workspace has no such endpoint.
    """
    found = one_of(conn, workspace_id, endpoint_id)
    if found is None:
        raise NotFound("Webhook endpoint not found", field="endpoint_id")
    return found


def ill_endpoints(conn: Connection) -> list[WebhookEndpoint]:
    """Of all workspaces those that keep failing or are disabled, at most a hundred: for operators."""
    failing = page(conn, state=EndpointState.FAILING, limit=_ILL_AT_MOST)
    disabled = page(conn, state=EndpointState.DISABLED, limit=_ILL_AT_MOST)
    return [*disabled, *(one for one in failing if one.keeps_failing)][:_ILL_AT_MOST]
