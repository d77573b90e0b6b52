"""Text as it should be read aloud: phone numbers, codes and order numbers digit by digit, no markup.

A synthesiser reads "555-0134" as five hundred fifty-five, one hundred thirty-four, and loses the zero. Amounts,
years, times and dates are left to it.
"""

from __future__ import annotations

import re
from typing import Final

_MARKUP: Final = re.compile(r"[*_`#~|<>\[\]{}]+")
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_PICTURES: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]")
_PHONE: Final = re.compile(
    r"(?<![\w$€£₹.,/:-])(?P<plus>\+?)(?P<number>\(?\d{1,4}\)?(?:[ .-]\(?\d{2,5}\)?){1,4}|\d{10,15})(?![\w%]|[.,:/-]\d)"
)
_CODE: Final = re.compile(r"(?<![\w$€£₹.,/:-])(?=[A-Z0-9-]*[0-9])(?=[A-Z0-9-]*[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)*(?!\w)")
_DIGITS: Final = re.compile(r"(?<![\w$€£₹.,/:+-])\d+(?![\w%]|[.,:/-]\d)")
_NAMED: Final = re.compile(
    r"\b(?:code|order|otp|pin|number|no|account|reference|booking|ticket|invoice|id|extension|flight|policy|ending in)"
    r"(?: (?:is|number|code|id))?[:.]? ?#?$",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"^ ?(?:dollars?|rupees?|euros?|pounds?|cents?|percent|people|miles?|kilometers?|km|kg|years?|days?|hours?|"
    r"minutes?|seconds?|points?|units?|items?|times|thousand|million|lakhs?|crores?)\b",
    re.IGNORECASE,
)
_SHORTEST_PHONE: Final = 7
_ALWAYS_SPELLED: Final = 5
"""A bare number of this many digits is a reference, not an amount."""
_NAMED_SPELLED: Final = 3


def spoken(text: str) -> str:
    """``text`` for a synthesiser; what needs no change comes back as it is."""
    plain = _PICTURES.sub("", _MARKUP.sub("", _LINK.sub(r"\1", text)))
    plain = _PHONE.sub(_phone, plain)
    plain = _CODE.sub(_code, plain)
    return " ".join(_DIGITS.sub(_number, plain).split())


def _phone(found: re.Match[str]) -> str:
    groups = re.findall(r"\d+", found["number"])
    if sum(map(len, groups)) < _SHORTEST_PHONE or _is_date(groups):
        return found[0]
    if len(groups) == 1:
        groups = _threes(groups[0])
    return ("plus " if found["plus"] else "") + ", ".join(" ".join(group) for group in groups)


def _is_date(groups: list[str]) -> bool:
    """2026-03-04, 04-03-2026 and the like."""
    sizes = [len(group) for group in groups]
    return len(groups) == 3 and sorted(sizes) in ([2, 2, 4], [1, 2, 4], [1, 1, 4]) and 4 in (sizes[0], sizes[2])


def _threes(digits: str) -> list[str]:
    """A long number in groups one can follow: the last has four digits, the others three."""
    head, tail = digits[:-4], digits[-4:]
    first = len(head) % 3
    return [group for group in (head[:first], *(head[n : n + 3] for n in range(first, len(head), 3)), tail) if group]


def _code(found: re.Match[str]) -> str:
    code = found[0]
    if len(code.replace("-", "")) < 4:
        return code
    return ", ".join(" ".join(part) for part in code.split("-"))


def _number(found: re.Match[str]) -> str:
    digits, before, after = found[0], found.string[: found.start()], found.string[found.end() :]
    named = len(digits) >= _NAMED_SPELLED and _NAMED.search(before[-30:])
    leading_zero = len(digits) > 1 and digits.startswith("0")
    long = len(digits) >= _ALWAYS_SPELLED and not _AMOUNT.match(after)
    return " ".join(digits) if named or leading_zero or long else digits
