"""Dates, years and times of the day in English."""

from __future__ import annotations

import re
from typing import Final

from outdial.speech.reading.numbers import ONES, cardinal, ordinal, year
from outdial.speech.reading.rule import Manner, Rule, fixed
from outdial.speech.reading.tables import DAY_OF, MONTH_OF, MONTHS

_MONTH: Final = "|".join(sorted(MONTH_OF, key=len, reverse=True))
_HALF: Final = (
    r"(?:[AaPp]\.\s?[Mm](?:\.(?=\s?[^\sA-Z]|\s?$|\s(?:[ECMP][SD]?T|IST|GMT|UTC|BST)\b))?|[AaPp]\s?[Mm])(?!\w)"
)
_CLOCK: Final = r"(?:[01]?\d|2[0-4])"


def is_year(number: str) -> bool:
    return len(number) == 4 and 1100 <= int(number) <= 2099


def is_years(low: str, high: str) -> bool:
    """2024-2026, 2024-25, 1990-95."""
    if not is_year(low) or int(low) < 1900:
        return False
    if len(high) == 2:
        return int(high) == (int(low) + 1) % 100 or int(high) > int(low) % 100
    return is_year(high) and int(high) > int(low)


def _date(day: int, month: int, of_year: str, found: str, *, month_first: bool) -> str:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found
    when = f", {_full_year(of_year)}" if of_year else ""
    name = MONTHS[month - 1]
    return f"{name} {ordinal(day)}{when}" if month_first else f"the {ordinal(day)} of {name}{when.replace(',', '')}"


def _full_year(text: str) -> str:
    if len(text) == 2:
        text = ("19" if int(text) > 50 else "20") + text
    return year(int(text))


def _iso(found: re.Match[str], manner: Manner) -> str:
    day = _date(int(found[3]), int(found[2]), found[1], found[0], month_first=not manner.day_first)
    return f"{day} at {found[4]}" if found[4] and day != found[0] else day


def _slashed(found: re.Match[str], manner: Manner) -> str:
    first, second, of_year = int(found[1]), int(found[3]), found[4]
    # With dots it is written in Europe, where the day comes first.
    day_first = first > 12 or ((manner.day_first or found[2] == ".") and second <= 12)
    day, month = (first, second) if day_first else (second, first)
    return _date(day, month, of_year, found[0], month_first=not manner.day_first)


def _on_slashed(found: re.Match[str], manner: Manner) -> str:
    first, second = int(found[2]), int(found[3])
    day_first = first > 12 or (manner.day_first and second <= 12)
    day, month = (first, second) if day_first else (second, first)
    said = _date(day, month, "", "", month_first=not manner.day_first)
    return f"{found[1]}{said}" if said else found[0]


def _day_month(found: re.Match[str], manner: Manner) -> str:
    said = _date(int(found[2]), MONTHS.index(MONTH_OF[found[3]]) + 1, found[4] or found[5] or "", "", month_first=False)
    return said or found[0]


def _month_day(found: re.Match[str], manner: Manner) -> str:
    said = _date(int(found[2]), MONTHS.index(MONTH_OF[found[1]]) + 1, found[3] or "", "", month_first=True)
    return said or found[0]


def _days_month(found: re.Match[str], manner: Manner) -> str:
    """``1st-5th Dec``, ``1 to 5 December 2026``."""
    first, last = int(found[1]), int(found[2])
    if not 1 <= first < last <= 31:
        return found[0]
    of_year = f" {year(int(found[4]))}" if found[4] else ""
    return f"the {ordinal(first)} to the {ordinal(last)} of {MONTH_OF[found[3]]}{of_year}"


def _month_days(found: re.Match[str], manner: Manner) -> str:
    """``Dec 1-5``, ``March 4th-6th, 2026``."""
    first, last = int(found[2]), int(found[3])
    if not 1 <= first < last <= 31:
        return found[0]
    of_year = f", {year(int(found[4]))}" if found[4] else ""
    return f"{MONTH_OF[found[1]]} {ordinal(first)} to {ordinal(last)}{of_year}"


