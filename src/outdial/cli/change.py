"""``outdial cancel``, ``hang-up``, ``reschedule``: what the API can do to a call, from the command line.

They write into the database; whichever node has the call in hand hears of it at once.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands.change_call import Stopped, cancel_call, hang_up, reschedule_call
from outdial.domain.clock import utc_now
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.ids import parse_uuid
from outdial.settings import Settings

CallId = Annotated[str, typer.Argument(help="Id of the call, as outdial call prints it.")]

_SAID = {
    Stopped.CANCELLED: "call {} is cancelled: nobody will be rung",
    Stopped.STOPPING: "call {} is being ended: a ringing phone is left alone, a talk hung up, nobody rung again",
}


def cancel(call_id: CallId) -> None:
    """End a call: one that waits is over, one under way is hung up."""
    asyncio.run(_cancel(settings(), _id(call_id)))


def hang_up_call(call_id: CallId) -> None:
    """Hang up a call that is being dialled or talks."""
    asyncio.run(_hang_up(settings(), _id(call_id)))


def reschedule(
    call_id: CallId,
    when: Annotated[str, typer.Argument(help="2026-03-03T15:00+01:00; without an offset by the call's clock; or now.")],
) -> None:
    """Let a waiting call ring at another moment."""
    asyncio.run(_reschedule(settings(), _id(call_id), _moment(when)))


async def _cancel(chosen: Settings, call_id: str) -> None:
    async with opened(chosen) as (database, mine):
        stopped = await cancel_call(database, mine.workspace_id, call_id, now=utc_now)
    console().print(_SAID[stopped].format(call_id))


async def _hang_up(chosen: Settings, call_id: str) -> None:
    async with opened(chosen) as (database, mine):
        await hang_up(database, mine.workspace_id, call_id, now=utc_now)
    console().print(_SAID[Stopped.STOPPING].format(call_id))


async def _reschedule(chosen: Settings, call_id: str, scheduled_at: datetime) -> None:
    async with opened(chosen) as (database, mine):
        due_at = await reschedule_call(database, mine.workspace_id, call_id, scheduled_at, now=utc_now)
    console().print(f"call {call_id} is due at {due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")


def _id(text: str) -> str:
    call_id = parse_uuid(text)
    if call_id is None:
        raise NotFound(f"Call not found: {text}", field="call_id")
    return call_id


def _moment(text: str) -> datetime:
    """``now``, or a date with a time; naive without an offset."""
    if text == "now":
        return utc_now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not ("T" in text or " " in text):
        raise Invalid(Fault(("WHEN",), f"WHEN {text!r} is no moment such as 2026-03-03T15:00+01:00, nor now"))
    return moment
