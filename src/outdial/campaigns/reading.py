"""A CSV file of people, read as a stream: never more of it in memory than a batch."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import BinaryIO, Final, Self

from outdial.domain.campaign import Contact
from outdial.domain.contacts import NAME, columns_of, contact
from outdial.domain.errors import Fault, Invalid

MOST_BYTES: Final = 50_000_000
MOST_ROWS: Final = 500_000
MOST_COLUMNS: Final = 200
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
            Invalid: it is empty or too large, no CSV in UTF-8, or a column that is needed is missing.
        """
        file.seek(0, os.SEEK_END)
        size = file.tell()
        file.seek(0)
        if size > MOST_BYTES:
            raise _unreadable(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
        self.rows = self.failed = 0
        self._text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        self._cells = _told_in_words(csv.reader(_without_nul(self._text), strict=True))
        self._region = region
        self._rename = rename
        self._seen: set[str] = set()
        try:
            titles = next(self._cells, [])
            if len(titles) > MOST_COLUMNS:
                raise _unreadable(f"the file has more than {MOST_COLUMNS} columns")
            if not titles:
                raise _unreadable("the file is empty")
            self._columns = columns_of(titles, mapping)
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
        """The next rows; none at the end.

        Raises:
            Invalid: the file cannot be read on, or has too many rows.
        """
        return [self._contact(cells) for cells in islice(self._cells, most)]

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


def _unreadable(message: str) -> Invalid:
    return Invalid(Fault(("file",), message))


def _told_in_words(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows in which something stands; what cannot be read is the sender's fault."""
    with _readable():
        filled = (cells for cells in rows if any(cell.strip() for cell in cells))
        for row, cells in enumerate(filled):
            if row > MOST_ROWS:
                raise _unreadable(f"the file has more than {MOST_ROWS} rows")
            yield cells


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise _unreadable("the file is not UTF-8") from None
    except csv.Error as error:
        raise _unreadable(f"the file is not a CSV: {error}") from None


def _without_nul(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if "\x00" in line:
            raise csv.Error("a line holds a NUL character")
        yield line
