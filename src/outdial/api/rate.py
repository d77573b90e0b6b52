"""How often a key, its workspace, and an address without a good key may knock: token buckets."""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from outdial.domain.addresses import address_group
from outdial.domain.errors import TooMany
from outdial.domain.token_bucket import TokenBucket

_HOUR_S: Final = 3600.0
_MINUTE_S: Final = 60.0
_ADDRESSES: Final = 10_000
"""Addresses remembered at most; whoever has more of them is no longer known by one."""


@dataclass(frozen=True)
class Quota:
    """How a key stands after its request: of ``most`` requests in ``window_s`` seconds ``left`` are left, and after
    ``full_in_s`` seconds all of them again. Whole numbers."""

    most: int
    window_s: int
    left: int
    full_in_s: int


class RateLimit:
    """At most ``per_s`` requests a second for each key or workspace, with a burst of one second's worth.

    ``seconds`` is a monotonic clock such as ``loop.time``. Only those that passed authentication are counted, so the
    table is never longer than the list of them.
    """

    def __init__(self, per_s: float, seconds: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = max(per_s, 1.0)
        self._seconds = seconds
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, key: str) -> None:
        """Count one request of ``key``.

        Raises:
            TooMany: the bucket is empty; carries after how many whole seconds it holds a token again.
        """
        now = self._seconds()
        if wait_s := self._bucket(key, now).take(now):
            raise TooMany("Too many requests", retry_after_s=max(1, math.ceil(wait_s)))

    def quota(self, key: str) -> Quota:
        """How ``key`` stands; counts nothing."""
        now = self._seconds()
        tokens = self._bucket(key, now).tokens(now)
        return Quota(
            most=math.floor(self._burst),
            window_s=math.ceil(self._burst / self._per_s),
            left=math.floor(tokens),
            full_in_s=math.ceil((self._burst - tokens) / self._per_s),
        )

    def _bucket(self, key: str, now: float) -> TokenBucket:
        return self._buckets.setdefault(key, TokenBucket(self._per_s, self._burst, now))


class HourlyLimits:
    """So many requests of one sort within any hour, for each workspace.

    ``seconds`` is a monotonic clock. Each process counts its own.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._taken: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def take(self, workspace_id: str, sort: str, most: int) -> None:
        """Count one.

        Raises:
            TooMany: there were as many within the last hour; carries after how many whole seconds there is room.
        """
        now, taken = self._seconds(), self._taken[workspace_id, sort]
        while taken and taken[0] <= now - _HOUR_S:
            taken.popleft()
        if len(taken) >= most:
            raise TooMany("Too many requests", retry_after_s=max(1, math.ceil(taken[0] + _HOUR_S - now)))
        taken.append(now)


class WrongKeys:
    """At most ``per_minute`` wrong keys a minute from one address, with as many at once; memory is bounded.

    ``seconds`` is a monotonic clock.
    """

    def __init__(self, per_minute: int, seconds: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._seconds = seconds
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        """By address, the one that failed last at the end: wrong keys it may still send."""

    def note(self, address: str) -> None:
        """One more from there.

        Raises:
            TooMany: it is over its share; carries after how many whole seconds it is not.
        """
        group, now = address_group(address), self._seconds()
        bucket = self._buckets.setdefault(group, TokenBucket(self._per_minute / _MINUTE_S, self._per_minute, now))
        self._buckets.move_to_end(group)
        if len(self._buckets) > _ADDRESSES:
            self._buckets.popitem(last=False)
        if wait_s := bucket.take(now):
            raise TooMany("Too many wrong API keys", retry_after_s=max(1, math.ceil(wait_s)))
