"""The calendar: which waiting calls are due, and whose they become.

The ``calls`` table is the calendar. Claiming is serialised over all processes, so that what is counted while claiming
is exact; the intent to dial is written and committed before anything is dialled.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import AttemptState, CallState
from outdial.domain.fairness import share
from outdial.domain.ids import call_sid
from outdial.domain.numbers import canonical
from outdial.store import locks
from outdial.store.calls.batches import one_of, padded
from outdial.store.calls.callees import is_suppressed
from outdial.store.calls.callers import mark_used
from outdial.store.calls.decisions import Ready, decide
from outdial.store.calls.lanes import STILL_WAITS, due_calls, lanes_due
from outdial.store.calls.leases import LIVES
from outdial.store.calls.prospects import Prospects, prospects
from outdial.store.calls.stops import end_waiting
from outdial.store.events import append
from outdial.store.inserts import insert_into
from outdial.store.locks import Lock
from outdial.store.schema import agents, attempts, call_requests, calls

_CALLS_AT_ONCE: Final = 200
"""Keeps statements and transactions short; what is left is claimed a tick later."""
_DUE_CALLS: Final = (
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
        is_suppressed(calls.c).label("suppressed"),
    )
    .join(call_requests, call_requests.c.call_id == calls.c.id)
    .join(agents, agents.c.id == calls.c.agent_id)
    .where(one_of(calls.c.id), STILL_WAITS)
    .order_by(calls.c.due_at, calls.c.id)
    .with_for_update(of=calls, skip_locked=True)
)
_TAKE: Final = {
    engine: calls.update()
    .where(one_of(calls.c.id), STILL_WAITS, lease_lives)
    .values(state=CallState.ACTIVE.value, attempt=calls.c.attempt + 1, worker=sa.bindparam("holder"))
    .returning(calls.c.id, calls.c.attempt)
    for engine, lease_lives in LIVES.items()
}
"""By engine; binds ``ids``, ``holder`` and ``now``."""


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
    """``lanes``: those a claim would find something to do in now. ``next_due``: the next moment at which that may
    change by the clock alone, as far as one looked; None: none."""

    lanes: Collection[str]
    next_due: datetime | None


def glance(conn: Connection, now: datetime, horizon: datetime, *, closely: bool = True) -> Glance:
    """Whether a claim is worth its lock, and when to look again at the latest up to ``horizon``. Reads only.

    Not ``closely``: a due call is reason enough, whatever may hold it back.
    """
    firsts = lanes_due(conn, max(now, horizon))
    coming = [at for at in firsts.values() if at > now]
    due = [lane for lane, at in firsts.items() if at <= now]
    if not due or not closely:
        return Glance(due, min(coming, default=None))
    here = prospects(conn, due, now)
    coming += [at for at in _openings(here) if now < at <= horizon]
    anything = share(here.lanes, here.found.places, 1, Random(0))
    return Glance(due if anything else [], min(coming, default=None))


def claim(
    conn: Connection, holder: str, lanes: Collection[str], room: int, now: datetime, *, rng: Random
) -> list[Claim]:
    """Make at most ``room`` due calls of these lanes ``holder``'s own, while its lease lives; commit before dialling
    any of them.

    Never more than any limit allows, whoever else claims. A due call that may not ring now moves to the moment it
    may; one that may never ring ends; neither costs an attempt. Calls without a place stay due as they are.
    """
    if room < 1 or not lanes:
        return []
    locks.take(conn, Lock.CLAIMS)
    here = prospects(conn, lanes, now)
    shares = share(here.lanes, here.found.places, min(room, _CALLS_AT_ONCE), rng)
    if not shares:
        return []
    decisions = decide(conn, _load(conn, due_calls(conn, shares, now)), here.found)
    claims = _take(conn, holder, decisions.ready, now)
    for due_at, ids in decisions.later.items():
        _postpone(conn, ids, due_at)
    facts = [fact for how, ids in decisions.never.items() for fact in end_waiting(conn, ids, now, how)]
    append(conn, facts)
    return claims


def _openings(here: Prospects) -> list[datetime]:
    """When gates open in front of which due calls wait."""
    gates = {gate for lane in here.lanes for caller in lane.callers for gate in caller.gates}
    return [at for gate, at in here.found.opens.items() if gate in gates]


def _load(conn: Connection, ids: Collection[str]) -> Sequence[sa.RowMapping]:
    """Those that still wait, the longest due first, locked: nobody changes them while they are decided on.

    Whoever is changing one at this moment keeps it: waiting for it would hold up every claimer.
    """
    return conn.execute(_DUE_CALLS, {"ids": padded(ids)}).mappings().all() if ids else []


def _postpone(conn: Connection, ids: Sequence[str], due_at: datetime) -> None:
    conn.execute(calls.update().where(calls.c.id.in_(ids), STILL_WAITS).values(due_at=due_at))


def _take(conn: Connection, holder: str, ready: Sequence[Ready], now: datetime) -> list[Claim]:
    """None when the lease has run out: nobody knows what others have decided since."""
    if not ready:
        return []
    values = {"ids": padded([one.row["id"] for one in ready]), "holder": holder, "now": now}
    taken = {row.id: row.attempt for row in conn.execute(_TAKE[conn.dialect.name], values)}
    claims = [(_claim(one, taken[one.row["id"]], holder, now), one) for one in ready if one.row["id"] in taken]
    if claims:
        insert = insert_into(attempts, conn.dialect)
        insert.write(conn, [insert.row(_intent(claim, one)) for claim, one in claims])
        mark_used(conn, {claim.number_id for claim, _ in claims}, now)
    return [claim for claim, _ in claims]


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
        "subscriber": canonical(claim.to_number),
        "from_number": claim.from_number,
        "number_id": claim.number_id,
        "trunk_id": claim.trunk_id,
        "version_id": claim.version_id,
        "claimed_at": claim.claimed_at,
        "hold": one.hold.micros,
        "talk_limit_s": one.hold.talk_limit_s,
    }
