"""What is free at one moment, read in a fixed number of queries: by who claims, and by who asks why a call waits.

Limits are counted from live attempts, never kept: whatever ends an attempt frees its place.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.calling import Callee, Leave, leave_to_ring
from outdial.domain.health import DIALS_TO_KNOW, LOOK_BACK, evidence_of, rests_until
from outdial.domain.outcome import Outcome
from outdial.domain.pace import dials_to_know, longest_span, paced_room, paced_until
from outdial.domain.places import Caller, Gate, Places
from outdial.domain.price import Hold, hold_for
from outdial.domain.request import Window
from outdial.domain.rules import Rules
from outdial.domain.waiting import Cause
from outdial.store.credits import free_micros
from outdial.store.rules import load_rules
from outdial.store.schema import attempts, from_micros, numbers, to_micros, trunks
from outdial.store.seeks import seek

_LINES: Final = (
    sa.select(
        numbers.c.id,
        numbers.c.number,
        numbers.c.workspace_id,
        numbers.c.trunk_id,
        numbers.c.number_pool_id,
        numbers.c.outbound,
        numbers.c.spam,
        numbers.c.max_calls,
        trunks.c.max_calls.label("trunk_max_calls"),
        trunks.c.calls_per_s,
    )
    .join(trunks, trunks.c.id == numbers.c.trunk_id)
    .where(numbers.c.workspace_id.in_(sa.bindparam("workspaces", expanding=True)))
    .order_by(numbers.c.used_at.asc().nulls_first(), numbers.c.id)
)
_SOURCES: Final[sa.BindParameter[str]] = sa.bindparam("sources", expanding=True)
_LINES_NAMED: Final = _LINES.where(sa.or_(numbers.c.id.in_(_SOURCES), numbers.c.number_pool_id.in_(_SOURCES)))
# Its condition is the partial index's own, literally.
LIVE: Final = (
    sa.select(
        attempts.c.workspace_id,
        attempts.c.trunk_id,
        attempts.c.number_id,
        sa.func.count().label("live"),
        # Dials of which nobody knows yet whether they get through.
        sa.func.count().filter(attempts.c.ringing_at.is_(None), attempts.c.answered_at.is_(None)).label("open"),
    )
    .where(
        sa.text("attempts.state <> 'ended'"), attempts.c.workspace_id.in_(sa.bindparam("workspaces", expanding=True))
    )
    .group_by(attempts.c.workspace_id, attempts.c.trunk_id, attempts.c.number_id)
)
LATEST_DIALS: Final = (
    "SELECT trunk_id, claimed_at FROM attempts WHERE trunk_id = {key} AND claimed_at > {since}"
    " ORDER BY claimed_at DESC LIMIT {most}"
)
LATEST_RESULTS: Final = (
    "SELECT trunk_id, outcome, ringing_at, answered_at, ended_at FROM attempts"
    " WHERE trunk_id = {key} AND claimed_at > {since} AND dialed_at IS NOT NULL"
    " AND (state = 'ended' OR ringing_at IS NOT NULL OR answered_at IS NOT NULL)"
    " ORDER BY claimed_at DESC LIMIT {most}"
)


@dataclass(frozen=True)
class Survey:
    """``rules`` by workspace, without those nobody can read. ``callers``: the numbers that may call out, by workspace
    and id, the one rested longest first. ``opens``: of gates that are shut for a time, when they open."""

    now: datetime
    rules: Mapping[str, Rules]
    callers: Mapping[str, Mapping[str, Caller]]
    places: Places
    opens: Mapping[Gate, datetime]
    free_micros: dict[str, int]

    def leave(self, at: datetime, workspace_id: str, window: Window | None, callee: Callee) -> Leave:
        """When that person may be rung, ``at`` or later. Under rules nobody can read: at no known time."""
        rules = self.rules.get(workspace_id)
        if rules is None:
            return Leave(None, (Cause.POLICY_HOURS,))
        return leave_to_ring(at, window, rules.policy, callee)

    def hold(self, workspace_id: str, max_length_s: float) -> Hold | None:
        """What a dial would set aside; None: there is not enough left for it."""
        rules = self.rules.get(workspace_id)
        if rules is None or rules.price is None:
            return Hold(0)
        return hold_for(max_length_s, rules.price, self.free_micros[workspace_id])

    def spend(self, workspace_id: str, hold: Hold) -> None:
        """Set that much aside."""
        if workspace_id in self.free_micros:
            self.free_micros[workspace_id] -= hold.micros

    def usable(self, workspace_id: str, number_ids: Collection[str], pool_id: str = "") -> list[Caller]:
        """The workspace's numbers, of those named or of that pool, that may call out at all."""
        own = self.callers.get(workspace_id, {})
        named = [own[number_id] for number_id in number_ids if number_id in own]
        return named + [caller for caller in own.values() if pool_id and caller.pool_id == pool_id]


