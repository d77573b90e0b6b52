"""Concurrent look-ups share one query, as concurrent inserts share one transaction.

Every request looks up a key, an agent and a number. One by one that costs a transaction each; those who ask while
another look-up is on its way are answered together, by one query for all their keys.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.errors import Unreachable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Fetch = Callable[[AsyncConnection, Collection[K]], Awaitable[Mapping[K, V]]]
"""Finds the values of many keys at once; keys without a value are left out. A module-level function."""
_Found = dict[Fetch[Any, Any], Mapping[Any, Any]]
_Read = Callable[[Callable[[AsyncConnection], Awaitable[_Found]]], Awaitable[_Found]]
_MOST_KEYS: Final = 512


@dataclass(frozen=True, eq=False)
class _Waiting:
    fetch: Fetch[Any, Any]
    keys: Collection[Any]
    done: asyncio.Future[Mapping[Any, Any]] = field(repr=False)


class SharedReads:
    """Answers what has been asked, in one read transaction after another.

    ``read`` carries one out. ``run`` is the reader; its owner starts it once and awaits it after ``finish``.
    """

    def __init__(self, read: _Read) -> None:
        self._read = read
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._finished = False

    async def find(self, fetch: Fetch[K, V], keys: Collection[K]) -> Mapping[K, V]:
        """The values of ``keys``, as committed when this was called or later; possibly values of other keys too.

        Raises:
            Unreachable: the database did not answer.
        """
        if self._finished:
            raise Unreachable("the database is being closed")
        waiting = _Waiting(fetch, keys, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(waiting)
        return await waiting.done

    async def run(self) -> None:
        """Read until ``finish`` is called and everything asked before has its answer."""
        while (first := await self._waiting.get()) is not None:
            batch = [first]
            asked = len(first.keys)
            while asked < _MOST_KEYS and not self._waiting.empty():
                following = self._waiting.get_nowait()
                if following is None:
                    self._waiting.put_nowait(None)
                    break
                batch.append(following)
                asked += len(following.keys)
            await self._answer(_unanswered(batch))

    def finish(self) -> None:
        self._finished = True
        self._waiting.put_nowait(None)

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        by_fetch: dict[Fetch[Any, Any], list[_Waiting]] = defaultdict(list)
        for waiting in batch:
            by_fetch[waiting.fetch].append(waiting)

        async def work(conn: AsyncConnection) -> _Found:
            return {
                fetch: await fetch(conn, {key for member in members for key in member.keys})
                for fetch, members in by_fetch.items()
            }

        try:
            found = await self._read(work)
        except Exception as error:  # everybody who asked must hear of it
            if len(batch) > 1 and not isinstance(error, Unreachable):
                for waiting in batch:
                    await self._answer([waiting])
                return
            for waiting in _unanswered(batch):
                waiting.done.set_exception(error)
        else:
            for waiting in _unanswered(batch):
                waiting.done.set_result(found[waiting.fetch])


def _unanswered(batch: Sequence[_Waiting]) -> list[_Waiting]:
    return [waiting for waiting in batch if not waiting.done.done()]
