"""Waiting calls as their owners speak of them: chosen by what they have in common, and moved to another moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import Fault, Invalid
from outdial.domain.numbers import canonical
from outdial.domain.plan import Plan
from outdial.store.calls.lanes import STILL_WAITS, WAITING_SQL
from outdial.store.schema import call_requests, calls

_AT_ONCE: Final = 250
"""Ids in one query."""


@dataclass(frozen=True)
class Selection:
    """Waiting calls that have all of this in common; what is left out does not matter.

    ``numbers``, however spelled, without ``bulk_list_id`` mean calls outside lists, unless ``in_lists`` (Ringg §7.6).
    """

    agent_id: str = ""
    call_ids: tuple[str, ...] = ()
    bulk_list_id: str = ""
    numbers: tuple[str, ...] = ()
    in_lists: bool = False

    @property
    def is_empty(self) -> bool:
        """Calls have nothing in common but, perhaps, their ids."""
        return not (self.agent_id or self.bulk_list_id or self.numbers)


def selected(conn: Connection, workspace_id: str, selection: Selection) -> list[str]:
    """Ids of the calls that wait now."""
    if selection.is_empty and not selection.call_ids:
        raise Invalid(Fault((), "name the calls: by agent_id, call_ids, bulk_list_id or numbers"))
    waiting = sa.select(calls.c.id).where(
        calls.c.workspace_id == workspace_id, sa.text(WAITING_SQL), *_conditions(selection)
    )
    named = list(dict.fromkeys(selection.call_ids))
    groups = [named[first : first + _AT_ONCE] for first in range(0, len(named), _AT_ONCE)]
    queries = [waiting.where(calls.c.id.in_(group)) for group in groups] or [waiting]
    return [found for query in queries for found in conn.scalars(query)]


def _conditions(selection: Selection) -> Iterator[sa.ColumnElement[bool]]:
    if selection.agent_id:
        yield calls.c.agent_id == selection.agent_id
    if selection.bulk_list_id:
        yield calls.c.bulk_list_id == selection.bulk_list_id
    if selection.numbers:
        persons = set(map(canonical, selection.numbers))
        yield sa.or_(calls.c.to_number.in_(selection.numbers), calls.c.subscriber.in_(persons))
        if not selection.bulk_list_id and not selection.in_lists:
            yield calls.c.bulk_list_id.is_(None)


def plan_of(conn: Connection, call_id: str) -> Plan:
    stored = sa.select(call_requests.c.plan).where(call_requests.c.call_id == call_id)
    return Plan.from_json(conn.execute(stored).scalar_one())


def reschedule(conn: Connection, call_id: str, plan: Plan, due_at: datetime) -> bool:
    """Give a call that waits another plan and moment. False: it does not wait any more."""
    moved = conn.execute(calls.update().where(calls.c.id == call_id, STILL_WAITS).values(due_at=due_at))
    if moved.rowcount == 0:
        return False
    conn.execute(call_requests.update().where(call_requests.c.call_id == call_id).values(plan=plan.to_json()))
    return True
