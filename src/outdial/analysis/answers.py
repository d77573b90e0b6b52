"""What an agent's owner asked for besides: from the answers the talk took down, else from a question and its reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from outdial.analysis.heard import AGENT, CALLEE, asks, plain, same_name, sentences, telling, yes_or_no
from outdial.analysis.when import moment, named_in
from outdial.domain.agent import AnalysisPlan
from outdial.domain.analysis import Talked
from outdial.domain.hours import zone

_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_MOST_DIGITS: Final = 15
_BETWEEN: Final = re.compile(r"[,;]| and ")
_AS_SAID: Final = frozenset({"string", "array"})
"""Types any reply would fit: only answers the talk took down are taken for them."""
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}


def answers_to(talked: Talked, plan: AnalysisPlan) -> dict[str, Any]:
    """Every key with a value of its type, or None."""
    now = datetime.fromisoformat(talked.began_at).astimezone(zone(talked.timezone))
    exchanges = [*_exchanges(talked.turns)]
    found = {name: _said(name, kind, talked, plan, exchanges) for name, kind in plan.keys.items()}
    return {name: next(_read(texts, plan.keys[name], now), None) for name, texts in found.items()}


def as_type(text: str, kind: str, now: datetime) -> Any:
    """``text`` as a value of one of ``ANALYSIS_TYPES``; None: it is none. ``now``: when it was said, aware."""
    return _READERS[kind](text, now)


def _boolean(text: str, _now: datetime) -> bool | None:
    found = yes_or_no(text)
    return _BOOLEANS.get(plain(text)) if found is None else found


def _integer(text: str, _now: datetime) -> int | None:
    number = _only_number(text)
    return int(number) if number is not None and "." not in number else None


def _real(text: str, _now: datetime) -> float | None:
    number = _only_number(text)
    return None if number is None else float(number)


def _parts(text: str, _now: datetime) -> list[str] | None:
    return [part for part in map(str.strip, _BETWEEN.split(text)) if part] or None


def _words(text: str, _now: datetime) -> str | None:
    return text.strip() or None


def _day(text: str, now: datetime) -> str | None:
    """The day that is written or named in ``text``, ``YYYY-MM-DD``; a time alone names none."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        named = named_in(text, now)
    if named.day:
        return named.day.isoformat()
    return named.instant.date().isoformat() if named.instant else None


def _instant(text: str, now: datetime) -> str | None:
    """The moment that is written or named in ``text``, ISO 8601 with an offset; without one, by the callee's clock."""
    try:
        written = datetime.fromisoformat(text.strip())
    except ValueError:
        at = moment(named_in(text, now), now)
    else:
        at = written if written.tzinfo else written.replace(tzinfo=now.tzinfo)
    return at.isoformat() if at else None


_READERS: Final[Mapping[str, Callable[[str, datetime], Any]]] = {
    "string": _words,
    "integer": _integer,
    "number": _real,
    "boolean": _boolean,
    "array": _parts,
    "date": _day,
    "datetime": _instant,
}


def _said(
    name: str, kind: str, talked: Talked, plan: AnalysisPlan, exchanges: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """What may hold the value, likeliest first: the answer the talk took down, else replies to questions about it."""
    for captured, value in talked.captured.items():
        if same_name(name, captured):
            yield str(value)
            return
    if kind not in _AS_SAID:
        hint = plan.hints.get(name, "")
        yield from (reply for question, reply in reversed(exchanges) if _is_about(question, name, hint))


def _read(texts: Iterable[str], kind: str, now: datetime) -> Iterator[Any]:
    return (value for value in (as_type(text, kind, now) for text in texts) if value is not None)


def _exchanges(turns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The last question of each of the agent's turns, with what the callee said next."""
    question = ""
    for speaker, text in turns:
        if speaker == AGENT:
            question = next((sentence for sentence in reversed(sentences(text)) if asks(sentence)), "")
        elif speaker == CALLEE and question:
            yield question, text
            question = ""


def _is_about(question: str, name: str, hint: str) -> bool:
    """It holds all the words of the key's name, or two of the hint's (all, if it has fewer)."""
    asked = set(telling(question))
    names, hints = set(telling(re.sub(r"[_\W]+", " ", name))), set(telling(hint))
    return (bool(names) and names <= asked) or (bool(hints) and len(hints & asked) >= min(2, len(hints)))


def _only_number(text: str) -> str | None:
    """The number in the first sentence that has one, in figures or in words; None: none has, or several are in it."""
    numbers = (_numbers(sentence) for sentence in sentences(text))
    first = next((found for found in numbers if found), set())
    number = first.pop() if len(first) == 1 else ""
    return number if number and len(number) <= _MOST_DIGITS else None


def _numbers(sentence: str) -> set[str]:
    signed = re.sub(r"(?<![\w.])-(?=\d)", "minus ", sentence)
    return set(_NUMBER.findall(re.sub(r"\bminus ", "-", plain(signed))))
