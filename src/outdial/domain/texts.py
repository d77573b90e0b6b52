"""Texts that can be kept."""

from __future__ import annotations


def storable(text: str) -> bool:
    """No database keeps a NUL in a text, and half a surrogate pair is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
