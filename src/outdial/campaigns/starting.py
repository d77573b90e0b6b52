"""Start a campaign. Bodies follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from outdial.domain.clock import Clock
from outdial.store.database import Database


@dataclass(frozen=True)
class Start:
    """Exactly one of ``number_ids`` and/or ``numbers`` (E.164), and ``number_pool_id``. What is None or empty of the
    rest stays as it was imported. ``share``: 0-100. ``options`` are added to the list's."""

    list_id: str
    agent_id: str
    number_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    number_pool_id: str = ""
    callback_url: str = ""
    share: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    call_config: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Started:
    """``has_ongoing_calls``: another campaign of the workspace is under way."""

    has_ongoing_calls: bool


async def start(db: Database, workspace_id: str, wish: Start, *, now: Clock) -> Started:
    """
    Raises:
        NotFound: list (``list_id``), agent (``agent_id``) or pool (``number_pool_id``) are not the workspace's.
        Invalid: a number is not (``from_numbers``), or may not call out; the end has passed (``campaign_end_time``).
        Conflict: it was started before, or is not read yet, or could not be read.
        NoCredits: there are too few.
    """
    raise NotImplementedError
