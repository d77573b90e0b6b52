"""How often a key may knock: one token bucket for each key."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from outdial.domain.errors import TooMany


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """At most ``per_s`` requests a second for each key, with a burst of one second's worth.

    ``seconds`` is a monotonic clock such as ``loop.time``. Only keys that passed authentication are counted, so
    the table is never longer than the list of keys.
    """

    def __init__(self, per_s: float, seconds: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = max(per_s, 1.0)
        self._seconds = seconds
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str) -> None:
        """Count one request of ``key``.

        Raises:
            TooMany: the bucket is empty; carries after how many whole seconds it holds a token again.
        """
        now = self._seconds()
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_s)
        bucket.at = now
        if bucket.tokens < 1:
            wait_s = (1 - bucket.tokens) / self._per_s
            raise TooMany("Too many requests", retry_after_s=max(1, math.ceil(wait_s)))
        bucket.tokens -= 1
