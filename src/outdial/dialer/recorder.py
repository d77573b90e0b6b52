"""Everything the dialer writes about its attempts, many at a time in one transaction.

Attempts never wait for the disk: what happens is handed in and written as soon as what was handed in before is
written, or a moment later where nobody waits for it. What is of one kind is written by the same few statements, however
much it is. While the database does not answer it is kept, and written when it does: a talk is not cut because of it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.errors import Unreachable
from outdial.domain.events import Event
from outdial.store.database import Database
from outdial.store.events import append

I = TypeVar("I")  # noqa: E741 - an item
T = TypeVar("T")
Kind = Callable[[AsyncConnection, Sequence[I], list[Event]], Awaitable[Sequence[T]]]
"""Writes the rows of all items, adds the facts to be told to the list, and answers each item in turn.

It is run again when the transaction failed. Two items about the same attempt are never in one batch.
"""

_AT_ONCE: Final = 100
_PAUSES_S: Final = (0.1, 0.3, 1.0, 3.0, 5.0)

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class _Entry(Generic[I, T]):
    kind: Kind[I, T]
    item: I
    done: asyncio.Future[T]


class Recorder:
    """One writer; ``run`` it in a task of its own.

    A transaction costs much more than what is in it: what is ``patient`` waits up to ``patience_s`` for company, and
    goes along with whatever does not wait.
    """

    def __init__(self, db: Database, patience_s: float = 0.03) -> None:
        self._db = db
        self._patience_s = patience_s
        self._waiting: deque[_Entry[Any, Any]] = deque()
        self._submitted = asyncio.Event()
        self._hurried = asyncio.Event()

    def submit(self, kind: Kind[I, T], item: I, *, patient: bool = False) -> asyncio.Future[T]:
        """Written with others of its kind, and not before anything of an earlier transaction.

        The future holds the answer, once committed. Whoever has a second thing to say about an attempt waits for it.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(kind, item, done))
        self._submitted.set()
        if not patient:
            self.hurry()
        return done

    def hurry(self) -> None:
        """Nothing that is waiting by now waits for company any longer."""
        self._hurried.set()

    async def run(self) -> None:
        """Writes until cancelled."""
        while True:
            await self._submitted.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_s):
                    await self._hurried.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
            if not self._waiting:
                self._submitted.clear()
                self._hurried.clear()
            await self._write(batch)

    async def _write(self, batch: Sequence[_Entry[Any, Any]]) -> None:
        try:
            answers = await self._persist(batch)
        except Exception as fault:
            if len(batch) > 1:
                # One of them cannot be written; the others must not suffer for it.
                for entry in batch:
                    await self._write([entry])
                return
            _log.exception("could not be written")
            _settle(batch[0].done, fault)
            return
        for entry, answer in answers:
            if not entry.done.done():
                entry.done.set_result(answer)

    async def _persist(self, batch: Sequence[_Entry[Any, Any]]) -> list[tuple[_Entry[Any, Any], Any]]:
        """Tries until the database answers."""
        kinds: dict[Kind[Any, Any], list[_Entry[Any, Any]]] = defaultdict(list)
        for entry in batch:
            kinds[entry.kind].append(entry)

        async def together(conn: AsyncConnection) -> list[tuple[_Entry[Any, Any], Any]]:
            facts: list[Event] = []
            answers: list[tuple[_Entry[Any, Any], Any]] = []
            for kind, entries in kinds.items():
                answered = await kind(conn, [entry.item for entry in entries], facts)
                answers += zip(entries, answered, strict=True)
            await append(conn, facts)
            return answers

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
