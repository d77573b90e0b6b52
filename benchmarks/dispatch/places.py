"""What a benchmark's calls are made with: workspaces, trunks, caller numbers, agents, limits; and the calls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import randrange
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.commands.provision import add_agent, add_number, add_trunk, create_workspace
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.clock import utc_now
from outdial.domain.ids import new_id
from outdial.domain.plan import Plan
from outdial.domain.request import CallRequest, RetryPolicy
from outdial.domain.rules import Rules
from outdial.store.calls.registration import CallerNumber, Registration, rows_of
from outdial.store.database import Database
from outdial.store.schema import agents, attempts, call_requests, calls, events, numbers, trunks, workspaces

WORKSPACES: Final = 5
NUMBERS: Final = 100
AGAIN_S: Final = 2.0
"""After how long a busy phone is dialled again, once."""
_COPIED_AT_ONCE: Final = 500
"""Copies of each call made in one transaction: the server's patience with a statement has an end."""
_DAY: Final = timedelta(days=1)
_SCRAMBLE: Final = 2_654_435_761
"""Knuth's multiplier: consecutive numbers become scattered ones, as ids are."""


@dataclass(frozen=True)
class Limits:
    """Each None: no limit. ``calls_per_s`` is shared out among the trunks, one to a workspace."""

    per_number: int | None = None
    per_workspace: int | None = None
    calls_per_s: float | None = None


NO_LIMITS: Final = Limits()
USUAL: Final = Limits(per_number=5, per_workspace=150, calls_per_s=200)
WIDE: Final = Limits(per_number=10_000, per_workspace=10_000, calls_per_s=100_000)
"""Counted like any others, and never reached."""


class Place(NamedTuple):
    """A caller number and whose it is."""

    workspace_id: str
    agent_id: str
    number_id: str
    number: str


async def set_up(db: Database, limits: Limits) -> None:
    for workspace in range(WORKSPACES):
        workspace_id = await create_workspace(db, f"bench {workspace}", now=utc_now)
        trunk_id = await add_trunk(db, workspace_id, Trunk(id="", name="bench", host="127.0.0.1"), now=utc_now)
        await add_agent(db, workspace_id, Definition(greeting="Hello {{callee_name}}."), "bench", now=utc_now)
        for number in range(workspace, NUMBERS, WORKSPACES):
            await add_number(db, workspace_id, trunk_id, f"+1202555{number:04d}", now=utc_now)
    await limit(db, limits)


async def limit(db: Database, limits: Limits) -> None:
    """The limits from now on."""
    rules = Rules(max_calls=limits.per_workspace).to_json()
    per_trunk_s = limits.calls_per_s and limits.calls_per_s / WORKSPACES

    def work(conn: Connection) -> None:
        conn.execute(workspaces.update().values(settings=rules))
        conn.execute(trunks.update().values(calls_per_s=per_trunk_s, max_calls=limits.per_workspace))
        conn.execute(numbers.update().values(max_calls=limits.per_number))

    await db.write(work)


def places_of(conn: Connection) -> list[Place]:
    """Neighbours in the list belong to different workspaces."""
    wanted = sa.select(numbers.c.workspace_id, agents.c.id, numbers.c.id, numbers.c.number)
    joined = wanted.join(agents, agents.c.workspace_id == numbers.c.workspace_id).order_by(numbers.c.number)
    return [Place(*row) for row in conn.execute(joined)]


def a_registration(place: Place, due_at: datetime) -> Registration:
    """A call with a body of the usual size, due then, dialled again once when the phone is busy or the dial lost."""
    to_number = f"+1303{randrange(2_000_000, 10_000_000)}"
    variables = {"callee_name": "Sam Sample", "mobile_number": to_number, "company_name": "Example Dental"}
    request = CallRequest(
        workspace_id=place.workspace_id,
        dialect="ringg",
        to_number=to_number,
        callee_name="Sam Sample",
        agent_id=place.agent_id,
        from_number_ids=(place.number_id,),
        variables=variables,
        body={"name": "Sam Sample", "agent_id": place.agent_id, "custom_args_values": variables},
    )
    plan = Plan(retry=RetryPolicy(count=1, busy_min=AGAIN_S / 60, failed_min=AGAIN_S / 60))
    caller = CallerNumber(place.number_id, place.number)
    return Registration(new_id(), utc_now(), due_at, place.agent_id, [caller], plan, (), request)


