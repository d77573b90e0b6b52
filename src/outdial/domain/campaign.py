"""A campaign: a list of people to ring, read from a file, and the calls made of it.

::

    uploaded ─▶ processing ─▶ draft ──start──▶ scheduled ──its time──▶ ongoing ──no call left──▶ completed
                    └─unreadable─▶ failed          └────────terminated────────┘──▶ terminated
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from outdial.domain.errors import Broken


class CampaignState(StrEnum):
    UPLOADED = "uploaded"
    """The file is stored and waits to be read."""
    PROCESSING = "processing"
    DRAFT = "draft"
    """All rows are read; not started yet."""
    SCHEDULED = "scheduled"
    """Started; its calls wait for the start time, or are being written."""
    ONGOING = "ongoing"
    COMPLETED = "completed"
    """Every call is over."""
    FAILED = "failed"
    """The file could not be read."""
    TERMINATED = "terminated"
    """Stopped by request: what had not been rung was cancelled."""


CAMPAIGN_MOVES: Final[dict[CampaignState, frozenset[CampaignState]]] = {
    CampaignState.UPLOADED: frozenset({CampaignState.PROCESSING, CampaignState.FAILED}),
    CampaignState.PROCESSING: frozenset({CampaignState.DRAFT, CampaignState.FAILED}),
    CampaignState.DRAFT: frozenset({CampaignState.SCHEDULED}),
    CampaignState.SCHEDULED: frozenset({CampaignState.ONGOING, CampaignState.COMPLETED, CampaignState.TERMINATED}),
    CampaignState.ONGOING: frozenset({CampaignState.COMPLETED, CampaignState.TERMINATED}),
    CampaignState.COMPLETED: frozenset(),
    CampaignState.FAILED: frozenset(),
    CampaignState.TERMINATED: frozenset(),
}
RUNNING: Final = frozenset({CampaignState.SCHEDULED, CampaignState.ONGOING})
READABLE: Final = frozenset(CampaignState) - {CampaignState.UPLOADED, CampaignState.PROCESSING, CampaignState.FAILED}
"""States in which all rows are known."""


def move_campaign(now: CampaignState, to: CampaignState) -> CampaignState:
    """The new state.

    Raises:
        Broken: the table knows no such move.
    """
    if to not in CAMPAIGN_MOVES[now]:
        raise Broken(f"a campaign cannot go from {now} to {to}")
    return to


@dataclass(frozen=True)
class Contact:
    """One row of the file, 1-based without its header. ``trouble``: why it cannot be rung; empty: it can.

    ``variables`` hold every mapped name, ``mobile_number`` and ``callee_name`` among them, in the mapping's order.
    """

    row: int
    mobile_number: str
    callee_name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True)
class Callers:
    """Where a campaign's calls come from: some numbers, or a stored pool."""

    number_ids: tuple[str, ...] = ()
    number_pool_id: str = ""


@dataclass(frozen=True)
class Campaign:
    """A stored campaign; its ``id`` is the ``bulk_list_id`` of its calls.

    ``starts_at``, ``ends_at``: aware UTC. ``call_config``: as the customer sent it, in the dialect's words.
    ``made_rows``: calls have been made of the rows up to this one. ``share``: percent of the workspace's call slots it
    may take, None: all. ``trouble``: why it failed.
    """

    id: str
    workspace_id: str
    agent_id: str
    dialect: str
    name: str
    state: CampaignState
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    updated_at: datetime
    call_config: Mapping[str, Any] = field(default_factory=dict)
    mapping: Mapping[str, str] = field(default_factory=dict)
    country_code: str = ""
    callers: Callers = Callers()
    callback_url: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    total_rows: int = 0
    failed_rows: int = 0
    made_rows: int = 0
    share: int | None = None
    finished_at: datetime | None = None
    trouble: str = ""
