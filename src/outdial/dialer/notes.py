"""What happens during an attempt, on its way to the record."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.dialer.recorder import Recorder
from outdial.domain.attempt import Progress
from outdial.domain.events import Event
from outdial.store.attempts import record
from outdial.store.calendar import Claim


class Notes:
    """Progress of one attempt: taken at once, written in order, in batches while the disk is busy, never twice."""

    def __init__(self, claim: Claim, recorder: Recorder) -> None:
        self._claim = claim
        self._recorder = recorder
        self._untold: list[Progress] = []
        self._known = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def take(self, progress: Progress) -> None:
        """Returns at once."""
        self._untold.append(progress)
        if self._idle.is_set():
            self._submit()

    async def written(self) -> None:
        """Returns when everything taken so far is on record."""
        await self._idle.wait()

    def _submit(self) -> None:
        self._idle.clear()
        self._recorder.submit(self._write).add_done_callback(self._on_written)

    async def _write(self, conn: AsyncConnection, facts: list[Event]) -> int:
        batch = tuple(self._untold)
        facts += await record(conn, self._claim, self._known, batch) or ()
        return len(batch)

    def _on_written(self, done: asyncio.Future[int]) -> None:
        if done.cancelled() or done.exception():
            # It is in the recorder's log; the end of the attempt must not wait for it.
            self._idle.set()
            return
        self._known += done.result()
        del self._untold[: done.result()]
        if self._untold:
            self._submit()
        else:
            self._idle.set()
