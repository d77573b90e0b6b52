"""What happens to an attempt between its claim and its end, written down by its holder only.

Both functions are fenced by (call, attempt, holder) and return the facts to tell; the caller appends them last in the
same transaction (``events.append``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.attempt import Answered, DigitsPressed, Progress, Ringing, Said
from outdial.domain.call import ATTEMPT_MOVES, AttemptState, CallState
from outdial.domain.calling import Callee, leave_to_ring
from outdial.domain.events import Event, EventType
from outdial.domain.plan import Plan
from outdial.store.calendar import Claim
from outdial.store.callees import dials_to, is_suppressed
from outdial.store.leases import good_for
from outdial.store.rules import AS_STORED, rules_of
from outdial.store.schema import attempts, call_requests, calls, events, workspaces

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
class Asked:
    """Leave to send the INVITE, for as long as the lease it was given under: later, others may count it as lost."""

    facts: list[Event]
    before: datetime


async def asked(conn: AsyncConnection, claim: Claim, now: datetime) -> Asked | None:
    """Note that the carrier is being asked; the INVITE may leave only after this is committed.

    None: the attempt is no longer the holder's, its lease has run out, somebody wants it stopped, or the person may
    not be rung any more since it was claimed. Asking twice is the same as asking once.
    """
    left = await good_for(conn, claim.holder, now)
    if left is None:
        return None
    row = await _mine(conn, claim)
    if row is None or row["state"] not in (AttemptState.CLAIMED, AttemptState.DIALING) or row["stop_asked_at"]:
        return None
    if row["state"] == AttemptState.DIALING:
        return Asked([], now + left)
    if not await _may_ring(conn, claim, now):
        return None
    await _update(conn, claim, state=AttemptState.DIALING.value, dialed_at=now)
    told = fact_of(claim, EventType.DIALING, now, from_number=claim.from_number, call_sid=row["sid"])
    return Asked([told], now + left)


async def _may_ring(conn: AsyncConnection, claim: Claim, now: datetime) -> bool:
    """By the same rule as at the claim: time has passed since, and people and rules may have changed."""
    found = await conn.execute(
        sa.select(
            call_requests.c.plan,
            AS_STORED.label("rules"),
            is_suppressed(claim.workspace_id, claim.to_number).label("suppressed"),
        )
        .join(workspaces, workspaces.c.id == claim.workspace_id)
        .where(call_requests.c.call_id == claim.call_id)
    )
    row = found.one()
    rules = rules_of(claim.workspace_id, row.rules)
    if rules is None:
        return False
    key = claim.workspace_id, claim.to_number
    dials = await dials_to(conn, key, rules.policy, now, besides=claim.key)
    callee = Callee(claim.to_number, row.suppressed, dials)
    leave = leave_to_ring(now, Plan.from_json(row.plan).window, rules.policy, callee)
    return leave.at is not None and leave.at <= now


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
    return [fact_of(claim, _TOLD_AS[type(one)], one.at, **_told_about(one)) for one in progress]


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


def fact_of(claim: Claim, kind: EventType, at: datetime, **data: Any) -> Event:
    """A fact about the claimed attempt."""
    return Event(claim.call_id, claim.workspace_id, kind, at, claim.attempt, data)
