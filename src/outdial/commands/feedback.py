"""What somebody thought of a call."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.clock import Clock
from outdial.domain.errors import NotFound
from outdial.store.database import Database
from outdial.store.inserts import upsert_into
from outdial.store.schema import calls, feedback


@dataclass(frozen=True)
class Opinion:
    """``rating``: on whatever scale the customer uses; None: none was given."""

    rating: float | None = None
    comment: str = ""


async def give_feedback(db: Database, workspace_id: str, call_id: str, opinion: Opinion, *, now: Clock) -> None:
    """Keep it; an earlier one about the same call is replaced.

    Raises:
        NotFound: the workspace has no such call.
    """
    said = {"rating": opinion.rating, "comment": opinion.comment, "created_at": now()}

    async def work(conn: AsyncConnection) -> None:
        mine = sa.select(calls.c.id).where(calls.c.id == call_id, calls.c.workspace_id == workspace_id)
        if await conn.scalar(mine) is None:
            raise NotFound("Call not found", field="call_id")
        first = upsert_into(conn, feedback).values(call_id=call_id, **said)
        await conn.execute(first.on_conflict_do_update(index_elements=[feedback.c.call_id], set_=said))

    await db.write(work)
