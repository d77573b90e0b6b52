"""The two jobs of campaigns: reading a large list, and seeing a campaign through to its last call."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime
from typing import Any, Final

from outdial.campaigns.ending import end_calls, settle
from outdial.campaigns.importing import Spell, sheet_of, without_failed
from outdial.campaigns.making import Wishes, make_some
from outdial.campaigns.rows import PAUSE_S, store_rows, sweep
from outdial.domain.campaign import RUNNING, Campaign, CampaignState, move_campaign
from outdial.domain.clock import Clock
from outdial.domain.errors import Invalid
from outdial.domain.job import Job, JobKind
from outdial.domain.language_models import ALL_MODELS, LanguageModels
from outdial.store import jobs
from outdial.store.agents.versions import agents_by_id
from outdial.store.calls.stops import ON_REQUEST, TOO_LATE
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database

_BATCHES_AT_ONCE: Final = 40
"""Made, or ended, in one go: others that wait for this worker have their turn then, and a node that stops waits for no
more."""
_UNREAD: Final = frozenset({CampaignState.UPLOADED, CampaignState.PROCESSING})


class ImportWorker:
    """A ``JobWorker``. Reads an uploaded list; sweeps up after an import that broke off, or a list that was deleted.

    A list is read again from its beginning when whoever read it died.
    """

    kind = JobKind.IMPORT
    lease_s = 300.0
    most_tries = 4
    at_once = 1

    def __init__(self, db: Database, spell: Spell, clock: Clock) -> None:
        self._db = db
        self._spell = spell
        self._clock = clock

    async def work(self, job: Job) -> None:
        campaign = await self._db.read(campaigns.find, job.subject)
        if campaign is not None and campaign.state in _UNREAD:
            await self._read(job, campaign)
            return
        if campaign is None:
            await sweep(self._db, job.subject, job)
        await self._db.write(_struck_off, job)

    async def give_up(self, job: Job, reason: str) -> None:
        if await self._move(job, CampaignState.FAILED, trouble=reason):
            await sweep(self._db, job.subject)

    async def _read(self, job: Job, campaign: Campaign) -> None:
        if campaign.state is CampaignState.UPLOADED:
            await self._db.write(lambda conn: self._moved(conn, job, CampaignState.PROCESSING))
        # What is left of an earlier try.
        await sweep(self._db, campaign.id, job)
        content = await self._db.read(lambda conn: campaigns.file_of(conn, campaign.id) or b"")
        try:
            with await asyncio.to_thread(sheet_of, campaign, io.BytesIO(content), self._spell) as sheet:
                stored = await store_rows(self._db, campaign.id, sheet, job, without_failed=without_failed(campaign))
        except Invalid as refusal:
            await self.give_up(job, str(refusal))
            return
        counts = {"total_rows": stored.kept, "failed_rows": stored.kept_failed}
        await self._move(job, CampaignState.DRAFT, **counts)

    async def _move(self, job: Job, to: CampaignState, **values: Any) -> bool:
        """The result, if the job is still ours and the campaign still there; whether it was written."""

        def work(conn: Connection) -> bool:
            written = self._moved(conn, job, to, **values)
            return _struck_off(conn, job) and written

        return await self._db.write(work)

    def _moved(self, conn: Connection, job: Job, to: CampaignState, **values: Any) -> bool:
        campaign = campaigns.find(conn, job.subject, hold=True)
        if campaign is None or not jobs.hold(conn, job):
            return False
        state = move_campaign(campaign.state, to)
        campaigns.change(conn, campaign.id, **values, state=state.value, updated_at=self._clock())
        return True


def _struck_off(conn: Connection, job: Job) -> bool:
    """With the file it was about. False: somebody else has it by now."""
    ours = jobs.done(conn, job)
    if ours:
        campaigns.delete_file(conn, job.subject)
    return ours


class CampaignWorker:
    """A ``JobWorker``. Makes a campaign's calls up front, for their dates; then looks again and again until none is
    left, ends what was not rung in time, and has its end told.
    """

    kind = JobKind.CAMPAIGN
    lease_s = 120.0
    # An outage of a week is no reason to forget a campaign.
    most_tries = 5000
    at_once = 4

    def __init__(
        self, db: Database, wishes: Wishes, clock: Clock, language_models: LanguageModels = ALL_MODELS
    ) -> None:
        self._db = db
        self._wishes = wishes
        self._language_models = language_models
        self._clock = clock

    async def work(self, job: Job) -> None:
        campaign = await self._db.read(campaigns.find, job.subject)
        if campaign is not None and await self._carry_on(campaign):
            # There is more to do at once; others that wait for this worker have their turn before.
            await self._db.write(jobs.later, job, self._clock())
            return
        await settle(self._db, job, self._clock())

    async def give_up(self, job: Job, reason: str) -> None:
        """It makes no further call and is seen to its end like one that was terminated."""
        await _stop(self._db, job.subject, reason, self._clock())
        await settle(self._db, job, self._clock())

    async def _carry_on(self, campaign: Campaign) -> bool:
        """Do what is to be done now, as much as one go allows; whether there is more of it."""
        if campaign.state is CampaignState.SCHEDULED and await self._make(campaign):
            return True
        now = self._clock()
        late = ON_REQUEST if campaign.state is CampaignState.TERMINATED else TOO_LATE
        if late is TOO_LATE and now < campaign.ends_at:
            return False
        for _ in range(_BATCHES_AT_ONCE):
            if not await end_calls(self._db, campaign.id, late, now):
                return False
            await asyncio.sleep(PAUSE_S)
        return True

    async def _make(self, campaign: Campaign) -> bool:
        """Whether rows may be left that no calls were made of."""
        for _ in range(_BATCHES_AT_ONCE):
            agent = (await self._db.find(agents_by_id, [campaign.agent_id])).get(campaign.agent_id)
            if agent is None:
                await _stop(self._db, campaign.id, "the agent was archived", self._clock())
                return True
            made = await make_some(
                self._db, campaign, agent, self._wishes, self._clock(), language_models=self._language_models
            )
            if made.made_rows == campaign.made_rows:
                return False
            campaign = made
            await asyncio.sleep(PAUSE_S)
        return True


async def _stop(db: Database, campaign_id: str, reason: str, at: datetime) -> None:
    """Make no further call; those that wait are ended when it is looked at next."""

    def work(conn: Connection) -> None:
        campaign = campaigns.find(conn, campaign_id, hold=True)
        if campaign is not None and campaign.state in RUNNING:
            state = move_campaign(campaign.state, CampaignState.TERMINATED)
            campaigns.change(conn, campaign_id, state=state.value, trouble=reason, updated_at=at)

    await db.write(work)
