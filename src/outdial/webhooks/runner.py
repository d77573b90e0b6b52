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
from outdial.domain.errors import Unreachable
from outdial.outgoing.requests import Requests
from outdial.outgoing.targets import Targets
from outdial.store.database import Database
from outdial.webhooks.delivery import Pace, Sender, Sent, prefix_of
from outdial.webhooks.fan_out import FanOut
from outdial.webhooks.ports import Dialects, Subscriber
from outdial.webhooks.signing import Signer

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
        secret: str = "",
    ) -> None:
        """``secret``: what requests are signed with (``signing.Signer``); empty: they are not.

        Raises:
            Invalid: the secret is not of the form signatures are made with.
        """
        self._pace = pace or Pace()
        self._fan_out = FanOut(db, subscribers, clock)
        self._sender = Sender(
            db, dialects, targets, requests or Requests(), clock=clock, pace=self._pace, signer=Signer(secret)
        )
        self._under_way: Counter[str] = Counter()
        self._sent: asyncio.Queue[Sent | None] = asyncio.Queue()
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
            loops.create_task(self._recording(), name="webhooks: recording")
            await self._sending()
            self._sent.put_nowait(None)

    async def _fanning_out(self) -> None:
        while not self._stopping:
            if await self._survived(self._fan_out.step):
                self._due.ring()
            else:
                await self._facts.wait(self._pace.poll_s)

    async def _sending(self) -> None:
        async with asyncio.TaskGroup() as requests:
            while not self._stopping:
                claimed = await self._survived(self._claim)
                for delivery in claimed or ():
                    self._under_way[prefix_of(delivery.url)] += 1
                    requests.create_task(self._carry(delivery), name=f"webhooks: {delivery.id}")
                if not claimed:
                    await self._due.wait(self._pace.poll_s)

    async def _claim(self) -> list[Delivery]:
        """As many as there is room for. An endpoint that hangs gets at most half of the places."""
        room = self._pace.concurrency - self._under_way.total()
        crowded = [prefix for prefix, count in self._under_way.items() if count >= self._pace.at_once]
        if room <= 0:
            return []
        return await self._sender.claim(min(room, self._pace.at_once), except_under=crowded)

    async def _carry(self, delivery: Delivery) -> None:
        try:
            self._sent.put_nowait(await self._sender.send(delivery))
        finally:
            prefix = prefix_of(delivery.url)
            self._under_way[prefix] -= 1
            if not self._under_way[prefix]:
                del self._under_way[prefix]

    async def _recording(self) -> None:
        """Write down what came of requests: all that ended during one transaction share the next."""
        last = False
        while not last:
            several = [await self._sent.get()]
            while not self._sent.empty():
                several.append(self._sent.get_nowait())
            last = None in several
            await self._record([sent for sent in several if sent is not None])
            self._due.ring()

    async def _record(self, several: Sequence[Sent]) -> None:
        """Keep trying while it makes sense: later the claims have run out, and all is sent again."""
        for _ in range(max(1, round(self._pace.claim_s / _AFTER_TROUBLE_S)) if several else 0):
            if await self._survived(lambda: self._sender.record(several)) or self._stopping:
                return

    async def _survived(self, step: Callable[[], Awaitable[T]]) -> T | None:
        """What ``step`` returns, or None after trouble, which is logged and waited out."""
        try:
            return await step()
        except Unreachable as trouble:
            _log.warning("webhooks wait for the database", error=str(trouble))
        except Exception:
            _log.exception("webhooks wait: something is wrong with them or the database")
        await asyncio.sleep(_AFTER_TROUBLE_S)
        return None
