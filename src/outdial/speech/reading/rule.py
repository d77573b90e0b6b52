"""What a rule of reading English aloud is made of: a pattern, and what is said instead of what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """``indian``: lakhs and crores; ``day_first``: 4/3 is the fourth of March; ``hash_name``: ``#`` on a keypad."""

    indian: bool = False
    day_first: bool = False
    hash_name: str = "hash"


Said = Callable[[re.Match[str], Manner], str]
Rule = tuple[re.Pattern[str], Said]


def fixed(words: str) -> Said:
    """Says ``words``, in which groups of what was found may stand."""
    return lambda found, manner: found.expand(words)
