"""Phone numbers: E.164 as both dialects demand it (``^\\+[1-9]\\d{6,14}$``), and the one form of each subscriber."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import phonenumbers

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_MEXICAN: Final = re.compile(r"(?:1|01|04[45])([1-9][0-9]{9})")
"""Before 2019 mobiles were dialled with 1 from abroad; 01, 044 and 045 were prefixes inside the country."""
_ARGENTINE_MOBILE: Final = re.compile(r"9([1-9][0-9]{9,11})")
_ARGENTINE_DIGITS: Final = 10
_BRAZILIAN_OLD_MOBILE: Final = re.compile(r"([1-9][0-9])([6-9][0-9]{7})")
"""Since 2016 every mobile has a 9 in front of what was its number; fixed lines begin with 2 to 5 (Anatel 553/2010)."""


def e164(text: str) -> str | None:
    """``text`` without outer blanks if it is an E.164 number, else None; inner blanks and dashes are not forgiven."""
    number = text.strip()
    return number if _E164.fullmatch(number) else None


_PLAIN: Final = re.compile(r"\+(?:1[2-9][0-9]{9}|91[6-9][0-9]{9}|44[1-357-9][0-9]{9})")
"""What the plans of three large countries give every number with so many digits: no look at a plan tells more."""


def is_plain(number: str) -> bool:
    """Whether it surely has the form of a number, and is written in the one way there is: most are."""
    return _PLAIN.fullmatch(number) is not None


@lru_cache(maxsize=4096)
def canonical(number: str) -> str:
    """The one form of the subscriber that ``number`` (E.164) reaches: for comparing, never for dialling.

    Two numbers of one subscriber have the same form, two subscribers never do: a national prefix behind the calling
    code is dropped, and what a country once had people dial besides the number. What is not E.164 stays as it is.
    """
    given = e164(number)
    if given is None:
        return number.strip()
    if is_plain(given):
        return given
    code, national = _parts(given)
    spelling = _SPELLINGS.get(code)
    form = f"+{code}{spelling(national) if spelling else national}"
    return form if form == given or _is_settled(form) else given


def _parts(number: str) -> tuple[int, str]:
    """Calling code and national number; the parser drops a national prefix between them. 0: no calling code.

    A zero is dropped even where none is dialled, when only without it there is such a number.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return 0, ""
    code, national = parsed.country_code or 0, phonenumbers.national_significant_number(parsed)
    bare = national.removeprefix("0")
    is_in_front = bare != national and not phonenumbers.is_valid_number(parsed) and _is_valid(f"+{code}{bare}")
    return code, bare if is_in_front else national


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _is_settled(form: str) -> bool:
    """Whether nothing more can be dropped, and it has a length that its plan knows: else it was part of the number."""
    try:
        parsed = phonenumbers.parse(form)
    except phonenumbers.NumberParseException:
        return False
    same = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == form
    return same and phonenumbers.is_possible_number(parsed) and bool(_E164.fullmatch(form))


def _mexican(national: str) -> str:
    old = _MEXICAN.fullmatch(national)
    return old[1] if old else national


def _argentine(national: str) -> str:
    """Without the 9 of mobiles dialled from abroad, and without the 15 from inside, which the parser makes a 9."""
    mobile = _ARGENTINE_MOBILE.fullmatch(national)
    if mobile is None:
        return national
    return mobile[1] if len(mobile[1]) == _ARGENTINE_DIGITS else _parts(f"+54{mobile[1]}")[1].removeprefix("9")


def _brazilian(national: str) -> str:
    old = _BRAZILIAN_OLD_MOBILE.fullmatch(national)
    return f"{old[1]}9{old[2]}" if old else national


_SPELLINGS: Final[Mapping[int, Callable[[str], str]]] = {52: _mexican, 54: _argentine, 55: _brazilian}
"""By calling code: what the parser does not know of numbers that are written in more than one way."""
