"""Heard words in one plain form: lower case, no punctuation, no fillers, numbers as digits."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final


def listed(words: str) -> list[str]:
    """A table of words, written as one reads it."""
    return words.split()


_UNITS: Final = {
    word: value
    for value, word in enumerate(
        listed(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        )
    )
}
_TENS: Final = {
    word: 10 * value
    for value, word in enumerate(listed("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)
}
_ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        listed(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ),
        start=1,
    )
} | {"thirtieth": 30}
_SCALES: Final = {"thousand": 1000, "lakh": 100_000, "million": 1_000_000}
_TIMES: Final = {"double": 2, "triple": 3}
_FILLERS: Final = frozenset(listed("um uh umm uhm er erm ah hmm mm eh"))
_SUFFIX: Final = re.compile(r"(?<=\d)(?:st|nd|rd|th)")
_PIECES: Final = re.compile(r"\d+(?:[:.]\d+)*|[^\s\d]+")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d),(?=\d{3})")
_OUTSIDE_NUMBERS: Final = re.compile(r"(?<!\d)[:.]|[:.](?!\d)")
_KEPT_LETTERS: Final = 2_000
"""Of longer texts the plain form is made anew."""


_REMEMBERED: Final = 0x3000
"""Characters below: those of most scripts. All of them together would be a hundred megabytes."""


class _Signs(dict[int, int | str | None]):
    """What ``str.translate`` makes of characters: letters, marks and digits stay, apostrophes go, the rest is blank."""

    def __missing__(self, code: int) -> int | str:
        kept = code if unicodedata.category(chr(code))[0] in "LNM" else " "
        if code < _REMEMBERED:
            self[code] = kept
        return kept


_SIGNS: Final = _Signs({ord("'"): None, ord("’"): None, ord(":"): ":", ord("."): "."})


def plain_tokens(text: str) -> list[str]:
    """The words of ``text`` in plain form: ``"Uh, the FOURTH of March!"`` gives ``["the", "4", "of", "march"]``."""
    return [*(_kept_tokens if len(text) <= _KEPT_LETTERS else _tokens)(text)]


def _tokens(text: str) -> tuple[str, ...]:
    folded = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text).casefold())
    letters = _OUTSIDE_NUMBERS.sub(" ", folded).translate(_SIGNS)
    pieces: list[str] = _PIECES.findall(_SUFFIX.sub("", letters))
    return tuple(_digit_runs(_numbers([piece for piece in pieces if piece not in _FILLERS])))


_kept_tokens = lru_cache(maxsize=2048)(_tokens)
"""A flow compares what was heard with all its phrases, in every call that follows it."""


def plain(text: str) -> str:
    return " ".join(plain_tokens(text))


def _numbers(words: list[str]) -> list[str]:
    """Number words as digits: "twenty five" is 25, "nine thirty" stays two numbers, "double five" is 5 5."""
    out: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word in _TIMES and at + 1 < len(words) and _small(words[at + 1]) is not None:
            out += [str(_small(words[at + 1]))] * _TIMES[word]
            at += 2
        elif word == "oh" and out and out[-1].isdigit():
            out.append("0")
            at += 1
        else:
            value, taken = _spelled_number(words, at)
            out.append(word if value is None else str(value))
            at += max(taken, 1)
    return out


def _small(word: str) -> int | None:
    if word.isascii() and word.isdigit():
        return int(word)
    return _UNITS.get(word, _ORDINALS.get(word))


def _spelled_number(words: list[str], at: int) -> tuple[int | None, int]:
    """The number spelled from ``at`` on, and how many words it takes; only words are read, no digits."""
    total = group = 0
    room = True  # a number below a hundred fits here
    end = at
    while end < len(words):
        word = words[end]
        small = _below_hundred(words, end) if room else None
        if small is not None:
            group, end, room = group + small[0], end + small[1], False
            continue
        if word == "a" and end == at and set(words[end + 1 : end + 2]) & {"hundred", *_SCALES}:
            group, room = 1, False
        elif word == "hundred" and 0 < group < 100:
            group, room = group * 100, True
        elif word in _SCALES and group:
            total, group, room = total + group * _SCALES[word], 0, True
        elif not (word == "and" and room and end > at and _below_hundred(words, end + 1)):
            break
        end += 1
    return (None, 0) if end == at else (total + group, end - at)


def _below_hundred(words: list[str], at: int) -> tuple[int, int] | None:
    """A number under 100 spelled at ``at`` and the words it takes."""
    if at >= len(words):
        return None
    word = words[at]
    if word in _TENS:
        unit = words[at + 1] if at + 1 < len(words) else ""
        low = _UNITS.get(unit, _ORDINALS.get(unit, 0))
        return (_TENS[word] + low, 2) if 0 < low < 10 else (_TENS[word], 1)
    value = _UNITS.get(word, _ORDINALS.get(word))
    return None if value is None else (value, 1)


def _digit_runs(words: list[str]) -> list[str]:
    """Digits spoken one by one become one number: 4 7 2 9 1 is 47291."""
    out: list[str] = []
    run = False
    for word in words:
        single = len(word) == 1 and word.isdigit()
        if single and run:
            out[-1] += word
        else:
            out.append(word)
        run = single
    return out
