"""The calendar: which waiting calls are due, and whose they become.

The ``calls`` table is the calendar. Claiming is serialised over all processes, so that what is counted while claiming
is exact; the intent to dial is written and committed before anything is dialled. Both statements that look for due
calls are seeks in ``ix_calls_waiting``: a million calls in the future cost nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.call import AttemptState, CallState
from outdial.domain.errors import Broken
from outdial.domain.events import Event, EventType
from outdial.domain.hours import opening
from outdial.domain.ids import call_sid
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.store.callers import Callers, CallerWish
from outdial.store.events import append
from outdial.store.leases import is_live
from outdial.store.schema import agents, attempts, call_requests, calls, to_micros

CLAIM_LOCK: Final = 7_310_002
"""PostgreSQL advisory lock that makes claiming one at a time; on SQLite every writer is the only one."""
_LANES_AT_ONCE: Final = 128
"""Terms of one UNION: SQLite allows 500, and few sizes of statement keep the statement cache warm."""
_CALLS_AT_ONCE: Final = 200
"""Keeps statements and transactions short; what is left is claimed a tick later."""
_NO_CALLER_WAIT: Final = timedelta(minutes=1)
"""How soon to look again for a usable caller number."""

# Written out, not bound: a partial index is only used by a query that repeats its condition literally.
WAITING_SQL: Final = "state IN ('registered', 'retry')"
DUE_LANES: Final = sa.text(
    f"""
    WITH RECURSIVE lanes(lane) AS (
        SELECT min(lane) FROM calls WHERE {WAITING_SQL}
        UNION ALL
        SELECT (SELECT min(c.lane) FROM calls c WHERE c.{WAITING_SQL} AND c.lane > lanes.lane)
        FROM lanes WHERE lanes.lane IS NOT NULL
    )
    SELECT lane FROM lanes
    WHERE lane IS NOT NULL
    AND (SELECT min(c.due_at) FROM calls c WHERE c.{WAITING_SQL} AND c.lane = lanes.lane) <= :now
    """
)
_DUE_IN_LANE: Final = (
    "SELECT id FROM (SELECT id FROM calls"
    f" WHERE {WAITING_SQL} AND lane = :lane{{0}} AND due_at <= :now ORDER BY due_at LIMIT :room) AS due{{0}}"
)

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Claim:
    """An attempt somebody has undertaken to carry out: ``holder`` alone may change it, and only while it is theirs."""

    call_id: str
    attempt: int
    holder: str
    workspace_id: str
    to_number: str
    from_number: str
    number_id: str
    trunk_id: str
    version_id: str
    claimed_at: datetime

    @property
    def key(self) -> tuple[str, int]:
        return self.call_id, self.attempt


async def due_lanes(conn: AsyncConnection, now: datetime) -> list[str]:
    """Lanes with at least one call due. Costs by the number of lanes, not by the number of calls."""
    return list((await conn.execute(DUE_LANES, {"now": to_micros(now)})).scalars())


async def claim(conn: AsyncConnection, holder: str, room: int, now: datetime, rng: Random) -> list[Claim]:
    """Make at most ``room`` due calls ``holder``'s own; commit before dialling any of them.

    A due call outside its window moves to the next opening; one without a usable caller number is looked at again
    in a minute. Neither costs it an attempt. Lanes are served in turn, so that one long list starves nobody.
    """
    await _one_at_a_time(conn)
    if room < 1 or not await is_live(conn, holder, now):
        return []
    lanes = await due_lanes(conn, now)
    rng.shuffle(lanes)
    ids = await due_calls(conn, lanes[:_LANES_AT_ONCE], min(room, _CALLS_AT_ONCE), now)
    by_opening = _openings(await _load(conn, ids), now)
    claims = await _take(conn, holder, by_opening.pop(now, []), now)
    forbidden = by_opening.pop(None, [])
    for opens, rows in by_opening.items():
        await _postpone(conn, [row["id"] for row in rows], opens or now)
    await _forbid(conn, forbidden, now)
    return claims


async def due_calls(conn: AsyncConnection, lanes: Sequence[str], room: int, now: datetime) -> list[str]:
    """At most ``room`` ids of due calls, an equal share from each lane, in each the longest due first."""
    if not lanes:
        return []
    share = -(-room // len(lanes))
    # Padded to a power of two by repeating a lane; what it returns twice is dropped.
    padded = [*lanes, *[lanes[-1]] * ((1 << (len(lanes) - 1).bit_length()) - len(lanes))]
    values = {f"lane{index}": lane for index, lane in enumerate(padded)}
    found = await conn.execute(due_in_lanes(len(padded)), {**values, "now": to_micros(now), "room": share})
    return list(dict.fromkeys(found.scalars()))[:room]


def due_in_lanes(count: int) -> sa.TextClause:
    """The longest due calls of ``count`` lanes: ``lane0`` and so on, ``room`` of each, due by ``now``."""
    return sa.text(" UNION ALL ".join(_DUE_IN_LANE.format(index) for index in range(count)))


async def _one_at_a_time(conn: AsyncConnection) -> None:
    if conn.dialect.name == "postgresql":
        await conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CLAIM_LOCK})")


async def _load(conn: AsyncConnection, ids: Sequence[str]) -> list[sa.RowMapping]:
    rows = await conn.execute(
        sa.select(
            calls.c.id,
            calls.c.workspace_id,
            calls.c.to_number,
            calls.c.attempt,
            call_requests.c.plan,
            call_requests.c.from_numbers,
            call_requests.c.number_pool_id,
            call_requests.c.version_id,
            agents.c.active_version_id,
        )
        .join(call_requests, call_requests.c.call_id == calls.c.id)
        .join(agents, agents.c.id == calls.c.agent_id)
        .where(calls.c.id.in_(ids))
        .order_by(calls.c.due_at)
    )
    return list(rows.mappings())


def _openings(rows: Sequence[sa.RowMapping], now: datetime) -> dict[datetime | None, list[sa.RowMapping]]:
    """Calls by the moment they may ring: ``now``, a later opening, or None for a window nobody can read.

    Hours are looked at again here: a backlog may have outlived the window its calls became due in.
    """
    by_opening: dict[datetime | None, list[sa.RowMapping]] = defaultdict(list)
    for row in rows:
        try:
            by_opening[opening(now, Plan.from_json(row["plan"]).window)].append(row)
        except Broken as fault:
            _log.error("call not dialled: its window cannot be read", call_id=row["id"], reason=str(fault))
            by_opening[None].append(row)
    return by_opening


async def _postpone(conn: AsyncConnection, ids: Sequence[str], due_at: datetime) -> None:
    await conn.execute(calls.update().where(calls.c.id.in_(ids), sa.text(WAITING_SQL)).values(due_at=due_at))


async def _forbid(conn: AsyncConnection, rows: Sequence[sa.RowMapping], now: datetime) -> None:
    """Calls nobody may ever place, for a rule that cannot be understood."""
    if not rows:
        return
    state, outcome = CallState.CANCELLED, Outcome.POLICY_BLOCKED
    await conn.execute(
        calls.update()
        .where(calls.c.id.in_([row["id"] for row in rows]), sa.text(WAITING_SQL))
        .values(state=state.value, outcome=outcome.value, ended_at=now)
    )
    told = {"state": state.value, "outcome": outcome.value, "ended_by": ""}
    facts: list[Event] = []
    for row in rows:
        facts += [
            Event(row["id"], row["workspace_id"], EventType.CALL_ENDED, now, row["attempt"], told),
            Event(row["id"], row["workspace_id"], EventType.PROCESSED, now, row["attempt"]),
        ]
    await append(conn, facts)


async def _take(conn: AsyncConnection, holder: str, rows: Sequence[sa.RowMapping], now: datetime) -> list[Claim]:
    wishes = [
        CallerWish(
            row["id"],
            row["workspace_id"],
            tuple(member["id"] for member in row["from_numbers"]),
            row["number_pool_id"] or "",
        )
        for row in rows
    ]
    callers = await Callers.load(conn, wishes)
    chosen = {wish.call_id: caller for wish in wishes if (caller := callers.choose(wish))}
    if unserved := [wish.call_id for wish in wishes if wish.call_id not in chosen]:
        _log.warning("no usable caller number", calls=len(unserved), call_id=unserved[0])
        await _postpone(conn, unserved, now + _NO_CALLER_WAIT)
    numbers = await _activate(conn, holder, list(chosen))
    claims = [
        Claim(
            call_id=row["id"],
            attempt=numbers[row["id"]],
            holder=holder,
            workspace_id=row["workspace_id"],
            to_number=row["to_number"],
            from_number=chosen[row["id"]].number,
            number_id=chosen[row["id"]].id,
            trunk_id=chosen[row["id"]].trunk_id,
            version_id=row["version_id"] or row["active_version_id"],
            claimed_at=now,
        )
        for row in rows
        if row["id"] in numbers
    ]
    if claims:
        await conn.execute(attempts.insert(), [_intent(one) for one in claims])
        await callers.mark_used(conn, {one.number_id for one in claims}, now)
    return claims


async def _activate(conn: AsyncConnection, holder: str, ids: Sequence[str]) -> dict[str, int]:
    """Attempt numbers by call id, of those calls that still waited."""
    if not ids:
        return {}
    taken = await conn.execute(
        calls.update()
        .where(calls.c.id.in_(ids), sa.text(WAITING_SQL))
        .values(state=CallState.ACTIVE.value, attempt=calls.c.attempt + 1, worker=holder)
        .returning(calls.c.id, calls.c.attempt)
    )
    return {row.id: row.attempt for row in taken}


def _intent(one: Claim) -> dict[str, Any]:
    return {
        "call_id": one.call_id,
        "number": one.attempt,
        "sid": call_sid(one.call_id, one.attempt),
        "state": AttemptState.CLAIMED.value,
        "worker": one.holder,
        "workspace_id": one.workspace_id,
        "to_number": one.to_number,
        "from_number": one.from_number,
        "number_id": one.number_id,
        "trunk_id": one.trunk_id,
        "version_id": one.version_id,
        "claimed_at": one.claimed_at,
    }
