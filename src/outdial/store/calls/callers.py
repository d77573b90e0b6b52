"""Which of its numbers a call is made from: one not yet tried for this call, and of those the one rested longest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.places import Caller
from outdial.store.calls.batches import one_of, padded
from outdial.store.calls.survey import Survey
from outdial.store.schema import attempts, numbers

_TRIED: Final = sa.select(attempts.c.call_id, attempts.c.number_id).where(one_of(attempts.c.call_id))
_MARK_USED: Final = numbers.update().where(one_of(numbers.c.id)).values(used_at=sa.bindparam("now"))


@dataclass(frozen=True)
class CallerWish:
    """What a call may be made from: these numbers, or a stored pool."""

    call_id: str
    workspace_id: str
    number_ids: tuple[str, ...]
    pool_id: str = ""

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> CallerWish:
        """A row with ``id``, ``workspace_id``, ``from_numbers`` and ``number_pool_id``."""
        number_ids = tuple(member["id"] for member in row["from_numbers"])
        return cls(row["id"], row["workspace_id"], number_ids, row["number_pool_id"] or "")


class Rotation:
    """Chooses caller numbers for a batch of calls; each choice takes a place and puts the number last."""

    def __init__(self, found: Survey, tried: Mapping[str, Collection[str]]) -> None:
        self._found = found
        self._tried = tried
        self._turn = {number_id: turn for own in found.callers.values() for turn, number_id in enumerate(own)}
        self._next = len(self._turn)

    @classmethod
    def load(cls, conn: Connection, found: Survey, call_ids: Collection[str]) -> Rotation:
        """``call_ids``: of calls that have been dialled before."""
        tried: dict[str, set[str]] = defaultdict(set)
        if call_ids:
            for row in conn.execute(_TRIED, {"ids": padded(call_ids)}):
                tried[row.call_id].add(row.number_id)
        return cls(found, tried)

    def choose(self, wish: CallerWish) -> Caller | None:
        """The number to call from; None when none of them has a place now, on its trunk or in its workspace."""
        usable = self._found.usable(wish.workspace_id, wish.number_ids, wish.pool_id)
        free = [caller for caller in usable if not self._found.places.against(caller)]
        if not free:
            return None
        tried = self._tried.get(wish.call_id, ())
        caller = min(free, key=lambda one: (one.id in tried, self._turn[one.id]))
        self._found.places.take(caller)
        self._turn[caller.id], self._next = self._next, self._next + 1
        return caller


def mark_used(conn: Connection, ids: Collection[str], now: datetime) -> None:
    conn.execute(_MARK_USED, {"ids": padded(ids), "now": now})
