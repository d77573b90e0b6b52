"""Campaigns, their counts, the rows that cannot be rung, and what a list costs. Bodies follow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from outdial.domain.campaign import Campaign
from outdial.store.database import Database


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
class RejectedRow:
    """A row that cannot be rung, 1-based without the header."""

    row: int
    mobile_number: str
    callee_name: str
    trouble: str


@dataclass(frozen=True)
class Balance:
    """In millionths of a credit: one minute for each row that can be rung. ``available_micros`` None: not counted."""

    required_micros: int
    available_micros: int | None
    sufficient: bool


async def campaign_page(
    db: Database, workspace_id: str, *, limit: int, offset: int, counts: bool
) -> tuple[Sequence[CampaignRow], int]:
    """Campaigns, newest first, and how many there are in all."""
    raise NotImplementedError


async def find_campaign(db: Database, workspace_id: str, campaign_id: str) -> Campaign:
    """
    Raises:
        NotFound: the workspace has no such campaign.
    """
    raise NotImplementedError


async def rejected_rows(db: Database, workspace_id: str, campaign_id: str) -> AsyncIterator[Sequence[RejectedRow]]:
    """Pages of rows that cannot be rung, in the file's order; read page by page as they are asked for.

    Raises:
        NotFound: the workspace has no such campaign (before the first page).
    """
    raise NotImplementedError


async def balance_check(db: Database, workspace_id: str, campaign_id: str) -> Balance:
    """
    Raises:
        NotFound: the workspace has no such campaign.
    """
    raise NotImplementedError
