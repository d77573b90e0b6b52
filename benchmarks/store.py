"""Durable creates per second, beside a raw INSERT loop of the same rows and the same durability in the same run.

    python benchmarks/store.py [--seconds 2] [--rounds 5] [--callers 64] [--engines sqlite postgresql]

Four ways to write a call (its row, its request, its first event), taken in turns so that all meet the same weather:

raw     the driver alone: one connection, ``callers`` calls a transaction, rows encoded beforehand
group   ``callers`` concurrent callers, each waits for the group commit of its call, encoded beforehand
create  the same, and each caller encodes its call (JSON, instants) as it comes
place   the same, through the command ``place_call``: look-ups, plan and warnings included

Every round commits to disk (SQLite WAL with synchronous=FULL, PostgreSQL with its own settings). The table shows
medians; the last line is the same as JSON. Callers are a closed loop: each asks again only when it was answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import sqlalchemy as sa

from outdial.commands.place_call import place_call
from outdial.commands.provision import add_agent, add_number, add_trunk, create_workspace
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.ids import new_id
from outdial.domain.plan import Plan
from outdial.domain.request import CallRequest
from outdial.store.calls.creates import Rows
from outdial.store.calls.registration import CallerNumber, Registration, rows_of
from outdial.store.database import Database
from outdial.store.locks import Lock

SERVER: Final = os.environ.get("OUTDIAL_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres")
NOON: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Round = Callable[[float], Awaitable[float]]
"""Writes for about so many seconds; calls per second."""


class Bench:
    """One database, a workspace in it, and the four ways to write."""

    def __init__(self, db: Database, raw: Raw, registration: Registration, callers: int) -> None:
        self._db = db
        self._raw = raw
        self._registration = registration
        self._callers = callers

    async def raw(self, seconds: float) -> float:
        async def lap(members: Sequence[Rows]) -> None:
            for first in range(0, len(members), self._callers):
                await self._raw.write(members[first : first + self._callers])

        return await self._laps(seconds, lap)

    async def group(self, seconds: float) -> float:
        async def caller(members: Sequence[Rows]) -> None:
            for rows in members:
                await self._db.submit(rows)

        async def lap(members: Sequence[Rows]) -> None:
            await asyncio.gather(*(caller(members[index :: self._callers]) for index in range(self._callers)))

        return await self._laps(seconds, lap)

    async def create(self, seconds: float) -> float:
        return await self._crowd(seconds, lambda: self._db.submit(self._rows()))

    async def place(self, seconds: float) -> float:
        request = self._registration.request
        return await self._crowd(seconds, lambda: place_call(self._db, request, voices={}, now=lambda: NOON))

    async def _laps(self, seconds: float, lap: Callable[[Sequence[Rows]], Awaitable[None]]) -> float:
        """Rows are made while the clock stands still: 20 for each caller, until time is up."""
        written, spent = 0, 0.0
        while spent < seconds:
            members = [self._rows() for _ in range(20 * self._callers)]
            began = time.perf_counter()
            await lap(members)
            spent += time.perf_counter() - began
            written += len(members)
        return written / spent

    async def _crowd(self, seconds: float, create: Callable[[], Awaitable[object]]) -> float:
        began = time.perf_counter()
        written = 0

        async def caller() -> None:
            nonlocal written
            while time.perf_counter() - began < seconds:
                await create()
                written += 1

        await asyncio.gather(*(caller() for _ in range(self._callers)))
        return written / (time.perf_counter() - began)

    def _rows(self) -> Rows:
        return rows_of(replace(self._registration, call_id=new_id()), self._db.inserts)


class Raw:
    """The driver alone: ``begin``, one executemany for each table, ``commit``."""

    def __init__(
        self,
        db: Database,
        executemany: Callable[[str, Sequence[Any]], Awaitable[object]],
        execute: Callable[[str], Awaitable[object]],
        begin: Sequence[str],
    ) -> None:
        self._inserts = db.inserts
        self._executemany = executemany
        self._execute = execute
        self._begin = begin

    async def write(self, members: Sequence[Rows]) -> None:
        for statement in self._begin:
            await self._execute(statement)
        await self._executemany(self._inserts.calls.sql, [row for one in members for row in one.calls])
        await self._executemany(self._inserts.call_requests.sql, [row for one in members for row in one.call_requests])
        await self._executemany(self._inserts.events.sql, [row for one in members for row in one.events])
        await self._execute("COMMIT")


@asynccontextmanager
async def on_sqlite() -> AsyncIterator[tuple[Database, Raw]]:
    with tempfile.TemporaryDirectory(prefix="outdial-bench-", dir=Path.cwd()) as folder:
        path = f"{folder}/bench.db"
        db = await Database.open(f"sqlite:///{path}")
        conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            conn.execute(f"PRAGMA {pragma}")

        async def executemany(sql: str, rows: Sequence[Any]) -> None:
            await asyncio.to_thread(conn.executemany, sql, rows)

        async def execute(sql: str) -> None:
            await asyncio.to_thread(conn.execute, sql)

        yield db, Raw(db, executemany, execute, ["BEGIN IMMEDIATE"])
        conn.close()
        await db.close()


@asynccontextmanager
async def on_postgresql() -> AsyncIterator[tuple[Database, Raw]]:
    server = sa.make_url(SERVER)
    name = f"outdial_bench_{uuid.uuid4().hex[:12]}"
    dsn = server.set(drivername="postgresql")
    admin = await asyncpg.connect(dsn.render_as_string(hide_password=False))
    await admin.execute(f'CREATE DATABASE "{name}"')
    try:
        db = await Database.open(server.set(database=name).render_as_string(hide_password=False))
        conn = await asyncpg.connect(dsn.set(database=name).render_as_string(hide_password=False))
        # The order of events is part of the promise, so both take the lock that keeps it.
        yield (
            db,
            Raw(db, conn.executemany, conn.execute, ["BEGIN", f"SELECT pg_advisory_xact_lock({Lock.EVENTS.value})"]),
        )
        await conn.close()
        await db.close()
    finally:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


ENGINES: Final = {"sqlite": on_sqlite, "postgresql": on_postgresql}


async def a_registration(db: Database) -> Registration:
    """A workspace that can call, and one accepted request in it with the body of a usual size."""

    def now() -> datetime:
        return NOON

    workspace_id = await create_workspace(db, "bench", now=now)
    trunk_id = await add_trunk(db, workspace_id, Trunk(id="", name="bench", host="127.0.0.1"), now=now)
    number_id = await add_number(db, workspace_id, trunk_id, "+12025550100", now=now)
    definition = Definition(greeting="Hello {{callee_name}}, this is {{company_name}}.")
    agent_id = await add_agent(db, workspace_id, definition, "bench", now=now)
    variables = {"callee_name": "Sam Sample", "mobile_number": "+12025550143", "company_name": "Example Dental"}
    body = {
        "name": "Sam Sample",
        "mobile_number": "+12025550143",
        "agent_id": agent_id,
        "from_number_id": number_id,
        "custom_args_values": variables,
        "call_config": {"idle_timeout_warning": 10, "idle_timeout_end": 15, "max_call_length": 300},
    }
    request = CallRequest(
        workspace_id=workspace_id,
        dialect="ringg",
        to_number="+12025550143",
        callee_name="Sam Sample",
        agent_id=agent_id,
        from_number_ids=(number_id,),
        variables=variables,
        body=body,
    )
    callers = [CallerNumber(number_id, "+12025550100")]
    return Registration(new_id(), NOON, NOON, agent_id, callers, Plan(), (), request)


async def measure(engine: str, seconds: float, rounds: int, callers: int) -> dict[str, float]:
    """Medians in calls per second, and their ratios to the raw loop."""
    rates: dict[str, list[float]] = defaultdict(list)
    async with ENGINES[engine]() as (db, raw):
        bench = Bench(db, raw, await a_registration(db), callers)
        ways: Mapping[str, Round] = {
            "raw": bench.raw,
            "group": bench.group,
            "create": bench.create,
            "place": bench.place,
        }
        for way in ways.values():
            await way(min(seconds, 0.3))
        for _ in range(rounds):
            for name, way in ways.items():
                rates[name].append(await way(seconds))
    found: dict[str, float] = {f"{name}_per_s": round(statistics.median(each)) for name, each in rates.items()}
    for name in ("group", "create", "place"):
        found[f"{name}_to_raw"] = round(found[f"{name}_per_s"] / found["raw_per_s"], 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Durable creates per second against a raw INSERT loop.")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each round (default: 2)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each kind, at least 5 (default: 5)")
    parser.add_argument("--callers", type=int, default=64, help="concurrent callers (default: 64)")
    parser.add_argument("--engines", nargs="+", choices=sorted(ENGINES), default=sorted(ENGINES, reverse=True))
    asked = parser.parse_args()
    results = {}
    print(f"{'calls/s':<12}{'raw':>8}{'group':>8}{'create':>8}{'place':>8}   of raw: group  create   place")
    for engine in asked.engines:
        found = asyncio.run(measure(engine, asked.seconds, max(5, asked.rounds), asked.callers))
        results[engine] = found
        rates = "".join(f"{found[f'{name}_per_s']:>8.0f}" for name in ("raw", "group", "create", "place"))
        ratios = "".join(f"{found[f'{name}_to_raw']:>8.2f}" for name in ("group", "create", "place"))
        print(f"{engine:<12}{rates}        {ratios}")
    print(json.dumps({"callers": asked.callers, "seconds": asked.seconds, "engines": results}))


if __name__ == "__main__":
    main()
