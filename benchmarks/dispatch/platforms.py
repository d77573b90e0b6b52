"""What is measured: Outdial on either engine, and the library it is compared with, behind the same few verbs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg
import sqlalchemy as sa
from benchmarks.dispatch import places
from benchmarks.dispatch.phone import Phone
from benchmarks.dispatch.programs import ROOT, Program, Server, running
from sqlalchemy import Connection

from outdial.domain.clock import to_micros, utc_now
from outdial.domain.ids import new_id
from outdial.store.database import Database

BENCH_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
_ROOM: Final = 500
_DUE_JOBS: Final = "status IN ('todo', 'doing') AND scheduled_at < now() + interval '1 hour'"
_LIBRARY_ROOM: Final = 200


class Platform(Protocol):
    """A place where calls wait, and programs that dial them."""

    name: str
    server: Server

    async def schedule(self, dues: Sequence[datetime]) -> dict[str, datetime]:
        """One call for each moment; the moments by call."""

    def dialing(self, log: Path, phone: Phone, name: str = "a", **options: Any) -> AbstractAsyncContextManager[Program]:
        """A program that dials what is due, from its start to the end of the block."""

    async def holders(self) -> set[str]:
        """Who has calls in hand, dead or alive."""

    async def open_calls(self) -> set[str]:
        """Calls due by now, or soon, that have not come to an end."""

    async def give_up(self) -> None:
        """Nothing due by now is dialled any more: the next run shall not inherit it."""


class Outdial:
    def __init__(self, engine: str, url: str, db: Database, server: Server) -> None:
        self.name = f"Outdial on {engine}"
        self.engine = engine
        self.url = url
        self.db = db
        self.server = server

    async def schedule(self, dues: Sequence[datetime]) -> dict[str, datetime]:
        return await places.schedule(self.db, dues)

    def dialing(self, log: Path, phone: Phone, name: str = "a", **options: Any) -> AbstractAsyncContextManager[Program]:
        chosen: dict[str, Any] = {"room": _ROOM, "dials": True} | options
        command = [sys.executable, "-m", "benchmarks.dispatch.node"]
        return running(command, url=self.url, log=str(log), phone=asdict(phone), name=name, **chosen)

    async def holders(self) -> set[str]:
        return await self._texts("SELECT DISTINCT worker FROM attempts WHERE state <> 'ended'")

    async def open_calls(self) -> set[str]:
        waiting = await self._texts(f"SELECT id FROM calls WHERE {_waiting()}")
        return waiting | await self._texts("SELECT id FROM calls WHERE state = 'active'")

    async def give_up(self) -> None:
        def work(conn: Connection) -> None:
            conn.execute(sa.text(f"UPDATE calls SET state = 'cancelled' WHERE {_waiting()}"))

        await self.db.write(work)

    async def _texts(self, query: str) -> set[str]:
        return await self.db.read(lambda conn: set(conn.execute(sa.text(query)).scalars()))


class Library:
    """Procrastinate, in an environment of its own; its tables are filled directly, as Outdial's are."""

    name = "Procrastinate"

    def __init__(self, dsn: str, conn: asyncpg.Connection, server: Server) -> None:
        self._dsn = dsn
        self._conn = conn
        self.server = server

    async def schedule(self, dues: Sequence[datetime]) -> dict[str, datetime]:
        made = {new_id(): due_at for due_at in dues}
        await self._conn.execute(
            """INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
               SELECT 'calls', 'dial', jsonb_build_object('call_id', id), due_at
               FROM unnest($1::text[], $2::timestamptz[]) AS given(id, due_at)""",
            list(made),
            list(made.values()),
        )
        return made

    async def fill(self, future: int, past: int) -> None:
        for count, days, status in ((past, -3, "succeeded"), (future, 1, "todo")):
            await self._conn.execute(
                """INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at, status, attempts)
                   SELECT 'calls', 'dial', jsonb_build_object('call_id', gen_random_uuid()),
                          now() + $2::int * interval '1 day' + i * interval '1 day' / $1::int,
                          $3::text::procrastinate_job_status, CASE WHEN $2::int < 0 THEN 1 ELSE 0 END
                   FROM generate_series(1, $1::int) AS i""",
                count,
                days,
                status,
            )
        await self._conn.execute("VACUUM ANALYZE")

    def dialing(self, log: Path, phone: Phone, name: str = "a", **options: Any) -> AbstractAsyncContextManager[Program]:
        chosen: dict[str, Any] = {"room": _LIBRARY_ROOM} | options
        command: list[str | Path] = [BENCH_PYTHON, "-m", "benchmarks.dispatch.library_worker"]
        return running(command, dsn=self._dsn, log=str(log), phone=asdict(phone), name=name, **chosen)

    async def holders(self) -> set[str]:
        return await self._texts("DISTINCT worker_id::text", "status = 'doing'")

    async def open_calls(self) -> set[str]:
        return await self._texts("args ->> 'call_id'", _DUE_JOBS)

    async def give_up(self) -> None:
        await self._conn.execute(f"DELETE FROM procrastinate_jobs WHERE {_DUE_JOBS}")

    async def _texts(self, what: str, condition: str) -> set[str]:
        rows = await self._conn.fetch(f"SELECT {what} AS one FROM procrastinate_jobs WHERE {condition}")
        return {row["one"] for row in rows}


def _waiting() -> str:
    return f"state IN ('registered', 'retry') AND due_at < {to_micros(utc_now() + timedelta(hours=1))}"
