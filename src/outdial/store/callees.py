"""Whom calls are for, as their workspaces know them: suppressed or not, and how often rung lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.calling import WEEK, Callee
from outdial.domain.rules import CallingPolicy, Rules
from outdial.store.schema import attempts, suppressions

Key = tuple[str, str]
"""Workspace and number (E.164)."""
_CLAIM_TO_DIAL: Final = timedelta(minutes=5)
"""Longer than any claim waits for its dial: the index knows when it was claimed, the caps count when it was dialled."""


async def load_callees(
    conn: AsyncConnection,
    keys: Collection[Key],
    rules: Mapping[str, Rules],
    now: datetime,
) -> dict[Key, Callee]:
    """What each workspace knows of that number, as far as its rules (by workspace) ask for it."""
    asked = {key: rules[key[0]].policy for key in keys if key[0] in rules}
    kept_away = await _suppressed(conn, [key for key, policy in asked.items() if policy.suppression])
    dials = await _dials(conn, [key for key, policy in asked.items() if _counts(policy)], now)
    return {key: Callee(key[1], key in kept_away, tuple(sorted(dials.get(key, ())))) for key in keys}


def is_suppressed(workspace_id: str, number: str) -> sa.Exists:
    """A condition: the number is on that workspace's list."""
    table = suppressions.c
    return sa.exists().where(table.workspace_id == workspace_id, table.number == number)


async def dials_to(
    conn: AsyncConnection, key: Key, policy: CallingPolicy, now: datetime, besides: tuple[str, int]
) -> tuple[datetime, ...]:
    """The dials that count under ``policy``, oldest first, without the attempt (call, number) that is to be made."""
    if not _counts(policy):
        return ()
    return tuple(sorted((await _dials(conn, [key], now, besides)).get(key, ())))


def _counts(policy: CallingPolicy) -> bool:
    return policy.per_day is not None or policy.per_week is not None


async def _suppressed(conn: AsyncConnection, keys: Collection[Key]) -> set[Key]:
    if not keys:
        return set()
    table = suppressions.c
    rows = await conn.execute(
        sa.select(table.workspace_id, table.number).where(
            table.workspace_id.in_({workspace_id for workspace_id, _ in keys}),
            table.number.in_({number for _, number in keys}),
        )
    )
    return {(row.workspace_id, row.number) for row in rows}


async def _dials(
    conn: AsyncConnection, keys: Collection[Key], now: datetime, besides: tuple[str, int] | None = None
) -> Mapping[Key, list[datetime]]:
    """Dials of the last week. One that never asked its carrier rang nobody, unless it is still about to."""
    by_key: dict[Key, list[datetime]] = defaultdict(list)
    if not keys:
        return by_key
    table = attempts.c
    rows = await conn.execute(
        sa.select(
            table.workspace_id, table.to_number, table.call_id, table.number, table.claimed_at, table.dialed_at
        ).where(
            table.workspace_id.in_({workspace_id for workspace_id, _ in keys}),
            table.to_number.in_({number for _, number in keys}),
            table.claimed_at > now - WEEK - _CLAIM_TO_DIAL,
            sa.or_(table.dialed_at.is_not(None), table.state != "ended"),
        )
    )
    for row in rows:
        if (row.call_id, row.number) != besides:
            by_key[row.workspace_id, row.to_number].append(row.dialed_at or row.claimed_at)
    return by_key
