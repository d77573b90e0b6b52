"""A CSV file of people, read as a stream: never more of it in memory than a batch."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, Final, Self

from outdial.campaigns.csv_rows import CsvRows, Heading, read_heading
from outdial.campaigns.encodings import encoding_of, unreadable
from outdial.campaigns.swallowed import Swallowed
from outdial.domain.campaign import Contact
from outdial.domain.contacts import NAME, Columns, columns_of, contact
from outdial.domain.errors import Fault, Invalid
from outdial.domain.limits import MAX_LIST_BYTES, MAX_LIST_COLUMNS, MAX_LIST_GROWTH, MAX_LIST_ROWS

_LETTERS_AT_ONCE: Final = 2_000_000
"""In one batch: what is written in one transaction."""
_LEAST_LETTERS: Final = 1_000_000
"""What a list may become however short its file is."""
ORIGINAL_NAME: Final = "original_callee_name"
"""Where a name is kept as it was before it was rewritten (Ringg §2.9)."""


class Sheet:
    """The people of a file. It counts as it is read: ``rows`` so far, and ``failed`` of them.

    The file stays open, and its owner's; only one thread at a time may read.
    """

    def __init__(
        self, file: BinaryIO, mapping: Mapping[str, str], region: str, rename: Callable[[str], str] | None = None
    ) -> None:
        """
        Raises:
            Invalid: it is empty or too large, no CSV in a known encoding, or a column that is needed is missing.
        """
        file.seek(0, os.SEEK_END)
        size = file.tell()
        if size > MAX_LIST_BYTES:
            raise unreadable(f"the file is larger than {MAX_LIST_BYTES // 1_000_000} MB")
        encoding = encoding_of(file)
        file.seek(0)
        self.rows = self.failed = 0
        self._left = MAX_LIST_GROWTH * size + _LEAST_LETTERS
        self._text = io.TextIOWrapper(file, encoding, newline="")
        self._region = region
        self._rename = rename
        self._seen: set[str] = set()
        try:
            heading = read_heading(self._text)
            self._columns, titles, delimiter = _columns(heading, mapping)
            swallowed = Swallowed(self._columns.number, len(titles), delimiter, region)
            swallowed.must_not_be_in(titles, heading.first_line)
            self._cells = _filled(_parted(CsvRows(self._text, delimiter, heading.line), swallowed))
        except Invalid:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._text.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next(self, most: int) -> list[Contact]:
        """The next rows, ``most`` of them or fewer when they are long; none at the end.

        Raises:
            Invalid: the file cannot be read on, has too many rows, or becomes too large with its mapping.
        """
        found: list[Contact] = []
        letters = 0
        while len(found) < most and letters < _LETTERS_AT_ONCE and (cells := next(self._cells, None)):
            found.append(self._contact(cells))
            letters += sum(len(name) + len(value) for name, value in found[-1].variables.items())
        self._left -= letters
        if self._left < 0:
            raise Invalid(
                Fault(("variables_map",), f"with variables_map the list is more than {MAX_LIST_GROWTH} times its file")
            )
        return found

    def count(self) -> int:
        """How many rows follow, without looking at them.

        Raises: as ``next``.
        """
        return sum(1 for _ in self._cells)

    def _contact(self, cells: Sequence[str]) -> Contact:
        self.rows += 1
        found = contact(self.rows, cells, self._columns, self._region, self._seen)
        self.failed += bool(found.trouble)
        return found if found.trouble or not found.callee_name else self._renamed(found)

    def _renamed(self, found: Contact) -> Contact:
        if self._rename is None:
            return found
        name = self._rename(found.callee_name)
        variables = {**found.variables, NAME: name, ORIGINAL_NAME: found.callee_name}
        return replace(found, callee_name=name, variables=variables)


def _columns(heading: Heading, mapping: Mapping[str, str]) -> tuple[Columns, Sequence[str], str]:
    """Where to look, the titles, and the likeliest delimiter under which every column that is needed is there.

    Raises:
        Invalid: there is none; says what is missing under the likeliest.
    """
    wrong: Invalid | None = None
    for delimiter in heading.delimiters:
        try:
            titles = heading.titles(delimiter)
            if len(titles) > MAX_LIST_COLUMNS:
                raise unreadable(f"the file has more than {MAX_LIST_COLUMNS} columns")
            return columns_of(titles, mapping), titles, delimiter
        except Invalid as refusal:
            wrong = wrong or refusal
    raise wrong or unreadable("the file is empty")


def _parted(rows: CsvRows, swallowed: Swallowed) -> Iterator[list[str]]:
    for cells in rows:
        swallowed.must_not_be_in(cells, rows.first_line)
        yield cells


def _filled(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows in which something stands."""
    filled = (cells for cells in rows if any(cell.strip() for cell in cells))
    for row, cells in enumerate(filled, 1):
        if row > MAX_LIST_ROWS:
            raise unreadable(f"the file has more than {MAX_LIST_ROWS} rows")
        yield cells