def _month_year(found: re.Match[str], manner: Manner) -> str:
    return f"{MONTH_OF[found[1]]} {year(int(found[2]))}"


def _clock(hour: int, minute: str | None, half: str) -> str:
    words = cardinal(hour)
    if minute and int(minute):
        words += f" oh {ONES[int(minute)]}" if int(minute) < 10 else f" {cardinal(int(minute))}"
    return f"{words} {half}".strip()


def _half(text: str | None) -> str:
    return f"{text[0].upper()}M" if text else ""


def _halved(found: re.Match[str], manner: Manner) -> str:
    if int(found[2] or 0) > 59:
        return found[0]
    return _clock(int(found[1]), found[2], _half(found[3]))


def _from_to(found: re.Match[str], manner: Manner) -> str:
    begin = _clock(int(found[1]), found[2], _half(found[3]))
    return f"{begin} to {_clock(int(found[4]), found[5], _half(found[6]))}"


def _clock_from_to(found: re.Match[str], manner: Manner) -> str:
    return f"{_by_day(int(found[1]), found[2])} to {_by_day(int(found[3]), found[4])}"


def _by_clock(found: re.Match[str], manner: Manner) -> str:
    seconds = f" and {cardinal(int(found[3]))} second{'' if int(found[3]) == 1 else 's'}" if found[3] else ""
    return _by_day(int(found[1]), found[2]) + seconds


def _by_day(hour: int, minute: str) -> str:
    """A clock of 24 hours, as one says it; up to twelve, which half of the day it is is not known."""
    if hour in (0, 24):
        return _clock(12, minute, "AM")
    if hour > 12:
        return _clock(hour - 12, minute, "PM")
    return _clock(hour, minute, "") if int(minute) else f"{cardinal(hour)} o'clock"


def _names_from_to(found: re.Match[str], manner: Manner) -> str:
    names = MONTH_OF | DAY_OF
    return f"{names[found[1]]} to {names[found[2]]}"


def _fiscal(found: re.Match[str], manner: Manner) -> str:
    """``FY26``, ``FY25-26``."""
    until = f" to {cardinal(int(found[3]))}" if found[3] else ""
    return f"{found[1]} {cardinal(int(found[2]))}{until}"


def _ratio(found: re.Match[str], manner: Manner) -> str:
    return f"{cardinal(int(found[1]))} to {cardinal(int(found[2]))}"


