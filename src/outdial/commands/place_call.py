"""Place a call: check what the request names, settle the plan, and write it down. Nothing is dialled here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from outdial.commands.credits import can_pay
from outdial.commands.once import Answer, Once, create_once
from outdial.domain.agent import Voice
from outdial.domain.agent_warnings import call_warnings
from outdial.domain.bounds import text_faults, url_faults, variables_faults
from outdial.domain.brief import mismatch
from outdial.domain.clock import Clock
from outdial.domain.errors import Fault, Invalid, NoCredits, NotFound, must_be_sound
from outdial.domain.ids import new_id
from outdial.domain.language_models import ALL_MODELS, LanguageModels
from outdial.domain.limits import MAX_LABEL_LETTERS, MAX_NAME_LETTERS
from outdial.domain.plan import first_due, resolve
from outdial.domain.request import CallRequest
from outdial.domain.templates import strings_in
from outdial.domain.texts import storable
from outdial.domain.voices import must_speak
from outdial.store.agents.versions import AgentVersion, agents_by_id, agents_by_tag, version_for_call
from outdial.store.calls.creates import Rows
from outdial.store.calls.records import HINTS_AT_SPELLING
from outdial.store.calls.registration import CallerNumber, Registration, rows_of
from outdial.store.database import Database
from outdial.store.equipment.numbers import OwnNumber, numbers_by_id, numbers_by_value, pools_by_id

_TEXTS: Final = {
    "to_number": MAX_LABEL_LETTERS,
    "callee_name": MAX_NAME_LETTERS,
    "agent_id": MAX_LABEL_LETTERS,
    "agent_tag": MAX_LABEL_LETTERS,
    "number_pool_id": MAX_LABEL_LETTERS,
    "version_id": MAX_LABEL_LETTERS,
    "voice_id": MAX_LABEL_LETTERS,
    "call_category": MAX_LABEL_LETTERS,
}
"""Members of a request that are texts, with how long they may be."""
_PAID_FIRST: Final = frozenset({"ringly"})
"""Dialects whose calls are refused when there are no credits; those of the others wait for some."""


@dataclass(frozen=True)
class Placed:
    """The accepted call. ``from_number`` is the only or first one, empty for a stored pool."""

    call_id: str
    created_at: datetime
    due_at: datetime
    from_number: str
    variables: Mapping[str, Any]
    warnings: tuple[str, ...]
    agent_id: str
    agent_tag: str


@dataclass(frozen=True)
class _Found:
    """What the request's names stand for. ``active`` and ``chosen`` are the same unless the request names a version, or
    the agent's are tried against each other."""

    active: AgentVersion
    chosen: AgentVersion
    callers: Sequence[CallerNumber]


async def place_call(
    db: Database,
    request: CallRequest,
    *,
    voices: Mapping[str, Voice],
    now: Clock,
    language_models: LanguageModels = ALL_MODELS,
) -> Placed:
    """Accept ``request``: when this returns, the call is on disk and will be dialled when its moment comes.

    ``voices`` are the voices of this installation by id; ``language_models``: what it has of those. Look-ups are
    made just before the write, not in it: an agent archived in between is an agent archived a moment later.

    Raises:
        NotFound: the agent, version, number, pool or voice is not the workspace's (``field`` names it).
        Invalid: it is, but cannot be used so; or variables are missing that the agent requires.
        NoCredits: there are none, and this dialect refuses calls then.
        Unreachable: the database did not answer.
    """
    registration, placed = await _accept(
        db, request, call_id=new_id(), voices=voices, language_models=language_models, at=now()
    )
    await db.submit(_rows(registration, db))
    return placed


async def answer_call(
    db: Database,
    request: CallRequest,
    answer: Callable[[Placed], Answer],
    *,
    once: Once | None,
    voices: Mapping[str, Voice],
    now: Clock,
    language_models: LanguageModels = ALL_MODELS,
    call_id: str = "",
) -> Answer:
    """``place_call`` for a client that may ask again: its ``answer`` is stored with the call, if ``once`` names it.

    ``call_id``: a new id, where the door had to know which version will talk (it is drawn by the call's id).

    Raises:
        Reused: the key has been used for another request.
        and what ``place_call`` raises.
    """

    async def create() -> tuple[Rows, Answer]:
        registration, placed = await _accept(
            db, request, call_id=call_id or new_id(), voices=voices, language_models=language_models, at=now()
        )
        return _rows(registration, db), answer(placed)

    return await create_once(db, once, create, now=now)


