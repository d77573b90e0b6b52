"""Import a list of people: read at once, or stored and read in the background.

Rows are written before the campaign they belong to, which makes them visible; a job watches over them from the
beginning. Whoever does that job (``worker.ImportWorker``) finds no campaign when an import broke off, and sweeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final

from outdial.campaigns.agents import outbound_agent
from outdial.campaigns.reading import Sheet
from outdial.campaigns.rows import Stored, store_rows, sweep
from outdial.domain.campaign import Campaign, CampaignState
from outdial.domain.clock import Clock
from outdial.domain.contacts import region_of
from outdial.domain.errors import Broken, Fault, Invalid, Unreachable
from outdial.domain.ids import new_id
from outdial.domain.job import Job, JobKind
from outdial.domain.texts import storable
from outdial.store import jobs
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database
from outdial.store.policy.quotas import must_have_room

IMPORT_TAKES: Final = timedelta(minutes=15)
"""An import that takes longer is taken for dead."""
Spell = Callable[[str, str], str]
"""A callee's name, and the language (BCP 47) it is to be written in: how it is said then."""


@dataclass(frozen=True)
class Draft:
    """What a customer says about a list. ``starts_at``, ``ends_at``: aware UTC; the door has compared them with now.

    ``call_config``: in the dialect's words, valid. ``mapping``: variable name -> title of its column.
    ``options``: ``remove_invalid_rows`` (bool), ``transliterate_callee_name`` (a language, or empty).
    """

    workspace_id: str
    agent_id: str
    dialect: str
    name: str
    starts_at: datetime
    ends_at: datetime
    call_config: Mapping[str, Any]
    mapping: Mapping[str, str]
    country_code: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """``first``: the variables of the first good rows, 100 at most. ``total_rows``: all of the file's."""

    id: str
    total_rows: int
    successful_rows: int
    failed_rows: int
    first: tuple[Mapping[str, str], ...]


async def import_list(db: Database, draft: Draft, file: BinaryIO, *, spell: Spell, now: Clock) -> Imported:
    """Read a list and keep it as a draft. All of it or nothing.

    Raises:
        NotFound: the agent is not the workspace's (``field``: ``agent_id``).
        Invalid: a mapped column is missing, no such country, or the file cannot be read (``file``).
        Unreachable: the database did not answer.
    """
    await _check(db, draft)
    campaign = _campaign(draft, CampaignState.DRAFT, now())
    # On its own thread like all reading: the first line of a file may be as long as the file.
    with await asyncio.to_thread(sheet_of, campaign, file, spell) as sheet:
        job = await _watched(db, campaign, now() + IMPORT_TAKES)
        try:
            stored = await store_rows(db, campaign.id, sheet, job, without_failed=without_failed(campaign))
            await _publish(db, campaign, stored, job)
        except Exception:
            await sweep(db, campaign.id)
            await db.write(jobs.done, job)
            raise
    return Imported(campaign.id, stored.rows, stored.rows - stored.failed, stored.failed, stored.first)


async def upload_list(db: Database, draft: Draft, file: BinaryIO, *, now: Clock) -> Campaign:
    """Store a list that is read in the background; ``total_rows`` is known, what is wrong with them is not yet.

    Raises: as ``import_list``.
    """
    await _check(db, draft)
    campaign = _campaign(draft, CampaignState.UPLOADED, now())

    def read() -> tuple[int, bytes]:
        with sheet_of(campaign, file, None) as sheet:
            rows = sheet.count()
        file.seek(0)
        return rows, file.read()

    rows, content = await asyncio.to_thread(read)
    if not rows:
        raise Invalid(Fault(("file",), "the file has no rows"))
    campaign = replace(campaign, total_rows=rows)

    def work(conn: Connection) -> None:
        must_have_room(conn, campaign.workspace_id, db.quotas, "lists")
        campaigns.insert(conn, campaign)
        campaigns.put_file(conn, campaign.id, content)
        jobs.add(conn, JobKind.IMPORT, campaign.id, campaign.workspace_id, campaign.created_at)

    await db.write(work)
    return campaign


def sheet_of(campaign: Campaign, file: BinaryIO, spell: Spell | None) -> Sheet:
    """
    Raises:
        Invalid: as ``Sheet``; no such country.
    """
    language = str(campaign.options.get("transliterate_callee_name") or "")
    rename = (lambda name: spell(name, language)) if spell and language else None
    return Sheet(file, campaign.mapping, region_of(campaign.country_code), rename)


def without_failed(campaign: Campaign) -> bool:
    return bool(campaign.options.get("remove_invalid_rows"))


async def _check(db: Database, draft: Draft) -> None:
    await outbound_agent(db, draft.workspace_id, draft.agent_id)
    if not storable(draft.name):
        raise Invalid(Fault(("campaign_name",), "campaign_name holds a character that cannot be stored"))
    if not all(map(storable, (*draft.mapping, *draft.mapping.values()))):
        raise Invalid(Fault(("variables_map",), "variables_map holds a character that cannot be stored"))
    region_of(draft.country_code)
    # Said before the file is read, and held to when the list is written down.
    await db.write(must_have_room, draft.workspace_id, db.quotas, "lists")


def _campaign(draft: Draft, state: CampaignState, at: datetime) -> Campaign:
    return Campaign(**vars(draft), id=new_id(), state=state, created_at=at, updated_at=at)


async def _watched(db: Database, campaign: Campaign, until: datetime) -> Job:
    """A job that nobody takes before then: by that time the import is over, or broke off."""

    def work(conn: Connection) -> Job | None:
        jobs.add(conn, JobKind.IMPORT, campaign.id, campaign.workspace_id, until)
        return jobs.find(conn, JobKind.IMPORT, campaign.id)

    job = await db.write(work)
    if job is None:
        raise Broken("a job that was just written down is not there")
    return job


async def _publish(db: Database, campaign: Campaign, stored: Stored, job: Job) -> None:
    full = replace(campaign, total_rows=stored.kept, failed_rows=stored.kept_failed)

    def work(conn: Connection) -> None:
        if not jobs.done(conn, job):
            raise Unreachable("the import took too long: split the list")
        must_have_room(conn, full.workspace_id, db.quotas, "lists")
        campaigns.insert(conn, full)

    await db.write(work)
