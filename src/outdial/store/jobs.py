"""Jobs in the background: every statement that touches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.ids import new_id
from outdial.domain.job import Job, JobKind
from outdial.store.inserts import upsert_into
from outdial.store.schema import jobs


@dataclass(frozen=True)
class NewJob:
    """One to be added, due at once: ``at``."""

    kind: JobKind
    subject: str
    workspace_id: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


async def add(
    conn: AsyncConnection,
    kind: JobKind,
    subject: str,
    workspace_id: str,
    now: datetime,
    *,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Have it done soon; one there is of that kind and subject already stays as it is."""
    await add_all(conn, [NewJob(kind, subject, workspace_id, now, data or {})])


async def add_all(conn: AsyncConnection, new: Sequence[NewJob]) -> None:
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
    await conn.execute(upsert_into(conn, jobs).on_conflict_do_nothing(), rows)


async def claim(conn: AsyncConnection, kind: JobKind, now: datetime, until: datetime, limit: int) -> list[Job]:
    """Take jobs that are due, the longest due first: nobody else gets them before ``until``, their new ``due_at``."""
    due = sa.select(jobs).where(jobs.c.kind == kind.value, jobs.c.due_at <= now).order_by(jobs.c.due_at).limit(limit)
    rows = (await conn.execute(due.with_for_update(skip_locked=True))).mappings().all()
    taken = [row["id"] for row in rows]
    if taken:
        await conn.execute(sa.update(jobs).where(jobs.c.id.in_(taken)).values(due_at=until, tries=jobs.c.tries + 1))
    return [replace(_job_of(row), due_at=until, tries=row["tries"] + 1) for row in rows]


async def find(conn: AsyncConnection, kind: JobKind, subject: str) -> Job | None:
    """As it stands."""
    asked = sa.select(jobs).where(jobs.c.kind == kind.value, jobs.c.subject == subject)
    row = (await conn.execute(asked)).mappings().first()
    return None if row is None else _job_of(row)


async def hold(conn: AsyncConnection, job: Job) -> bool:
    """Let nobody else take it while this transaction lasts. False: somebody has it by now; write nothing."""
    mine = sa.select(jobs.c.id).where(*_mine(job)).with_for_update()
    return await conn.scalar(mine) is not None


async def done(conn: AsyncConnection, job: Job) -> bool:
    """Strike it off, in the transaction of its result. False: somebody else has it by now; write nothing."""
    return (await conn.execute(jobs.delete().where(*_mine(job)))).rowcount == 1


async def again(conn: AsyncConnection, job: Job, at: datetime, trouble: str) -> bool:
    """Have it tried again then. False: somebody else has it by now."""
    return (await conn.execute(jobs.update().where(*_mine(job)).values(due_at=at, trouble=trouble))).rowcount == 1


async def later(conn: AsyncConnection, job: Job, at: datetime) -> bool:
    """Nothing is wrong, there is only more to do then. False: somebody else has it by now."""
    return (await conn.execute(jobs.update().where(*_mine(job)).values(due_at=at, tries=0, trouble=""))).rowcount == 1


async def drop(conn: AsyncConnection, kind: JobKind, subject: str) -> None:
    """What it was about is gone."""
    await conn.execute(jobs.delete().where(jobs.c.kind == kind.value, jobs.c.subject == subject))


def _mine(job: Job) -> tuple[sa.ColumnElement[bool], ...]:
    return jobs.c.id == job.id, jobs.c.due_at == job.due_at


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
