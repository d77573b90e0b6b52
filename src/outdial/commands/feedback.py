"""What somebody thought of a call."""

from __future__ import annotations

from dataclasses import dataclass

from outdial.domain.clock import Clock
from outdial.store.calls import feedback
from outdial.store.database import Database


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
    await db.write(feedback.keep, workspace_id, call_id, said)
