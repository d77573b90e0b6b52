"""From the rows of a customer's table to people who can be rung (Ringg §7.2). Pure: cells in, contacts out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers

from outdial.domain.campaign import Contact
from outdial.domain.errors import Fault, Invalid, cut
from outdial.domain.limits import MAX_CELL_BYTES, MAX_ROW_BYTES
from outdial.domain.number_cells import Unread
from outdial.domain.number_reading import read_number
from outdial.domain.numbers import canonical
from outdial.domain.sizes import utf8_bytes

NUMBER: Final = "mobile_number"
NAME: Final = "callee_name"
_USUAL: Final = {NUMBER: "Mobile Number", NAME: "Name"}
"""Titles of the columns that need not be mapped."""
_QUOTES: Final = "\"'`\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e"


@dataclass(frozen=True)
class Columns:
    """Where to look in a row, 0-based. ``variables``: each name with its column, in the mapping's order."""

    number: int
    name: int | None
    variables: tuple[tuple[str, int], ...]


def columns_of(titles: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """``mapping``: variable name -> title. Titles are compared without case and quotes, with
    ``_`` for a blank, and with one blank for several.

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

    ``seen``: the subscribers of the rows before; this one's is added. Cells that are missing are empty. Of a row that
    is too long nothing but the beginnings of number and name is kept.
    """

    def cell(place: int | None) -> str:
        return cells[place].strip() if place is not None and place < len(cells) else ""

    written, name = cell(columns.number), cell(columns.name)
    variables = {variable: cell(place) for variable, place in columns.variables} | {NUMBER: written, NAME: name}
    if trouble := _too_long(variables):
        beginnings = {NUMBER: cut(written), NAME: cut(name)}
        return Contact(row, beginnings[NUMBER], beginnings[NAME], beginnings, trouble)
    number = read_number(written, region)
    if isinstance(number, Unread):
        return Contact(row, written, name, variables, f"the number {number.reason}")
    subscriber = canonical(number)
    trouble = "the number stands in a row above" if subscriber in seen else ""
    seen.add(subscriber)
    return Contact(row, number, name, variables | {NUMBER: number}, trouble)


def _too_long(variables: Mapping[str, str]) -> str:
    whole = 0
    for variable, value in variables.items():
        size = utf8_bytes(value)
        if size > MAX_CELL_BYTES:
            return f"{cut(variable)} is longer than a cell may be: {size} bytes, at most {MAX_CELL_BYTES}"
        whole += size + utf8_bytes(variable)
    return f"the row has {whole} bytes with all its variables, at most {MAX_ROW_BYTES}" if whole > MAX_ROW_BYTES else ""


def _folded(title: str) -> str:
    """Without case and quotes, ``_`` for a blank, and with one plain blank wherever a title has some."""
    plain = unicodedata.normalize("NFKC", title)
    visible = "".join(letter for letter in plain if letter not in _QUOTES and unicodedata.category(letter) != "Cf")
    return " ".join(visible.replace("_", " ").split()).casefold()
