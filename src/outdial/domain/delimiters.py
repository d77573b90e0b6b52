"""What parts the cells of a table that came as text. Guessed from one line, in one pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

DELIMITERS: Final = (",", ";", "\t", "|")
_QUOTED: Final = re.compile(r'"[^"]*"?')
_SAID: Final = re.compile(r'"?sep\s*=(\\t|.)"?\1*\s*', re.IGNORECASE)


def delimiters_of(line: str) -> Sequence[str]:
    """Those that may part the cells of this line, the most frequent first; what stands in quotes does not count."""
    counted = Counter(letter for letter in _QUOTED.sub("", line) if letter in DELIMITERS)
    return sorted(DELIMITERS, key=lambda one: (-counted[one], DELIMITERS.index(one)))


def said_delimiter(line: str) -> str | None:
    """``sep=;`` in the first line, as spreadsheets write it; None: it says nothing."""
    found = _SAID.fullmatch(line)
    said = found[1].replace("\\t", "\t") if found else ""
    return said if said and not said.isalnum() and said not in '"\r\n' else None
