"""Jobs in the background: every statement that touches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.ids import new_id
from outdial.domain.job import Job, JobKind
from outdial.store.due_queue import DueQueue
from outdial.store.inserts import upsert_into
from outdial.store.schema import jobs

_QUEUE: Final = DueQueue(jobs)


@dataclass(frozen=True)
class NewJob:
    """One to be added, due at once: ``at``."""

    kind: JobKind
    subject: str
    workspace_id: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


def add(
    conn: Connection,
    kind: JobKind,
    subject: str,
    workspace_id: str,
    now: datetime,
    *,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Have it done soon; one there is of that kind and subject already stays as it is."""
    add_all(conn, [NewJob(kind, subject, workspace_id, now, data or {})])


def add_all(conn: Connection, new: Sequence[NewJob]) -> None:
    """As ``add``, each: many with the statement of one."""
    if not new:
        return
    rows = [
        {
            "id": new_id(),
            "kind": one.kind.value,
            "subject": one.subject,
            "workspace_id": one.workspace_id,
            "data": dict(one.data),
            "due_at": one.at,
            "created_at": one.at,
        }
        for one in new
    ]
    conn.execute(upsert_into(conn, jobs).on_conflict_do_nothing(), rows)


def claim(conn: Connection, kind: JobKind, now: datetime, until: datetime, limit: int) -> list[Job]:
    """Take jobs that are due, the longest due first: nobody else gets them before ``until``, their new ``due_at``."""
    of_kind = sa.select(jobs).where(jobs.c.kind == kind.value).limit(limit)
    rows = _QUEUE.claim(conn, of_kind, now, until, tries=jobs.c.tries + 1)
    return [_job_of({**row, "tries": row["tries"] + 1}) for row in rows]


def find(conn: Connection, kind: JobKind, subject: str) -> Job | None:
    """As it stands."""
    asked = sa.select(jobs).where(jobs.c.kind == kind.value, jobs.c.subject == subject)
    row = conn.execute(asked).mappings().first()
    return None if row is None else _job_of(row)


def hold(conn: Connection, job: Job) -> bool:
    """Let nobody else take it while this transaction lasts. False: somebody has it by now; write nothing."""
    return _QUEUE.hold(conn, job)


def done(conn: Connection, job: Job) -> bool:
    """Strike it off, in the transaction of its result. False: somebody else has it by now; write nothing."""
    return _QUEUE.strike_off(conn, job)


def again(conn: Connection, job: Job, at: datetime, trouble: str) -> bool:
    """Have it tried again then. False: somebody else has it by now."""
    return _QUEUE.change(conn, job, due_at=at, trouble=trouble)


def later(conn: Connection, job: Job, at: datetime) -> bool:
    """Nothing is wrong, there is only more to do then. False: somebody else has it by now."""
    return _QUEUE.change(conn, job, due_at=at, tries=0, trouble="")


def drop(conn: Connection, kind: JobKind, subject: str) -> None:
    """What it was about is gone."""
    conn.execute(jobs.delete().where(jobs.c.kind == kind.value, jobs.c.subject == subject))


def _job_of(row: Mapping[Any, Any]) -> Job:
    return Job(
        id=row["id"],
        kind=JobKind(row["kind"]),
        subject=row["subject"],
        workspace_id=row["workspace_id"],
        due_at=row["due_at"],
        created_at=row["created_at"],
        tries=row["tries"],
        data=row["data"],
    )