async def _accept(
    db: Database,
    request: CallRequest,
    *,
    call_id: str,
    voices: Mapping[str, Voice],
    language_models: LanguageModels,
    at: datetime,
) -> tuple[Registration, Placed]:
    _check_texts(request)
    if request.dialect in _PAID_FIRST and not await can_pay(db, request.workspace_id):
        raise NoCredits("No credits are left")
    found = await _look_up(db, request, call_id)
    if request.voice_id:
        must_speak(request.voice_id, found.chosen.definition.language, voices)
    differences = mismatch(found.chosen.definition, request.variables)
    if found.chosen.definition.require_variables and differences.missing:
        raise Invalid(*(Fault(("variables", name), f"variable {name} is required") for name in differences.missing))
    plan = replace(resolve(found.chosen.definition, request.overrides), not_after=request.not_after)
    hints = differences.warnings(spelling_hints=request.dialect in HINTS_AT_SPELLING)
    registration = Registration(
        call_id=call_id,
        created_at=at,
        due_at=first_due(plan, at),
        agent_id=found.active.agent_id,
        from_numbers=found.callers,
        plan=plan,
        warnings=(
            *request.warnings,
            *hints,
            *call_warnings(found.chosen.definition, language_models=language_models),
        ),
        # A version drawn by lot stays the call's own, whatever becomes of the test until it is dialled.
        request=replace(request, version_id=found.chosen.id) if found.active.ab_test.takes_part else request,
    )
    return registration, _placed(registration, found.active.agent_tag)


def _rows(registration: Registration, db: Database) -> Rows:
    return rows_of(registration, db.inserts)._replace(wake=registration.due_at <= registration.created_at)


def _placed(registration: Registration, agent_tag: str) -> Placed:
    return Placed(
        call_id=registration.call_id,
        created_at=registration.created_at,
        due_at=registration.due_at,
        from_number=registration.from_numbers[0].number if registration.from_numbers else "",
        variables=registration.request.variables,
        warnings=tuple(registration.warnings),
        agent_id=registration.agent_id,
        agent_tag=agent_tag,
    )


async def _look_up(db: Database, request: CallRequest, call_id: str) -> _Found:
    """In the order of Ringg §2.13: agent, caller numbers, version."""
    agent = await _agent(db, request)
    if not (request.number_pool_id or request.from_number_ids or request.from_numbers):
        chosen = await _version(db, request, agent, call_id)
        return _Found(agent, chosen, await _callers(db, replace(request, from_number_ids=chosen.definition.caller_ids)))
    if request.number_pool_id:
        await _check_pool(db, request)
        callers: Sequence[CallerNumber] = ()
    else:
        callers = await _callers(db, request)
    return _Found(agent, await _version(db, request, agent, call_id), callers)


async def _version(db: Database, request: CallRequest, agent: AgentVersion, call_id: str) -> AgentVersion:
    found = await version_for_call(db, agent, request.version_id or "", call_id)
    if found is None:
        raise NotFound("Agent version not found", field="version_id")
    return found


async def _agent(db: Database, request: CallRequest) -> AgentVersion:
    if request.agent_id:
        agent = (await db.find(agents_by_id, [request.agent_id])).get(request.agent_id)
    else:
        key = request.workspace_id, request.agent_tag
        agent = (await db.find(agents_by_tag, [key])).get(key)
    if agent is None or agent.workspace_id != request.workspace_id:
        raise NotFound("Agent not found", field="agent_id" if request.agent_id else "agent_tag")
    if agent.agent_type == "inbound":
        raise Invalid(Fault(("agent_id",), "Agent is not enabled for outbound calls"))
    return agent


async def _check_pool(db: Database, request: CallRequest) -> None:
    owners = await db.find(pools_by_id, [request.number_pool_id])
    if owners.get(request.number_pool_id) != request.workspace_id:
        raise NotFound("Number pool not found", field="number_pool_id")


async def _callers(db: Database, request: CallRequest) -> Sequence[CallerNumber]:
    """The numbers asked for, once each, in the order asked for."""
    asked: list[OwnNumber | None]
    if request.from_number_ids:
        field, by_id = "from_number_id", await db.find(numbers_by_id, request.from_number_ids)
        asked = [by_id.get(identity) for identity in dict.fromkeys(request.from_number_ids)]
    else:
        keys = [(request.workspace_id, number) for number in dict.fromkeys(request.from_numbers)]
        field, by_value = "from_number", await db.find(numbers_by_value, keys)
        asked = [by_value.get(key) for key in keys]
    owned = [number for number in asked if number is not None and number.workspace_id == request.workspace_id]
    if not owned or len(owned) < len(asked):
        raise NotFound("Number not found", field=field)
    if not all(number.outbound for number in owned):
        raise Invalid(Fault((field,), "Number is not enabled for outbound calls"))
    return [CallerNumber(number.id, number.number) for number in owned]


def _check_texts(request: CallRequest) -> None:
    """No database keeps a NUL in a text, and half a surrogate pair is no character: said now, not by a failed write."""
    must_be_sound(_limit_faults(request))
    for name in _TEXTS:
        if not storable(getattr(request, name) or ""):
            raise Invalid(Fault((name,), f"{name} holds a character that cannot be stored"))
    for name, value in request.variables.items():
        if not all(map(storable, (name, *strings_in(value)))):
            raise Invalid(Fault(("variables", name), "variables hold a character that cannot be stored"))


def _limit_faults(request: CallRequest) -> Iterator[Fault]:
    """The door has judged them by its own names; this is for whatever it let through."""
    for name, most in _TEXTS.items():
        yield from text_faults(getattr(request, name) or "", most, name)
    yield from variables_faults(request.variables, "variables")
    if request.callback is not None:
        yield from url_faults(request.callback.url, "callback_url")
