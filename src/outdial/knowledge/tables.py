"""A table as text that can be looked up line by line: each row with the names of its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from outdial.domain.delimiters import delimiters_of, said_delimiter
from outdial.domain.errors import Refused, cut
from outdial.domain.limits import MAX_COLUMN_NAME_LETTERS

_MOST_COLUMNS: Final = 1_000
# A cell may be as long as the file.
csv.field_size_limit(2**31 - 1)


def table_lines(text: str) -> Iterator[str]:
    """One line for each row, as it is read: ``Service: Check-up; Price: 49``. A table of one row is that row.

    Raises:
        Refused: it is not CSV.
    """
    first, _, rest = text.partition("\n")
    said = said_delimiter(first.rstrip("\r"))
    lines = io.StringIO(rest if said else text, newline="")
    rows = csv.reader(lines, delimiter=said or delimiters_of(first)[0])
    try:
        yield from _named(row for row in rows if any(row))
    except csv.Error as error:
        raise Refused(f"it is not CSV: {error}") from None


def _named(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    heading = [cell.strip() for cell in next(rows, ())]
    names = [cut(cell, MAX_COLUMN_NAME_LETTERS) for cell in heading[:_MOST_COLUMNS]]
    row = next(rows, None)
    # One row names nothing; and what a name was cut of still stands once.
    if row is None or names != heading:
        yield "; ".join(cell for cell in heading if cell)
    while row is not None:
        yield _line(names, row)
        row = next(rows, None)


def _line(names: Sequence[str], row: Sequence[str]) -> str:
    cells = [cell.strip() for cell in row]
    named = [f"{name}: {cell}" if name else cell for name, cell in zip(names, cells, strict=False) if cell]
    return "; ".join(named + [cell for cell in cells[len(names) :] if cell])
