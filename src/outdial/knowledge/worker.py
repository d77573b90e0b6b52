"""The job of reading one item of a knowledge base: a file that was sent, or a page that is fetched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.message import Message
from typing import Final

from outdial.domain.clock import Clock
from outdial.domain.errors import Refused, Unreachable
from outdial.domain.job import Job, JobKind
from outdial.domain.knowledge import FILE_BYTES, ItemKind
from outdial.knowledge.reading import text_of
from outdial.outgoing.fetching import Fetched
from outdial.store import jobs
from outdial.store.database import Connection, Database
from outdial.store.knowledge import items as knowledge
from outdial.store.knowledge.items import Unread

Fetch = Callable[[str, int], Awaitable[Fetched]]
"""``outgoing.fetching.Fetcher``: a URL, and how many bytes it may be."""
_PAGES: Final = {"text/html": "html", "application/xhtml+xml": "html", "application/pdf": "pdf", "text/csv": "csv"}
_LATER: Final = frozenset({408, 425, 429})


class KnowledgeWorker:
    """A ``JobWorker``. What cannot be read at all fails at once; a page that does not come is tried again."""

    kind = JobKind.KNOWLEDGE
    lease_s = 90.0
    most_tries = 4
    at_once = 2

    def __init__(self, db: Database, fetch: Fetch, clock: Clock) -> None:
        self._db = db
        self._fetch = fetch
        self._clock = clock

    async def work(self, job: Job) -> None:
        item = await self._db.read(knowledge.unread, job.subject)
        if item is None:
            await self._db.write(jobs.done, job)
            return
        try:
            text, size = await self._read(item)
        except Refused as refusal:
            await self.give_up(job, str(refusal))
            return
        await self._end(job, item.base_id, lambda conn: knowledge.write_text(conn, item.id, text, size))

    async def give_up(self, job: Job, reason: str) -> None:
        item = await self._db.read(knowledge.unread, job.subject)
        base_id = item.base_id if item else ""
        await self._end(job, base_id, lambda conn: knowledge.write_trouble(conn, job.subject, reason))

    async def _end(self, job: Job, base_id: str, write: Callable[[Connection], None]) -> None:
        """The result, if the job is still ours and what it was about is still there."""
        at = self._clock()

        def work(conn: Connection) -> None:
            there = knowledge.lock(conn, base_id)
            if jobs.done(conn, job) and there:
                write(conn)
                knowledge.moved(conn, base_id, at)

        await self._db.write(work)

    async def _read(self, item: Unread) -> tuple[str, int | None]:
        """Its text, and of a page its size in bytes."""
        if item.kind is not ItemKind.URL:
            return await text_of(item.raw or b"", item.file_type), None
        page = await self._fetch(item.name, FILE_BYTES)
        _must_be_there(page)
        heads = Message()
        heads["content-type"] = page.content_type or "text/html"
        kind = heads.get_content_type()
        file_type = _PAGES.get(kind) or ("txt" if kind.startswith("text/") else "")
        if not file_type:
            raise Refused(f"it is {kind}: only pages, texts and PDF are read")
        return await text_of(page.body, file_type, heads.get_content_charset("")), len(page.body)


def _must_be_there(page: Fetched) -> None:
    """
    Raises:
        Unreachable: it may be there later.
        Refused: it is not there.
    """
    if page.status >= 500 or page.status in _LATER:
        raise Unreachable(f"the page answers with status {page.status}")
    if 300 <= page.status < 400:
        where = f" to {page.location[:200]}" if page.location else ""
        raise Refused(f"it redirects{where} (status {page.status}), which is not followed: give that address itself")
    if page.status != 200:
        raise Refused(f"the page answers with status {page.status}")
