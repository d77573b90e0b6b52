"""Reads the query strings of lists: pages, dates and filters, with this API's forgiveness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

from outdial.api.ringg import fields
from outdial.api.ringg.statuses import STATE_OF
from outdial.domain.call import CallState
from outdial.domain.errors import Fault, Invalid
from outdial.domain.ids import parse_uuid

MAX_LIMIT: Final = 100
HISTORY_LIMIT: Final = 10
LIST_LIMIT: Final = 20
_MAX_OFFSET: Final = 2**31 - 1

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOST_PLUS: Final = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$")
"""A ``+`` that nobody encoded arrives as a blank: ``2026-03-02T00:00:00 05:30``."""

_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Page:
    limit: int
    offset: int


@dataclass(frozen=True)
class HistoryFilter:
    """Both dates are inclusive. ``agent_id`` and ``bulk_list_id`` that are no UUIDs match nothing."""

    since: datetime | None
    until: datetime | None
    agent_id: str | None
    bulk_list_id: str | None
    state: CallState | None
    nothing: bool = False


def page(query: Mapping[str, str], *, default: int = LIST_LIMIT) -> Page:
    """The page asked for, within bounds.

    Raises:
        Invalid: ``limit`` or ``offset`` is not a whole number.
    """
    limit, offset = _whole(query, "limit", default), _whole(query, "offset", 0)
    return Page(min(limit, MAX_LIMIT) if limit >= 1 else default, min(max(offset, 0), _MAX_OFFSET))


def history_filter(query: Mapping[str, str]) -> HistoryFilter:
    """
    Raises:
        Invalid: a date cannot be read, or ``status`` is none of the documented ones.
    """
    status = query.get("status", "").strip()
    if status and status not in STATE_OF:
        raise Invalid(Fault(("status",), f"status must be one of {', '.join(STATE_OF)}", "unknown"))
    ids = {name: query.get(name, "").strip() for name in ("agent_id", "bulk_list_id")}
    return HistoryFilter(
        since=_moment(query, "start_date", time.min),
        until=_moment(query, "end_date", time.max),
        agent_id=parse_uuid(ids["agent_id"]),
        bulk_list_id=parse_uuid(ids["bulk_list_id"]),
        state=STATE_OF[status] if status else None,
        nothing=any(text and parse_uuid(text) is None for text in ids.values()),
    )


def truth(query: Mapping[str, str], name: str) -> bool:
    """
    Raises:
        Invalid: neither true, false, 1 nor 0.
    """
    text = query.get(name, "").strip().lower()
    if text and text not in _TRUTH:
        raise Invalid(Fault((name,), f"{name} must be true or false", "type"))
    return _TRUTH.get(text, False)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "").strip()
    if not text:
        return default
    if not _WHOLE.fullmatch(text):
        raise Invalid(Fault((name,), f"{name} must be a whole number", "type"))
    return int(text)


def _moment(query: Mapping[str, str], name: str, of_day: time) -> datetime | None:
    """An instant; a naive one is UTC, a date alone stands for the whole day."""
    text = _LOST_PLUS.sub(r"\1+\2", query.get(name, "").strip())
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
