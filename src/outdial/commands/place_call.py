"""Place a call: check what the request names, settle the plan, and write it down. Nothing is dialled here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.agent import Voice
from outdial.domain.brief import mismatch
from outdial.domain.clock import Clock
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.domain.plan import first_due, resolve
from outdial.domain.request import CallRequest
from outdial.store.agents import AgentVersion, find_agent, load_version
from outdial.store.database import Database
from outdial.store.registration import CallerNumber, Registration, rows_of
from outdial.store.schema import number_pools, numbers

_HINTS_AT_SPELLING: Final = frozenset({"ringg", "native"})
"""Dialects that also hear of variables nobody uses; Ringly names the missing ones only."""


@dataclass(frozen=True)
class Placed:
    """The accepted call. ``from_number`` is the only or first one, empty for a stored pool."""

    call_id: str
    created_at: datetime
    from_number: str
    variables: Mapping[str, Any]
    warnings: tuple[str, ...]
    agent_id: str
    agent_tag: str


@dataclass(frozen=True)
class _Found:
    """What the request's names stand for. ``active`` and ``chosen`` are the same unless a version is pinned."""

    active: AgentVersion
    chosen: AgentVersion
    callers: Sequence[CallerNumber]


async def place_call(db: Database, request: CallRequest, *, voices: Mapping[str, Voice], now: Clock) -> Placed:
    """Accept ``request``: when this returns, the call is on disk and will be dialled when its moment comes.

    ``voices`` are the voices of this installation by id. Look-ups are made just before the write, not in it: an
    agent archived in between is an agent archived a moment later.

    Raises:
        NotFound: the agent, version, number, pool or voice is not the workspace's (``field`` names it).
        Invalid: it is, but cannot be used so; or variables are missing that the agent requires.
        Unreachable: the database did not answer.
    """
    async with db.reading() as conn:
        found = await _look_up(conn, request)
    _check_voice(request, found.chosen, voices)
    differences = mismatch(found.chosen.definition, request.variables)
    if found.chosen.definition.require_variables and differences.missing:
        raise Invalid(*(Fault(("variables", name), f"variable {name} is required") for name in differences.missing))
    accepted_at = now()
    plan = resolve(found.chosen.definition, request.overrides)
    hints = differences.warnings(spelling_hints=request.dialect in _HINTS_AT_SPELLING)
    registration = Registration(
        call_id=new_id(),
        created_at=accepted_at,
        due_at=first_due(plan, accepted_at),
        agent_id=found.active.agent_id,
        from_numbers=found.callers,
        plan=plan,
        warnings=(*request.warnings, *hints),
        request=request,
    )
    await db.submit(rows_of(registration, db.inserts))
    return _placed(registration, found.active.agent_tag)


def _placed(registration: Registration, agent_tag: str) -> Placed:
    return Placed(
        call_id=registration.call_id,
        created_at=registration.created_at,
        from_number=registration.from_numbers[0].number if registration.from_numbers else "",
        variables=registration.request.variables,
        warnings=tuple(registration.warnings),
        agent_id=registration.agent_id,
        agent_tag=agent_tag,
    )


async def _look_up(conn: AsyncConnection, request: CallRequest) -> _Found:
    """In the order of Ringg §2.13: agent, caller numbers, version."""
    named = {"agent_id": request.agent_id} if request.agent_id else {"tag": request.agent_tag}
    agent = await find_agent(conn, request.workspace_id, **named)
    if agent is None:
        raise NotFound("Agent not found", field="agent_id" if request.agent_id else "agent_tag")
    if agent.agent_type == "inbound":
        raise Invalid(Fault(("agent_id",), "Agent is not enabled for outbound calls"))
    if request.number_pool_id:
        await _check_pool(conn, request)
        callers: Sequence[CallerNumber] = ()
    else:
        callers = await _callers(conn, request)
    chosen = agent
    if request.version_id:
        pinned = await load_version(conn, request.version_id)
        if pinned is None or pinned.agent_id != agent.agent_id:
            raise NotFound("Agent version not found", field="version_id")
        chosen = pinned
    return _Found(agent, chosen, callers)


async def _check_pool(conn: AsyncConnection, request: CallRequest) -> None:
    known = await conn.scalar(
        sa.select(number_pools.c.id).where(
            number_pools.c.id == request.number_pool_id, number_pools.c.workspace_id == request.workspace_id
        )
    )
    if known is None:
        raise NotFound("Number pool not found", field="number_pool_id")


async def _callers(conn: AsyncConnection, request: CallRequest) -> Sequence[CallerNumber]:
    """The numbers asked for, once each, in the order asked for."""
    by_id = bool(request.from_number_ids)
    field, column = ("from_number_id", numbers.c.id) if by_id else ("from_number", numbers.c.number)
    asked = tuple(dict.fromkeys(request.from_number_ids if by_id else request.from_numbers))
    rows = await conn.execute(
        sa.select(column.label("key"), numbers.c.id, numbers.c.number, numbers.c.outbound).where(
            numbers.c.workspace_id == request.workspace_id, column.in_(asked)
        )
    )
    owned = {row.key: row for row in rows}
    if not asked or any(key not in owned for key in asked):
        raise NotFound("Number not found", field=field)
    if not all(owned[key].outbound for key in asked):
        raise Invalid(Fault((field,), "Number is not enabled for outbound calls"))
    return [CallerNumber(owned[key].id, owned[key].number) for key in asked]


def _check_voice(request: CallRequest, version: AgentVersion, voices: Mapping[str, Voice]) -> None:
    if not request.voice_id:
        return
    voice = voices.get(request.voice_id)
    if voice is None:
        raise NotFound("Voice not found", field="voice_id")
    if not _speaks(voice, version.definition.language):
        raise Invalid(Fault(("voice_id",), "Voice does not support the agent language"))


def _speaks(voice: Voice, language: str) -> bool:
    """Whether one of the voice's languages is this one; a language without a region goes with any region of it."""
    wanted = language.lower()
    for spoken in (name.lower() for name in voice.languages):
        if spoken == wanted or spoken.partition("-")[0] == wanted or spoken == wanted.partition("-")[0]:
            return True
    return False
