"""How attempts end: each once, in one transaction with what it means for its call, what it costs and the facts to tell.

Many end with as many statements as one. The caller appends the facts last in the same transaction (``events.append``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.attempt import Result, Speaker
from outdial.domain.call import TERMINAL, AttemptState, CallState, move_call
from outdial.domain.ending import Ending, Reached, ending, was_answered
from outdial.domain.events import Event, EventType
from outdial.domain.inside import without_addresses
from outdial.domain.job import JobKind
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.plan import Plan
from outdial.domain.price import charge_for
from outdial.store.calls.attempts import Fence, Key, by_fence, fact_of, fence_of
from outdial.store.calls.batches import fence, one_of, padded, update_each
from outdial.store.calls.calendar import Claim
from outdial.store.jobs import NewJob, add_all
from outdial.store.policy.credits import Bill, charge, prices_of
from outdial.store.schema import attempts, call_requests, calls, events

_ENDABLE: Final = (
    sa.select(
        attempts.c.call_id,
        attempts.c.number,
        attempts.c.worker,
        attempts.c.dialed_at,
        attempts.c.answered_at,
        attempts.c.stop_asked_at,
        attempts.c.hold,
        calls.c.state.label("call_state"),
        calls.c.due_at,
        call_requests.c.plan,
    )
    .join(calls, (calls.c.id == attempts.c.call_id) & (calls.c.attempt == attempts.c.number))
    .join(call_requests, call_requests.c.call_id == attempts.c.call_id)
    .where(
        one_of(attempts.c.call_id),
        sa.or_(
            (fence(calls.c.state) == CallState.ACTIVE.value) & (fence(attempts.c.state) != AttemptState.ENDED.value),
            (fence(calls.c.state) == CallState.RETRY.value) & (attempts.c.outcome == Outcome.WORKER_LOST.value),
        ),
    )
    # In one order, call before attempt: several may end the same attempts at once, each thinking the others lost.
    .order_by(calls.c.id)
    .with_for_update(of=[calls, attempts])
)
_UNDO: Final = attempts.delete().where(
    attempts.c.call_id == sa.bindparam("call_id"), attempts.c.number == sa.bindparam("number")
)
_SAID: Final = (
    sa.select(events.c.call_id, events.c.attempt, events.c.data)
    .where(one_of(events.c.call_id), events.c.type == EventType.SAID.value)
    .order_by(events.c.seq)
)


@dataclass(frozen=True)
class Finished:
    """What the end of an attempt did to its call; ``facts`` are to be appended."""

    ending: Ending
    facts: tuple[Event, ...]


@dataclass(frozen=True)
class End:
    """What a holder says became of its attempt."""

    claim: Claim
    result: Result
    recording_path: str = ""


@dataclass(frozen=True)
class _Closing:
    """An end that is being written. ``values`` are what the attempt's row is given; ``talked``: somebody answered."""

    claim: Claim
    result: Result
    row: sa.RowMapping
    ending: Ending
    talked: bool
    values: dict[str, Any]

    @property
    def key(self) -> dict[str, Any]:
        return {"call_id": self.claim.call_id, "number": self.claim.attempt}


def finish_all(conn: Connection, ends: Sequence[End]) -> list[Finished | None]:
    """End attempts and move their calls on; None for one that has ended already, and nothing of it is changed.

    A holder that was declared lost may still end its attempt in time, while the call only waits to be dialled again:
    what really happened is better than a guess. That it was lost has been told: it is neither told again nor undone.
    """
    rows = _endable(conn, ends)
    # Taken out: an attempt that is ended twice in one batch is ended by the first.
    decided = [_decide(end, rows.pop(fence_of(end.claim), None)) for end in ends]
    closings = [one for one in decided if one]
    update_each(conn, calls, [(_as_locked(one), _call_values(one)) for one in closings])
    if undone := [one.key for one in closings if not one.ending.consumed]:
        conn.execute(_UNDO, undone)
    kept = [one for one in closings if one.ending.consumed]
    _salvage(conn, [one for one in kept if one.result.talk is None and one.row["answered_at"] is not None])
    _charge(conn, kept)
    update_each(conn, attempts, [(one.key, one.values) for one in kept])
    _have_analysed(conn, [one for one in kept if one.talked])
    return [Finished(one.ending, tuple(_closing_facts(one))) if one else None for one in decided]


def _endable(conn: Connection, ends: Sequence[End]) -> dict[Fence, sa.RowMapping]:
    """The attempts with their calls' plans and states, locked: still under way, or ended by a reaper's guess only."""
    return by_fence(conn.execute(_ENDABLE, {"ids": padded([end.claim.call_id for end in ends])})) if ends else {}


