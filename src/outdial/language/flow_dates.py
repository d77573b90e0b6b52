"""Dates and times of day in what somebody said, as written words: no calendar, no present day."""

from __future__ import annotations

import calendar
import re
from typing import Final

from outdial.domain.spoken import plain

_MONTHS: Final = {name.lower(): number for number, name in enumerate(calendar.month_name) if name} | {
    name.lower(): number for number, name in enumerate(calendar.month_abbr) if name and name != "May"
}
_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAY: Final = "|".join(name.lower() for name in calendar.day_name)
_DAY: Final = r"(?P<day>[12]\d|3[01]|0?[1-9])"
_YEAR: Final = r"(?: (?P<year>20\d\d|20 \d\d))?"
_DAY_MONTH: Final = re.compile(rf"\b{_DAY} (?:of )?(?P<month>{_MONTH})\b{_YEAR}\b")
_MONTH_DAY: Final = re.compile(rf"\b(?P<month>{_MONTH}) (?:the )?{_DAY}\b{_YEAR}\b")
_ISO: Final = re.compile(r"\b(?P<year>20\d\d)[-/ ](?P<month>0[1-9]|1[0-2])[-/ ](?P<day>[0-3]\d)\b")
_SLASHED: Final = re.compile(r"\b\d{1,2}/\d{1,2}(?:/(?:20)?\d\d)?\b")
_RELATIVE: Final = re.compile(
    rf"\b(?:the day after tomorrow|day after tomorrow|tomorrow|today|tonight|(?:(?:next|this|coming) )?(?:{_WEEKDAY})|"
    r"next week|next month)\b"
)
_DAY_ONLY: Final = re.compile(rf"\b(?:on )?the {_DAY}\b(?! (?:\d|oclock|am|pm))")

_CLOCK: Final = re.compile(r"\b(?P<hour>[01]?\d|2[0-3])(?:[:. ](?P<minute>[0-5]\d))\b(?: ?(?P<half>a ?m|p ?m))?")
_RUN: Final = re.compile(r"\b(?P<hour>1[0-2]|0?[1-9])(?P<minute>[0-5]\d)\b(?: ?(?P<half>a ?m|p ?m))?")
_PAST: Final = re.compile(
    r"\b(?P<part>half|quarter|\d{1,2})(?: minutes)? (?P<side>past|to|after|before) (?P<hour>1?\d)\b"
)
_HOUR: Final = re.compile(r"\b(?P<hour>[01]?\d|2[0-3]) ?(?:oclock|(?P<half>a ?m|p ?m))\b")
_AT_HOUR: Final = re.compile(rf"\b(?:at|around|about|by|after|before) (?P<hour>1?\d)\b(?! (?:of|{_MONTH})\b)")
_PART_HOUR: Final = re.compile(r"\b(?P<hour>1?\d) (?:in the|at) (?:morning|afternoon|evening|night)\b")
_LATE: Final = re.compile(r"\b(?:afternoon|evening|tonight|at night)\b")
_EARLY: Final = re.compile(r"\bmorning\b")


def date_in(heard: str) -> str | None:
    """The date said: ``2026-03-04`` with a year, else as one writes it: ``4 March``, ``next Friday``, ``tomorrow``."""
    iso = _ISO.search(heard)
    if iso:
        return _written(int(iso["day"]), int(iso["month"]), iso["year"])
    slashed = _SLASHED.search(heard)
    if slashed:
        return slashed[0]
    text = plain(heard)
    full = _DAY_MONTH.search(text) or _MONTH_DAY.search(text)
    if full:
        return _written(int(full["day"]), _MONTHS[full["month"]], (full["year"] or "").replace(" ", ""))
    relative = _RELATIVE.search(text)
    if relative:
        weekdays = {name.lower(): name for name in calendar.day_name}
        return " ".join(weekdays.get(word, word) for word in relative[0].split())
    day = _DAY_ONLY.search(text)
    return f"the {_ordinal(int(day['day']))}" if day else None


def _written(day: int, month: int, year: str) -> str | None:
    longest = calendar.monthrange(int(year), month)[1] if year else calendar.monthrange(2000, month)[1]
    if not 1 <= day <= longest:
        return None
    return f"{year}-{month:02}-{day:02}" if year else f"{day} {calendar.month_name[month]}"


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def time_in(heard: str) -> str | None:
    """The time of day as ``HH:MM``; in 24 hours when "pm", "afternoon" or the like was said, else as said."""
    text = plain(heard)
    if re.search(r"\bnoon\b|\bmidday\b", text):
        return "12:00"
    if re.search(r"\bmidnight\b", text):
        return "00:00"
    past = _PAST.search(text)
    if past:
        return _around(past, text)
    for pattern in (_CLOCK, _HOUR, _PART_HOUR, _AT_HOUR, _RUN):
        found = pattern.search(text)
        if found:
            named = found.groupdict()
            return _clock(int(named["hour"]), int(named.get("minute") or 0), named.get("half") or "", text)
    return None


def _around(past: re.Match[str], text: str) -> str | None:
    minutes = {"half": 30, "quarter": 15}.get(past["part"])
    minutes = int(past["part"]) if minutes is None else minutes
    hour = int(past["hour"])
    if past["side"] in ("to", "before"):
        hour, minutes = (hour - 1) or 12, 60 - minutes
    return _clock(hour, minutes, "", text)


def _clock(hour: int, minute: int, half: str, text: str) -> str | None:
    if not (0 <= hour < 24 and 0 <= minute < 60):
        return None
    if (half.startswith("p") or (not half and _LATE.search(text))) and hour < 12:
        hour += 12
    if (half.startswith("a") or (not half and _EARLY.search(text))) and hour == 12:
        hour = 0
    return f"{hour:02}:{minute:02}"
