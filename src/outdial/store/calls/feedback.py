"""What somebody thought of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import NotFound
from outdial.store.inserts import upsert_into
from outdial.store.schema import calls, feedback


def keep(conn: Connection, workspace_id: str, call_id: str, said: Mapping[str, Any]) -> None:
    """``said``: the columns ``rating`` (None: none was given), ``comment`` and ``created_at``. An earlier one about the
    same call is replaced.

    Raises:
        NotFound: the workspace has no such call.
    """
    mine = sa.select(calls.c.id).where(calls.c.id == call_id, calls.c.workspace_id == workspace_id)
    if conn.scalar(mine) is None:
        raise NotFound("Call not found", field="call_id")
    first = upsert_into(conn, feedback).values(call_id=call_id, **said)
    conn.execute(first.on_conflict_do_update(index_elements=[feedback.c.call_id], set_=said))
