"""A workspace's knowledge bases."""

from __future__ import annotations

from sqlalchemy import Connection

from outdial.domain.errors import NotFound
from outdial.domain.knowledge import KnowledgeBase
from outdial.store.knowledge import items as knowledge


def bases(conn: Connection, workspace_id: str) -> list[KnowledgeBase]:
    """All of them without their items, oldest first."""
    return knowledge.bases_of(conn, workspace_id)


def base(conn: Connection, workspace_id: str, base_id: str) -> KnowledgeBase:
    """One with its items, oldest first.

    Raises:
        NotFound: the workspace has no such base.
    """
    found = knowledge.base_of(conn, workspace_id, base_id)
    if found is None:
        raise NotFound("Knowledge base not found", field="kb_id")
    return found
