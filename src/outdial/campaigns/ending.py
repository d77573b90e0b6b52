"""How campaigns end: what is not rung in time is ended, and when no call is left somebody is told."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from outdial.domain.call import CallState
from outdial.domain.campaign import RUNNING, Campaign, CampaignState, move_campaign
from outdial.domain.delivery import Delivery
from outdial.domain.ids import new_id
from outdial.domain.job import Job
from outdial.store import jobs
from outdial.store.calls.stops import Verdict, end_waiting, free_ones
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database
from outdial.store.events import append
from outdial.store.webhooks import deliveries

LOOK_EVERY: Final = timedelta(seconds=5)
"""How soon it is known that the last call of a campaign is over."""
_LOOK_EVERY_BEFORE_IT_STARTS: Final = timedelta(seconds=30)
KIND: Final = "campaign"
"""Of the delivery that tells a campaign's end."""
_AT_ONCE: Final = 250
"""Calls ended in one transaction: a list of a hundred thousand must not keep the dialer from the calendar."""


@dataclass(frozen=True)
class Tally:
    """What became of the rows that could be rung. ``completed``: answered; ``cancelled``: also those never called."""

    total: int
    completed: int
    failed: int
    cancelled: int


async def end_calls(db: Database, campaign_id: str, how: Verdict, at: datetime) -> bool:
    """End some calls of the list that wait and are in nobody's hands; whether there were any.

    Raises:
        Unreachable: the database did not answer.
    """
    ids = await db.read(campaigns.waiting_calls, campaign_id, _AT_ONCE)

    def work(conn: Connection) -> bool:
        facts = end_waiting(conn, free_ones(conn, ids), at, how)
        append(conn, facts)
        return bool(facts)

    return bool(ids) and await db.write(work)


async def settle(db: Database, job: Job, at: datetime) -> None:
    """Where the campaign of ``job`` stands now that nothing is to be done at once, and when to look again.

    With no call left it is over, and in the same transaction the job is struck off and the news written for whoever
    asked to be told: all of it once.

    Raises:
        Unreachable: the database did not answer.
    """

    def work(conn: Connection) -> None:
        campaign = campaigns.find(conn, job.subject, hold=True)
        if not jobs.hold(conn, job):
            return
        if campaign is None:
            jobs.done(conn, job)
        elif campaign.state in RUNNING and campaigns.rows_after(conn, campaign.id, campaign.made_rows, 1):
            jobs.later(conn, job, at)
        elif campaigns.has_calls_left(conn, campaign.id):
            if campaign.state is CampaignState.SCHEDULED and at >= campaign.starts_at:
                campaign = replace(campaign, state=move_campaign(campaign.state, CampaignState.ONGOING))
                campaigns.change(conn, campaign.id, state=campaign.state.value, updated_at=at)
            jobs.later(conn, job, _next_look(campaign, at))
        else:
            jobs.done(conn, job)
            _end(conn, campaign, at)

    await db.write(work)


def _next_look(campaign: Campaign, at: datetime) -> datetime:
    if campaign.state is CampaignState.SCHEDULED:
        return min(campaign.starts_at, at + _LOOK_EVERY_BEFORE_IT_STARTS)
    return min(campaign.ends_at, at + LOOK_EVERY) if at < campaign.ends_at else at + LOOK_EVERY


def _end(conn: Connection, campaign: Campaign, at: datetime) -> None:
    if campaign.state in RUNNING:
        campaign = replace(campaign, state=move_campaign(campaign.state, CampaignState.COMPLETED))
    over = replace(campaign, finished_at=at)
    campaigns.change(conn, over.id, state=over.state.value, finished_at=at, updated_at=at)
    if over.callback_url:
        counted = campaigns.calls_by_state(conn, [over.id])[over.id]
        deliveries.add(conn, [_delivery(over, _body(over, tally_of(over, counted)), at)])


def tally_of(campaign: Campaign, counted: Counter[CallState]) -> Tally:
    """``counted``: its calls by the state they ended in."""
    total = campaign.total_rows - campaign.failed_rows
    completed = counted[CallState.COMPLETED] + counted[CallState.FORWARDED]
    failed = counted[CallState.FAILED] + counted[CallState.ERROR]
    return Tally(total, completed, failed, total - completed - failed)


def _body(campaign: Campaign, tally: Tally) -> Mapping[str, Any]:
    """Ringg §7.4; no vendor's own form of it is known."""
    return {
        "event_type": "campaign_completed",
        "campaign_id": campaign.id,
        "bulk_list_id": campaign.id,
        "name": campaign.name,
        "campaign_status": campaign.state.value,
        "total_count": tally.total,
        "completed_count": tally.completed,
        "failed_count": tally.failed,
        "cancelled_count": tally.cancelled,
        "finished_at": f"{campaign.finished_at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }


def _delivery(campaign: Campaign, body: Mapping[str, Any], at: datetime) -> Delivery:
    """It belongs to no call and to no fact: it is found under the campaign's id, and its number is its own."""
    return Delivery(
        id=new_id(),
        call_id=campaign.id,
        workspace_id=campaign.workspace_id,
        event_seq=-(uuid.UUID(campaign.id).int >> 75) - 1,
        kind=KIND,
        dialect=campaign.dialect,
        url=campaign.callback_url,
        body=json.dumps(body, ensure_ascii=False).encode(),
        due_at=at,
        created_at=at,
    )
