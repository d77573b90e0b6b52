"""What people write into a cell for a phone number, made plain before anybody asks which number it is.

Only what stands for the same digits is replaced: invisible characters, the blanks, dashes and digits of other scripts,
the marks a spreadsheet or an address book puts around a number. What looks like something else is refused with the
reason; nothing is repaired.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from outdial.domain.number_labels import unlabelled

MAX_NUMBER_LETTERS: Final = 100
_PLUS: Final = "\uff0b\ufe62\u2795"
_DASHES: Final = "\u2212\u30fc\u2043\u02d7"
"""Besides category Pd: the minus sign, and what stands for a dash in Japanese and in lists."""
_DOTS: Final = "\uff0e\u066b\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65"
"""Full-width and Arabic, and those that stand at half height."""
_SAME: Final = {
    **dict.fromkeys(_PLUS, "+"),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_DOTS, "."),
    **dict.fromkeys("\uff0f\u2044\u2215", "/"),
    **dict.fromkeys("\uff0c\u066c", ","),
    **dict.fromkeys("\u2019\u2018\u2032\uff07\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a\uff02", '"'),
    **dict(zip("[]\uff08\uff09\uff1d\uff1a_", "()()=: ", strict=True)),
    # Which picture of the sign before it is meant, a key around it, and a joiner.
    **dict.fromkeys("\ufe0e\ufe0f\u20e3\u034f", ""),
    # Letters of Braille and Korean that are blank.
    **dict.fromkeys("\u2800\u3164\uffa0", " "),
}
_BY_CATEGORY: Final = {"Cf": "", "Zs": " ", "Zl": " ", "Zp": " ", "Cc": " ", "Pd": "-"}
"""Invisible characters, blanks, controls, dashes."""
_QUOTED: Final = re.compile(r'=?\s*"([^"]*)"|=(?=\s*\+)(.*)|[\'`]+(.*?)[\'`]*|<([^<>]*)>|\{([^{}]*)\}', re.DOTALL)
"""``="+91…"`` and ``'+91…`` are how spreadsheets are told that something is a text."""
_IN_BRACKETS: Final = re.compile(r"\([^()]*\)")
_SCIENTIFIC: Final = re.compile(r"\+?([0-9]+)(?:[.,]([0-9]+))?[eE]\+?([0-9]{1,2})")
_FLOAT: Final = re.compile(r"([^.,]*[0-9]{3,})[.,]0+|(.*[0-9])[.,]0", re.DOTALL)
"""``.0`` behind a number, however it is grouped; ``.00`` may end one that is written with dots."""
_FRACTION: Final = re.compile(
    r"[+-]?[0-9]{4,}[.,][0-9]{1,3}|.*[0-9]\s*[.,]\s*(?:[0-9]|[0-9]{1,3}\s*\)+)|[+-]?[0-9]{1,3}(?:[.,][0-9]{3})+[.,][0-9]{1,2}",
    re.DOTALL,
)
_DATE: Final = re.compile(
    r"(?:(?:19|20)[0-9]{2}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])([-/.])(?:0?[1-9]|[12][0-9]|3[01])\2(?:19|20)[0-9]{2})"
    r"(?:[ T]\s*[0-9]{1,2}[:.h][0-9]{2}.*)?",
    re.DOTALL,
)
_LOOKS: Final = {_DATE: "looks like a date", _FRACTION: "is a decimal number"}
_EXTENSION: Final = re.compile(
    r"(?:\s*\(\s*|[;,\s(]*(?:ext(?:ension|n)?|x|int|ramal|anexo|durchwahl|dw)[\s.:=]*|\s*#\s*|\s*[,;]+\s*)[0-9]{1,7}\s*\)?",
    re.IGNORECASE,
)
_BETWEEN_NUMBERS: Final = re.compile(r"[^0-9+() ./\-]+")
_COUNTED: Final = re.compile(r"[1-9][0-9]?(?:\)|\.(?=\s)(?!.*[0-9]\.\s)|[\s.-]+\(0[1-9]).*")
"""``2) 98765 43210``, ``2 (022) 345 6789``: the digits in front only count the numbers."""
_BEFORE_PREFIX: Final = re.compile(r"[1-9][\s.)-]+\(?0.*")
"""Behind a label a digit before the national prefix does the same."""
_COUNTED_ALONG: Final = "may begin with its place in a list"
_CALCULATED: Final = "is a decimal number"
_SHAPE: Final = re.compile(r"\(?\+?[0-9( ][0-9() ./\-]*[0-9)]")
_GROUPED: Final = re.compile(
    r"([0-9]{1,3}(?:([,'])[0-9]{3})(?:\2[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})(?:\.0+)?"
    r"|([0-9]{1,3}(?:\.[0-9]{3}){2,}),0+"
)
"""A calculated number as it is shown in English, Swiss, Indian and German spreadsheets."""
_NUMBER_DIGITS: Final = 7
"""As few as E.164 allows here: two pieces with so many are two numbers."""
_RUN_DIGITS: Final = 8
"""Nobody writes a longer group twice in one number."""
_WITH_RUN: Final = re.compile(rf"\+?(?:[0-9]{{2}}[0-9() ./\-]*?[() ./\-])??[0-9]{{{_RUN_DIGITS},}}")
_GROUP_DIGITS: Final = 5
_AREA_DIGITS: Final = {True: 7, False: 5}
"""As many stand before a slash: with a calling code or a national prefix in front, and without."""


