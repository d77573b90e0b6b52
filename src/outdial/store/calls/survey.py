"""What is free at one moment, read in a fixed number of queries: by who claims, and by who asks why a call waits.

Limits are counted from live attempts, never kept: whatever ends an attempt frees its place.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import CallState
from outdial.domain.calling import Callee, Leave, leave_to_ring
from outdial.domain.campaign import CampaignState
from outdial.domain.clock import from_micros, to_micros
from outdial.domain.health import DIALS_TO_KNOW, LOOK_BACK, Evidence, evidence_of, rests_until
from outdial.domain.outcome import Outcome
from outdial.domain.pace import dials_to_know, longest_span, paced_room, paced_until
from outdial.domain.places import Caller, Gate, Places
from outdial.domain.price import Hold, hold_for
from outdial.domain.request import Window
from outdial.domain.rules import Rules
from outdial.domain.waiting import Cause
from outdial.store.calls.batches import one_of, padded
from outdial.store.policy.credits import free_micros
from outdial.store.policy.rules import AS_STORED, legible
from outdial.store.schema import attempts, calls, campaigns, numbers, trunks, workspaces
from outdial.store.seeks import seek

_LINE: Final = (
    workspaces.c.id.label("workspace_id"),
    AS_STORED.label("settings"),
    numbers.c.id,
    numbers.c.number,
    numbers.c.trunk_id,
    numbers.c.number_pool_id,
    numbers.c.outbound,
    numbers.c.spam,
    numbers.c.max_calls,
    trunks.c.max_calls.label("trunk_max_calls"),
    trunks.c.calls_per_s,
)
_OWN: Final = numbers.c.workspace_id == workspaces.c.id
_NAMED: Final = sa.or_(one_of(numbers.c.id, "sources"), one_of(numbers.c.number_pool_id, "sources"))
# Each workspace is there at least once, for its rules, also without a number.
_LINES: Final = {
    named: sa.select(*_LINE)
    .select_from(workspaces)
    .outerjoin(numbers, _OWN & _NAMED if named else _OWN)
    .outerjoin(trunks, trunks.c.id == numbers.c.trunk_id)
    .where(one_of(workspaces.c.id, "workspaces"))
    .order_by(numbers.c.used_at.asc().nulls_first(), numbers.c.id)
    for named in (False, True)
}
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
    .where(sa.text("attempts.state <> 'ended'"), one_of(attempts.c.workspace_id, "workspaces"))
    .group_by(attempts.c.workspace_id, attempts.c.trunk_id, attempts.c.number_id)
)
# A call that is active has one live attempt.
_SHARES: Final = sa.select(
    campaigns.c.id,
    campaigns.c.workspace_id,
    campaigns.c.state,
    campaigns.c.share,
    sa.select(sa.func.count())
    .where(calls.c.bulk_list_id == campaigns.c.id, calls.c.state == CallState.ACTIVE.value)
    .correlate(campaigns)
    .scalar_subquery()
    .label("live"),
).where(
    one_of(campaigns.c.id, "lists"),
    sa.or_(campaigns.c.share.is_not(None), campaigns.c.state == CampaignState.TERMINATED.value),
)
_OF_TRUNK: Final = (
    "trunk_id, claimed_at, dialed_at, outcome, q850, ringing_at, answered_at, ended_at"
    " FROM attempts WHERE trunk_id = {key}"
)
_LATEST_FIRST: Final = "ORDER BY claimed_at DESC"
_DIALS: Final = f"SELECT 'dial' AS kind, {_OF_TRUNK} AND claimed_at > {{dials_since}} {_LATEST_FIRST} LIMIT {{dials}}"
# Without a condition on what is known of them: PostgreSQL would read all of a busy trunk's last minutes and sort them.
_RESULTS: Final = (
    f"SELECT 'result' AS kind, {_OF_TRUNK} AND claimed_at > {{results_since}} {_LATEST_FIRST} LIMIT {{results}}"
)
LATELY: Final = f"SELECT * FROM ({_DIALS}) AS dials UNION ALL SELECT * FROM ({_RESULTS}) AS results"
"""What a trunk has done: its latest dials as the index has them, once for its pace and once for its health."""


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


class _Lately(NamedTuple):
    """By trunk: when it was last asked to dial, and what is known of how its last dials went."""

    dials: dict[str, list[datetime]]
    known: dict[str, list[Evidence]]


def survey(
    conn: Connection,
    workspace_ids: Collection[str],
    now: datetime,
    sources: Collection[str] | None = None,
    lists: Collection[str] = (),
) -> Survey:
    """How things stand for these workspaces: for all their numbers, or for those of ``sources`` only (ids of numbers
    and of pools); and for these ``lists``, where one has a share of its workspace's calls or was terminated."""
    found = _lines(conn, workspace_ids, sources)
    rules = legible((row["workspace_id"], row["settings"]) for row in found)
    priced = [workspace_id for workspace_id, its in rules.items() if its.price is not None]
    lines = [row for row in found if row["id"] is not None]
    live = conn.execute(LIVE, {"workspaces": padded(workspace_ids)}).mappings().all()
    speeds = {row["trunk_id"]: row["calls_per_s"] for row in lines}
    on_the_way = _on_the_way(live)
    lately = _lately(conn, speeds, on_the_way, now)
    pace = _pace(lately.dials, speeds, now)
    rests = _rests(lately.known)
    shut: dict[Gate, datetime] = {(Cause.PROVIDER_HEALTH, trunk_id): at for trunk_id, at in rests.items() if at > now}
    shut |= {gate: opens for gate, (_, opens) in pace.items() if opens is not None and opens > now}
    left = dict(_capacity(rules, lines, live))
    left |= {gate: room for gate, (room, _) in pace.items()}
    left |= dict(_probes(rests, on_the_way, now))
    left |= _shares(conn, lists, rules)
    return Survey(
        now=now,
        rules=rules,
        callers=_callers(lines),
        places=Places(left),
        opens=shut,
        free_micros=free_micros(conn, priced) if priced else {},
    )


