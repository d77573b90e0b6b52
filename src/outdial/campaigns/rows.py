"""The rows of a list on their way into the store and out of it: in batches, so that nobody else waits long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from outdial.campaigns.reading import Sheet
from outdial.domain.campaign import Contact
from outdial.domain.errors import Fault, Invalid, Unreachable
from outdial.domain.job import Job
from outdial.store import jobs
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database

AT_ONCE: Final = 1000
"""Rows in one transaction."""
PAUSE_S: Final = 0.005
"""Between two of them: a dialer on the same file has its turn."""
FIRST_ROWS: Final = 100
FIRST_LETTERS: Final = 250_000
"""In the rows an answer shows, so that it stays small."""


@dataclass(frozen=True)
class Stored:
    """What was read of a file and what was kept of it. ``first``: the variables of the first rows to ring."""

    rows: int
    failed: int
    kept: int
    kept_failed: int
    first: tuple[Mapping[str, str], ...]


async def store_rows(db: Database, campaign_id: str, sheet: Sheet, job: Job, *, without_failed: bool) -> Stored:
    """Write all rows of ``sheet`` under an id, for as long as ``job`` is ours.

    Raises:
        Invalid: the file cannot be read to its end, or none of its rows can be rung.
        Unreachable: the database did not answer, or somebody else has the job by now.
    """
    kept = kept_failed = 0
    first: list[Mapping[str, str]] = []
    trouble = ""
    while contacts := await asyncio.to_thread(sheet.next, AT_ONCE):
        some = [one for one in contacts if not (without_failed and one.trouble)]
        await _write(db, campaign_id, some, job)
        kept += len(some)
        kept_failed += sum(1 for one in some if one.trouble)
        trouble = trouble or next((f": row {one.row}: {one.trouble}" for one in contacts if one.trouble), "")
        first += _first([one.variables for one in some if not one.trouble], first)
        await asyncio.sleep(PAUSE_S)
    if kept == kept_failed:
        raise Invalid(Fault(("file",), f"the file has no row with a phone number{trouble}"))
    return Stored(sheet.rows, sheet.failed, kept, kept_failed, tuple(first))


def _first(more: list[Mapping[str, str]], shown: list[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    """What of these rows an answer shows besides those."""
    left = FIRST_LETTERS - sum(map(_letters, shown))
    for row in more[: FIRST_ROWS - len(shown)]:
        left -= _letters(row)
        if left < 0:
            return
        yield row


def _letters(row: Mapping[str, str]) -> int:
    return sum(map(len, row.values()))


async def sweep(db: Database, campaign_id: str, job: Job | None = None) -> None:
    """Delete the rows kept under an id; for as long as ``job`` is ours, if one is named.

    Raises:
        Unreachable: the database did not answer, or somebody else has the job by now.
    """

    def work(conn: Connection) -> int:
        _must_be_ours(conn, job)
        return campaigns.delete_rows(conn, campaign_id, AT_ONCE)

    deleted = AT_ONCE
    while deleted == AT_ONCE:
        deleted = await db.write(work)
        await asyncio.sleep(PAUSE_S)


async def _write(db: Database, campaign_id: str, some: list[Contact], job: Job) -> None:
    def work(conn: Connection) -> None:
        _must_be_ours(conn, job)
        campaigns.add_rows(conn, campaign_id, some)

    await db.write(work)


def _must_be_ours(conn: Connection, job: Job | None) -> None:
    if job is not None and not jobs.hold(conn, job):
        raise Unreachable("the list is read by somebody else, or was deleted")
