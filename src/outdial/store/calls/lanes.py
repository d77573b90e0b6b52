"""Lanes: waiting calls that share their workspace, their caller number and their list wait in one line.

Everything here is a seek in ``ix_calls_waiting``: a million calls in the future cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import WAITING
from outdial.domain.clock import from_micros, to_micros
from outdial.store.calls.batches import fence
from outdial.store.schema import calls
from outdial.store.seeks import seek

# Written out, not bound: a partial index is only used by a query that repeats its condition literally.
WAITING_SQL: Final = "state IN ('registered', 'retry')"
STILL_WAITS: Final = fence(calls.c.state).in_(sorted(state.value for state in WAITING))
"""The same of calls that are named by their ids."""
DUE_LANES: Final = sa.text(
    f"""
    WITH RECURSIVE lanes(lane) AS (
        SELECT (SELECT lane FROM calls WHERE {WAITING_SQL} AND lane > '' ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT c.lane FROM calls c WHERE c.{WAITING_SQL} AND c.lane > lanes.lane ORDER BY c.lane LIMIT 1)
        FROM lanes WHERE lanes.lane IS NOT NULL
    ), firsts(lane, due_at) AS (
        SELECT lane,
            (SELECT c.due_at FROM calls c WHERE c.{WAITING_SQL} AND c.lane = lanes.lane ORDER BY c.due_at LIMIT 1)
        FROM lanes WHERE lane IS NOT NULL
    )
    SELECT lane, due_at FROM firsts WHERE due_at <= :by
    """
)
"""Each lane with a call due ``by`` then, and when its first one is: a loose index scan, a few seeks for each lane.

Not by ``min``: while PostgreSQL's statistics are older than a list that was just imported, it goes through all of a
lane for it.
"""
DUE_IN_LANE: Final = (
    f"SELECT id, lane FROM calls WHERE {WAITING_SQL} AND lane = {{key}} AND due_at <= :now"
    " ORDER BY due_at LIMIT {most}"
)


@dataclass(frozen=True)
class LaneName:
    """``source``: the caller number's id, the pool's, or what stands for a set of numbers; ``list_id``: empty for
    single calls."""

    workspace_id: str
    source: str
    list_id: str = ""

    def __str__(self) -> str:
        return f"{self.workspace_id}|{self.source}|{self.list_id}"

    @classmethod
    def of(cls, lane: str) -> LaneName:
        workspace_id, source, list_id = (*lane.split("|", 2), "", "")[:3]
        return cls(workspace_id, source, list_id)


def source_of(number_ids: Sequence[str], pool_id: str = "") -> str:
    """Calls with the same choice of caller numbers have the same source, in whatever order they name them."""
    if len(number_ids) < 2:
        return number_ids[0] if number_ids else pool_id
    return _SET + sha256(",".join(sorted(number_ids)).encode()).hexdigest()[:32]


def is_set(source: str) -> bool:
    """Whether the source does not say by itself which numbers are meant; each call of its lane does."""
    return source.startswith(_SET)


def lanes_due(conn: Connection, by: datetime) -> dict[str, datetime]:
    """Lanes with at least one call due by then, and when the first is."""
    found = conn.execute(DUE_LANES, {"by": to_micros(by)})
    return {row.lane: from_micros(row.due_at) for row in found}


def due_calls(conn: Connection, shares: Mapping[str, int], now: datetime) -> dict[str, str]:
    """The longest due calls of each lane, at most its share of them: their ids, with their lanes."""
    keys = [{"key": lane, "most": most} for lane, most in shares.items()]
    return {row.id: row.lane for row in seek(conn, DUE_IN_LANE, keys, now=to_micros(now))}


_SET: Final = "set:"
