"""Change one's mind about a call: stop it, hang it up, name another moment. Races with the dialer end in the store.

A waiting call changes at once, by a statement that holds only while it waits. One that is under way belongs to its
dialer: the wish is written down beside the attempt, the dialer hears of it, and nobody is rung again whatever comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from outdial.domain.call import TERMINAL, WAITING
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid, NotFound
from outdial.domain.events import Event, EventType
from outdial.domain.hours import scheduled_instant
from outdial.domain.plan import first_due
from outdial.domain.request import Window
from outdial.store.bell import ring
from outdial.store.calls import waiting_calls
from outdial.store.calls.stops import Standing, ask_to_stop, end_waiting, free_ones, standing
from outdial.store.calls.waiting_calls import Selection
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database
from outdial.store.events import append

T = TypeVar("T")
MAX_AHEAD: Final = timedelta(days=365)
_AT_ONCE: Final = 250
"""Calls ended in one transaction: a list of a hundred thousand must not keep the dialer from the calendar."""


class Stopped(StrEnum):
    """What cancelling did."""

    CANCELLED = "cancelled"
    """The call waited, and is over."""
    STOPPING = "stopping"
    """An attempt is under way and will be ended; nobody is rung again."""


async def cancel_call(db: Database, workspace_id: str, call_id: str, *, now: Clock) -> Stopped:
    """End a waiting call, or have the attempt under way ended. Asking twice is asking once.

    Raises:
        NotFound: the workspace has no such call.
        Conflict: it is over.
    """

    def look(conn: Connection) -> Stopped | None:
        found = _found(conn, workspace_id, call_id)
        if found.state not in WAITING:
            return Stopped.STOPPING if _stop(conn, workspace_id, call_id, found, now()) else None
        facts = end_waiting(conn, [call_id], now())
        append(conn, facts)
        return Stopped.CANCELLED if facts else None

    return await _settled(db, look)


async def hang_up(db: Database, workspace_id: str, call_id: str, *, now: Clock) -> None:
    """Have the attempt under way ended: a talk is hung up, a ringing phone left alone, nobody rung again.

    Raises:
        NotFound: the workspace has no such call.
        Conflict: no attempt is under way.
    """

    def look(conn: Connection) -> Stopped | None:
        found = _found(conn, workspace_id, call_id)
        if found.state in WAITING:
            raise Conflict(f"no attempt is under way: the call waits ({found.state})")
        return Stopped.STOPPING if _stop(conn, workspace_id, call_id, found, now()) else None

    await _settled(db, look)


async def reschedule_call(
    db: Database, workspace_id: str, call_id: str, scheduled_at: datetime, *, now: Clock
) -> datetime:
    """Let a waiting call ring at ``scheduled_at`` instead; when it is due then, in its own hours (aware UTC).

    ``scheduled_at``: aware, or wall time in the zone of the call's window (Ringg §2.7); the past means now. It takes
    the place of a schedule and of the pause after a failed attempt alike.

    Raises:
        NotFound: the workspace has no such call.
        Conflict: it does not wait: an attempt is under way, or it is over.
        Invalid: more than 365 days ahead.
    """

    def look(conn: Connection) -> datetime | None:
        found, at = _found(conn, workspace_id, call_id), now()
        if found.state not in WAITING:
            raise Conflict("an attempt is under way: only a waiting call can be rescheduled")
        stored = waiting_calls.plan_of(conn, call_id)
        plan = replace(stored, scheduled_at=_moment(scheduled_at, stored.window, at))
        due_at = first_due(plan, at)
        if not waiting_calls.reschedule(conn, call_id, plan, due_at):
            return None
        if due_at <= at:
            ring(conn)
        told = {"due_at": due_at.isoformat()}
        append(conn, [Event(call_id, workspace_id, EventType.RESCHEDULED, at, found.attempt, told)])
        return due_at

    return await _settled(db, look)


async def cancel_waiting(db: Database, workspace_id: str, selection: Selection, *, now: Clock) -> int:
    """End all selected calls that wait; how many. One that is just being dialled is left alone.

    Rows of campaigns that calls have not been made of yet are calls that wait: none is made of them any more. A list
    or an agent named without numbers ends its running campaigns.

    Raises:
        Invalid: nothing is selected.
    """
    spared = await _not_made(db, workspace_id, selection, now)
    ids = await db.read(waiting_calls.selected, workspace_id, selection)
    ended, held = 0, list[str]()
    for some in (ids[first : first + _AT_ONCE] for first in range(0, len(ids), _AT_ONCE)):
        free = await _end(db, some, now, only_free=True)
        ended += len(free)
        held += [one for one in some if one not in free]
    # Being dialled, or changed by somebody else: waited for one by one, with nothing else in hand.
    for one in held:
        ended += len(await _end(db, [one], now, only_free=False))
    return ended + spared


async def _settled(db: Database, look: Callable[[Connection], T | None]) -> T:
    """What ``look`` decides; it looks again when the call moved between its look and its grip."""
    while (answer := await db.write(look)) is None:
        pass
    return answer


def _found(conn: Connection, workspace_id: str, call_id: str) -> Standing:
    found = standing(conn, workspace_id, call_id)
    if found is None:
        raise NotFound("Call not found", field="call_id")
    if found.state in TERMINAL:
        raise Conflict(f"the call is over: {found.state}")
    return found


def _stop(conn: Connection, workspace_id: str, call_id: str, found: Standing, at: datetime) -> bool:
    """Whether the attempt under way is to be stopped from now on; False: it has just ended."""
    if found.stop_asked:
        return True
    facts = ask_to_stop(conn, workspace_id, call_id, found.attempt, at)
    if facts:
        ring(conn)
        append(conn, facts)
    return bool(facts)


def _moment(scheduled_at: datetime, window: Window | None, now: datetime) -> datetime:
    try:
        at = scheduled_instant(scheduled_at, (window or Window()).timezone)
    except OverflowError:
        at = None
    if at is None or at > now + MAX_AHEAD:
        raise Invalid(Fault(("scheduled_at",), "scheduled_at must lie within the next 365 days", "date_time"))
    return max(now, at)


async def _not_made(db: Database, workspace_id: str, selection: Selection, now: Clock) -> int:
    """Has no calls made of rows that are selected; how many rows those are."""
    outside_lists = selection.numbers and not selection.bulk_list_id and not selection.in_lists
    if selection.call_ids or outside_lists or selection.is_empty:
        return 0
    return await db.write(
        campaigns.stop,
        workspace_id,
        now(),
        campaign_id=selection.bulk_list_id,
        agent_id=selection.agent_id,
        numbers=selection.numbers,
    )


async def _end(db: Database, ids: Sequence[str], now: Clock, *, only_free: bool) -> set[str]:
    """Ends those that wait; their ids."""

    def work(conn: Connection) -> set[str]:
        facts = end_waiting(conn, free_ones(conn, ids) if only_free else ids, now())
        append(conn, facts)
        return {fact.call_id for fact in facts}

    return await db.write(work)
