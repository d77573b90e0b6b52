"""Rows that stand in a cell of another row: its quote was not closed, and one further below closed it by chance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from outdial.campaigns.encodings import unreadable
from outdial.domain.number_cells import Unread
from outdial.domain.number_reading import read_number

_LINE_END: Final = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class Swallowed:
    """What a row of the table looks like. ``number``: the column of numbers, 0-based, of ``width`` columns."""

    number: int
    width: int
    delimiter: str
    region: str

    def must_not_be_in(self, cells: Sequence[str], line: int) -> None:
        """
        Raises:
            Invalid: a cell holds a whole row with a number (``file``). ``line``: where ``cells`` begin, 1-based.
        """
        for place, cell in enumerate(cells):
            first, *others = _LINE_END.split(cell)
            if others and any(self._rows(first, others, cells, place)):
                until = line + len(others)
                raise unreadable(
                    f"the file is not a CSV: a quote that opens in line {line} is not closed before line {until}"
                )
            line += len(others)

    def _rows(self, first: str, others: Sequence[str], cells: Sequence[str], place: int) -> Iterator[bool]:
        """For each line of cell ``place``, whether it is a row with a number, which must stand in that line.

        The cells before belong to the first line, those behind to the last one.
        """
        *middle, last = others
        begun = first.split(self.delimiter)
        yield self.number > place and self._is_row([*cells[:place], *begun])
        for line in middle:
            yield self._is_row(line.split(self.delimiter))
        ended = last.split(self.delimiter)
        yield self.number < len(ended) and len(ended) > 1 and self._is_row([*ended, *cells[place + 1 :]])

    def _is_row(self, cells: Sequence[str]) -> bool:
        # One number under another in a table of one column are two numbers in a cell.
        if not 1 < self.width <= len(cells):
            return False
        return not isinstance(read_number(cells[self.number].strip(), self.region), Unread)