async def survey(
    conn: AsyncConnection, workspace_ids: Collection[str], now: datetime, sources: Collection[str] | None = None
) -> Survey:
    """How things stand for these workspaces: for all their numbers, or for those of ``sources`` only (ids of numbers
    and of pools)."""
    rules = await load_rules(conn, workspace_ids)
    priced = [workspace_id for workspace_id, its in rules.items() if its.price is not None]
    lines = await _lines(conn, workspace_ids, sources)
    live = (await conn.execute(LIVE, {"workspaces": list(workspace_ids)})).mappings().all()
    pace = await _pace(
        conn, {row["trunk_id"]: row["calls_per_s"] for row in lines if row["calls_per_s"] is not None}, now
    )
    rests = await _rests(conn, {row["trunk_id"] for row in lines}, now)
    shut: dict[Gate, datetime] = {(Cause.PROVIDER_HEALTH, trunk_id): at for trunk_id, at in rests.items() if at > now}
    shut |= {gate: opens for gate, (_, opens) in pace.items() if opens is not None and opens > now}
    left = dict(_capacity(rules, lines, live))
    left |= {gate: room for gate, (room, _) in pace.items()}
    left |= dict(_probes(rests, live, now))
    return Survey(
        now=now,
        rules=rules,
        callers=_callers(lines),
        places=Places(left),
        opens=shut,
        free_micros=await free_micros(conn, priced) if priced else {},
    )


async def _lines(
    conn: AsyncConnection, workspace_ids: Collection[str], sources: Collection[str] | None
) -> Sequence[sa.RowMapping]:
    """These numbers of these workspaces with their trunks, the one rested longest first."""
    asked = _LINES if sources is None else _LINES_NAMED
    values = {"workspaces": list(workspace_ids)} | ({} if sources is None else {"sources": list(sources)})
    return (await conn.execute(asked, values)).mappings().all()


def _callers(lines: Sequence[sa.RowMapping]) -> Mapping[str, Mapping[str, Caller]]:
    by_workspace: dict[str, dict[str, Caller]] = defaultdict(dict)
    for row in lines:
        if row["outbound"] and not row["spam"]:
            by_workspace[row["workspace_id"]][row["id"]] = Caller(
                row["id"], row["number"], row["trunk_id"], row["workspace_id"], row["number_pool_id"] or ""
            )
    return by_workspace


def _capacity(
    rules: Mapping[str, Rules], lines: Sequence[sa.RowMapping], live: Sequence[sa.RowMapping]
) -> Iterator[tuple[Gate, int]]:
    """Calls at the same moment that workspaces, numbers and trunks still take, where there is a limit."""
    up: Counter[str] = Counter()
    for row in live:
        for identity in (row["workspace_id"], row["trunk_id"], row["number_id"]):
            up[identity] += row["live"]
    limits: dict[str, int | None] = {workspace_id: its.max_calls for workspace_id, its in rules.items()}
    limits |= {row["id"]: row["max_calls"] for row in lines}
    limits |= {row["trunk_id"]: row["trunk_max_calls"] for row in lines}
    for identity, most in limits.items():
        if most is not None:
            yield (Cause.CAPACITY, identity), most - up[identity]


async def _pace(
    conn: AsyncConnection, speeds: Mapping[str, float], now: datetime
) -> dict[Gate, tuple[int, datetime | None]]:
    """For each trunk with a speed: how many calls may start now, and when there is room for one."""
    keys = [
        {"key": trunk_id, "since": to_micros(now - longest_span(speed)), "most": dials_to_know(speed)}
        for trunk_id, speed in speeds.items()
    ]
    dials: dict[str, list[datetime]] = defaultdict(list)
    for row in await seek(conn, LATEST_DIALS, keys):
        dials[row.trunk_id].append(from_micros(row.claimed_at))
    return {
        (Cause.RATE_LIMIT, trunk_id): (
            paced_room(dials[trunk_id], speed, now),
            paced_until(dials[trunk_id], speed, now),
        )
        for trunk_id, speed in speeds.items()
    }


async def _rests(conn: AsyncConnection, trunk_ids: Collection[str], now: datetime) -> dict[str, datetime]:
    """Until when each trunk rests that failed again and again; the moment may have passed."""
    since = to_micros(now - LOOK_BACK)
    keys = [{"key": trunk_id, "since": since, "most": DIALS_TO_KNOW} for trunk_id in trunk_ids]
    known = defaultdict(list)
    for row in await seek(conn, LATEST_RESULTS, keys):
        outcome = Outcome(row.outcome) if row.outcome else None
        if told := evidence_of(outcome, _moment(row.ringing_at), _moment(row.answered_at), _moment(row.ended_at)):
            known[row.trunk_id].append(told)
    rests = {trunk_id: rests_until(evidence) for trunk_id, evidence in known.items()}
    return {trunk_id: until for trunk_id, until in rests.items() if until is not None}


def _probes(rests: Mapping[str, datetime], live: Sequence[sa.RowMapping], now: datetime) -> Iterator[tuple[Gate, int]]:
    """None while a trunk rests; then one at a time: what is still on its way over it is its probe."""
    on_the_way: Counter[str] = Counter()
    for row in live:
        on_the_way[row["trunk_id"]] += row["open"]
    for trunk_id, until in rests.items():
        yield (Cause.PROVIDER_HEALTH, trunk_id), 0 if now < until else 1 - on_the_way[trunk_id]


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
