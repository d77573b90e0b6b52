"""What is laid down for a workspace, its caller numbers and its trunks."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import NotFound
from outdial.domain.rules import Rules
from outdial.store import schema


@dataclass(frozen=True)
class NumberLimit:
    """``max_calls``: from this number at the same moment; None: no limit."""

    id: str
    number: str
    max_calls: int | None


@dataclass(frozen=True)
class TrunkLimit:
    """``max_calls``: over this trunk at the same moment; ``calls_per_s``: asked of it; None: no limit."""

    id: str
    name: str
    max_calls: int | None
    calls_per_s: float | None


def rules_of(conn: Connection, workspace_id: str) -> Rules:
    """
    Raises:
        NotFound: there is no such workspace.
        Broken: its rules cannot be read.
    """
    asked = sa.select(schema.workspaces.c.settings).where(schema.workspaces.c.id == workspace_id)
    row = conn.execute(asked).first()
    if row is None:
        raise NotFound("Workspace not found", field="workspace_id")
    return Rules.from_json(row.settings)


def number_limits(conn: Connection, workspace_id: str) -> list[NumberLimit]:
    """The workspace's caller numbers, in their order, limited or not."""
    table = schema.numbers
    asked = sa.select(table.c.id, table.c.number, table.c.max_calls).where(table.c.workspace_id == workspace_id)
    return [NumberLimit(**row) for row in conn.execute(asked.order_by(table.c.number)).mappings()]


def trunk_limits(conn: Connection, workspace_id: str) -> list[TrunkLimit]:
    """The workspace's trunks by name, limited or not."""
    table = schema.trunks
    asked = sa.select(table.c.id, table.c.name, table.c.max_calls, table.c.calls_per_s)
    mine = asked.where(table.c.workspace_id == workspace_id).order_by(table.c.name)
    return [TrunkLimit(**row) for row in conn.execute(mine).mappings()]
