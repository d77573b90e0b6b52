"""So many a second, and some more at once: what is allowed beyond that has to wait."""

from __future__ import annotations


class TokenBucket:
    """Gains ``per_s`` tokens a second up to ``most``, with which it begins. Times are seconds of a monotonic clock."""

    def __init__(self, per_s: float, most: float, now_s: float) -> None:
        self._per_s = per_s
        self._most = most
        self._tokens = most
        self._at_s = now_s

    def tokens(self, now_s: float) -> float:
        """How many it holds now."""
        self._tokens = min(self._most, self._tokens + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return self._tokens

    def take(self, now_s: float) -> float:
        """Take one; 0. Where there is none: the seconds until there will be."""
        if self.tokens(now_s) < 1:
            return (1 - self._tokens) / self._per_s
        self._tokens -= 1
        return 0.0
