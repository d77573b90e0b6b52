"""``outdial call``: place a call through the same command as the API, and show it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from outdial.bootstrap.installation import Installation
from outdial.bootstrap.voices import voices_of
from outdial.cli.additions import opened
from outdial.cli.door import client, is_ready
from outdial.cli.live import LiveView
from outdial.commands.place_call import place_call
from outdial.domain.clock import utc_now
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.events import Event
from outdial.domain.ids import parse_uuid
from outdial.domain.numbers import e164
from outdial.domain.request import CallRequest
from outdial.settings import Settings
from outdial.store.calls.reading import call_record, events_of
from outdial.store.database import Database

_POLL_S: Final = 0.15


@dataclass(frozen=True)
class Wish:
    """What the command line asks for; empty texts mean what ``outdial init`` made."""

    to_number: str
    agent: str = ""
    from_number: str = ""
    name: str = ""
    variables: Mapping[str, str] | None = None


async def place_and_follow(settings: Settings, console: Console, wish: Wish, *, follow: bool) -> None:
    """Raises Invalid or NotFound: the wish cannot be fulfilled as it is."""
    async with opened(settings) as (database, mine):
        voices = {voice.id: voice for voice in voices_of(settings)}
        try:
            placed = await place_call(
                database,
                _request(mine, wish),
                voices=voices,
                language_models=settings.language_models,
                now=utc_now,
            )
        except NotFound as error:
            asked = wish.agent or mine.agent_tag if error.field.startswith("agent") else wish.from_number or mine.number
            raise NotFound(f"{error}: {asked}", field=error.field) from error
        console.print(f"call {placed.call_id} registered", highlight=False)
        for warning in placed.warnings:
            console.print(f"warning: {warning}", style="yellow", highlight=False)
        async with client(settings) as http:
            if not await is_ready(http):
                console.print("no server runs: it will be dialled as soon as one does (outdial serve)")
                return
        if follow:
            await _follow(database, mine, placed.call_id, LiveView(console))
            record = await database.read(call_record, mine.workspace_id, placed.call_id, now=utc_now)
            if record.analysis and record.analysis.platform:
                console.print(f"\n{record.analysis.platform.summary}", highlight=False, markup=False)


def _request(mine: Installation, wish: Wish) -> CallRequest:
    from_number = _number(wish.from_number, "--from") if wish.from_number else mine.number
    agent_id = parse_uuid(wish.agent) if wish.agent else mine.agent_id
    to_number = _number(wish.to_number, "TO_NUMBER")
    return CallRequest(
        workspace_id=mine.workspace_id,
        dialect="native",
        to_number=to_number,
        callee_name=wish.name,
        agent_id=agent_id or "",
        agent_tag="" if agent_id else wish.agent,
        from_numbers=(from_number,),
        variables={"callee_name": wish.name, "mobile_number": to_number, **(wish.variables or {})},
    )


async def _follow(database: Database, mine: Installation, call_id: str, view: LiveView) -> None:
    while not view.ended:
        events = await database.read(events_of, mine.workspace_id, call_id, view.last_seq)
        view.show([_as_listed(event) for event in events])
        await asyncio.sleep(_POLL_S)


def _as_listed(event: Event) -> Mapping[str, object]:
    return {"seq": event.seq, "type": event.type, "at": event.at.isoformat(), "data": event.data}


def _number(text: str, field: str) -> str:
    number = e164(text)
    if number is None:
        raise Invalid(Fault((field,), f"{field} {text!r} is not an E.164 number such as +15550001111"))
    return number
