"""Which phone a customer means: what stands in a cell as E.164, or the reason why it is no number (Ringg §7.2).

The rule above all others: never a stranger's phone. A reading is taken when it is the only one a person would think of;
where two are possible the number is refused and both are named. Whatever a spreadsheet has calculated with is read by
the country of the list only.
"""

from __future__ import annotations

from typing import Final

from phonenumbers import PhoneNumber

from outdial.domain import numbering_plans as plans
from outdial.domain.number_cells import Unread, Written, plain
from outdial.domain.numbers import canonical, e164, is_plain

_LONGEST_FIXED: Final = 11
"""Digits of a fixed line without its national prefix. Plans of open length allow more, and read anything so."""
_MOST_DIGITS: Final = 15
"""E.164 §6.1."""
_FEWEST_DIGITS: Final = 4
"""With fewer there is not even a calling code to speak of."""


def read_number(cell: str, region: str) -> str | Unread:
    """The number in a cell. ``region``: the list's country, as two letters.

    With ``+``, ``00`` or the country's own international prefix it is read as it stands. Without, as a national number,
    then as one with the country's own calling code, then as an international one: the last only when its length is not
    that of a national number, and a whole mobile number of the country is not its beginning.
    """
    if is_plain(cell):
        return cell
    written = plain(cell)
    number = written if isinstance(written, Unread) else _read(written, region)
    return number if isinstance(number, Unread) or not _has_code_twice(number) else Unread("has its calling code twice")


def _has_code_twice(number: str) -> bool:
    """``+49 49 151 …``: behind the second calling code stands a whole mobile number. An area code may look like one."""
    whole = plans.parsed(number)
    code = str(whole.country_code) if whole else ""
    if whole is None or not plans.national(whole).startswith(code):
        return False
    behind = plans.known(f"+{plans.national(whole)}")
    return behind is not None and plans.is_mobile(behind)


def _read(written: Written, region: str) -> str | Unread:
    digits = _digits(written.text)
    if len(digits) > _MOST_DIGITS and (two := _two_in(written.text, region)):
        return two
    if written.text.lstrip("(").startswith("+"):
        number = _international(written.text, digits)
        return _of_country(number, region, written.doubt) if written.doubt else number
    if written.doubt:
        return _of_country(_domestic(digits, region) or _no_number_of(digits, region), region, written.doubt)
    if digits.startswith("00") or _with_prefix(digits, region):
        return _dialled_abroad(written.text, digits, region)
    return _bare(digits, region)


def _international(text: str, digits: str) -> str | Unread:
    """``(0)`` is the national prefix: dropped where there is one, kept where it is part of the number (Italy)."""
    whole = _worldwide(digits)
    before, zero, after = "".join(text.split()).partition("(0)")
    if not zero:
        return whole
    both = (plans.known(f"+{digits}"), plans.known(f"+{_digits(before + after)}"))
    return _only({plans.formatted(one) for one in both if one}) or whole


def _worldwide(digits: str) -> str | Unread:
    """As it stands behind a ``+``. Numbers kept for fiction and ranges opened lately are in no directory: the form that
    the plan of its calling code gives all numbers is enough."""
    given = f"+{digits}"
    number = plans.parsed(given)
    if number is None or digits.startswith("0"):
        return Unread("is too short" if len(digits) < _FEWEST_DIGITS else "begins with no calling code")
    form = canonical(given)
    subscriber = number if form == given else plans.parsed(form)
    if subscriber is None or not (plans.known(form) or plans.has_form(subscriber)):
        return Unread(plans.misfit(subscriber or number))
    # A national prefix behind the calling code would not connect: without it, it is the same phone.
    dialled = form if plans.national(number).startswith("0") else plans.formatted(number)
    return e164(dialled) or Unread("is too short")


