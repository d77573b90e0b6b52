"""Whom calls are for, as their workspaces know them: suppressed or not, and how often rung lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.calling import WEEK, Callee
from outdial.domain.numbers import canonical
from outdial.domain.rules import CallingPolicy, Rules
from outdial.store.schema import attempts, suppressions

Key = tuple[str, str]
"""Workspace and number (E.164): whom it reaches is what counts, not how it is spelled."""
_CLAIM_TO_DIAL: Final = timedelta(minutes=5)
"""Longer than any claim waits for its dial: the index knows when it was claimed, the caps count when it was dialled."""


def load_callees(
    conn: Connection,
    keys: Collection[Key],
    rules: Mapping[str, Rules],
    now: datetime,
) -> dict[Key, Callee]:
    """What each workspace knows of that number, as far as its rules (by workspace) ask for it."""
    asked = {key: rules[key[0]].policy for key in keys if key[0] in rules}
    kept_away = _suppressed(conn, [key for key, policy in asked.items() if policy.suppression])
    dials = load_dials(conn, [key for key, policy in asked.items() if counts_dials(policy)], now)
    return {key: Callee(key[1], key in kept_away, tuple(sorted(dials.get(key, {}).values()))) for key in keys}


def is_suppressed(call: sa.ColumnCollection[str, sa.Column[Any]]) -> sa.ColumnElement[bool]:
    """A condition on the columns of ``calls``: whom the call is for is on its workspace's list."""
    table = suppressions.c
    mine = sa.exists().where(table.workspace_id == call.workspace_id)
    # Two looks, each by its own index. The number itself counts, too, whatever is known of its subscriber.
    return sa.or_(
        mine.where(table.number == call.to_number),
        mine.where(table.subscriber == call.subscriber, table.subscriber != ""),
    )


def counts_dials(policy: CallingPolicy) -> bool:
    """Whether it matters how often somebody was rung."""
    return policy.per_day is not None or policy.per_week is not None


def _suppressed(conn: Connection, keys: Collection[Key]) -> set[Key]:
    if not keys:
        return set()
    table = suppressions.c
    rows = conn.execute(
        sa.select(table.workspace_id, table.number, table.subscriber).where(
            table.workspace_id.in_({workspace_id for workspace_id, _ in keys}),
            sa.or_(
                table.number.in_({number for _, number in keys}),
                table.subscriber.in_({canonical(number) for _, number in keys}),
            ),
        )
    )
    found = {(row.workspace_id, name) for row in rows for name in (row.number, row.subscriber)}
    return {key for key in keys if key in found or (key[0], canonical(key[1])) in found}


def load_dials(
    conn: Connection, keys: Collection[Key], now: datetime
) -> Mapping[Key, Mapping[tuple[str, int], datetime]]:
    """Dials of the last week by attempt (call, number).

    One that never asked its carrier rang nobody, unless it is still about to.
    """
    by_subscriber: dict[Key, dict[tuple[str, int], datetime]] = defaultdict(dict)
    if not keys:
        return {}
    table = attempts.c
    rows = conn.execute(
        sa.select(
            table.workspace_id, table.subscriber, table.call_id, table.number, table.claimed_at, table.dialed_at
        ).where(
            table.workspace_id.in_({workspace_id for workspace_id, _ in keys}),
            table.subscriber.in_({canonical(number) for _, number in keys}),
            table.claimed_at > now - WEEK - _CLAIM_TO_DIAL,
            sa.or_(table.dialed_at.is_not(None), table.state != "ended"),
        )
    )
    for row in rows:
        by_subscriber[row.workspace_id, row.subscriber][row.call_id, row.number] = row.dialed_at or row.claimed_at
    return {key: by_subscriber.get((key[0], canonical(key[1])), {}) for key in keys}
