"""An attempt after its claim: what happens to it is written down, by its holder only, and it ends exactly once.

Every function here is fenced by (call, attempt, holder) and returns the facts to tell; the caller appends them last
in the same transaction (``events.append``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.attempt import Answered, DigitsPressed, Progress, Result, Ringing, Said
from outdial.domain.call import ATTEMPT_MOVES, TERMINAL, AttemptState, CallState, move_call
from outdial.domain.ending import Ending, Reached, ending
from outdial.domain.events import Event, EventType
from outdial.domain.outcome import Outcome
from outdial.domain.plan import Plan
from outdial.store.calendar import Claim
from outdial.store.leases import is_live, lease_time
from outdial.store.schema import attempts, call_requests, calls, events, leases

_REAP_AT_ONCE: Final = 100
_CONFIRMED_WITHIN: Final = timedelta(seconds=10)
"""A claim whose commit succeeds is known to its holder long before."""
_TOLD_AS: Final = {
    Ringing: EventType.RINGING,
    Answered: EventType.ANSWERED,
    Said: EventType.SAID,
    DigitsPressed: EventType.DIGITS,
}
_MOVES_TO: Final[Mapping[type[Progress], tuple[AttemptState, str]]] = {
    Ringing: (AttemptState.RINGING, "ringing_at"),
    Answered: (AttemptState.TALKING, "answered_at"),
}
"""The state an attempt is in from then on, where its table allows that move, and the column that notes when."""


@dataclass(frozen=True)
class Finished:
    """What the end of an attempt did to its call; ``facts`` are to be appended."""

    ending: Ending
    facts: tuple[Event, ...]


async def asked(conn: AsyncConnection, claim: Claim, now: datetime) -> list[Event] | None:
    """Note that the carrier is being asked; the INVITE may leave only after this is committed.

    None: the attempt is no longer the holder's, or its lease has run out. Asking twice is the same as asking once.
    """
    if not await is_live(conn, claim.holder, now):
        return None
    row = await _mine(conn, claim)
    if row is None or row["state"] not in (AttemptState.CLAIMED, AttemptState.DIALING):
        return None
    if row["state"] == AttemptState.DIALING:
        return []
    await _update(conn, claim, state=AttemptState.DIALING.value, dialed_at=now)
    return [_fact(claim, EventType.DIALING, now, from_number=claim.from_number, call_sid=row["sid"])]


async def record(conn: AsyncConnection, claim: Claim, known: int, progress: Sequence[Progress]) -> list[Event] | None:
    """Write down what happened on the way. ``known`` is how many facts of progress were committed before.

    A batch that was committed without our knowing, because the connection broke just then, is not told twice.
    None: the attempt is no longer the holder's; nothing was written.
    """
    row = await _mine(conn, claim)
    if row is None:
        return None
    progress = progress[max(0, await _told(conn, claim) - known) :]
    state, changes = AttemptState(row["state"]), dict[str, Any]()
    for one in progress:
        to, moment = _MOVES_TO.get(type(one), (None, ""))
        if to in ATTEMPT_MOVES[state]:
            state = to
            changes |= {"state": state.value, moment: one.at}
    if changes:
        await _update(conn, claim, **changes)
    return [_fact(claim, _TOLD_AS[type(one)], one.at, **_told_about(one)) for one in progress]


async def finish(conn: AsyncConnection, claim: Claim, result: Result, *, recording_path: str = "") -> Finished | None:
    """End the attempt and move its call on; None when it has ended already, and nothing is changed.

    A holder that was declared lost may still end its attempt in time, while the call only waits to be dialled again:
    what really happened is better than a guess.
    """
    row = await _endable(conn, claim)
    if row is None:
        return None
    plan = Plan.from_json(row["plan"])
    end = ending(result, claim.attempt, _reached(row), plan.retry, plan.window)
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
    await conn.execute(attempts.update().where(mine).values(**values))
    return Finished(end, tuple(_closing_facts(claim, end, result)))


async def reap(
    conn: AsyncConnection, now: datetime, holder: str = "", running: Collection[tuple[str, int]] = ()
) -> list[tuple[Claim, Finished]]:
    """End attempts that nobody carries out, a hundred at most, through the same fence as everybody.

    These are the attempts of holders without a live lease, and ``holder``'s own that it knows nothing of: claimed in a
    transaction whose commit was never confirmed. ``running`` are the attempts (call, number) it does know of; they
    live as long as its process, whatever became of the lease they were claimed under.
    """
    alive = sa.select(leases.c.holder).where(leases.c.until > await lease_time(conn, now))
    forgotten = (calls.c.worker == holder) & (attempts.c.claimed_at < now - _CONFIRMED_WITHIN)
    lost = await conn.execute(
        sa.select(attempts, calls.c.workspace_id)
        .join(calls, (calls.c.id == attempts.c.call_id) & (calls.c.attempt == attempts.c.number))
        .where(sa.text("calls.state = 'active'"), sa.or_(calls.c.worker.not_in(alive), forgotten))
        .order_by(calls.c.id)
        .limit(_REAP_AT_ONCE + len(running))
    )
    reason = "the process that carried out this attempt ended"
    reaped: list[tuple[Claim, Finished]] = []
    for claim in (_claim_of(row) for row in lost.mappings()):
        if claim.key not in running:
            finished = await finish(conn, claim, Result(now, Outcome.WORKER_LOST, reason=reason))
            reaped += [(claim, finished)] if finished else []
    return reaped


async def _mine(conn: AsyncConnection, claim: Claim) -> sa.RowMapping | None:
    """The attempt's row, locked, while it is the holder's and has not ended."""
    found = await conn.execute(
        sa.select(attempts)
        .join(calls, calls.c.id == attempts.c.call_id)
        .where(
            attempts.c.call_id == claim.call_id,
            attempts.c.number == claim.attempt,
            attempts.c.worker == claim.holder,
            attempts.c.state != AttemptState.ENDED.value,
            calls.c.state == CallState.ACTIVE.value,
            calls.c.attempt == claim.attempt,
        )
        .with_for_update()
    )
    return found.mappings().one_or_none()


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


async def _update(conn: AsyncConnection, claim: Claim, **values: Any) -> None:
    await conn.execute(
        attempts.update()
        .where(
            attempts.c.call_id == claim.call_id, attempts.c.number == claim.attempt, attempts.c.worker == claim.holder
        )
        .values(**values)
    )


async def _told(conn: AsyncConnection, claim: Claim) -> int:
    """How many facts of progress are on record for this attempt."""
    counted = sa.select(sa.func.count()).where(
        events.c.call_id == claim.call_id,
        events.c.attempt == claim.attempt,
        events.c.type.in_([kind.value for kind in _TOLD_AS.values()]),
    )
    return (await conn.execute(counted)).scalar_one()


async def _salvaged(conn: AsyncConnection, claim: Claim, talked: timedelta) -> dict[str, Any]:
    """What is known of a talk whose worker did not live to tell: the turns it reported, the time since the answer."""
    said = sa.select(events.c.data).where(
        events.c.call_id == claim.call_id,
        events.c.attempt == claim.attempt,
        events.c.type == EventType.SAID.value,
    )
    turns = [{**turn, "latency_ms": None} for turn in (await conn.execute(said.order_by(events.c.seq))).scalars()]
    return {"turns": turns, "talk_ms": max(0, talked // timedelta(milliseconds=1))}


def _reached(row: sa.RowMapping) -> Reached:
    if row["answered_at"] is not None:
        return Reached.CALLEE
    return Reached.NOBODY if row["dialed_at"] is None else Reached.CARRIER


def _told_about(one: Progress) -> dict[str, Any]:
    match one:
        case Ringing(early_media=early_media):
            return {"early_media": early_media}
        case Said(turn=turn):
            return {
                "speaker": turn.speaker.value,
                "text": turn.text,
                "began_ms": turn.began_ms,
                "ended_ms": turn.ended_ms,
                "interrupted": turn.interrupted,
            }
        case DigitsPressed(digits=digits):
            return {"digits": digits}
        case _:
            return {}


def _call_values(end: Ending, result: Result, claim: Claim) -> dict[str, Any]:
    values: dict[str, Any] = {"state": end.state.value, "worker": None}
    if end.state in TERMINAL:
        ended_by = end.ended_by.value if end.ended_by else ""
        values |= {"outcome": result.outcome.value, "ended_by": ended_by, "ended_at": result.at}
    else:
        values |= {"due_at": end.due_at, "attempt": claim.attempt if end.consumed else claim.attempt - 1}
    return values


def _attempt_values(end: Ending, result: Result, recording_path: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": AttemptState.ENDED.value,
        "ended_at": result.at,
        "outcome": result.outcome.value,
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


def _closing_facts(claim: Claim, end: Ending, result: Result) -> list[Event]:
    outcome, ended_by = result.outcome.value, end.ended_by.value if end.ended_by else ""
    facts = [
        _fact(
            claim,
            EventType.ATTEMPT_ENDED,
            result.at,
            outcome=outcome,
            ended_by=ended_by,
            sip_code=result.sip_code,
            reason=result.reason,
            talk_ms=result.talk.talk_ms if result.talk else 0,
            next_due_at=end.due_at.isoformat() if end.due_at else None,
        )
    ]
    if result.talk and result.talk.recording_ms:
        facts.append(_fact(claim, EventType.RECORDING_READY, result.at, duration_ms=result.talk.recording_ms))
    if end.state in TERMINAL:
        told = {"state": end.state.value, "outcome": outcome, "ended_by": ended_by}
        facts.append(_fact(claim, EventType.CALL_ENDED, result.at, **told))
        facts.append(_fact(claim, EventType.PROCESSED, result.at))
    return facts


def _fact(claim: Claim, kind: EventType, at: datetime, **data: Any) -> Event:
    return Event(claim.call_id, claim.workspace_id, kind, at, claim.attempt, data)


def _claim_of(row: sa.RowMapping) -> Claim:
    return Claim(
        call_id=row["call_id"],
        attempt=row["number"],
        holder=row["worker"],
        workspace_id=row["workspace_id"],
        from_number=row["from_number"],
        number_id=row["number_id"],
        trunk_id=row["trunk_id"],
        version_id=row["version_id"],
        claimed_at=row["claimed_at"],
    )