def _decide(end: End, row: sa.RowMapping | None) -> _Closing | None:
    claim, result = end.claim, end.result
    if row is None or (row["call_state"] == CallState.RETRY and result.outcome is Outcome.WORKER_LOST):
        return None
    plan, stopped, reached = Plan.from_json(row["plan"]), row["stop_asked_at"] is not None, _reached(row, result)
    how = ending(result, claim.attempt, reached, plan.retry, plan.window, stop_asked=stopped)
    move_call(CallState.ACTIVE, how.state)
    values = _attempt_values(how, result, end.recording_path)
    return _Closing(claim, result, row, how, was_answered(result, reached), values)


def _as_locked(one: _Closing) -> dict[str, Any]:
    """The call as it was found. It is locked since, so this matches: whether it did need not be counted."""
    return {"id": one.claim.call_id, "attempt": one.claim.attempt}


def _salvage(conn: Connection, cut: Sequence[_Closing]) -> None:
    """What is known of talks whose workers did not live to tell: the turns they reported, the time since the answer."""
    if not cut:
        return
    turns: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in conn.execute(_SAID, {"ids": padded([one.claim.call_id for one in cut])}):
        turns[row.call_id, row.attempt].append({**row.data, "latency_ms": None})
    for one in cut:
        talk_ms = max(0, (one.result.at - one.row["answered_at"]) // timedelta(milliseconds=1))
        said = turns[one.claim.key]
        one.values.update(turns=said, callee_turns=_callees(said), talk_ms=talk_ms)


def _charge(conn: Connection, kept: Sequence[_Closing]) -> None:
    """Charge for talks at today's price, and never more than was set aside for each.

    Nothing is set aside any more for an attempt that was given up for lost: others may have spent it, so a late end
    is the house's.
    """
    paid = [one for one in kept if one.row["hold"] and one.row["call_state"] == CallState.ACTIVE]
    prices = prices_of(conn, {one.claim.workspace_id for one in paid}) if paid else {}
    bills = []
    for one in paid:
        price = prices.get(one.claim.workspace_id)
        micros = charge_for(one.values.get("talk_ms", 0), price, one.row["hold"])
        bills += [Bill(one.claim.workspace_id, one.claim.key, micros, one.result.at)] if micros else []
    charged = charge(conn, bills)
    for one in kept:
        one.values["cost"] = charged.get(one.claim.key, 0)


def _have_analysed(conn: Connection, talks: Sequence[_Closing]) -> None:
    """A talk ends its call, and is looked into once: whoever has done so tells that all is processed."""
    about = [(one.claim, one.result.at) for one in talks]
    add_all(conn, [NewJob(JobKind.ANALYSIS, claim.call_id, claim.workspace_id, at) for claim, at in about])


def _reached(row: sa.RowMapping, result: Result) -> Reached:
    if row["answered_at"] is not None:
        return Reached.CALLEE
    return Reached.NOBODY if row["dialed_at"] is None or result.nobody_rung else Reached.CARRIER


def _call_values(one: _Closing) -> dict[str, Any]:
    """All that an end can change of a call: always the same columns, for one statement changes many."""
    end, result = one.ending, one.result
    values: dict[str, Any] = {
        "state": end.state.value,
        "worker": None,
        "due_at": end.due_at or one.row["due_at"],
        "attempt": one.claim.attempt if end.consumed else one.claim.attempt - 1,
        "outcome": "",
        "ended_by": "",
        "ended_at": None,
    }
    if end.state in TERMINAL:
        outcome = end.call or result.outcome
        values |= {"outcome": outcome.value, "ended_by": _word(end.ended_by), "ended_at": result.at}
    return values


def _attempt_values(end: Ending, result: Result, recording_path: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": AttemptState.ENDED.value,
        "ended_at": result.at,
        "outcome": (end.attempt or result.outcome).value,
        "ended_by": _word(end.ended_by),
        "sip_code": result.sip_code,
        "q850": result.q850,
        "reason": without_addresses(result.reason),
    }
    if talk := result.talk:
        turns = [asdict(turn) for turn in talk.turns]
        values |= {
            "reason": without_addresses(result.reason or talk.trouble),
            "talk_ms": talk.talk_ms,
            "first_word_ms": talk.first_word_ms,
            "turns": turns,
            "callee_turns": _callees(turns),
            "captured": dict(talk.captured),
            "recording_ms": talk.recording_ms,
            "recording_path": recording_path if talk.recording_ms else "",
        }
    return values


def _callees(turns: Sequence[Mapping[str, Any]]) -> int:
    return sum(turn["speaker"] == Speaker.CALLEE for turn in turns)


def _word(by: EndedBy | None) -> str:
    return by.value if by else ""


def _closing_facts(one: _Closing) -> list[Event]:
    claim, end, result, values = one.claim, one.ending, one.result, one.values
    if not end.consumed:
        return []
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
        facts += [] if one.talked else [fact_of(claim, EventType.PROCESSED, result.at)]
    return facts
