"""``smart_formatter``: the callee's first name out of a full one with titles."""

from __future__ import annotations

from typing import Final

_TITLES: Final = frozenset(
    {"mr", "mister", "mrs", "ms", "miss", "mx", "dr", "doctor", "prof", "professor", "sir", "madam", "madame"}
    | {"rev", "hon", "capt", "col", "er", "adv", "shri", "shree", "sri", "smt", "kumari", "pandit", "herr", "frau"}
)
"""Compared in lower case, with or without a dot."""


def first_name(name: str) -> str:
    """The first real name in ``name``; unchanged when there are only titles.

    ``Mr Rajesh Kumar``, ``Mr. Rajesh Kumar`` and ``Mr.Rajesh`` give ``Rajesh``.
    """
    for word in name.replace(",", " ").split():
        head, dot, rest = word.partition(".")
        bare = rest if dot and rest and head.lower() in _TITLES else word
        if bare.rstrip(".").lower() not in _TITLES:
            return bare
    return name
