"""Sentences already rendered: agents say the same things in every call."""

from __future__ import annotations

from collections import OrderedDict

Pieces = tuple[bytes, ...]


class SentenceCache:
    """Least recently used sentences leave first; never holds more than ``limit_bytes`` of sound."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held: OrderedDict[tuple[str, str], Pieces] = OrderedDict()
        self.size_bytes = 0

    def get(self, text: str, voice: str) -> Pieces | None:
        pieces = self._held.get((text, voice))
        if pieces is not None:
            self._held.move_to_end((text, voice))
        return pieces

    def put(self, text: str, voice: str, pieces: Pieces) -> None:
        """Keep ``pieces``; a sentence larger than the whole cache is not kept."""
        size = _size(pieces)
        if size > self._limit_bytes:
            return
        self.size_bytes += size - _size(self._held.pop((text, voice), ()))
        self._held[text, voice] = pieces
        while self.size_bytes > self._limit_bytes:
            _, oldest = self._held.popitem(last=False)
            self.size_bytes -= _size(oldest)


def _size(pieces: Pieces) -> int:
    return sum(map(len, pieces))
