"""Tables as CSV: UTF-8, lines ended by CR LF, and nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from outdial.domain.numbers import e164

_FORMULA: Final = ("=", "+", "-", "@")


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
    return f"'{value}" if value.startswith(_FORMULA) and e164(value) is None else value
