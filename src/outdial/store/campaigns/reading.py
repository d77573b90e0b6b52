"""Campaigns, their counts, the rows that cannot be rung, and what a list costs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.call import CallState
from outdial.domain.campaign import RUNNING, Campaign, Contact
from outdial.domain.errors import NotFound
from outdial.domain.price import cost_of
from outdial.store import schema
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Database
from outdial.store.policy.credits import free_micros, prices_of

_ROWS_AT_ONCE: Final = 1000
_A_MINUTE_MS: Final = 60_000


@dataclass(frozen=True)
class Counts:
    """``total``: rows that can be rung. ``registered``: calls that wait for their first dial, and rows of a running
    campaign not made into calls yet. ``completed``: calls that were answered."""

    total: int = 0
    registered: int = 0
    completed: int = 0


@dataclass(frozen=True)
class CampaignRow:
    """``counts`` None: not asked for."""

    campaign: Campaign
    counts: Counts | None


@dataclass(frozen=True)
class Balance:
    """In millionths of a credit: one minute for each row that can be rung. ``available_micros`` None: not counted."""

    required_micros: int
    available_micros: int | None
    sufficient: bool


def campaign_page(
    conn: Connection, workspace_id: str, *, limit: int, offset: int, counts: bool
) -> tuple[Sequence[CampaignRow], int]:
    """Campaigns, newest first, and how many there are in all."""
    table = schema.campaigns
    mine = table.c.workspace_id == workspace_id
    page = sa.select(table).where(mine).order_by(table.c.created_at.desc(), table.c.id).limit(limit).offset(offset)
    total = conn.scalar(sa.select(sa.func.count()).select_from(table).where(mine)) or 0
    found = [campaigns.campaign_of(row) for row in conn.execute(page).mappings()]
    if not counts:
        return [CampaignRow(campaign, None) for campaign in found], total
    by_list = campaigns.calls_by_state(conn, [campaign.id for campaign in found])
    return [CampaignRow(campaign, _counts(campaign, by_list[campaign.id])) for campaign in found], total


def find_campaign(conn: Connection, workspace_id: str, campaign_id: str) -> Campaign:
    """
    Raises:
        NotFound: the workspace has no such campaign.
    """
    found = campaigns.find(conn, campaign_id, workspace_id)
    if found is None:
        raise NotFound("List not found", field="list_id")
    return found


async def rejected_rows(db: Database, workspace_id: str, campaign_id: str) -> AsyncIterator[Sequence[Contact]]:
    """Pages of rows that cannot be rung, in the file's order; read page by page as they are asked for.

    Raises:
        NotFound: the workspace has no such campaign (before the first page).
    """
    await db.read(find_campaign, workspace_id, campaign_id)
    return _rejected(db, campaign_id)


def balance_check(conn: Connection, workspace_id: str, campaign_id: str) -> Balance:
    """
    Raises:
        NotFound: the workspace has no such campaign.
    """
    campaign = find_campaign(conn, workspace_id, campaign_id)
    price = prices_of(conn, [workspace_id]).get(workspace_id)
    free = free_micros(conn, [workspace_id]) if price else {}
    if price is None:
        return Balance(0, None, sufficient=True)
    required = (campaign.total_rows - campaign.failed_rows) * cost_of(_A_MINUTE_MS, price)
    return Balance(required, free[workspace_id], sufficient=free[workspace_id] >= required)


async def _rejected(db: Database, campaign_id: str) -> AsyncIterator[Sequence[Contact]]:
    row = 0
    while True:
        page = await db.read(campaigns.rows_after, campaign_id, row, _ROWS_AT_ONCE, rejected=True)
        if not page:
            return
        yield page
        row = page[-1].row


def _counts(campaign: Campaign, calls: dict[CallState, int]) -> Counts:
    total = campaign.total_rows - campaign.failed_rows
    not_made = total - sum(calls.values()) if campaign.state in RUNNING else 0
    return Counts(
        total=total,
        registered=calls[CallState.REGISTERED] + not_made,
        completed=calls[CallState.COMPLETED] + calls[CallState.FORWARDED],
    )
