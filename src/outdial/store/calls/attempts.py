"""What happens to an attempt between its claim and its end, written down by its holder only.

Everything is done for many attempts at once, with as many statements as for one. Each is fenced by (call, attempt,
holder), so that one somebody else has ended stays as it is. The facts to tell are returned; the caller appends them
last in the same transaction (``events.append``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.attempt import Answered, DigitsPressed, Progress, Ringing, Said
from outdial.domain.call import ATTEMPT_MOVES, AttemptState, CallState
from outdial.domain.calling import Callee, leave_to_ring
from outdial.domain.events import Event, EventType
from outdial.domain.plan import Plan
from outdial.store.calls.batches import fence, one_of, padded, update_each
from outdial.store.calls.calendar import Claim
from outdial.store.calls.callees import counts_dials, is_suppressed, load_dials
from outdial.store.calls.leases import UNTIL
from outdial.store.policy.rules import AS_STORED, rules_of
from outdial.store.schema import attempts, call_requests, calls, events, leases, workspaces

Key = tuple[str, int]
"""Call and number of an attempt."""
Fence = tuple[str, int, str]
"""The same and its holder: the number of an attempt that never happened is given to another."""
_ASKABLE: Final = (AttemptState.CLAIMED, AttemptState.DIALING)
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

_MINE: Final = (
    sa.select(
        attempts.c.call_id,
        attempts.c.number,
        attempts.c.worker,
        attempts.c.state,
        attempts.c.sid,
        attempts.c.ringing_at,
        attempts.c.answered_at,
        attempts.c.stop_asked_at,
    )
    .join(calls, (calls.c.id == attempts.c.call_id) & (calls.c.attempt == attempts.c.number))
    .where(
        one_of(attempts.c.call_id),
        fence(attempts.c.state) != AttemptState.ENDED.value,
        fence(calls.c.state) == CallState.ACTIVE.value,
    )
    # Like whoever ends attempts, in the same order: two that lock many of the same rows must not wait for each other.
    .order_by(calls.c.id)
    .with_for_update(of=[calls, attempts])
)
"""The rows of attempts that have not ended, locked."""
_TO_ASK: Final = {
    engine: _MINE.add_columns(
        *until_and_now,
        call_requests.c.plan,
        AS_STORED.label("rules"),
        is_suppressed(calls.c).label("suppressed"),
    )
    .join(call_requests, call_requests.c.call_id == calls.c.id)
    .join(workspaces, workspaces.c.id == calls.c.workspace_id)
    .outerjoin(leases, leases.c.holder == attempts.c.worker)
    for engine, until_and_now in UNTIL.items()
}
"""The same, with what decides whether an INVITE may leave; by engine. Binds ``now``."""
_ASK: Final = (
    attempts.update()
    # A call has one attempt that has not ended, and those that are asked here are locked.
    .where(one_of(attempts.c.call_id), fence(attempts.c.state) == AttemptState.CLAIMED.value)
    .values(state=AttemptState.DIALING.value, dialed_at=sa.bindparam("now"))
)
_TOLD: Final = (
    sa.select(events.c.call_id, events.c.attempt, sa.func.count().label("told"))
    .where(one_of(events.c.call_id), events.c.type.in_([kind.value for kind in _TOLD_AS.values()]))
    .group_by(events.c.call_id, events.c.attempt)
)
"""Asked once the attempts are locked, in a statement of its own: one that had to wait for a lock sees other tables as
they were before."""


@dataclass(frozen=True)
class Asked:
    """Leave to send the INVITE, for as long as the lease it was given under: later, others may count it as lost."""

    facts: list[Event]
    before: datetime


@dataclass(frozen=True)
class Report:
    """What happened on the way; ``known``: how many facts of progress are known to be committed before these."""

    claim: Claim
    known: int
    progress: Sequence[Progress]


def ask_all(conn: Connection, claims: Sequence[Claim], now: datetime) -> list[Asked | None]:
    """Note that the carriers are being asked; an INVITE may leave only after this is committed.

    None: the attempt is no longer the holder's, its lease has run out, somebody wants it stopped, or the person may
    not be rung any more since it was claimed. Asking twice is the same as asking once.
    """
    mine = _locked(conn, _TO_ASK[conn.dialect.name], claims, now=now)
    rows = {fence: row for fence, row in mine.items() if _may_be_asked(row)}
    free = _may_ring(conn, [claim for claim in claims if _is_claimed(rows.get(fence_of(claim)))], rows, now)
    if free:
        conn.execute(_ASK, {"ids": padded([call_id for call_id, *_ in free]), "now": now})
    leaves: list[Asked | None] = []
    for claim in claims:
        fence = fence_of(claim)
        row = rows.get(fence)
        if row is None or (_is_claimed(row) and fence not in free):
            leaves.append(None)
            continue
        told = fact_of(claim, EventType.DIALING, now, from_number=claim.from_number, call_sid=row["sid"])
        leaves.append(Asked([told] if fence in free else [], now + (row["until"] - row["lease_now"])))
    return leaves


def record_all(conn: Connection, reports: Sequence[Report]) -> list[list[Event] | None]:
    """Write down what happened on the way; the facts of each.

    A batch that was committed without our knowing, because the connection broke just then, is not told twice.
    None: the attempt is no longer the holder's; nothing was written.
    """
    rows = _locked(conn, _MINE, [report.claim for report in reports])
    told = _told(conn, [report.claim.key for report in reports]) if rows else {}
    facts: list[list[Event] | None] = []
    changes = []
    for report in reports:
        claim, row = report.claim, rows.get(fence_of(report.claim))
        if row is None:
            facts.append(None)
            continue
        progress = report.progress[max(0, told.get(claim.key, 0) - report.known) :]
        moved = _moved(row, progress)
        if moved["state"] != row["state"]:
            changes.append(({"call_id": claim.call_id, "number": claim.attempt, "worker": claim.holder}, moved))
        facts.append([fact_of(claim, _TOLD_AS[type(one)], one.at, **_told_about(one)) for one in progress])
    update_each(conn, attempts, changes)
    return facts


def _may_be_asked(row: sa.RowMapping) -> bool:
    """Its holder's lease lives, and nobody wants it stopped."""
    lives = row["until"] is not None and row["until"] > row["lease_now"]
    return lives and row["stop_asked_at"] is None and row["state"] in _ASKABLE


