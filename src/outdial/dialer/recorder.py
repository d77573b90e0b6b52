"""Everything the dialer writes about its attempts, in order, many at a time in one transaction.

Attempts never wait for the disk: what happens is handed in and written as soon as the one before is written. While
the database does not answer it is kept, and written when it does: a talk is not cut because of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.errors import Unreachable
from outdial.domain.events import Event
from outdial.store.database import Database
from outdial.store.events import append

T = TypeVar("T")
Work = Callable[[AsyncConnection, list[Event]], Awaitable[T]]
"""Writes rows, and adds the facts to be told to the list; run again as a whole when the transaction failed."""

_AT_ONCE: Final = 100
_PAUSES_S: Final = (0.1, 0.3, 1.0, 3.0, 5.0)

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Entry(Generic[T]):
    work: Work[T]
    done: asyncio.Future[T]


class Recorder:
    """One writer; ``run`` it in a task of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: asyncio.Queue[_Entry[Any]] = asyncio.Queue()

    def submit(self, work: Work[T]) -> asyncio.Future[T]:
        """Written after everything submitted before; the future holds what ``work`` returned, once committed."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(_Entry(work, done))
        return done

    async def run(self) -> None:
        """Writes until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < _AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._write(batch)

    async def _write(self, batch: Sequence[_Entry[Any]]) -> None:
        try:
            values = await self._persist(batch)
        except Exception as fault:
            if len(batch) > 1:
                # One of them cannot be written; the others must not suffer for it.
                for entry in batch:
                    await self._write([entry])
                return
            _log.exception("could not be written")
            _settle(batch[0].done, fault)
            return
        for entry, value in zip(batch, values, strict=True):
            if not entry.done.done():
                entry.done.set_result(value)

    async def _persist(self, batch: Sequence[_Entry[Any]]) -> list[Any]:
        """Tries until the database answers."""

        async def together(conn: AsyncConnection) -> list[Any]:
            facts: list[Event] = []
            values = [await entry.work(conn, facts) for entry in batch]
            await append(conn, facts)
            return values

        tries = 0
        while True:
            try:
                return await self._db.write(together)
            except Unreachable as fault:
                pause_s = _PAUSES_S[min(tries, len(_PAUSES_S) - 1)]
                tries += 1
                _log.warning("database does not answer", kept=len(batch), again_in_s=pause_s, reason=str(fault))
                await asyncio.sleep(pause_s)


def _settle(done: asyncio.Future[Any], fault: Exception) -> None:
    if not done.done():
        done.set_exception(fault)
        # Whoever submitted a mere note does not wait for it; the fault is in the log.
        done.exception()
