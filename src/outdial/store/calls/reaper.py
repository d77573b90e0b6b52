"""Attempts nobody carries out any more are ended by whoever notices, through the same fence as everybody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.attempt import Result
from outdial.domain.outcome import Outcome
from outdial.store.calls.attempt_end import End, Finished, finish_all
from outdial.store.calls.batches import one_of, padded
from outdial.store.calls.calendar import Claim
from outdial.store.calls.leases import lease_time
from outdial.store.schema import attempts, calls, leases

_REAP_AT_ONCE: Final = 100
_CONFIRMED_WITHIN: Final = timedelta(seconds=10)
"""A claim whose commit succeeds is known to its holder long before."""

# In two steps: asked for both tables at once, and for the first hundred in order, SQLite goes through all attempts.
_IN_QUESTION: Final = sa.select(calls.c.id, calls.c.attempt, calls.c.worker).where(
    sa.text("calls.state = 'active'"),
    sa.or_(
        calls.c.worker.not_in(sa.select(leases.c.holder).where(leases.c.until > sa.bindparam("at"))),
        calls.c.worker == sa.bindparam("holder"),
    ),
)
_ATTEMPTS: Final = (
    sa.select(attempts)
    .join(calls, (calls.c.id == attempts.c.call_id) & (calls.c.attempt == attempts.c.number))
    .where(one_of(attempts.c.call_id))
    .order_by(attempts.c.call_id)
)


def reap(
    conn: Connection, now: datetime, holder: str = "", running: Collection[tuple[str, int]] = ()
) -> list[tuple[Claim, Finished]]:
    """End attempts that nobody carries out, a hundred at most, through the same fence as everybody.

    These are the attempts of holders without a live lease, and ``holder``'s own that it knows nothing of: claimed in a
    transaction whose commit was never confirmed. ``running`` are the attempts (call, number) it does know of; they
    live as long as its process, whatever became of the lease they were claimed under.
    """
    suspects = _suspects(conn, holder, running, lease_time(conn, now))
    if not suspects:
        return []
    rows = conn.execute(_ATTEMPTS, {"ids": padded(suspects)}).mappings()
    lost = [row for row in rows if row["worker"] != holder or row["claimed_at"] < now - _CONFIRMED_WITHIN]
    claims = [_claim_of(row) for row in lost]
    result = Result(now, Outcome.WORKER_LOST, reason="the process that carried out this attempt ended")
    ended = finish_all(conn, [End(claim, result) for claim in claims])
    return [(claim, finished) for claim, finished in zip(claims, ended, strict=True) if finished]


def _suspects(conn: Connection, holder: str, running: Collection[tuple[str, int]], at: datetime) -> list[str]:
    """Calls in the hands of the dead, a hundred at most, and ``holder``'s own that it does not know of."""
    found = conn.execute(_IN_QUESTION, {"at": at, "holder": holder}).all()
    unknown = [row for row in found if (row.id, row.attempt) not in running]
    return [row.id for row in sorted(unknown, key=lambda row: (row.worker == holder, row.id))][:_REAP_AT_ONCE]


def _claim_of(row: sa.RowMapping) -> Claim:
    return Claim(
        call_id=row["call_id"],
        attempt=row["number"],
        holder=row["worker"],
        workspace_id=row["workspace_id"],
        to_number=row["to_number"],
        from_number=row["from_number"],
        number_id=row["number_id"],
        trunk_id=row["trunk_id"],
        version_id=row["version_id"],
        claimed_at=row["claimed_at"],
    )