async def schedule(db: Database, dues: Sequence[datetime]) -> dict[str, datetime]:
    """One call for each moment, from each caller number in turn; the moments by call."""
    places = await db.read(places_of)
    placed = [a_registration(places[index % len(places)], due_at) for index, due_at in enumerate(dues)]
    await asyncio.gather(*(db.submit(rows_of(registration, db.inserts)) for registration in placed))
    return {registration.call_id: registration.due_at for registration in placed}


async def fill(db: Database, future: int, past: int) -> None:
    """About ``future`` calls between tomorrow and the day after, and ``past`` that were dialled and ended two days ago,
    on every lane alike: one of each is stored, the rest copied."""
    if future:
        tomorrow = await schedule(db, [utc_now() + _DAY] * NUMBERS)
        await _copy(db, list(tomorrow), future // NUMBERS, (calls, call_requests, events))
    ended = await schedule(db, [utc_now() - 3 * _DAY] * NUMBERS)
    await db.write(_end, list(ended))
    await _copy(db, list(ended), past // NUMBERS, (calls, call_requests, events, attempts))


def _end(conn: Connection, call_ids: Sequence[str]) -> None:
    """These were dialled when they were due, and somebody talked."""
    mine = calls.c.id.in_(call_ids)
    conn.execute(calls.update().where(mine).values(state="completed", outcome="completed", attempt=1))
    dialled: Mapping[str, Any] = {
        "call_id": calls.c.id,
        "number": sa.literal(1),
        "state": sa.literal("ended"),
        "worker": sa.literal("gone"),
        "workspace_id": calls.c.workspace_id,
        "to_number": calls.c.to_number,
        "number_id": numbers.c.id,
        "trunk_id": numbers.c.trunk_id,
        "version_id": agents.c.active_version_id,
        "claimed_at": calls.c.due_at,
        "outcome": sa.literal("completed"),
    }
    joined = calls.join(agents, agents.c.id == calls.c.agent_id).join(
        numbers, (numbers.c.workspace_id == calls.c.workspace_id) & calls.c.lane.contains(numbers.c.id)
    )
    chosen = sa.select(*dialled.values()).select_from(joined).where(mine)
    conn.execute(attempts.insert().from_select(list(dialled), chosen, include_defaults=False))


async def _copy(db: Database, originals: Sequence[str], copies: int, tables: Sequence[sa.Table]) -> None:
    """Copies of these calls in ``tables``, spread over the day that follows them."""
    step_us = _DAY // timedelta(microseconds=1) // max(1, copies)
    for first in range(1, copies, _COPIED_AT_ONCE):
        last = min(first + _COPIED_AT_ONCE, copies) - 1
        statements = [_copies(table, originals, first, last, step_us) for table in tables]

        def work(conn: Connection, statements: Sequence[sa.Insert] = statements) -> None:
            for statement in statements:
                conn.execute(statement)

        await db.write(work)


def _copies(table: sa.Table, originals: Sequence[str], first: int, last: int, step_us: int) -> sa.Insert:
    turn = sa.select(sa.literal(first, sa.BigInteger).label("i")).cte("turn", recursive=True)
    turn = turn.union_all(sa.select(turn.c.i + 1).where(turn.c.i < last))
    scattered = sa.cast(turn.c.i * _SCRAMBLE % 2**32, sa.Text) + sa.cast("-", sa.Text)
    key = table.c["id" if "id" in table.c else "call_id"]
    made: dict[str, Any] = {key.name: scattered + key}
    for moment in ("due_at", "claimed_at"):
        if moment in table.c:
            made[moment] = sa.type_coerce(table.c[moment], sa.BigInteger) + turn.c.i * step_us
    columns = [column for column in table.columns if column is not table.autoincrement_column]
    values = [made.get(column.name, column) for column in columns]
    chosen = sa.select(*values).select_from(table.join(turn, sa.true())).where(key.in_(originals))
    return table.insert().from_select([column.name for column in columns], chosen, include_defaults=False)
