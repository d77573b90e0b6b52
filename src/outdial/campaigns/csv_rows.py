"""The rows of a CSV file as a stream, and in words of which line something is wrong: never more than one row held."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from outdial.campaigns.encodings import unreadable
from outdial.domain.delimiters import delimiters_of, said_delimiter
from outdial.domain.errors import Invalid
from outdial.domain.limits import MAX_LIST_LINE_LETTERS

# The module's own limit is one for the whole process and does not say where: rows are limited here.
csv.field_size_limit(2 * MAX_LIST_LINE_LETTERS)


@dataclass(frozen=True)
class Heading:
    """The row of titles as it stands there. ``line``: the last one it takes. ``said``: the delimiter the file names."""

    text: str
    line: int
    said: str | None

    @property
    def delimiters(self) -> Sequence[str]:
        """Those that may part its cells, the likeliest first."""
        return [self.said] if self.said else delimiters_of(self.text)

    def titles(self, delimiter: str) -> list[str]:
        """
        Raises:
            Invalid: its quotes are wrong under this delimiter (``file``).
        """
        before = self.line - len(self.text.splitlines())
        return next(CsvRows(io.StringIO(self.text, newline=""), delimiter, before))


def read_heading(text: TextIO) -> Heading:
    """The first row in which something stands, without knowing yet what parts its cells.

    Raises:
        Invalid: there is none, or it is too long.
    """
    lines = _Lines(text)
    said = None
    row = ""
    for line in lines:
        row += line
        if (lines.line == 1 and (said := said_delimiter(line)) is not None) or not row.strip(
            f"{said or ''},;|\t\r\n \ufeff"
        ):
            row = ""
        # In a quoted cell the row goes on behind the end of the line.
        elif row.count('"') % 2 == 0:
            break
        if len(row) > MAX_LIST_LINE_LETTERS:
            raise unreadable(f"the row of titles is longer than {MAX_LIST_LINE_LETTERS:,} characters")
    if not row:
        raise unreadable("the file is empty")
    return Heading(row, lines.line, said)


class CsvRows(Iterator[list[str]]):
    """Reads ``text`` on from where it stands; ``line``: how many lines were read before."""

    def __init__(self, text: TextIO, delimiter: str, line: int = 0) -> None:
        self._source = _Lines(text, line)
        self._delimiter = delimiter
        self._row: list[str] = []
        self._letters = 0
        self._cells = csv.reader(self._lines(), delimiter=delimiter, strict=True)

    def __next__(self) -> list[str]:
        """
        Raises:
            Invalid: the file cannot be read on; names the line (``file``).
        """
        self._row, self._letters = [], 0
        try:
            return next(self._cells)
        except csv.Error as error:
            raise self._trouble(str(error)) from None

    def _lines(self) -> Iterator[str]:
        for line in self._source:
            self._row.append(line)
            self._letters += len(line)
            if self._letters > MAX_LIST_LINE_LETTERS:
                raise self._trouble(f"a row is longer than {MAX_LIST_LINE_LETTERS:,} characters")
            yield line

    def _trouble(self, what: str) -> Invalid:
        """An open quote swallows what follows, to the next quote or the end: where it opens is where to look."""
        place, is_open = _last_quote(self._row, self._delimiter)
        first = self._source.line - len(self._row) + 1
        last = self._source.line
        if place is not None and (is_open or len(self._row) > 1):
            until = "is never closed" if is_open else f"is not closed before line {last}"
            return unreadable(f"the file is not a CSV: a quote that opens in line {first + place} {until}")
        return unreadable(f"the file is not a CSV: line {last}: {what}")


class _Lines(Iterator[str]):
    """Lines with their ends; ``line`` (1-based) is the last one read."""

    def __init__(self, text: TextIO, line: int = 0) -> None:
        self._text = text
        self.line = line

    def __next__(self) -> str:
        try:
            line = self._text.readline(MAX_LIST_LINE_LETTERS)
        except UnicodeDecodeError as error:
            raise unreadable(f"line {self.line + 1} of the file is not {error.encoding.upper()}") from None
        if not line:
            raise StopIteration
        self.line += 1
        if "\0" in line:
            hint = ": is it UTF-16 without its mark?" if self.line == 1 else ""
            raise unreadable(f"line {self.line} of the file holds a NUL character{hint}")
        if len(line) == MAX_LIST_LINE_LETTERS:
            raise unreadable(f"line {self.line} of the file is longer than {MAX_LIST_LINE_LETTERS:,} characters")
        return line


def _last_quote(lines: list[str], delimiter: str) -> tuple[int | None, bool]:
    """In which line of a row (0-based) the quoted cell begins that is wrong; and whether it is open to the end."""
    place, inside, closed, at_start = None, False, False, True
    for number, line in enumerate(lines):
        for letter in line:
            if inside:
                inside, closed = letter != '"', letter == '"'
            elif closed and letter == '"':
                # Doubled: a quote in the cell.
                inside = True
            elif closed and letter not in (delimiter, "\r", "\n"):
                return place, False
            else:
                inside = at_start and letter == '"'
                place, closed = number if inside else place, False
                at_start = letter == delimiter
    return place, inside
