"""The rows of a CSV file as a stream, and in words of which line something is wrong: never more than one row held."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from outdial.campaigns.encodings import unreadable
from outdial.domain.delimiters import DELIMITERS, delimiters_of, said_delimiter
from outdial.domain.errors import Invalid
from outdial.domain.limits import MAX_LIST_LINE_LETTERS

# The module's own limit is one for the whole process and does not say where: rows are limited here.
csv.field_size_limit(2 * MAX_LIST_LINE_LETTERS)
_BLANKS: Final = " \u00a0"


@dataclass(frozen=True)
class Heading:
    """The row of titles as it stands there. ``line``: the last one it takes. ``said``: the delimiter the file names."""

    text: str
    line: int
    said: str | None

    @property
    def first_line(self) -> int:
        return self.line + 1 - sum(1 for _ in io.StringIO(self.text, newline=""))

    @property
    def delimiters(self) -> Sequence[str]:
        """Those that may part its cells, the likeliest first."""
        guessed = delimiters_of(self.text)
        return [self.said, *(one for one in guessed if one != self.said)] if self.said else guessed

    def titles(self, delimiter: str) -> list[str]:
        """
        Raises:
            Invalid: its quotes are wrong under this delimiter (``file``).
        """
        text = io.StringIO(self.text, newline="")
        # In one line no row is lost: titles are only compared, and without their quotes.
        is_one_line = self.first_line == self.line
        return next(CsvRows(text, delimiter, self.first_line - 1, strict=not is_one_line))


def read_heading(text: TextIO) -> Heading:
    """The first row in which something stands, without knowing yet what parts its cells.

    Raises:
        Invalid: there is none, or it is too long.
    """
    lines = _Lines(text)
    said = None
    row = ""
    quotes = _Quotes(DELIMITERS)
    for line in lines:
        row += line
        quotes.read(line)
        if (lines.line == 1 and (said := said_delimiter(line)) is not None) or not row.strip(
            f"{said or ''},;|\t\r\n \ufeff"
        ):
            row = ""
            quotes = _Quotes((*DELIMITERS, said or ""))
        # In a quoted cell the row goes on behind the end of the line.
        elif not quotes.open:
            break
        if len(row) > MAX_LIST_LINE_LETTERS:
            raise unreadable(f"the row of titles is longer than {MAX_LIST_LINE_LETTERS:,} characters")
    if not row:
        raise unreadable("the file is empty")
    return Heading(row, lines.line, said)


class CsvRows(Iterator[list[str]]):
    """Reads ``text`` on from where it stands; ``line``: how many lines were read before.

    ``strict``: a quote within a quoted cell is an error unless it is doubled.
    """

    def __init__(self, text: TextIO, delimiter: str, line: int = 0, *, strict: bool = True) -> None:
        self._source = _Lines(text, line)
        self._delimiter = delimiter
        self._row: list[str] = []
        self._letters = 0
        self._spaced = _spaced(delimiter)
        self._cells = csv.reader(self._lines(), delimiter=delimiter, strict=strict)

    @property
    def first_line(self) -> int:
        """Where the row begins that was read last."""
        return self._source.line - len(self._row) + 1

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
        for given in self._source:
            line = self._spaced.sub(r"\1", given) if '"' in given else given
            self._row.append(line)
            self._letters += len(line)
            if self._letters > MAX_LIST_LINE_LETTERS:
                raise self._trouble(f"a row is longer than {MAX_LIST_LINE_LETTERS:,} characters")
            yield line

    def _trouble(self, what: str) -> Invalid:
        """An open quote swallows what follows, to the next quote or the end: where it opens is where to look."""
        quotes = _Quotes((self._delimiter,))
        for line in self._row:
            quotes.read(line)
        place, is_open, first = quotes.place, quotes.open, self.first_line
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


class _Quotes:
    """The quotes of one row, line by line.

    ``place``: in which line (0-based) the last quoted cell begins, or the one that is wrong; None: there is none.
    ``open``: it goes on behind the lines that were read.
    """

    def __init__(self, delimiters: Sequence[str]) -> None:
        self.place: int | None = None
        self.open = False
        self._delimiters = frozenset(delimiters)
        self._lines = 0
        self._closed, self._at_start, self._wrong = False, True, False

    def read(self, line: str) -> None:
        for letter in "" if self._wrong else line:
            self._look_at(letter)
            if self._wrong:
                break
        self._lines += 1

    def _look_at(self, letter: str) -> None:
        if self.open:
            self.open, self._closed = letter != '"', letter == '"'
        elif self._closed and letter == '"':
            # Doubled: a quote in the cell.
            self.open = True
        elif self._closed and letter not in self._delimiters and letter not in "\r\n":
            self._wrong = True
        else:
            self.open = self._at_start and letter == '"'
            self.place = self._lines if self.open else self.place
            self._closed, self._at_start = False, letter in self._delimiters


def _spaced(delimiter: str) -> re.Pattern[str]:
    """A quoted cell on one line and the blanks around it, which stand outside of what is quoted."""
    blanks, end = f"[{_BLANKS.replace(delimiter, '')}]*", re.escape(delimiter)
    return re.compile(rf'(?:^|(?<={end})){blanks}("[^"]*(?:""[^"]*)*"){blanks}(?=[\r\n]|{end}|$)')
