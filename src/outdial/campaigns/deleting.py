"""Delete a list."""

from __future__ import annotations

from outdial.domain.campaign import RUNNING
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, NotFound
from outdial.domain.job import JobKind
from outdial.store import jobs
from outdial.store.campaigns import rows as campaigns
from outdial.store.database import Connection, Database


async def delete_list(db: Database, workspace_id: str, list_id: str, *, now: Clock) -> None:
    """Forget a list; calls made of it keep their records. Its rows are swept up in the background.

    Raises:
        NotFound: the workspace has no such list.
        Conflict: its campaign is scheduled, or calls of it are under way.
        Unreachable: the database did not answer.
    """

    def work(conn: Connection) -> None:
        campaign = campaigns.find(conn, list_id, workspace_id, hold=True)
        if campaign is None:
            raise NotFound("List not found", field="list_id")
        if campaign.state in RUNNING or campaigns.has_calls_left(conn, list_id):
            raise Conflict("the list cannot be deleted while its campaign runs: terminate it first")
        campaigns.forget(conn, list_id)
        # Another job than the one that may be reading it now, which finds itself without one.
        for kind in (JobKind.IMPORT, JobKind.CAMPAIGN):
            jobs.drop(conn, kind, list_id)
        jobs.add(conn, JobKind.IMPORT, list_id, workspace_id, now())

    await db.write(work)
