"""A workspace's knowledge bases."""

from __future__ import annotations

from outdial.domain.errors import NotFound
from outdial.domain.knowledge import KnowledgeBase
from outdial.store import knowledge
from outdial.store.database import Database


async def bases(db: Database, workspace_id: str) -> list[KnowledgeBase]:
    """All of them without their items, oldest first."""
    async with db.reading() as conn:
        return await knowledge.bases_of(conn, workspace_id)


async def base(db: Database, workspace_id: str, base_id: str) -> KnowledgeBase:
    """One with its items, oldest first.

    Raises:
        NotFound: the workspace has no such base.
    """
    async with db.reading() as conn:
        found = await knowledge.base_of(conn, workspace_id, base_id)
    if found is None:
        raise NotFound("Knowledge base not found", field="kb_id")
    return found