_YEAR: Final = r"((?:1[1-9]|20)\d\d)"
_TH: Final = "(?:st|nd|rd|th)?"
_NO_DAY: Final = r"(?<!(?:st|nd|rd|th) of )(?<!\d )"
"""A month whose day has been said."""
_UNTIL: Final = r"(?:\s?-\s?| to )"
_SHORT_DAY: Final = "Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun"
_DAY: Final = "|".join(sorted(DAY_OF, key=len, reverse=True))
RULES: Final[tuple[Rule, ...]] = (
    (re.compile(r"\b([FA]Y)[ ']?([1-9]\d)(?:-([1-9]\d))?(?![\w-])"), _fiscal),
    (re.compile(r"\b([QH])([1-4]) ?'(?=[1-9]\d(?!\w))"), lambda found, manner: f"{found[1]} {ONES[int(found[2])]} 20"),
    (re.compile(rf"\b({_DAY})\.?\s?-\s?({_DAY})\b"), _names_from_to),
    (re.compile(rf"\b({_MONTH})\.?\s?-\s?({_MONTH})\b"), _names_from_to),
    (re.compile(rf"\b({_SHORT_DAY})\b\.?(?=,? (?:\d|the \d|{_MONTH}))"), lambda found, manner: DAY_OF[found[1][:3]]),
    (
        re.compile(
            r"(?<![\w.,/-])(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d{1,6})?)?Z?)?(?![\w/-])"
        ),
        _iso,
    ),
    (re.compile(r"(?<![\w.,/-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?![\w/-])"), _slashed),
    (re.compile(r"(?<![\w.,/-])(\d{1,2})(/)(\d{1,2})/(\d{2})(?![\w/-])"), _slashed),
    (
        re.compile(r"\b((?:on|by|until|till|before|after|since|dated|due) )(\d{1,2})/(\d{1,2})(?![\w/-]|[.,]\d)"),
        _on_slashed,
    ),
    (
        re.compile(
            r"(?:(?<=\b[Oo]n )|(?<=\b[Bb]y )|(?<=\bdue )|(?<=\bdated )|(?<=\b[Dd]ate )|(?<=\b[Dd]ate: )|(?<=\btill ))"
            r"(\d{1,2})([.-])(\d{1,2})\2(\d{2})(?![\w/-])"
        ),
        _slashed,
    ),
    (
        re.compile(r"(?<![\w.,/-])()(?=0|\d{1,2}/0)(\d{1,2})/(\d{1,2})(?![\w/-]|[.,]\d)"),
        _on_slashed,
    ),
    (re.compile(rf"\b(({_MONTH})\.? \d{{1,2}}{_TH})\s?-\s?(?=(?:{_MONTH})\.? \d)"), fixed(r"\1 to ")),
    (
        re.compile(rf"(?<![\w.,/-])(\d{{1,2}}{_TH} ({_MONTH}))\s?-\s?(?=\d{{1,2}}{_TH} (?:{_MONTH})\b)"),
        fixed(r"\1 to "),
    ),
    (
        re.compile(rf"(?<![\w.,/-])(\d{{1,2}}){_TH}{_UNTIL}(\d{{1,2}}){_TH} (?:of )?({_MONTH})\b(?:,? {_YEAR}\b)?"),
        _days_month,
    ),
    (
        re.compile(
            rf"{_NO_DAY}\b({_MONTH})\.? (\d{{1,2}}){_TH}{_UNTIL}(\d{{1,2}}){_TH}(?:,? {_YEAR}\b)?"
            r"(?![\w%/:]|[.,-]\d| ?[AaPp]\.?[Mm])"
        ),
        _month_days,
    ),
    (
        re.compile(
            rf"(?<![\w.,/-])(the )?(\d{{1,2}})(?:st|nd|rd|th)?[ -]{{0,2}}(?:of )?({_MONTH})\b(?:\.(?=\s?\d|\s[a-z]))?"
            rf"(?:[ ,-]{{1,2}}{_YEAR}\b|[ -](2\d)(?![\w:.,-]\w|\w| \w))?"
        ),
        _day_month,
    ),
    (
        re.compile(rf"{_NO_DAY}\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:,? {_YEAR}\b)?(?![\w%/:]|[.,-]\d)"),
        _month_day,
    ),
    (re.compile(rf"\b({_MONTH})\.?[ -]{_YEAR}\b(?![.,-]\d)"), _month_year),
    (
        re.compile(
            rf"(?<![\w.,/-])({_CLOCK})(?:[:.](\d\d))?\s?({_HALF})?\s?(?:-|to)\s?({_CLOCK})(?:[:.](\d\d))?\s?({_HALF})"
        ),
        _from_to,
    ),
    (re.compile(rf"(?<![\w.,/-])({_CLOCK})(?:[:.](\d\d))?\s?({_HALF})"), _halved),
    (re.compile(rf"(?<![\w.,:/-])({_CLOCK}):([0-5]\d)\s?(?:-|to)\s?({_CLOCK}):([0-5]\d)(?![\w:])"), _clock_from_to),
    (re.compile(rf"(?<![\w.,:/-])({_CLOCK}):([0-5]\d)(?::([0-5]\d))?(?:\s?hrs?\b\.?)?(?![\w:])"), _by_clock),
    (re.compile(r"(?<![\w.,:/-])(\d{1,3}):(\d{1,3})(?![\w:])"), _ratio),
)
