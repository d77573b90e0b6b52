"""The rules of workspaces, read for those who act under them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from outdial.domain.errors import Broken
from outdial.domain.rules import Rules
from outdial.store.schema import workspaces

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


AS_STORED: Final = sa.cast(workspaces.c.settings, sa.Text)
"""What ``rules_of`` reads."""


def load_rules(conn: Connection, workspace_ids: Collection[str]) -> Mapping[str, Rules]:
    """The rules of each workspace; those that cannot be read are left out: nothing may be dialled under them."""
    found = conn.execute(sa.select(workspaces.c.id, AS_STORED).where(workspaces.c.id.in_(workspace_ids)))
    return legible((workspace_id, stored) for workspace_id, stored in found)


def legible(settings: Iterable[tuple[str, str]]) -> Mapping[str, Rules]:
    """The rules of each workspace from its id and settings (``AS_STORED``), without those nobody can read."""
    read = {workspace_id: rules_of(workspace_id, stored) for workspace_id, stored in settings}
    return {workspace_id: rules for workspace_id, rules in read.items() if rules is not None}


@lru_cache(maxsize=1024)
def rules_of(workspace_id: str, stored: str) -> Rules | None:
    """None: nobody can read them.

    Remembered, for they are read many times a second: so the same fault is also told once, and not each time.
    """
    try:
        return Rules.from_json(json.loads(stored))
    except (Broken, ValueError) as fault:
        _log.error("nothing is dialled for a workspace", workspace_id=workspace_id, reason=str(fault))
        return None
