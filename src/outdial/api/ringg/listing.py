"""Reads the query strings of lists: pages, dates and filters, with this API's forgiveness."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

from outdial.api.ringg import asked, fields
from outdial.api.ringg.statuses import STATE_OF
from outdial.domain.errors import Fault, Invalid
from outdial.domain.ids import parse_uuid
from outdial.queries.calls import Filters

MAX_LIMIT: Final = 100
HISTORY_LIMIT: Final = 10
LIST_LIMIT: Final = 20
_MAX_OFFSET: Final = 2**31 - 1

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,40}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOST_PLUS: Final = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$")
"""A ``+`` that nobody encoded arrives as a blank: ``2026-03-02T00:00:00 05:30``."""

_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Page:
    limit: int
    offset: int


def page(query: asked.Paging, *, default: int = LIST_LIMIT) -> Page:
    """The page asked for, within bounds.

    Raises:
        Invalid: ``limit`` or ``offset`` is not a whole number.
    """
    limit, offset = _whole("limit", query.limit, default), _whole("offset", query.offset, 0)
    return Page(min(limit, MAX_LIMIT) if limit >= 1 else default, min(max(offset, 0), _MAX_OFFSET))


def history_filters(query: asked.HistoryQuery, wanted: Page) -> Filters | None:
    """What history is restricted to; None when an id in it is no id, so that nothing matches.

    Raises:
        Invalid: a date cannot be read, or ``status`` is none of the documented ones.
    """
    status = (query.status or "").strip()
    if status and status not in STATE_OF:
        raise Invalid(Fault(("status",), f"status must be one of {', '.join(STATE_OF)}", "unknown"))
    created_from, created_to = (
        _moment("start_date", query.start_date, time.min),
        _moment("end_date", query.end_date, time.max),
    )
    ids: dict[str, str] = {}
    for name, text in (("agent_id", query.agent_id), ("bulk_list_id", query.bulk_list_id)):
        found = parse_uuid(text or "")
        if (text or "").strip() and found is None:
            return None
        ids[name] = found or ""
    return Filters(
        created_from=created_from,
        created_to=created_to,
        agent_id=ids["agent_id"],
        bulk_list_id=ids["bulk_list_id"],
        states=frozenset({STATE_OF[status]} if status else ()),
        limit=wanted.limit,
        offset=wanted.offset,
    )


def truth(name: str, value: str | None) -> bool:
    """
    Raises:
        Invalid: neither true, false, 1 nor 0.
    """
    text = (value or "").strip().lower()
    if text and text not in _TRUTH:
        raise Invalid(Fault((name,), f"{name} must be true or false", "type"))
    return _TRUTH.get(text, False)


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