def _is_claimed(row: sa.RowMapping | None) -> bool:
    return row is not None and row["state"] == AttemptState.CLAIMED


def _moved(row: sa.RowMapping, progress: Sequence[Progress]) -> dict[str, Any]:
    """All that progress can change of an attempt: always the same columns, for one statement changes many."""
    moved: dict[str, Any] = {"state": row["state"], "ringing_at": row["ringing_at"], "answered_at": row["answered_at"]}
    for one in progress:
        to, moment = _MOVES_TO.get(type(one), (None, ""))
        if to in ATTEMPT_MOVES[AttemptState(moved["state"])]:
            moved |= {"state": to.value, moment: one.at}
    return moved


def _may_ring(
    conn: Connection, claims: Sequence[Claim], rows: Mapping[Fence, sa.RowMapping], now: datetime
) -> set[Fence]:
    """Those whose people may be rung now, by the same rule as at the claim: time has passed since, and people and
    rules may have changed."""
    known = [(claim, rules_of(claim.workspace_id, rows[fence_of(claim)]["rules"])) for claim in claims]
    ruled = [(claim, rules.policy) for claim, rules in known if rules is not None]
    dials = load_dials(conn, {_callee(claim) for claim, policy in ruled if counts_dials(policy)}, now)
    free = set()
    for claim, policy in ruled:
        row = rows[fence_of(claim)]
        others = [at for key, at in dials.get(_callee(claim), {}).items() if key != claim.key]
        callee = Callee(claim.to_number, row["suppressed"], tuple(sorted(others)))
        plan = Plan.from_json(row["plan"])
        leave = leave_to_ring(now, plan.window, policy, callee)
        if leave.at is not None and leave.at <= now and not plan.is_over(now):
            free.add(fence_of(claim))
    return free


def _callee(claim: Claim) -> tuple[str, str]:
    return claim.workspace_id, claim.to_number


def _locked(
    conn: Connection, mine: sa.Select[Any], claims: Sequence[Claim], **values: Any
) -> dict[Fence, sa.RowMapping]:
    """The attempts' rows, by fence: whoever holds one finds it here, while it has not ended."""
    return by_fence(conn.execute(mine, {"ids": padded([claim.call_id for claim in claims]), **values}))


def _told(conn: Connection, keys: Collection[Key]) -> dict[Key, int]:
    """How many facts of progress are on record for each of these attempts."""
    counted = conn.execute(_TOLD, {"ids": padded([call_id for call_id, _ in keys])})
    return {(row.call_id, row.attempt): row.told for row in counted}


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


def fence_of(claim: Claim) -> Fence:
    return claim.call_id, claim.attempt, claim.holder


def by_fence(found: sa.CursorResult[Any]) -> dict[Fence, sa.RowMapping]:
    """Rows with an attempt's ``call_id``, ``number`` and ``worker``."""
    return {(row["call_id"], row["number"], row["worker"]): row for row in found.mappings()}


def fact_of(claim: Claim, kind: EventType, at: datetime, **data: Any) -> Event:
    """A fact about the claimed attempt."""
    return Event(claim.call_id, claim.workspace_id, kind, at, claim.attempt, data)
