"""Credits: a ledger that only grows, its sum per workspace, and what live attempts have set aside of it.

A balance changes in the transaction that writes its ledger entry, and never falls below zero: what a dial may cost is
set aside when it is claimed, one claimer at a time, and it is charged no more than that. What is set aside is read
from the live attempts, not counted anywhere, so that it is free again however an attempt ends.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.store.schema import attempts, balances


@dataclass(frozen=True)
class Funds:
    """A workspace's credits in millionths: the sum of its ledger, and how much of it is set aside for live attempts."""

    balance_micros: int = 0
    held_micros: int = 0

    @property
    def free_micros(self) -> int:
        return self.balance_micros - self.held_micros


async def funds_of(conn: AsyncConnection, workspace_ids: Collection[str]) -> dict[str, Funds]:
    """What each of these workspaces has; nothing for one that was never given any.

    One statement, so of one moment: a charge that commits between reading the balance and reading what is set aside
    would otherwise be counted as free.
    """
    held = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(attempts.c.hold), 0), sa.BigInteger))
        # The second condition is the partial index's own, literally.
        .where(attempts.c.workspace_id == balances.c.workspace_id, sa.text("attempts.state <> 'ended'"))
        .correlate(balances)
        .scalar_subquery()
    )
    found = await conn.execute(
        sa.select(balances.c.workspace_id, balances.c.micros, held).where(balances.c.workspace_id.in_(workspace_ids))
    )
    known = {workspace_id: Funds(micros, held_micros) for workspace_id, micros, held_micros in found}
    return {workspace_id: known.get(workspace_id, Funds()) for workspace_id in workspace_ids}


async def funds(conn: AsyncConnection, workspace_id: str) -> Funds:
    """What one workspace has."""
    return (await funds_of(conn, [workspace_id]))[workspace_id]


async def free_micros(conn: AsyncConnection, workspace_ids: Collection[str]) -> dict[str, int]:
    """What may still be set aside, per workspace: its balance less what its live attempts hold."""
    return {identity: its.free_micros for identity, its in (await funds_of(conn, workspace_ids)).items()}
