"""What is kept of a text, counted as it is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from outdial.domain.limits import MAX_KNOWLEDGE_LETTERS

_CHUNK_LETTERS: Final = 100_000


def joined(between: str, texts: Iterator[str]) -> Iterator[str]:
    for place, text in enumerate(texts):
        yield f"{between}{text}" if place else text


def kept(texts: Iterator[str]) -> Iterator[str]:
    """The first letters, in pieces; nothing behind them is read."""
    left = MAX_KNOWLEDGE_LETTERS
    for text in texts:
        for place in range(0, min(len(text), left), _CHUNK_LETTERS):
            yield text[place : min(place + _CHUNK_LETTERS, left)]
        left -= len(text)
        if left <= 0:
            return
