"""Which lanes could have a call dialled now, before any of their calls is looked at.

What certainly cannot go is not even fetched, so that a backlog at its limit costs next to nothing however long it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.fairness import Lane
from outdial.domain.places import Caller
from outdial.domain.plan import Plan
from outdial.domain.price import LEAST_TALK_S, cost_of
from outdial.domain.waiting import Cause
from outdial.store.calls.lanes import LaneName, due_calls, is_set
from outdial.store.calls.survey import Survey, survey
from outdial.store.schema import call_requests


@dataclass(frozen=True)
class Prospects:
    """The lanes something may be taken from as things stand, and how they stand."""

    lanes: Sequence[Lane]
    found: Survey


@dataclass(frozen=True)
class _First:
    """The longest due call of a lane, which speaks for it."""

    number_ids: tuple[str, ...]
    pool_id: str
    max_length_s: float


def prospects(conn: Connection, due: Collection[str], now: datetime) -> Prospects:
    """``due``: lanes with a call due by ``now``."""
    names = {lane: LaneName.of(lane) for lane in due}
    # Only their calls know which numbers a set holds.
    firsts = _firsts(conn, [lane for lane, name in names.items() if is_set(name.source)], now)
    sources = {name.source for name in names.values() if not is_set(name.source)}
    for first in firsts.values():
        sources |= {*first.number_ids, first.pool_id} - {""}
    lists = {name.list_id for name in names.values()} - {""}
    found = survey(conn, {name.workspace_id for name in names.values()}, now, sources, lists)
    # Only their calls know how much talk there must be credits for.
    firsts |= _firsts(conn, [lane for lane, name in names.items() if _is_short_of_credits(name, found)], now)
    lanes = [_lane(lane, name, firsts.get(lane), found) for lane, name in names.items()]
    return Prospects([lane for lane in lanes if lane.callers], found)


def _lane(lane: str, name: LaneName, first: _First | None, found: Survey) -> Lane:
    gates = ((Cause.CAPACITY, name.list_id),) if name.list_id else ()
    return Lane(lane, name.workspace_id, bool(name.list_id), tuple(_callers(name, first, found)), gates)


def _callers(name: LaneName, first: _First | None, found: Survey) -> list[Caller]:
    """None when the lane cannot go at all."""
    if name.workspace_id not in found.rules:
        return []
    if first is None:
        return found.usable(name.workspace_id, [name.source], name.source)
    if found.hold(name.workspace_id, first.max_length_s) is None:
        return []
    return found.usable(name.workspace_id, first.number_ids, first.pool_id)


def _is_short_of_credits(name: LaneName, found: Survey) -> bool:
    rules = found.rules.get(name.workspace_id)
    if rules is None or rules.price is None:
        return False
    return found.free_micros[name.workspace_id] < cost_of(LEAST_TALK_S * 1000, rules.price)


def _firsts(conn: Connection, lanes: Sequence[str], now: datetime) -> dict[str, _First]:
    if not lanes:
        return {}
    ids = due_calls(conn, dict.fromkeys(lanes, 1), now)
    table = call_requests.c
    rows = conn.execute(
        sa.select(table.call_id, table.from_numbers, table.number_pool_id, table.plan).where(table.call_id.in_(ids))
    )
    return {
        ids[row.call_id]: _First(
            tuple(member["id"] for member in row.from_numbers),
            row.number_pool_id or "",
            Plan.from_json(row.plan).limits.max_length_s,
        )
        for row in rows
    }
