"""Heard words in one plain form: lower case, no punctuation, no fillers, numbers as digits."""

from __future__ import annotations

import re
import unicodedata
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
_SCALES: Final = {"hundred": 100, "thousand": 1000, "lakh": 100_000, "million": 1_000_000}
_TIMES: Final = {"double": 2, "triple": 3}
_FILLERS: Final = frozenset(listed("um uh umm uhm er erm ah hmm mm eh"))
_SUFFIX: Final = re.compile(r"(\d+)(st|nd|rd|th)")
_PIECES: Final = re.compile(r"\d+(?:[:.]\d+)*|[^\s\d]+")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d),(?=\d{3})")


def plain_tokens(text: str) -> list[str]:
    """The words of ``text`` in plain form: ``"Uh, the FOURTH of March!"`` gives ``["the", "4", "of", "march"]``."""
    letters = []
    folded = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text).casefold())
    for at, letter in enumerate(folded):
        if letter in "'’":
            continue
        inside_number = letter in ":." and folded[at - 1 : at].isdigit() and folded[at + 1 : at + 2].isdigit()
        letters.append(letter if inside_number or unicodedata.category(letter)[0] in "LNM" else " ")
    pieces: list[str] = _PIECES.findall(_SUFFIX.sub(r"\1", "".join(letters)))
    return _digit_runs(_numbers([piece for piece in pieces if piece not in _FILLERS]))


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
    """The number spelled from ``at`` on, and how many words it takes; only whole words are read, no digits."""
    start, total = at, 0
    group = _below_hundred(words, at)
    if group is None:
        if words[at] == "a" and words[at + 1 : at + 2] and words[at + 1] in _SCALES:
            group = (1, 1)
        else:
            return None, 0
    while True:
        value, taken = group
        at += taken
        while at < len(words) and words[at] in _SCALES:
            value *= _SCALES[words[at]]
            at += 1
        total += value
        follows = at + 1 if words[at : at + 1] == ["and"] else at
        scaled = value >= 100
        group_next = _below_hundred(words, follows) if scaled else None
        if group_next is None:
            return total, at - start
        group, at = group_next, follows


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
