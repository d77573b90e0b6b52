"""Reports over a workspace's calls, counted by the database: what comes back is a few rows, however many the calls.

A call is *connected* when somebody, or something, answered one of its attempts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import AttemptState, CallState
from outdial.domain.clock import Clock
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.rules import MICROS
from outdial.store.calls.reading import Filters, conditions
from outdial.store.schema import agent_versions, agents, analyses, attempts, call_requests, calls

BUCKETS_S: Final = (10, 30, 60)
"""Where the second, third and fourth bucket of talk lengths begin."""


@dataclass(frozen=True)
class Stand:
    """How a call stands, as far as reports tell calls apart.

    ``later``: it waits for a moment to come; ``retries``: it may be, or might have been, dialled again; ``talking``: an
    attempt is under way and answered; ``spoke``: the callee said something in the last attempt.
    """

    state: CallState
    outcome: Outcome | None
    ended_by: EndedBy | None
    later: bool
    retries: bool
    talking: bool
    spoke: bool


@dataclass(frozen=True)
class Group:
    """Calls of one agent that stand alike. ``credits``: what all their attempts cost."""

    agent_id: str
    agent_name: str
    stand: Stand
    calls: int
    connected: int
    talk_ms: int
    credits: float


@dataclass(frozen=True)
class VersionUse:
    """Calls one version of an agent was dialled for; ``connected``: those answered then."""

    agent_id: str
    version_id: str
    number: int
    calls: int
    connected: int


@dataclass(frozen=True)
class NumberUse:
    """Calls dialled from a number at least once; ``connected``: those answered there."""

    number: str
    calls: int
    connected: int


def groups(conn: Connection, workspace_id: str, filters: Filters, *, now: Clock) -> list[Group]:
    """All calls under ``filters``, each in one group."""
    facts = _facts(workspace_id, filters, now())
    alike = [column for column in facts.c if column.name not in ("id", "connected", "talk_ms", "cost")]
    asked = (
        sa.select(
            *alike,
            agents.c.name.label("agent_name"),
            sa.func.count().label("calls"),
            _sum(facts.c.connected).label("connected"),
            _sum(facts.c.talk_ms).label("talk_ms"),
            _sum(facts.c.cost).label("cost"),
        )
        .join(agents, agents.c.id == facts.c.agent_id)
        .group_by(*alike, agents.c.name)
    )
    return [_group(row) for row in conn.execute(asked).mappings()]


def numbers_used(conn: Connection, workspace_id: str, filters: Filters) -> list[NumberUse]:
    """The numbers calls under ``filters`` were dialled from, the busiest first."""
    dialled = (
        sa.select(attempts.c.call_id, attempts.c.from_number, sa.func.max(_answered()).label("connected"))
        .join(calls, calls.c.id == attempts.c.call_id)
        .where(*conditions(workspace_id, filters))
        .group_by(attempts.c.call_id, attempts.c.from_number)
        .subquery("dialled")
    )
    count = sa.func.count()
    asked = (
        sa.select(dialled.c.from_number, count.label("calls"), _sum(dialled.c.connected).label("connected"))
        .group_by(dialled.c.from_number)
        .order_by(count.desc(), dialled.c.from_number)
    )
    return [NumberUse(*row) for row in conn.execute(asked)]


def versions_used(conn: Connection, workspace_id: str, filters: Filters) -> list[VersionUse]:
    """The versions of agents that calls under ``filters`` were dialled with, agent by agent."""
    dialled = (
        sa.select(attempts.c.call_id, attempts.c.version_id, sa.func.max(_answered()).label("connected"))
        .join(calls, calls.c.id == attempts.c.call_id)
        .where(*conditions(workspace_id, filters))
        .group_by(attempts.c.call_id, attempts.c.version_id)
        .subquery("dialled")
    )
    version = (agent_versions.c.agent_id, agent_versions.c.id, agent_versions.c.number)
    asked = (
        sa.select(*version, sa.func.count(), _sum(dialled.c.connected))
        .join(agent_versions, agent_versions.c.id == dialled.c.version_id)
        .group_by(*version)
        .order_by(agent_versions.c.agent_id, agent_versions.c.number)
    )
    return [VersionUse(*row) for row in conn.execute(asked)]


def talk_lengths(conn: Connection, workspace_id: str, filters: Filters) -> Sequence[int]:
    """How many connected calls there are in each bucket of ``BUCKETS_S``, by the length of the talk."""
    dials = _dials(workspace_id, filters)
    bucket = sa.case(
        *((dials.c.talk_ms < until_s * 1000, place) for place, until_s in enumerate(BUCKETS_S)),
        else_=len(BUCKETS_S),
    )
    placed = sa.select(bucket.label("bucket")).where(dials.c.connected == 1).subquery("placed")
    asked = sa.select(placed.c.bucket, sa.func.count().label("calls")).group_by(placed.c.bucket)
    found = {row.bucket: row.calls for row in conn.execute(asked)}
    return [found.get(place, 0) for place in range(len(BUCKETS_S) + 1)]


def classified(conn: Connection, workspace_id: str, filters: Filters) -> Mapping[str, int]:
    """How many calls under ``filters`` there are of each classification, the most frequent first."""
    label, count = analyses.c.classification, sa.func.count()
    asked = (
        sa.select(label, count.label("calls"))
        .join(calls, calls.c.id == analyses.c.call_id)
        .where(*conditions(workspace_id, filters), label != "")
        .group_by(label)
        .order_by(count.desc(), label)
    )
    return {row.classification: row.calls for row in conn.execute(asked)}


def _facts(workspace_id: str, filters: Filters, now: datetime) -> sa.Subquery:
    """One row a call: what its group is found by, and what is added up."""
    dials = _dials(workspace_id, filters)
    last = attempts.alias("last")
    retries = (
        sa.select(call_requests.c.plan["retry"]["count"].as_integer() > 0)
        .where(call_requests.c.call_id == dials.c.id)
        .correlate(dials)
        .scalar_subquery()
    )
    # Asked only where it makes a difference, so that the groups stay few and no plan is read in vain.
    waits, failed = dials.c.state == CallState.REGISTERED.value, dials.c.state == CallState.FAILED.value
    return (
        sa.select(
            dials.c.id,
            dials.c.agent_id,
            dials.c.state,
            dials.c.outcome,
            dials.c.ended_by,
            sa.case((waits, dials.c.due_at > now), else_=sa.false()).label("later"),
            sa.case((failed, retries), else_=sa.false()).label("retries"),
            sa.func.coalesce(last.c.state == AttemptState.TALKING.value, sa.false()).label("talking"),
            sa.func.coalesce(last.c.callee_turns > 0, sa.false()).label("spoke"),
            dials.c.connected,
            dials.c.talk_ms,
            dials.c.cost,
        )
        .select_from(dials)
        .outerjoin(last, (last.c.call_id == dials.c.id) & (last.c.number == dials.c.last))
        .subquery("facts")
    )


def _dials(workspace_id: str, filters: Filters) -> sa.Subquery:
    """One row a call: its attempts, added up."""
    return (
        sa.select(
            *(calls.c[name] for name in ("id", "agent_id", "state", "outcome", "ended_by", "due_at")),
            sa.func.max(attempts.c.number).label("last"),
            sa.func.coalesce(sa.func.max(_answered()), 0).label("connected"),
            _sum(attempts.c.talk_ms).label("talk_ms"),
            _sum(attempts.c.cost).label("cost"),
        )
        .select_from(calls)
        .outerjoin(attempts, attempts.c.call_id == calls.c.id)
        .where(*conditions(workspace_id, filters))
        .group_by(calls.c.id)
        .subquery("dials")
    )


def _answered() -> sa.ColumnElement[int]:
    return sa.case((attempts.c.answered_at.is_not(None), 1), else_=0)


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


def _group(row: Mapping[Any, Any]) -> Group:
    return Group(
        agent_id=row["agent_id"],
        agent_name=row["agent_name"],
        stand=Stand(
            state=CallState(row["state"]),
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
            ended_by=EndedBy(row["ended_by"]) if row["ended_by"] else None,
            later=bool(row["later"]),
            retries=bool(row["retries"]),
            talking=bool(row["talking"]),
            spoke=bool(row["spoke"]),
        ),
        calls=row["calls"],
        connected=row["connected"],
        talk_ms=row["talk_ms"],
        credits=row["cost"] / MICROS,
    )
