"""The name shown beside a caller's number: it travels in quotes in a SIP message (RFC 3261 §25.1, ``From``)."""

from __future__ import annotations

from typing import Final

MAX_LETTERS: Final = 128
_SYNTAX: Final = '"\\<>'


def unfit_display_name(name: str) -> str:
    """Why SIP cannot carry ``name``, as the end of a sentence; empty: it can. The empty name stands for none."""
    if len(name) > MAX_LETTERS:
        return f"must not be longer than {MAX_LETTERS} characters"
    if not name.isprintable() or any(letter in name for letter in _SYNTAX):
        return "must not hold quotes, backslashes or control characters, nor any of <>"
    return ""