@dataclass(frozen=True)
class Unread:
    """Why no number can be read. ``reason``: what follows on "the number …"."""

    reason: str


@dataclass(frozen=True)
class Written:
    """Digits with ``+``, blanks, ``().-/`` only. ``doubt``: why no other country's number may be read of them."""

    text: str
    doubt: str = ""


def plain(cell: str) -> Written | Unread:
    """The one number that stands in a cell; every character of it is accounted for."""
    if len(cell) > MAX_NUMBER_LETTERS:
        return Unread(f"is longer than {MAX_NUMBER_LETTERS} characters")
    text, doubt = _unwrapped("".join(map(_same, cell)).strip())
    if not text:
        return Unread("is missing")
    if (found := _SCIENTIFIC.fullmatch(text)) is not None:
        return _whole(*found.groups(default=""))
    if (found := _GROUPED.fullmatch(text)) is not None:
        text, doubt = "".join(filter(str.isdecimal, found[1] or found[3])), _CALCULATED
    elif (found := _FLOAT.fullmatch(text)) is not None:
        text, doubt = found[1] or found[2], _CALCULATED
    return _unlike_a_number(text, doubt) or Written(" ".join(text.rstrip(".,;").split()), doubt)


def _same(letter: str) -> str:
    """What stands for it in a number; itself, if nothing does."""
    if letter in _SAME or not letter.isascii():
        found = _SAME.get(letter, _BY_CATEGORY.get(unicodedata.category(letter), letter))
        return str(unicodedata.decimal(letter)) if letter.isdecimal() else found
    return letter if letter.isprintable() or letter == "\n" else " "


def _unwrapped(text: str) -> tuple[str, str]:
    """Without the marks around it, each of which may stand there once; and the doubt that a label leaves."""
    if (found := _QUOTED.fullmatch(text)) is not None:
        text = next(part for part in found.groups() if part is not None).strip()
    text, is_doubtful = unlabelled(text)
    text = text.strip().removeprefix("'").strip()
    return text[1:-1].strip() if _IN_BRACKETS.fullmatch(text) else text, _COUNTED_ALONG if is_doubtful else ""


def _whole(before: str, after: str, power: str) -> Written | Unread:
    """``9.19876543210E+11``: whole when every digit is there."""
    exponent = int(power)
    if exponent > len(after):
        return Unread("is a rounded decimal number: its last digits are lost; format the column as text")
    value = Decimal(f"{before}.{after or 0}").scaleb(exponent)
    if value != value.to_integral_value():
        return Unread("is a decimal number")
    return Written(f"{value:.0f}", _CALCULATED)


def _unlike_a_number(text: str, doubt: str) -> Unread | None:
    looks = next((reason for form, reason in _LOOKS.items() if form.fullmatch(text)), "")
    if looks:
        return Unread(looks)
    if len(pieces := list(_numbers_in(text))) > 1:
        return _several(pieces)
    if _COUNTED.fullmatch(text) or (doubt == _COUNTED_ALONG and _BEFORE_PREFIX.fullmatch(text)):
        return Unread(_COUNTED_ALONG)
    if _ends_in_extension(text):
        return Unread("has an extension, which cannot be dialled")
    return _strange(text.rstrip(".,;")) or _halves(text)


def _strange(text: str) -> Unread | None:
    if strange := next((letter for letter in text if not (letter.isdecimal() or letter in "+() ./-\n")), ""):
        return Unread("holds letters" if strange.isalpha() else f"holds {strange!r}")
    if "+" in text.lstrip("(")[1:]:
        return Unread("has a + in its middle")
    fits = _SHAPE.fullmatch(" ".join(text.split()))
    return None if fits else Unread("begins or ends with a sign that does not belong there")


def _several(pieces: Sequence[str]) -> Unread:
    return Unread(f"is two numbers or more: {' and '.join(pieces[:3])}")


def _numbers_in(text: str) -> Iterator[str]:
    """The pieces between two numbers, if there are any: each long enough to be one."""
    for piece in _BETWEEN_NUMBERS.split(text):
        # A second + begins a second number; so do many digits behind a blank or a dash.
        parts = [part for part in re.split(r"(?<=[0-9)])\s*(?=\(?\+)", piece) if part]
        for part in parts:
            whole = _WITH_RUN.findall(part)
            if len(whole) > 1:
                yield from whole
            elif _digits(part) >= _NUMBER_DIGITS:
                yield part.lstrip(" .-/)").rstrip(" .-/(")


def _ends_in_extension(text: str) -> bool:
    found = next(iter(_EXTENSION.finditer(text, _NUMBER_DIGITS)), None)
    while found is not None:
        if found.end() == len(text) and _digits(text[: found.start()]) >= _NUMBER_DIGITS:
            return True
        found = _EXTENSION.search(text, found.start() + 1)
    return False


def _halves(text: str) -> Unread | None:
    """``0301234567/8`` is two numbers, ``030/1234567`` is one: a slash parts the area code from the rest, once, or
    all the small groups of a number."""
    before, slash, after = text.partition("/")
    if all(2 <= _digits(part) <= _GROUP_DIGITS for part in text.split("/")):
        return None
    most = _AREA_DIGITS[before.lstrip("(").startswith(("+", "0"))]
    if slash and (_digits(before) > most or _digits(after) < 4 or "/" in after):
        return _several([before.strip(), after.strip()])
    return None


def _digits(text: str) -> int:
    return sum(letter.isdecimal() for letter in text)
