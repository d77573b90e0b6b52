"""Workspaces themselves: made, found, and held while something of theirs changes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import NotFound
from outdial.domain.rules import Rules
from outdial.store.schema import workspaces


def add(conn: Connection, identity: str, name: str, at: datetime) -> None:
    conn.execute(workspaces.insert().values(id=identity, name=name, settings={}, created_at=at))


def must_exist(conn: Connection, workspace_id: str) -> None:
    """
    Raises:
        NotFound: there is no such workspace.
    """
    if conn.scalar(sa.select(workspaces.c.id).where(workspaces.c.id == workspace_id)) is None:
        raise NotFound("Workspace not found", field="workspace_id")


def hold(conn: Connection, workspace_id: str) -> Rules:
    """Nobody else changes it, or adds what refers to it, while this transaction lasts; its rules.

    Raises:
        NotFound: there is no such workspace.
        Broken: its rules cannot be read.
    """
    mine = sa.select(workspaces.c.settings).where(workspaces.c.id == workspace_id)
    stored = conn.execute(mine.with_for_update()).first()
    if stored is None:
        raise NotFound("Workspace not found", field="workspace_id")
    return Rules.from_json(stored.settings)


def hold_lightly(conn: Connection, workspace_id: str) -> None:
    """One after the other, among those who hold it so: no key of the row changes, so calls, which only refer to it, do
    not wait."""
    mine = sa.select(workspaces.c.id).where(workspaces.c.id == workspace_id)
    conn.execute(mine.with_for_update(key_share=True))


def set_rules(conn: Connection, workspace_id: str, rules: Rules) -> None:
    conn.execute(workspaces.update().where(workspaces.c.id == workspace_id).values(settings=rules.to_json()))
