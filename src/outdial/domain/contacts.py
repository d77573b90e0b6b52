"""From the rows of a customer's table to people who can be rung (Ringg §7.2). Pure: cells in, contacts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers

from outdial.domain.campaign import Contact
from outdial.domain.errors import Fault, Invalid
from outdial.domain.numbers import e164

NUMBER: Final = "mobile_number"
NAME: Final = "callee_name"
_USUAL: Final = {NUMBER: "Mobile Number", NAME: "Name"}
"""Titles of the columns that need not be mapped."""
_BETWEEN_DIGITS: Final = frozenset("0123456789 ()./-\u00a0")
"""What a number without ``+`` may be written with: letters would be dialled as on a keypad."""


@dataclass(frozen=True)
class Columns:
    """Where to look in a row, 0-based. ``variables``: each name with its column, in the mapping's order."""

    number: int
    name: int | None
    variables: tuple[tuple[str, int], ...]


def columns_of(titles: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """``mapping``: variable name -> title. Titles are compared without case, outer blanks, and ``_`` for a blank.

    Raises:
        Invalid: a mapped column is not in the file, or there is no column of numbers; every fault is listed.
    """
    places: dict[str, int] = {}
    for place, title in enumerate(titles):
        places.setdefault(_folded(title), place)
    faults = [
        Fault(("variables_map", name), f"column {title!r} of variables_map is not in the file")
        for name, title in mapping.items()
        if _folded(title) not in places
    ]
    found = {name: places.get(_folded(mapping.get(name, usual))) for name, usual in _USUAL.items()}
    number = found[NUMBER]
    if number is None and NUMBER not in mapping:
        faults.append(Fault(("file",), f"column {_USUAL[NUMBER]!r} is not in the file"))
    if faults or number is None:
        raise Invalid(*faults)
    return Columns(number, found[NAME], tuple((name, places[_folded(title)]) for name, title in mapping.items()))


def region_of(country_code: str) -> str:
    """The region national numbers are read in: ``+91``, ``91`` and ``IN`` are all ``IN``.

    Raises:
        Invalid: no such country.
    """
    text = country_code.strip()
    digits = text.removeprefix("+").strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= 3:
        region = phonenumbers.region_code_for_country_code(int(digits))
    else:
        region = text.upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(Fault(("country_code",), "country_code must be a calling code like +91 or a country like IN"))
    return region


def contact(row: int, cells: Sequence[str], columns: Columns, region: str, seen: set[str]) -> Contact:
    """Row ``row`` as a person to ring, or with the trouble that stands against it.

    ``seen``: the numbers of the rows before; this one's is added. Cells that are missing are empty.
    """

    def cell(place: int | None) -> str:
        return cells[place].strip() if place is not None and place < len(cells) else ""

    written, name = cell(columns.number), cell(columns.name)
    number = number_of(written, region)
    trouble = ""
    if number is None:
        trouble = "the number is missing" if not written else "the number is not a phone number"
    elif number in seen:
        trouble = "the number stands in a row above"
    else:
        seen.add(number)
    variables = {variable: cell(place) for variable, place in columns.variables}
    variables |= {NUMBER: number or written, NAME: name}
    return Contact(row, number or written, name, variables, trouble)


def number_of(written: str, region: str) -> str | None:
    """A number as E.164; None: it is none.

    With ``+`` it is taken as it is. Without, ``00`` stands for it; else it is read as a national number of ``region``,
    then as an international one: the first that the numbering plan allows.
    """
    text = written.strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    if text.startswith("+"):
        return e164(text)
    if not text or not set(text) <= _BETWEEN_DIGITS:
        return None
    return _allowed(text, region) or _allowed("+" + text, None)


def _allowed(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return e164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _folded(title: str) -> str:
    return title.replace("_", " ").strip().casefold()
