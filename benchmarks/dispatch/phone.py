"""The far end of a benchmark's calls, and the log of dials that is kept outside of whatever dials them.

Standard library only: the library that is compared reads it from an environment of its own.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple


@dataclass(frozen=True)
class Fate:
    busy: bool
    rings_s: float
    talks_s: float


@dataclass(frozen=True)
class Phone:
    """What becomes of a dial. The same call meets the same fate whoever dials it; a busy phone is free at the next."""

    rings_s: tuple[float, float] = (0.05, 0.05)
    talks_s: tuple[float, float] = (0.2, 2.0)
    busy_share: float = 0.1

    def fate(self, call_id: str, attempt: int) -> Fate:
        dice = Random(f"{call_id}/{attempt}")
        busy = dice.random() < self.busy_share and attempt == 1
        return Fate(busy, dice.uniform(*self.rings_s), dice.uniform(*self.talks_s))

    def dials(self, call_id: str) -> int:
        """How often the call will be dialled until somebody has talked."""
        return 1 + self.fate(call_id, 1).busy


class Entry(NamedTuple):
    """``what``: dial, answer or end. ``at_s``: seconds since 1970."""

    what: str
    call_id: str
    attempt: int
    at_s: float
    by: str


class DialLog:
    """Appended to by every process that dials; a line written is there, however the process ends."""

    def __init__(self, path: str, by: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._by = by

    def note(self, what: str, call_id: str, attempt: int) -> None:
        os.write(self._file, f"{what} {call_id} {attempt} {time.time()} {self._by}\n".encode())


class DialTail:
    """Reads a log while it grows."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open(encoding="ascii")
        self._half = ""
        self._entries: list[Entry] = []
        self._counts: Counter[str] = Counter()

    def read(self) -> Sequence[Entry]:
        """Everything logged so far."""
        *lines, self._half = (self._half + self._file.read()).split("\n")
        for line in lines:
            what, call_id, attempt, at_s, by = line.split(" ")
            self._entries.append(Entry(what, call_id, int(attempt), float(at_s), by))
            self._counts[what] += 1
        return self._entries

    def count(self, what: str) -> int:
        self.read()
        return self._counts[what]

    def close(self) -> None:
        self._file.close()
