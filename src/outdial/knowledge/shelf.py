"""The shelf of a node: one file for each knowledge base, kept as the database has it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from outdial.domain.errors import Unreachable
from outdial.domain.ids import parse_uuid
from outdial.domain.knowledge import Entry
from outdial.knowledge import index
from outdial.store.database import Database
from outdial.store.knowledge import items as knowledge

_UNFINISHED: Final = ".new"
_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Shelf:
    """``folder`` belongs to one of these; media workers of the same node read what stands in it.

    A base's file is ``<id>.db``. It is made beside its place and moved there whole.
    """

    def __init__(self, db: Database, folder: Path, poll_s: float = 2.0) -> None:
        self._db = db
        self._folder = folder
        self._poll_s = poll_s
        self._stopped = asyncio.Event()
        self._held: dict[str, int] | None = None

    def stop(self) -> None:
        """``run`` returns when the file under way is in its place."""
        self._stopped.set()

    async def run(self) -> None:
        """Works until stopped."""
        while not self._stopped.is_set():
            try:
                await self.step()
            except Unreachable as trouble:
                _log.warning("the shelf of knowledge waits for the database", reason=str(trouble))
            except Exception:
                # A full disk, for instance: the node goes on, and this is tried again.
                _log.exception("files of knowledge bases cannot be kept up to date")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._stopped.wait()

    async def step(self) -> int:
        """Make what is missing or old, throw away what is gone; how many files were made.

        Raises:
            Unreachable: the database did not answer.
        """
        if self._held is None:
            self._held = await asyncio.to_thread(self._look)
        wanted = await self._db.read(knowledge.revisions)
        for base_id in self._held.keys() - wanted.keys():
            self._path(base_id).unlink(missing_ok=True)
            del self._held[base_id]
        old = [base_id for base_id, revision in wanted.items() if self._held.get(base_id) != revision]
        return sum([await self._make(base_id, self._held) for base_id in old])

    async def _make(self, base_id: str, held: dict[str, int]) -> bool:
        revision, entries = await self._db.read(knowledge.entries, base_id)
        try:
            await asyncio.to_thread(self._put, base_id, revision, entries)
        except (OSError, sqlite3.Error) as trouble:
            # Calls go on with what was there before, and the next look tries again.
            _log.error("a file of a knowledge base cannot be written", base_id=base_id, reason=str(trouble))
            return False
        held[base_id] = revision
        return True

    def _put(self, base_id: str, revision: int, entries: list[Entry]) -> None:
        new = self._path(base_id).with_suffix(_UNFINISHED)
        new.unlink(missing_ok=True)
        index.build(new, revision, entries)
        new.replace(self._path(base_id))

    def _look(self) -> dict[str, int]:
        """What stands there from an earlier life; what was left unfinished is thrown away."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in self._folder.glob(f"*{_UNFINISHED}"):
            file.unlink(missing_ok=True)
        bases = (file for file in self._folder.glob("*.db") if parse_uuid(file.stem))
        found = {file.stem: index.revision_of(file) for file in bases}
        # -1 is no revision: made again, or thrown away with the others when its base is gone.
        return {base_id: -1 if revision is None else revision for base_id, revision in found.items()}

    def _path(self, base_id: str) -> Path:
        return self._folder / f"{base_id}.db"