def _lines(
    conn: Connection, workspace_ids: Collection[str], sources: Collection[str] | None
) -> Sequence[sa.RowMapping]:
    """These numbers of these workspaces with their trunks, the one rested longest first. A workspace without any has
    one row without a number."""
    values = {"workspaces": padded(workspace_ids)} | ({} if sources is None else {"sources": padded(sources)})
    return conn.execute(_LINES[sources is not None], values).mappings().all()


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


def _shares(conn: Connection, lists: Collection[str], rules: Mapping[str, Rules]) -> Mapping[Gate, int]:
    """Calls that lists still take: none of one that was terminated, and of one with a share no more than that; one at
    least, lest a list never comes to its end. A share of no limit is none."""
    left: dict[Gate, int] = {}
    for row in conn.execute(_SHARES, {"lists": padded(lists)}) if lists else ():
        most = rules[row.workspace_id].max_calls if row.workspace_id in rules else None
        if row.state == CampaignState.TERMINATED:
            left[Cause.CAPACITY, row.id] = 0
        elif most is not None:
            left[Cause.CAPACITY, row.id] = max(1, most * row.share // 100) - row.live
    return left


def _lately(
    conn: Connection, speeds: Mapping[str, float | None], on_the_way: Mapping[str, int], now: datetime
) -> _Lately:
    """What these trunks have done of late; dials of those with a speed only. ``on_the_way``: dials of which nothing is
    known yet, by trunk."""
    keys = [
        {
            "key": trunk_id,
            "dials_since": to_micros(now - longest_span(speed)) if speed else 0,
            "dials": dials_to_know(speed) if speed else 0,
            "results_since": to_micros(now - LOOK_BACK),
            "results": DIALS_TO_KNOW + on_the_way.get(trunk_id, 0),
        }
        for trunk_id, speed in speeds.items()
    ]
    lately = _Lately(defaultdict(list), defaultdict(list))
    for kind, trunk_id, claimed_at, dialed_at, outcome, q850, *moments in seek(conn, LATELY, keys):
        if kind == "dial":
            lately.dials[trunk_id].append(from_micros(claimed_at))
            continue
        told = evidence_of(Outcome(outcome) if outcome else None, *map(_moment, moments), q850=q850)
        if told and dialed_at is not None:
            lately.known[trunk_id].append(told)
    return lately


def _pace(
    dials: Mapping[str, Sequence[datetime]], speeds: Mapping[str, float | None], now: datetime
) -> dict[Gate, tuple[int, datetime | None]]:
    """For each trunk with a speed: how many calls may start now, and when there is room for one."""
    return {
        (Cause.RATE_LIMIT, trunk_id): (
            paced_room(dials.get(trunk_id, ()), speed, now),
            paced_until(dials.get(trunk_id, ()), speed, now),
        )
        for trunk_id, speed in speeds.items()
        if speed is not None
    }


def _rests(known: Mapping[str, Sequence[Evidence]]) -> dict[str, datetime]:
    """Until when each trunk rests that failed again and again; the moment may have passed."""
    rests = {trunk_id: rests_until(evidence) for trunk_id, evidence in known.items()}
    return {trunk_id: until for trunk_id, until in rests.items() if until is not None}


def _on_the_way(live: Sequence[sa.RowMapping]) -> Mapping[str, int]:
    """Dials of which nobody knows yet whether they get through, by trunk."""
    dials: Counter[str] = Counter()
    for row in live:
        dials[row["trunk_id"]] += row["open"]
    return dials


def _probes(rests: Mapping[str, datetime], on_the_way: Mapping[str, int], now: datetime) -> Iterator[tuple[Gate, int]]:
    """None while a trunk rests; then one at a time: what is still on its way over it is its probe."""
    for trunk_id, until in rests.items():
        yield (Cause.PROVIDER_HEALTH, trunk_id), 0 if now < until else 1 - on_the_way.get(trunk_id, 0)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
