"""A moment somebody names, "tomorrow at five", counted from the moment he says it.

Only days and hours that are named as such count; a bare number is none. ``docs/analysis.md`` has the rules.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from dateparser.date import DateDataParser

from outdial.analysis.heard import plain

_PARTS: Final = {"morning": time(10), "afternoon": time(15), "evening": time(18), "night": time(20)}
_WEEKDAYS: Final = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_MONTHS: Final = "january|february|march|april|may|june|july|august|september|october|november|december"
_HINDI: Final = {
    unicodedata.normalize("NFKC", theirs): ours
    for line in (
        "कल kal=tomorrow|परसों parson parso=day after tomorrow|आज aaj=today|अगले agle=next|बाद baad=after|में mein=within",
        "सोमवार=monday|मंगलवार=tuesday|बुधवार=wednesday|गुरुवार बृहस्पतिवार=thursday|शुक्रवार=friday|शनिवार=saturday",
        "रविवार इतवार=sunday|सुबह subah=morning|दोपहर dopahar=afternoon|शाम shaam sham=evening|रात raat=night",
        "बजे baje=oclock|साढ़े साढे sadhe saadhe sade saade=half|सवा sava=quarterpast",
        "पौने paune=quarterto|आधे आधा aadhe=half an",
        "घंटे घंटा घण्टे ghante ghanta=hours|मिनट=minutes|दिन din=days|हफ्ते हफ़्ते सप्ताह hafte=weeks",
        "एक ek=1|दो=2|तीन teen=3|चार chaar char=4|पाँच पांच paanch panch=5|छह छः chhe=6|सात saat=7|आठ aath=8|नौ nau=9",
        "दस das=10|ग्यारह gyarah=11|ढाई dhai=half 2|डेढ़ डेढ dedh=half 1",
        "बारह barah=12|पंद्रह pandrah=15|बीस bees=20|तीस tees=30",
    )
    for pair in line.split("|")
    for theirs, ours in [(word, pair.partition("=")[2]) for word in pair.partition("=")[0].split()]
}
_GREETING: Final = re.compile(r"\bgood (?:morning|afternoon|evening|night)\b")

_TWO: Final = re.compile(r"\bdo (?=(?:oclock|hours|minutes?|days|weeks)\b)")
_SHORT_UNITS: Final = {"min": "minutes", "mins": "minutes", "hr": "hours", "hrs": "hours"}
_CORRECTED: Final = re.compile(r"\b(?:no|nahi|नहीं|sorry|i mean|actually|or rather|make (?:it|that))\b")
_UNIT: Final = r"(?P<unit>minute|hour|day|week)s?"
_MANY: Final = r"(?P<many>half an?|half \d|an?|a couple of|a few|\d{1,3})"
_SPAN: Final = re.compile(
    rf"\b(?:in|after|within) {_MANY} {_UNIT}(?P<more> and a half)?\b"
    rf"|\b{_MANY.replace('many', 'many_')} {_UNIT.replace('unit', 'unit_')}(?P<more_> and a half)?"
    r" (?:after|later|within|from now)\b"
)
_COUNTS: Final = {"half a": 0.5, "half an": 0.5, "a": 1.0, "an": 1.0, "a couple of": 2.0, "a few": 3.0}
_DAY: Final = re.compile(
    rf"\b(?:(?:the )?day after tomorrow|tomorrow|today|tonight|(?:next |this |coming )?(?P<weekday>{_WEEKDAYS})"
    r"|next week"
    r"|(?P<iso>20\d\d (?:0[1-9]|1[0-2]) (?:0[1-9]|[12]\d|3[01]))"
    rf"|(?P<day>[12]\d|3[01]|[1-9]) (?:of )?(?P<month>{_MONTHS})"
    rf"|(?P<month_>{_MONTHS}) (?:the )?(?P<day_>[12]\d|3[01]|[1-9])"
    r"|on the (?P<of_month>[12]\d|3[01]|[1-9])(?! (?:of|\d|oclock|am|pm|minutes|hours|people)\b)"
    r")\b(?! days?\b)"
)
_PART: Final = re.compile(r"\b(?P<part>morning|afternoon|evening|night|tonight)\b")
_HALF: Final = r"(?: ?(?P<half>a ?m|p ?m))"
_NEXT: Final = (
    rf"(?=$| (?:{_WEEKDAYS}|tomorrow|today|tonight|on|in|or|and|then|please|if|sharp|maybe|ok|okay|thank|thanks|so)\b)"
)
_CLOCKS: Final = (
    re.compile(r"\b(?P<noon>noon|midday)\b"),
    re.compile(r"\b(?P<side>half|half past|quarter past|quarterpast|quarter to|quarterto) (?P<hour>1[0-2]|[1-9])\b"),
    re.compile(rf"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)\b{_HALF}?"),
    re.compile(rf"\b(?P<hour>1[0-2]|[1-9])\.(?P<minute>[0-5]\d){_HALF}\b"),
    re.compile(rf"\b(?:at|around) (?P<hour>1[0-2]|[1-9])\.(?P<minute>[0-5]\d){_NEXT}"),
    re.compile(rf"\b(?P<hour>1[0-2]|[1-9]) (?P<minute>[0-5]\d){_HALF}\b"),
    re.compile(rf"\b(?:at|around|about|by|after|before) (?P<hour>1[0-2]|[1-9]) (?P<minute>[1-5][05]){_NEXT}"),
    re.compile(rf"\b(?P<hour>1[0-2]|[1-9])(?:{_HALF}| oclock)\b"),
    re.compile(r"\b(?P<hour>1[0-2]|[1-9]) (?:in the (?:morning|afternoon|evening)|at night)\b"),
    re.compile(rf"\b(?:at|around|about|by|after|before|between) (?P<hour>1[0-2]|[1-9]){_NEXT}"),
)


@dataclass(frozen=True)
class Named:
    """What of a moment was named. ``clock`` as said; ``sure``: it was said which half of the day."""

    instant: datetime | None = None
    day: date | None = None
    clock: time | None = None
    sure: bool = False
    part: str = ""

    def __bool__(self) -> bool:
        return self != Named()

    def over(self, before: Named) -> Named:
        """Both together; where they differ, this one."""
        if self.instant or not before:
            return self
        clock = self if self.clock or self.part else before
        part = self.part or before.part
        return Named(None, self.day or before.day, clock.clock, clock.sure, part)


def named_in(text: str, now: datetime) -> Named:
    """``now``: aware, in the zone of whoever talks."""
    named = Named()
    for words in _CORRECTED.split(_GREETING.sub(" ", _in_english(plain(text)))):
        named = _named(words, now).over(named)
    return named


def _named(words: str, now: datetime) -> Named:
    span = _SPAN.search(words)
    clock, sure = _clock_in(words)
    part = _PART.search(words)
    day = _day_in(words, now)
    if span:
        then = _after(span, now)
        if (span["unit"] or span["unit_"]) in ("minute", "hour"):
            return Named(instant=then)
        day = then.date()
    return Named(None, day, clock, sure, part["part"].replace("tonight", "night") if part else "")


def moment(named: Named, now: datetime) -> datetime | None:
    """The instant meant, always later than ``now``; None: nothing was named, or it has passed."""
    if named.instant or not named:
        return named.instant
    clock = (
        _in_24_hours(named) if named.clock else _PARTS.get(named.part) or now.time().replace(second=0, microsecond=0)
    )
    day = named.day or now.date()
    then = _on(day, clock, now)
    if then <= now and named.day is None:
        then = _on(day + timedelta(days=1), clock, now)
    if then <= now and named.clock and not named.sure and not named.part and clock.hour < 12:
        then = _on(day, clock.replace(hour=clock.hour + 12), now)
    return then if then > now else None


def _on(day: date, clock: time, now: datetime) -> datetime:
    """By the clock on the wall there; an hour that a change of that clock leaves out is moved on."""
    return datetime.combine(day, clock, now.tzinfo).astimezone(UTC).astimezone(now.tzinfo)


def _in_english(words: str) -> str:
    words = " ".join(_HINDI.get(word, _SHORT_UNITS.get(word, word)) for word in words.split())
    return _TWO.sub("2 ", words)


def _after(span: re.Match[str], now: datetime) -> datetime:
    many, unit = span["many"] or span["many_"], span["unit"] or span["unit_"]
    count = _COUNTS.get(many) or float(many.removeprefix("half ")) + (0.5 if many.startswith("half") else 0)
    count += 0.5 if span["more"] or span["more_"] else 0
    if unit in ("minute", "hour"):
        return (now.astimezone(UTC) + timedelta(**{f"{unit}s": count})).astimezone(now.tzinfo)
    return now + timedelta(**{f"{unit}s": count})


def _day_in(words: str, now: datetime) -> date | None:
    found = _DAY.search(words)
    if found is None:
        return None
    if found["iso"]:
        return _real(found["iso"].replace(" ", "-"))
    if found["of_month"]:
        return _of_month(int(found["of_month"]), now.date())
    said = found[0].removeprefix("the ").replace("tonight", "today")
    if found["weekday"]:
        said = found["weekday"]
    if found["month"] or found["month_"]:
        said = f"{found['day'] or found['day_']} {found['month'] or found['month_']}"
    settings = {"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "future"}
    parsed = DateDataParser(languages=["en"], settings=settings).get_date_data(said).date_obj
    return parsed.date() if parsed else None


def _of_month(day: int, today: date) -> date | None:
    """The next day of that number."""
    for ahead in range(1, 63):
        if (then := today + timedelta(days=ahead)).day == day:
            return then
    return None


def _real(iso: str) -> date | None:
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None


def _clock_in(words: str) -> tuple[time | None, bool]:
    """The hour as it was said, and whether also which half of the day."""
    for pattern in _CLOCKS:
        if found := pattern.search(words):
            said = found.groupdict()
            if said.get("noon"):
                return time(12), True
            hour, minute = _minutes(int(said["hour"]), said.get("minute"), said.get("side") or "")
            half = said.get("half") or ""
            if half:
                hour = hour % 12 + (12 if half.startswith("p") else 0)
            return time(hour, minute), bool(half) or hour > 12 or hour == 0
    return None, False


def _minutes(hour: int, minute: str | None, side: str) -> tuple[int, int]:
    if side.endswith("to"):
        return (hour - 1) or 12, 45
    return hour, 30 if side.startswith("half") else 15 if side else int(minute or 0)


def _in_24_hours(named: Named) -> time:
    clock = named.clock or time(0)
    if named.sure or clock.hour > 12:
        return clock
    if named.part == "morning":
        return clock
    late = {"afternoon": range(1, 12), "evening": range(1, 12), "night": range(6, 12)}.get(named.part, range(1, 8))
    return clock.replace(hour=clock.hour + 12) if clock.hour in late else clock
