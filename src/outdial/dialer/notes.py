"""What happens during an attempt, on its way to the record."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from outdial.domain.attempt import Answered, Progress
from outdial.domain.events import Event
from outdial.store.batcher import Batcher
from outdial.store.calls.attempts import Report, record_all
from outdial.store.calls.calendar import Claim
from outdial.store.database import Connection


class Notes:
    """Progress of one attempt: taken at once, written in order, in batches while the disk is busy, never twice.

    An answer does not wait for company: a call known to be answered is never dialled again, whoever dies next.
    """

    def __init__(self, claim: Claim, recorder: Batcher) -> None:
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
        elif isinstance(progress, Answered):
            self._recorder.flush()

    async def written(self) -> None:
        """Returns when everything taken so far is on record."""
        await self._idle.wait()

    def untold(self) -> Report:
        """What is to be written now."""
        return Report(self._claim, self._known, tuple(self._untold))

    def _submit(self) -> None:
        self._idle.clear()
        answered = any(isinstance(one, Answered) for one in self._untold)
        self._recorder.submit(_write, self, patient=not answered).add_done_callback(self._on_written)

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


def _write(conn: Connection, taken: Sequence[Notes], facts: list[Event]) -> list[int]:
    """How much of each was written: all there was by then, also what was taken after it had been submitted."""
    reports = [notes.untold() for notes in taken]
    for told in record_all(conn, reports):
        facts += told or ()
    return [len(report.progress) for report in reports]
