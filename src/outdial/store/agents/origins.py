"""Which web pages may ask from a browser."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.agent import DOMAINS
from outdial.store.database import Database
from outdial.store.schema import agents


async def is_listed(db: Database, origin: str) -> bool:
    """Whether an agent in use, of any workspace, lists this origin: a browser asks before it shows a key."""
    return (await db.find(_listed, [origin])).get(origin, False)


def agent_lists(conn: Connection, workspace_id: str, agent_id: str, origin: str) -> bool:
    """Whether this agent of the workspace, in use, lists this origin."""
    mine = agents.c.id == agent_id, agents.c.workspace_id == workspace_id, agents.c.archived_at.is_(None)
    settings = conn.scalar(sa.select(agents.c.settings).where(*mine))
    return settings is not None and origin in settings.get(DOMAINS, ())


def _listed(conn: Connection, origins: Collection[str]) -> Mapping[str, bool]:
    # The text narrows the rows down; what they list decides.
    text = sa.cast(agents.c.settings, sa.Text)
    likely = sa.or_(*(text.contains(origin, autoescape=True) for origin in origins))
    found = conn.scalars(sa.select(agents.c.settings).where(agents.c.archived_at.is_(None), likely))
    listed = {origin for settings in found for origin in settings.get(DOMAINS, ())}
    return {origin: origin in listed for origin in origins}
