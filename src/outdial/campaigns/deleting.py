"""Delete a list. Bodies follow."""

from __future__ import annotations

from outdial.domain.clock import Clock
from outdial.store.database import Database


async def delete_list(db: Database, workspace_id: str, list_id: str, *, now: Clock) -> None:
    """Forget a list; calls made of it keep their records.

    Raises:
        NotFound: the workspace has no such list.
        Conflict: its campaign is scheduled, or calls of it are under way.
    """
    raise NotImplementedError
