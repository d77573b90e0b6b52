"""Reads the query strings of lists. A cursor is a place in a list, in a form nobody should look into."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from outdial.api.native import requests
from outdial.domain.call import CallState
from outdial.domain.clock import from_micros, to_micros
from outdial.domain.errors import Fault, Invalid, must_be_sound
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import MAX_FILTERS
from outdial.domain.numbers import e164
from outdial.domain.outcome import Outcome
from outdial.store.calls.pages import Wanted
from outdial.store.paging import Place

MAX_LIMIT: Final = 100
LIMIT: Final = 20


class Paging(BaseModel):
    """Everything is text here: what is wrong is answered by us, not by the framework."""

    limit: str | None = Field(default=None, description=f"1 to {MAX_LIMIT}; {LIMIT} when it is left out")


class PageQuery(Paging):
    cursor: str | None = Field(default=None, description="next of the page before")


class CallsQuery(PageQuery):
    state: str | None = Field(default=None, description="One of the states, or several with commas")
    agent_id: str | None = None
    to_number: str | None = Field(default=None, description="E.164")
    created_from: str | None = Field(default=None, description="RFC 3339 with offset, inclusive")
    created_to: str | None = Field(default=None, description="RFC 3339 with offset, exclusive")
    outcome: str | None = Field(default=None, description="One of the outcomes, or several with commas")
    bulk_list_id: str | None = None


class SuppressionsQuery(Paging):
    after: str | None = Field(default=None, description="next of the page before: its last number")


def limit_of(query: Paging) -> int:
    """
    Raises:
        Invalid: it is no number of the range.
    """
    text = "20" if query.limit is None else query.limit
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise Invalid(Fault(("limit",), f"limit must be a whole number from 1 to {MAX_LIMIT}"))
    return int(text)


def wanted(query: CallsQuery, named: Sequence[tuple[str, str]]) -> Wanted:
    """``named``: every parameter of the query string, for those whose names hold the name of what they compare:
    ``metadata.order_id``, ``variables.company``.

    Raises:
        Invalid: with every fault.
    """
    faults: list[Fault] = []

    def judged(name: str, read: Any, message: str) -> Any:
        text = getattr(query, name)
        if text is None:
            return None
        found = read(text)
        if found is None:
            faults.append(Fault((name,), f"{name} {message}"))
        return found

    found = Wanted(
        states=judged("state", _states, f"must be one of {', '.join(CallState)}") or frozenset(),
        agent_id=judged("agent_id", parse_uuid, "must be a UUID") or "",
        to_number=judged("to_number", e164, "must be in E.164 format") or "",
        created_from=judged("created_from", _moment, "must be a date and time with its offset"),
        created_to=judged("created_to", _moment, "must be a date and time with its offset"),
        outcomes=judged("outcome", _outcomes, f"must be one of {', '.join(Outcome)}") or frozenset(),
        bulk_list_id=judged("bulk_list_id", parse_uuid, "must be a UUID") or "",
        metadata=_members("metadata.", named),
        variables=_members("variables.", named),
    )
    if len(found.metadata) + len(found.variables) > MAX_FILTERS:
        faults.append(Fault(("metadata",), f"at most {MAX_FILTERS} metadata. and variables. filters", "too_long"))
    faults += [
        Fault((f"{prefix}{name}",), f"{prefix}{name} must not hold NUL characters")
        for prefix, members in (("metadata.", found.metadata), ("variables.", found.variables))
        for name, text in members
        if "\0" in name + text
    ]
    must_be_sound(faults)
    return found


def _states(text: str) -> frozenset[CallState] | None:
    names = {name.strip() for name in text.split(",")}
    return frozenset(map(CallState, names)) if names <= set(CallState) else None


def _outcomes(text: str) -> frozenset[Outcome] | None:
    names = {name.strip() for name in text.split(",")}
    return frozenset(map(Outcome, names)) if names <= set(Outcome) else None


def _members(prefix: str, named: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.removeprefix(prefix), text) for name, text in named if name.startswith(prefix))


def _moment(text: str) -> datetime | None:
    try:
        found = requests.moment(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if isinstance(found, datetime) else None


def cursor_of(place: Place | None) -> str | None:
    if place is None:
        return None
    text = f"{to_micros(place.created_at)}.{place.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """
    Raises:
        Invalid: no list ever gave this cursor.
    """
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
        micros, _, identity = text.partition(".")
        at = from_micros(int(micros))
    except (ValueError, OverflowError):
        at, identity = None, ""
    known = parse_uuid(identity)
    if at is None or known is None:
        raise Invalid(Fault(("cursor",), "cursor must be the next of a page"))
    return Place(at, known)
