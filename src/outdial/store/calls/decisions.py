"""What becomes of each due call at its claim: dialled now, later, never, or left as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.calling import Callee
from outdial.domain.numbers import canonical
from outdial.domain.places import Caller
from outdial.domain.plan import Plan
from outdial.domain.price import Hold
from outdial.store.calls.callees import Key, counts_dials, load_dials
from outdial.store.calls.callers import CallerWish, Rotation
from outdial.store.calls.stops import TOO_LATE, Verdict, forbidden
from outdial.store.calls.survey import Survey


@dataclass(frozen=True)
class Ready:
    """To be dialled now, from that number, with that much set aside."""

    row: sa.RowMapping
    caller: Caller
    hold: Hold


@dataclass
class Decisions:
    """What is in none of these stays due as it is: there is no place for it, no number or no credits."""

    ready: list[Ready] = field(default_factory=list)
    later: dict[datetime, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Ids by the moment at which they may ring."""
    never: dict[Verdict, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Ids by how they end."""


def decide(conn: Connection, rows: Sequence[sa.RowMapping], found: Survey) -> Decisions:
    """Go through due calls in this order ; what one is given is gone for those that follow."""
    decisions = Decisions()
    rotation = Rotation.load(conn, found, [row["id"] for row in rows if row["attempt"] > 0])
    callees = _callees(conn, rows, found)
    for row in rows:
        workspace_id, key = row["workspace_id"], _key(row)
        plan = Plan.from_json(row["plan"])
        leave = found.leave(found.now, workspace_id, plan.window, callees[key])
        if plan.is_over(found.now):
            decisions.never[TOO_LATE].append(row["id"])
        elif leave.forbidden:
            decisions.never[forbidden(leave.forbidden)].append(row["id"])
        elif leave.at is not None and leave.at > found.now:
            decisions.later[leave.at].append(row["id"])
        elif leave.at is not None and (ready := _ready(row, plan, rotation, found)):
            decisions.ready.append(ready)
            found.spend(workspace_id, ready.hold)
            # The next call to the same person in this very batch is one dial later.
            callees[key] = replace(callees[key], dials=(*callees[key].dials, found.now))
    return decisions


def _callees(conn: Connection, rows: Sequence[sa.RowMapping], found: Survey) -> dict[Key, Callee]:
    """Whom the calls are for; how often they were rung, where the rules of their workspaces count it."""
    keys = {_key(row): row["suppressed"] for row in rows}
    counted = [key for key in keys if (rules := found.rules.get(key[0])) and counts_dials(rules.policy)]
    dials = load_dials(conn, counted, found.now)
    return {
        key: Callee(key[1], bool(suppressed), tuple(sorted(dials.get(key, {}).values())))
        for key, suppressed in keys.items()
    }


def _key(row: sa.RowMapping) -> Key:
    """The same for every spelling of the number: the cap is the person's."""
    return row["workspace_id"], canonical(row["to_number"])


def _ready(row: sa.RowMapping, plan: Plan, rotation: Rotation, found: Survey) -> Ready | None:
    hold = found.hold(row["workspace_id"], plan.limits.max_length_s)
    caller = hold and rotation.choose(CallerWish.of(row))
    return Ready(row, caller, hold) if hold and caller else None
