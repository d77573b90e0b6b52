"""Webhooks at work: one loop writes deliveries down, another sends them, until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

import structlog

from outdial.domain.clock import Clock
from outdial.domain.errors import Unreachable
from outdial.outgoing.requests import Requests
from outdial.outgoing.targets import Targets
from outdial.store.database import Database
from outdial.webhooks.claiming import Claimed, Claims, Pace
from outdial.webhooks.delivery import Sender, Sent
from outdial.webhooks.fan_out import FanOut
from outdial.webhooks.places import Places
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
        places = Places(self._pace.concurrency)
        self._claims = Claims(db, dialects, places, clock=clock, pace=self._pace)
        self._sender = Sender(
            db, targets, requests or Requests(), places, clock=clock, pace=self._pace, signer=Signer(secret)
        )
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
                claimed = await self._survived(self._claims.claim)
                for each in claimed or ():
                    requests.create_task(self._carry(each), name=f"webhooks: {each.delivery.id}")
                if not claimed:
                    await self._due.wait(self._pace.poll_s)

    async def _carry(self, claimed: Claimed) -> None:
        self._sent.put_nowait(await self._sender.send(claimed))

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
