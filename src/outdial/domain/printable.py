"""Text of strangers for a terminal or a log: letters of any script stay, whatever steers a terminal is spelled out."""

from __future__ import annotations

from typing import Final

_LINES: Final = "\n\t"
_JOINERS: Final = "\u200c\u200d"
"""Invisible, and needed to write Hindi, Persian and many an emoji."""


def printable(text: str, *, lines: bool = False) -> str:
    """``text`` with each control, invisible or unassigned character as an escape such as ``\\x1b`` or ``\\u202e``.

    ``lines``: line feeds and tabs stay, for texts of several lines. Printable text comes back as it is: to do it
    twice changes nothing.
    """
    if text.isprintable():
        return text
    kept = _JOINERS + _LINES if lines else _JOINERS
    return "".join(letter if letter.isprintable() or letter in kept else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
