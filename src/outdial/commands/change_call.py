"""Change one's mind about a call: stop it, hang it up, name another moment. Races with the dialer end in the store.

A waiting call changes at once, by a statement that holds only while it waits. One that is under way belongs to its
dialer: the wish is written down beside the attempt, the dialer hears of it, and nobody is rung again whatever comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from outdial.domain.clock import Clock
from outdial.store.database import Database


class Stopped(StrEnum):
    """What cancelling did."""

    CANCELLED = "cancelled"
    """The call waited, and is over."""
    STOPPING = "stopping"
    """An attempt is under way and will be ended; nobody is rung again."""


@dataclass(frozen=True)
class Selection:
    """Waiting calls by what they have in common; what is left out does not matter.

    ``numbers`` without ``bulk_list_id`` means calls outside lists, unless ``in_lists`` (Ringg §7.6).
    """

    agent_id: str = ""
    call_ids: tuple[str, ...] = ()
    bulk_list_id: str = ""
    numbers: tuple[str, ...] = ()
    in_lists: bool = False


async def cancel_call(db: Database, workspace_id: str, call_id: str, *, now: Clock) -> Stopped:
    """End a waiting call, or have the attempt under way ended. Asking twice for the same attempt is asking once.

    Raises:
        NotFound: the workspace has no such call.
        Conflict: it is over.
    """
    raise NotImplementedError


async def hang_up(db: Database, workspace_id: str, call_id: str, *, now: Clock) -> None:
    """Have the attempt under way ended: a talk is hung up, a ringing phone left alone, nobody rung again.

    Raises:
        NotFound: the workspace has no such call.
        Conflict: no attempt is under way.
    """
    raise NotImplementedError


async def reschedule_call(
    db: Database, workspace_id: str, call_id: str, scheduled_at: datetime, *, now: Clock
) -> datetime:
    """Let a waiting call ring at ``scheduled_at`` instead; when it is due then, in its own hours (aware UTC).

    ``scheduled_at``: aware, or wall time in the zone of the call's window (Ringg §2.7); the past means now.

    Raises:
        NotFound: the workspace has no such call.
        Conflict: it does not wait: an attempt is under way, or it is over.
        Invalid: more than 365 days ahead.
    """
    raise NotImplementedError


async def cancel_waiting(db: Database, workspace_id: str, selection: Selection, *, now: Clock) -> int:
    """End all selected calls that wait; how many. One that is just being dialled is left alone.

    Raises:
        Invalid: nothing is selected.
    """
    raise NotImplementedError
