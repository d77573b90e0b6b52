"""The calendar: which waiting calls are due, and whose they become.

The ``calls`` table is the calendar. Claiming is serialised over all processes, so that what is counted while claiming
is exact; the intent to dial is written and committed before anything is dialled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.call import AttemptState, CallState
from outdial.domain.events import Event, EventType
from outdial.domain.fairness import share
from outdial.domain.ids import call_sid
from outdial.domain.outcome import Outcome
from outdial.store.callers import mark_used
from outdial.store.decisions import Ready, decide
from outdial.store.events import append
from outdial.store.lanes import WAITING_SQL, due_calls, lanes_due
from outdial.store.leases import is_live
from outdial.store.prospects import Prospects, prospects
from outdial.store.schema import agents, attempts, call_requests, calls

__all__ = ["CLAIM_LOCK", "WAITING_SQL", "Claim", "Glance", "claim", "glance"]

CLAIM_LOCK: Final = 7_310_002
"""PostgreSQL advisory lock that makes claiming one at a time; on SQLite every writer is the only one."""
_CALLS_AT_ONCE: Final = 200
"""Keeps statements and transactions short; what is left is claimed a tick later."""


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


@dataclass(frozen=True)
class Glance:
    """``ready``: a claim would find something to do now. ``next_due``: the next moment at which that may change by
    the clock alone, as far as one looked; None: none."""

    ready: bool
    next_due: datetime | None


async def glance(conn: AsyncConnection, now: datetime, horizon: datetime, *, closely: bool = True) -> Glance:
    """Whether a claim is worth its lock, and when to look again at the latest up to ``horizon``. Reads only.

    Not ``closely``: a due call is reason enough, whatever may hold it back.
    """
    firsts = await lanes_due(conn, max(now, horizon))
    coming = [at for at in firsts.values() if at > now]
    due = [lane for lane, at in firsts.items() if at <= now]
    if not due or not closely:
        return Glance(bool(due), min(coming, default=None))
    here = await prospects(conn, due, now)
    coming += [at for at in _openings(here) if now < at <= horizon]
    return Glance(bool(share(here.lanes, here.found.places, 1, Random(0))), min(coming, default=None))


async def claim(conn: AsyncConnection, holder: str, room: int, now: datetime, rng: Random) -> list[Claim]:
    """Make at most ``room`` due calls ``holder``'s own; commit before dialling any of them.

    Never more than any limit allows, whoever else claims. A due call that may not ring now moves to the moment it
    may; one that may never ring ends; neither costs an attempt. Calls without a place stay due as they are.
    """
    await _one_at_a_time(conn)
    if room < 1 or not await is_live(conn, holder, now):
        return []
    here = await prospects(conn, await lanes_due(conn, now), now)
    shares = share(here.lanes, here.found.places, min(room, _CALLS_AT_ONCE), rng)
    if not shares:
        return []
    decisions = await decide(conn, await _load(conn, await due_calls(conn, shares, now)), here.found)
    claims = await _take(conn, holder, decisions.ready, now)
    for due_at, ids in decisions.later.items():
        await _postpone(conn, ids, due_at)
    await _forbid(conn, decisions.never, now)
    return claims


def _openings(here: Prospects) -> list[datetime]:
    """When gates open in front of which due calls wait."""
    gates = {gate for lane in here.lanes for caller in lane.callers for gate in caller.gates}
    return [at for gate, at in here.found.opens.items() if gate in gates]


async def _one_at_a_time(conn: AsyncConnection) -> None:
    if conn.dialect.name == "postgresql":
        await conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CLAIM_LOCK})")


async def _load(conn: AsyncConnection, ids: Collection[str]) -> Sequence[sa.RowMapping]:
    """Those that still wait, the longest due first, locked: nobody changes them while they are decided on.

    Whoever is changing one at this moment keeps it: waiting for it would hold up every claimer.
    """
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
        .where(calls.c.id.in_(ids), sa.text(f"calls.{WAITING_SQL}"))
        .order_by(calls.c.due_at, calls.c.id)
        .with_for_update(of=calls, skip_locked=True)
    )
    return rows.mappings().all()


async def _postpone(conn: AsyncConnection, ids: Sequence[str], due_at: datetime) -> None:
    await conn.execute(calls.update().where(calls.c.id.in_(ids), sa.text(WAITING_SQL)).values(due_at=due_at))


async def _forbid(conn: AsyncConnection, forbidden: Sequence[tuple[sa.RowMapping, str]], now: datetime) -> None:
    """Calls nobody may ever place, each with the reason."""
    facts: list[Event] = []
    for row, reason in forbidden:
        ended = {"state": CallState.CANCELLED.value, "outcome": Outcome.POLICY_BLOCKED.value, "reason": reason}
        await conn.execute(
            calls.update().where(calls.c.id == row["id"], sa.text(WAITING_SQL)).values(**ended, ended_at=now)
        )
        told: Mapping[str, Any] = ended | {"ended_by": ""}
        facts += [
            Event(row["id"], row["workspace_id"], EventType.CALL_ENDED, now, row["attempt"], told),
            Event(row["id"], row["workspace_id"], EventType.PROCESSED, now, row["attempt"]),
        ]
    await append(conn, facts)


async def _take(conn: AsyncConnection, holder: str, ready: Sequence[Ready], now: datetime) -> list[Claim]:
    if not ready:
        return []
    taken = await conn.execute(
        calls.update()
        .where(calls.c.id.in_([one.row["id"] for one in ready]), sa.text(WAITING_SQL))
        .values(state=CallState.ACTIVE.value, attempt=calls.c.attempt + 1, worker=holder)
        .returning(calls.c.id, calls.c.attempt)
    )
    numbers = {row.id: row.attempt for row in taken}
    claims = {one.row["id"]: _claim(one, numbers[one.row["id"]], holder, now) for one in ready}
    await conn.execute(attempts.insert(), [_intent(claims[one.row["id"]], one) for one in ready])
    await mark_used(conn, {one.caller.id for one in ready}, now)
    return list(claims.values())


def _claim(one: Ready, attempt: int, holder: str, now: datetime) -> Claim:
    return Claim(
        call_id=one.row["id"],
        attempt=attempt,
        holder=holder,
        workspace_id=one.row["workspace_id"],
        to_number=one.row["to_number"],
        from_number=one.caller.number,
        number_id=one.caller.id,
        trunk_id=one.caller.trunk_id,
        version_id=one.row["version_id"] or one.row["active_version_id"],
        claimed_at=now,
    )


def _intent(claim: Claim, one: Ready) -> dict[str, Any]:
    return {
        "call_id": claim.call_id,
        "number": claim.attempt,
        "sid": call_sid(claim.call_id, claim.attempt),
        "state": AttemptState.CLAIMED.value,
        "worker": claim.holder,
        "workspace_id": claim.workspace_id,
        "to_number": claim.to_number,
        "from_number": claim.from_number,
        "number_id": claim.number_id,
        "trunk_id": claim.trunk_id,
        "version_id": claim.version_id,
        "claimed_at": claim.claimed_at,
        "hold": one.hold.micros,
        "talk_limit_s": one.hold.talk_limit_s,
    }
