"""Webhooks at work: one loop writes deliveries down, another sends them, until told to stop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

import structlog

from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery
from outdial.store.database import Database
from outdial.webhooks.delivery import Pace, Sender, prefix_of
from outdial.webhooks.fan_out import FanOut
from outdial.webhooks.ports import Dialects, Subscriber
from outdial.webhooks.requests import Requests
from outdial.webhooks.targets import Targets

T = TypeVar("T")
_AFTER_TROUBLE_S: Final = 1.0
_log = structlog.get_logger()


class Bell:
    """Wakes the one who waits; a ring while nobody waits is kept."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout_s: float) -> None:
        """Until the bell has been rung since the last wait, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        self._rung.clear()


class Webhooks:
    """Everything of webhooks that runs. Any number of processes may run one each over the same database."""

    def __init__(
        self,
        db: Database,
        subscribers: Sequence[Subscriber],
        dialects: Dialects,
        *,
        targets: Targets,
        clock: Clock,
        pace: Pace | None = None,
        requests: Requests | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._fan_out = FanOut(db, subscribers, clock)
        self._sender = Sender(db, dialects, targets, requests or Requests(), clock=clock, pace=self._pace)
        self._under_way: Counter[str] = Counter()
        self._facts = Bell()
        self._due = Bell()
        self._stopping = False

    def nudge(self) -> None:
        """There are new events: look now, not at the next poll."""
        self._facts.ring()

    def stop(self) -> None:
        """Let ``run`` return once the requests under way have their answer, at most ``timeout_s`` later."""
        self._stopping = True
        self._facts.ring()
        self._due.ring()

    async def run(self) -> None:
        """Fan out and send until ``stop``. Survives an outage of the database.

        Cancelling ends it at once; a request cut off in the middle is sent again, by whoever runs next.
        """
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._fanning_out(), name="webhooks: fan-out")
            loops.create_task(self._sending(), name="webhooks: sending")

    async def _fanning_out(self) -> None:
        while not self._stopping:
            if await self._survived(self._fan_out.step):
                self._due.ring()
            else:
                await self._facts.wait(self._pace.poll_s)

    async def _sending(self) -> None:
        async with asyncio.TaskGroup() as attempts:
            while not self._stopping:
                claimed = await self._survived(self._claim) or []
                for delivery in claimed:
                    self._under_way[prefix_of(delivery.url)] += 1
                    attempts.create_task(self._carry(delivery), name=f"webhooks: {delivery.id}")
                if not claimed:
                    await self._due.wait(self._pace.poll_s)

    async def _claim(self) -> list[Delivery]:
        """As many as there is room for. An endpoint that hangs may fill its own places, never all."""
        room = self._pace.concurrency - self._under_way.total()
        crowded = [prefix for prefix, count in self._under_way.items() if count >= self._pace.per_endpoint]
        if room <= 0:
            return []
        return await self._sender.claim(min(room, self._pace.per_endpoint), except_under=crowded)

    async def _carry(self, delivery: Delivery) -> None:
        prefix = prefix_of(delivery.url)
        try:
            await self._sender.attempt(delivery)
        except Exception:
            _log.exception("a try was not written down: it is made again when its claim has run out", id=delivery.id)
        finally:
            self._under_way[prefix] -= 1
            if not self._under_way[prefix]:
                del self._under_way[prefix]
            self._due.ring()

    async def _survived(self, step: Callable[[], Awaitable[T]]) -> T | None:
        """What ``step`` returns, or None after trouble, which is logged and waited out."""
        try:
            return await step()
        except Exception:
            _log.exception("webhooks wait: the database is in trouble")
            await asyncio.sleep(_AFTER_TROUBLE_S)
            return None
