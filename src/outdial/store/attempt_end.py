"""How an attempt ends: once, in one transaction with what it means for its call, what it costs and the facts to tell.

The caller appends the facts last in the same transaction (``events.append``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.attempt import Result
from outdial.domain.call import TERMINAL, AttemptState, CallState, move_call
from outdial.domain.ending import Ending, Reached, ending
from outdial.domain.events import Event, EventType
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.domain.price import charge_for
from outdial.store.attempts import fact_of
from outdial.store.calendar import Claim
from outdial.store.credits import charge, prices_of
from outdial.store.schema import attempts, call_requests, calls, events


@dataclass(frozen=True)
class Finished:
    """What the end of an attempt did to its call; ``facts`` are to be appended."""

    ending: Ending
    facts: tuple[Event, ...]


async def finish(conn: AsyncConnection, claim: Claim, result: Result, *, recording_path: str = "") -> Finished | None:
    """End the attempt and move its call on; None when it has ended already, and nothing is changed.

    A holder that was declared lost may still end its attempt in time, while the call only waits to be dialled again:
    what really happened is better than a guess. That it was lost has been told: it is neither told again nor undone.
    """
    row = await _endable(conn, claim)
    if row is None or (row["call_state"] == CallState.RETRY and result.outcome is Outcome.WORKER_LOST):
        return None
    plan = Plan.from_json(row["plan"])
    stopped = row["stop_asked_at"] is not None
    end = ending(result, claim.attempt, _reached(row, result), plan.retry, plan.window, stop_asked=stopped)
    move_call(CallState.ACTIVE, end.state)
    changed = await conn.execute(
        calls.update()
        .where(calls.c.id == claim.call_id, calls.c.attempt == claim.attempt, calls.c.state == row["call_state"])
        .values(**_call_values(end, result, claim))
    )
    if changed.rowcount != 1:
        return None
    mine = (attempts.c.call_id == claim.call_id) & (attempts.c.number == claim.attempt)
    if not end.consumed:
        await conn.execute(attempts.delete().where(mine))
        return Finished(end, ())
    values = _attempt_values(end, result, recording_path)
    if result.talk is None and row["answered_at"] is not None:
        values |= await _salvaged(conn, claim, result.at - row["answered_at"])
    values["cost"] = await _charged(conn, claim, row, values.get("talk_ms", 0), result.at)
    await conn.execute(attempts.update().where(mine).values(**values))
    return Finished(end, tuple(_closing_facts(claim, end, result, values)))


async def _endable(conn: AsyncConnection, claim: Claim) -> sa.RowMapping | None:
    """The attempt with its call's plan and state, locked: still under way, or ended by a reaper's guess only."""
    found = await conn.execute(
        sa.select(attempts, calls.c.state.label("call_state"), call_requests.c.plan)
        .join(calls, calls.c.id == attempts.c.call_id)
        .join(call_requests, call_requests.c.call_id == attempts.c.call_id)
        .where(
            attempts.c.call_id == claim.call_id,
            attempts.c.number == claim.attempt,
            attempts.c.worker == claim.holder,
            calls.c.attempt == claim.attempt,
            sa.or_(
                (calls.c.state == CallState.ACTIVE.value) & (attempts.c.state != AttemptState.ENDED.value),
                (calls.c.state == CallState.RETRY.value) & (attempts.c.outcome == Outcome.WORKER_LOST.value),
            ),
        )
        .with_for_update(of=[calls, attempts])
    )
    return found.mappings().one_or_none()


async def _salvaged(conn: AsyncConnection, claim: Claim, talked: timedelta) -> dict[str, Any]:
    """What is known of a talk whose worker did not live to tell: the turns it reported, the time since the answer."""
    said = sa.select(events.c.data).where(
        events.c.call_id == claim.call_id,
        events.c.attempt == claim.attempt,
        events.c.type == EventType.SAID.value,
    )
    turns = [{**turn, "latency_ms": None} for turn in (await conn.execute(said.order_by(events.c.seq))).scalars()]
    return {"turns": turns, "talk_ms": max(0, talked // timedelta(milliseconds=1))}


async def _charged(conn: AsyncConnection, claim: Claim, row: sa.RowMapping, talk_ms: int, at: datetime) -> int:
    """Charge for the talk at today's price, and never more than was set aside for it; the micro-credits.

    Nothing is set aside any more for an attempt that was given up for lost: others may have spent it, so a late end
    is the house's.
    """
    if not row["hold"] or row["call_state"] != CallState.ACTIVE:
        return 0
    price = (await prices_of(conn, [claim.workspace_id])).get(claim.workspace_id)
    micros = charge_for(talk_ms, price, row["hold"])
    if micros and await charge(conn, claim.workspace_id, claim.key, micros, at):
        return micros
    return 0


def _reached(row: sa.RowMapping, result: Result) -> Reached:
    if row["answered_at"] is not None:
        return Reached.CALLEE
    return Reached.NOBODY if row["dialed_at"] is None or result.nobody_rung else Reached.CARRIER


def _call_values(end: Ending, result: Result, claim: Claim) -> dict[str, Any]:
    values: dict[str, Any] = {"state": end.state.value, "worker": None}
    if end.state in TERMINAL:
        ended_by = end.ended_by.value if end.ended_by else ""
        outcome = end.call or result.outcome
        values |= {"outcome": outcome.value, "ended_by": ended_by, "ended_at": result.at}
    else:
        values |= {"due_at": end.due_at, "attempt": claim.attempt if end.consumed else claim.attempt - 1}
    return values


def _attempt_values(end: Ending, result: Result, recording_path: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": AttemptState.ENDED.value,
        "ended_at": result.at,
        "outcome": (end.attempt or result.outcome).value,
        "ended_by": end.ended_by.value if end.ended_by else "",
        "sip_code": result.sip_code,
        "q850": result.q850,
        "reason": result.reason,
    }
    if talk := result.talk:
        values |= {
            "reason": result.reason or talk.trouble,
            "talk_ms": talk.talk_ms,
            "first_word_ms": talk.first_word_ms,
            "turns": [asdict(turn) for turn in talk.turns],
            "captured": dict(talk.captured),
            "recording_ms": talk.recording_ms,
            "recording_path": recording_path if talk.recording_ms else "",
        }
    return values


def _closing_facts(claim: Claim, end: Ending, result: Result, values: Mapping[str, Any]) -> list[Event]:
    """``values`` is what the attempt's row was given."""
    told = {name: values.get(name, 0) for name in ("outcome", "ended_by", "sip_code", "reason", "talk_ms")}
    next_due_at = end.due_at.isoformat() if end.due_at else None
    facts = [
        fact_of(claim, EventType.ATTEMPT_ENDED, result.at, **told, cost_micros=values["cost"], next_due_at=next_due_at)
    ]
    if result.talk and result.talk.recording_ms:
        facts.append(fact_of(claim, EventType.RECORDING_READY, result.at, duration_ms=result.talk.recording_ms))
    if end.state in TERMINAL:
        outcome = (end.call or result.outcome).value
        over = {"state": end.state.value, "outcome": outcome, "ended_by": told["ended_by"], "reason": ""}
        facts.append(fact_of(claim, EventType.CALL_ENDED, result.at, **over))
        facts.append(fact_of(claim, EventType.PROCESSED, result.at))
    return facts