def _dialled_abroad(text: str, digits: str, region: str) -> str | Unread:
    """``00 91 …`` from anywhere (Ringg §7.2), ``011 91 …`` from where that is dialled."""
    by_plan = _with_prefix(digits, region)
    if not digits.startswith("00"):
        return by_plan or _no_number_of(digits, region)
    by_zeros = _international(text.lstrip("(").replace("0", "", 2), digits[2:])
    if by_plan is None or isinstance(by_zeros, Unread):
        return by_plan or by_zeros
    return _only({by_plan, by_zeros}) or by_zeros


def _with_prefix(digits: str, region: str) -> str | None:
    """Dialled with the international prefix of ``region``, if it is and reaches a number."""
    number = plans.known(digits, region)
    return plans.formatted(number) if number and plans.is_dialled_abroad(number) else None


def _bare(digits: str, region: str) -> str | Unread:
    if found := _domestic(digits, region):
        return found
    abroad = plans.known(f"+{digits}")
    if abroad and not _is_national_length(digits, region) and not _begins_with_mobile(digits, region):
        return plans.formatted(abroad)
    return _no_number_of(digits, region)


def _domestic(digits: str, region: str) -> str | Unread | None:
    """A number of the country, with or without its calling code; None: it is none."""
    inside = plans.known(digits, region)
    if inside and _is_overlong(inside) and not _has_prefix(digits, region):
        inside = None
    with_code = plans.known(f"+{digits}") if digits.startswith(plans.code_of(region)) else None
    return _only({plans.formatted(one) for one in (inside, with_code) if one})


def _is_overlong(number: PhoneNumber) -> bool:
    """Whether it only fits a plan of open length; a calling code in front would look just like that."""
    fixed = plans.is_without_code(number) and not plans.is_mobile(number)
    return fixed and len(plans.national(number)) > _LONGEST_FIXED


def _has_prefix(digits: str, region: str) -> bool:
    prefix = plans.prefix_of(region)
    return bool(prefix) and digits.startswith(prefix)


def _is_national_length(digits: str, region: str) -> bool:
    """Whether it is as long as a national number, with its prefix or without: then it is one that was mistyped."""
    bare = digits.removeprefix(plans.prefix_of(region))
    return bool({len(digits), len(bare)} & plans.lengths_of(region))


def _begins_with_mobile(digits: str, region: str) -> bool:
    """A whole number with something behind it: one digit too many is often a number of another country."""
    starts = (plans.known(digits[:length], region) for length in plans.lengths_of(region) if length < len(digits))
    return any(one and plans.is_mobile(one) for one in starts)


def _of_country(number: str | Unread, region: str, doubt: str) -> str | Unread:
    if isinstance(number, Unread) or number.startswith(f"+{plans.code_of(region)}"):
        return number
    return Unread(f"{doubt}, and is none of {region}")


def _two_in(text: str, region: str) -> Unread | None:
    """``98765 43210 98765 43211``: halves that are numbers themselves."""
    for place in (place for place, letter in enumerate(text) if letter in " -/"):
        halves = text[:place].strip(" -/"), text[place:].strip(" -/")
        if all(isinstance(_half(one, region), str) for one in halves):
            return Unread(f"is two numbers or more: {' and '.join(halves)}")
    return None


def _half(text: str, region: str) -> str | Unread:
    digits = _digits(text)
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
        return Unread("is no number")
    return _worldwide(digits) if text.startswith("+") else _bare(digits, region)


def _no_number_of(digits: str, region: str) -> Unread:
    if len(digits) > _MOST_DIGITS:
        return Unread(f"is too long: it has {len(digits)} digits")
    number = plans.parsed(digits, region)
    why = plans.misfit(number) if number else "is too short"
    if why.startswith("is too short"):
        return Unread(why)
    return Unread(f"{f'is no number of {region}' if 'is no' in why else why}; one of another country needs + in front")


def _only(readings: set[str]) -> str | Unread | None:
    """The one there is; None: there is none. Which of several is meant nobody can know."""
    if len(readings) > 1:
        return Unread(f"may be {' or '.join(sorted(readings))}: write it with + in front")
    return next(iter(readings), None)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdecimal())
