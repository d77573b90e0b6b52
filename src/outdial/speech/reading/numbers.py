"""Numbers in words: English by our own short tables, Indian languages by ``indic-numtowords``.

English cardinals come in two systems: thousands and millions, or thousands, lakhs and crores, as India counts.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from indic_numtowords import num2words

from outdial.domain.spoken import listed

ONES: Final = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS: Final = listed("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
_WESTERN: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_INDIAN: Final = ((10**7, "crore"), (10**5, "lakh"), (1000, "thousand"))
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
NUM: Final = r"(?:\d{1,3}(?:,\d{2,3}){0,4},\d{3}|\d{1,15})(?:\.\d{1,8})?"
"""A number as a pattern; what commas part in groups of other lengths, such as ``10,12``, are several."""
MOST_DIGITS: Final = 15
"""Longer ones have no name anybody would follow; they are read digit by digit."""


def digits(text: str) -> str:
    """Digit by digit: ``"0134"`` is "zero one three four". Whatever is no digit is left out."""
    return " ".join(ONES[int(digit)] for digit in text if digit in "0123456789")


def cardinal(number: int, *, indian: bool = False) -> str:
    """``number`` from 0 on, under 10**15."""
    for size, name in _INDIAN if indian else _WESTERN:
        if number >= size:
            head, rest = divmod(number, size)
            words = f"{cardinal(head, indian=indian)} {name}"
            return f"{words} {cardinal(rest, indian=indian)}" if rest else words
    if number >= 100:
        head, rest = divmod(number, 100)
        return f"{ONES[head]} hundred {cardinal(rest)}" if rest else f"{ONES[head]} hundred"
    if number >= 20:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    return ONES[number]


def ordinal(number: int) -> str:
    head, joint, last = _parted(cardinal(number))
    if last in _ORDINALS:
        return head + joint + _ORDINALS[last]
    return head + joint + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def plural(words: str) -> str:
    """Of a number in words: "nineties", "hundreds"."""
    head, joint, last = _parted(words)
    return head + joint + (f"{last[:-1]}ies" if last.endswith("y") else f"{last}es" if last == "six" else f"{last}s")


def year(number: int) -> str:
    """A year of four digits: "twenty twenty-six", "nineteen oh five", "two thousand five"."""
    century, rest = divmod(number, 100)
    if number % 1000 < 10:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} oh {ONES[rest]}" if rest < 10 else f"{cardinal(century)} {cardinal(rest)}"


def spelled(text: str, *, indian: bool = False) -> str:
    """A number as it is written: ``"1,25,000"``, ``"3.14"``, ``"007"``."""
    whole, _, fraction = text.replace(",", "").partition(".")
    indian = indian or _grouped_in_twos(text)
    leading = len(whole) > 1 and whole.startswith("0")
    words = digits(whole) if leading or len(whole) > MOST_DIGITS else cardinal(int(whole or "0"), indian=indian)
    return f"{words} point {digits(fraction)}" if fraction else words


def _grouped_in_twos(text: str) -> bool:
    """1,25,000: the groups before the last have two digits."""
    groups = text.partition(".")[0].split(",")
    return len(groups) > 2 and any(len(group) == 2 for group in groups[1:-1])


def _parted(words: str) -> tuple[str, str, str]:
    at = max(words.rfind(" "), words.rfind("-"))
    return words[: max(at, 0)], words[at] if at >= 0 else "", words[at + 1 :]


@cache
def indic_digit(digit: str, language: str) -> str:
    """``language``: a code of two letters that ``indic-numtowords`` knows."""
    return str(num2words(int(digit), lang=language))


def indic_digits(text: str, language: str) -> str:
    return " ".join(indic_digit(digit, language) for digit in text if digit in "0123456789")


def indic_cardinal(number: int, language: str) -> str:
    """The library counts up to 99 crore; beyond it, so many crores and the rest."""
    if number < 10**9:
        return str(num2words(number, lang=language))
    crores, rest = divmod(number, 10**7)
    words = f"{indic_cardinal(crores, language)} {str(num2words(10**7, lang=language)).split()[-1]}"
    return f"{words} {num2words(rest, lang=language)}" if rest else words


def indic_spelled(text: str, language: str, point: str) -> str:
    """``spelled`` in an Indian language; ``point``: its word for the decimal point."""
    whole, _, fraction = text.replace(",", "").partition(".")
    leading = len(whole) > 1 and whole.startswith("0")
    if leading or len(whole) > MOST_DIGITS:
        words = indic_digits(whole, language)
    else:
        words = indic_cardinal(int(whole or "0"), language)
    return f"{words} {point} {indic_digits(fraction, language)}" if fraction else words
