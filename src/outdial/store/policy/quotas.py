"""Quotas of a workspace, held exactly: who adds something counts first, and nobody else adds meanwhile."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import Refused
from outdial.domain.quotas import Quotas
from outdial.store import workspaces
from outdial.store.schema import (
    agents,
    api_keys,
    campaigns,
    knowledge_bases,
    number_pools,
    numbers,
    trunks,
)

_COUNTED: Final[dict[str, tuple[sa.Table, tuple[sa.ColumnElement[Any], ...]]]] = {
    "numbers": (numbers, ()),
    "number_pools": (number_pools, ()),
    "trunks": (trunks, ()),
    "keys": (api_keys, (api_keys.c.revoked_at.is_(None),)),
    "agents": (agents, (agents.c.archived_at.is_(None),)),
    "lists": (campaigns, ()),
    "knowledge_bases": (knowledge_bases, ()),
}
KINDS: Final = tuple(field.name for field in fields(Quotas))


def must_have_room(conn: Connection, workspace_id: str, quotas: Quotas, kind: str) -> None:
    """One more of ``kind``, a field of ``Quotas``, fits; nobody else of the workspace adds any until this commits.

    Raises:
        Refused: the workspace has as many as it may.
    """
    workspaces.hold_lightly(conn, workspace_id)
    table, conditions = _COUNTED[kind]
    count = sa.select(sa.func.count()).select_from(table).where(table.c.workspace_id == workspace_id, *conditions)
    most = getattr(quotas, kind)
    if (conn.scalar(count) or 0) >= most:
        raise Refused(
            f"the workspace has {most:,} {kind.replace('_', ' ')}, as many as it may have: remove some, or let the "
            f"operator raise OUTDIAL_QUOTA_{kind.upper()}"
        )
