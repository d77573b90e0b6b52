"""Tables as CSV: UTF-8, lines ended by CR LF, and nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from typing import Final

from outdial.domain.numbers import e164

_FORMULA: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212")
"""What begins a formula, in full and half width: some spreadsheets take either."""
_PASSED_OVER: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Controls, what is invisible, and blanks: a spreadsheet looks behind them."""


def lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def cell(value: str | float | bool | None) -> str:
    """As text; what a spreadsheet would take for a formula is marked as text, phone numbers excepted."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    # A number as we write it has nothing around it.
    return f"'{value}" if _begins_formula(value) and e164(value) != value else value


def _begins_formula(value: str) -> bool:
    first = next((letter for letter in value if unicodedata.category(letter) not in _PASSED_OVER), "")
    # A cell that begins with a tab or the end of a line is cut there by some, and what follows is another one.
    return first in _FORMULA or value[:1] in ("\t", "\r", "\n")
