"""Which of its numbers a call is made from: one not yet tried for this call, and of those the one rested longest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.store.schema import attempts, numbers


@dataclass(frozen=True)
class CallerWish:
    """What a call may be made from: these numbers, or a stored pool."""

    call_id: str
    workspace_id: str
    number_ids: tuple[str, ...]
    pool_id: str = ""


@dataclass(frozen=True)
class Caller:
    id: str
    number: str
    trunk_id: str
    pool_id: str
    workspace_id: str


class Callers:
    """The usable numbers for a batch of calls, in the order of their last use; choosing one puts it last."""

    def __init__(self, resting: Sequence[Caller], tried: dict[str, set[str]]) -> None:
        self._resting = list(resting)
        self._tried = tried

    @classmethod
    async def load(cls, conn: AsyncConnection, wishes: Sequence[CallerWish]) -> Callers:
        ids = {number_id for wish in wishes for number_id in wish.number_ids}
        pools = {wish.pool_id for wish in wishes if wish.pool_id}
        usable = await conn.execute(
            sa.select(numbers)
            .where(sa.or_(numbers.c.id.in_(ids), numbers.c.number_pool_id.in_(pools)))
            .where(numbers.c.outbound == sa.true(), numbers.c.spam == sa.false())
            .order_by(numbers.c.used_at.asc().nulls_first(), numbers.c.id)
        )
        resting = [
            Caller(row["id"], row["number"], row["trunk_id"], row["number_pool_id"] or "", row["workspace_id"])
            for row in usable.mappings()
        ]
        tried: dict[str, set[str]] = defaultdict(set)
        used = sa.select(attempts.c.call_id, attempts.c.number_id).where(
            attempts.c.call_id.in_([wish.call_id for wish in wishes])
        )
        for row in await conn.execute(used):
            tried[row.call_id].add(row.number_id)
        return cls(resting, tried)

    def choose(self, wish: CallerWish) -> Caller | None:
        """The number to call from, or None when none of them may be used now."""
        fitting = [caller for caller in self._resting if _fits(caller, wish)]
        if not fitting:
            return None
        fresh = [caller for caller in fitting if caller.id not in self._tried[wish.call_id]]
        caller = (fresh or fitting)[0]
        self._resting.remove(caller)
        self._resting.append(caller)
        return caller

    def serve(self, wish: CallerWish) -> bool:
        """Whether there is a number to call from; choosing is left to the dial."""
        return any(_fits(caller, wish) for caller in self._resting)

    async def mark_used(self, conn: AsyncConnection, ids: Collection[str], now: datetime) -> None:
        await conn.execute(numbers.update().where(numbers.c.id.in_(ids)).values(used_at=now))


def _fits(caller: Caller, wish: CallerWish) -> bool:
    named = caller.id in wish.number_ids or (bool(wish.pool_id) and caller.pool_id == wish.pool_id)
    return named and caller.workspace_id == wish.workspace_id
