"""Reads the query strings of lists: pages, dates and filters, with this API's forgiveness."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Final

from outdial.api.ringg import fields
from outdial.api.ringg.calls import requests
from outdial.api.ringg.statuses import STATE_OF
from outdial.domain.call import CallState
from outdial.domain.errors import Fault, Invalid
from outdial.domain.ids import parse_uuid
from outdial.domain.numbers import e164
from outdial.store.calls.reading import Filters

MAX_LIMIT: Final = 100
HISTORY_LIMIT: Final = 10
LIST_LIMIT: Final = 20
EXPORT_LIMIT: Final = 10_000
_MAX_OFFSET: Final = 2**31 - 1

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,40}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOST_PLUS: Final = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$")
"""A ``+`` that nobody encoded arrives as a blank: ``2026-03-02T00:00:00 05:30``."""

_CALL_TYPES: Final = ("outbound", "inbound", "webcall")
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Page:
    limit: int
    offset: int


def page(query: requests.Paging, *, default: int = LIST_LIMIT, most: int = MAX_LIMIT) -> Page:
    """The page asked for, within bounds.

    Raises:
        Invalid: ``limit`` or ``offset`` is not a whole number.
    """
    limit, offset = _whole("limit", query.limit, default), _whole("offset", query.offset, 0)
    return Page(min(limit, most) if limit >= 1 else default, min(max(offset, 0), _MAX_OFFSET))


def history_filters(query: requests.HistoryQuery, wanted: Page) -> Filters | None:
    """What history is restricted to; None when an id in it is no id, so that nothing matches.

    Raises:
        Invalid: a date cannot be read, or ``status`` is none of the documented ones.
    """
    return _restricted(query, [query.agent_id], _states(query.status), wanted)


def export_filters(query: requests.DownloadQuery, wanted: Page) -> Filters | None:
    """What an export is restricted to; None when nothing can match.

    Raises:
        Invalid: as ``history_filters``; or ``call_type`` or ``voicemail`` is nothing documented.
    """
    call_type = (query.call_type or "").strip().lower()
    if call_type and call_type not in _CALL_TYPES:
        raise Invalid(Fault(("call_type",), f"call_type must be one of {', '.join(_CALL_TYPES)}", "unknown"))
    voicemail = maybe("voicemail", query.voicemail)
    agents = [*(query.agent_id or ()), *(query.agent_ids or ())]
    basis = _restricted(query, agents, _states(query.status), wanted)
    call_ids = _ids([query.call_id])
    numbers = [_number(text) for text in (query.from_number, query.to_number)]
    # Every call of this installation is outbound.
    if basis is None or call_ids is None or None in numbers or call_type not in {"", "outbound"}:
        return None
    from_number, to_number = (number or "" for number in numbers)
    return replace(
        basis,
        voicemail=voicemail,
        call_id=next(iter(call_ids), ""),
        from_number=from_number,
        to_number=to_number,
    )


def report_filters(query: requests.AnalyticsQuery) -> Filters | None:
    """What a report counts; None when nothing can match.

    Raises:
        Invalid: a date cannot be read, or ``voicemail`` is neither true nor false.
    """
    voicemail = maybe("voicemail", query.voicemail)
    basis = _restricted(query, [query.agent_id], frozenset(), Page(0, 0))
    return None if basis is None else replace(basis, voicemail=voicemail)


def truth(name: str, value: str | None) -> bool:
    """What ``maybe`` says; nothing said is false."""
    return maybe(name, value) or False


def maybe(name: str, value: str | None) -> bool | None:
    """None: nothing was said.

    Raises:
        Invalid: neither true, false, 1 nor 0.
    """
    text = (value or "").strip().lower()
    if text and text not in _TRUTH:
        raise Invalid(Fault((name,), f"{name} must be true or false", "type"))
    return _TRUTH.get(text)


def _restricted(
    query: requests.Restricted, agents: Sequence[str | None], states: frozenset[CallState], wanted: Page
) -> Filters | None:
    created_from = _moment("start_date", query.start_date, time.min)
    created_to = _moment("end_date", query.end_date, time.max)
    agent_ids, lists = _ids(agents), _ids([query.bulk_list_id])
    if agent_ids is None or lists is None:
        return None
    return Filters(
        created_from=created_from,
        created_to=created_to,
        agent_ids=agent_ids,
        bulk_list_id=next(iter(lists), ""),
        states=states,
        limit=wanted.limit,
        offset=wanted.offset,
    )


def _states(status: str | None) -> frozenset[CallState]:
    text = (status or "").strip()
    if text and text not in STATE_OF:
        raise Invalid(Fault(("status",), f"status must be one of {', '.join(STATE_OF)}", "unknown"))
    return frozenset({STATE_OF[text]} if text else ())


def _ids(texts: Sequence[str | None]) -> frozenset[str] | None:
    """The ids among ``texts``; none when none was named, None when those named are no ids."""
    named = [text for text in texts if text and text.strip()]
    found = frozenset(identity for text in named if (identity := parse_uuid(text)))
    return None if named and not found else found


def _number(text: str | None) -> str | None:
    """A phone number, empty when none was named, None when it is none. A ``+`` may have been lost on the way."""
    named = (text or "").strip()
    if not named:
        return ""
    return e164(named if named.startswith("+") else f"+{named}")


def _whole(name: str, value: str | None, default: int) -> int:
    text = (value or "").strip()
    if not text:
        return default
    if not _WHOLE.fullmatch(text):
        raise Invalid(Fault((name,), f"{name} must be a whole number", "type"))
    return int(text)


def _moment(name: str, value: str | None, of_day: time) -> datetime | None:
    """An instant; a naive one is UTC, a date alone stands for the whole day."""
    text = _LOST_PLUS.sub(r"\1+\2", (value or "").strip())
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(datetime.fromisoformat(text), of_day, UTC)
    except ValueError:
        pass
    moment = fields.as_moment(text)
    at = fields.instant(moment, "UTC") if moment else None
    if at is None:
        raise Invalid(Fault((name,), f"{name} must be an ISO 8601 date", "date_time"))
    return at
