"""A workspace ready to dial, calls on its calendar, an operator that does as it is told, and ways to look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import NOON, a_result
from outdial.analysis.rules import RuleAnalyst
from outdial.analysis.worker import AnalysisWorker
from outdial.dialer.dialer import Dialer, DialerSettings
from outdial.dialer.steps import Watch, unwatched
from outdial.domain.agent import Definition, TalkLimits, Voice
from outdial.domain.attempt import Order, Progress, Result, Trunk
from outdial.domain.clock import to_micros
from outdial.domain.events import Event, EventType
from outdial.domain.ids import new_id
from outdial.domain.numbers import canonical
from outdial.domain.outcome import NotReached, Outcome
from outdial.domain.plan import Plan
from outdial.domain.request import RetryPolicy, Window
from outdial.domain.rules import Rules
from outdial.jobs.runner import Jobs
from outdial.store import schema
from outdial.store.agents.definitions import definition_to_json
from outdial.store.calls import leases
from outdial.store.calls.attempt_end import End, Finished, finish_all
from outdial.store.calls.attempts import Asked, Report, ask_all, record_all
from outdial.store.calls.calendar import Claim, claim
from outdial.store.calls.lanes import LaneName, lanes_due, source_of
from outdial.store.calls.orders import Ground, build_orders
from outdial.store.calls.reaper import reap
from outdial.store.database import Database
from outdial.store.equipment.trunks import trunk_to_row
from outdial.store.events import append, events_of_call

T = TypeVar("T")
PATIENCE_S = 60
VOICES = {voice.id: voice for voice in (Voice("ava", "Ava", "scripted", ("en-US",)),)}


def claim_due(conn: Connection, holder: str, now: datetime, *, room: int, rng: Random) -> list[Claim]:
    """What a dialer would claim that had just looked."""
    return claim(conn, holder, lanes_due(conn, now), room, now, rng=rng)


def order_for(conn: Connection, one: Claim, on: Ground | None = None) -> Order | NotReached:
    (order,) = build_orders(conn, [one], on or ground())
    return order


def ask(conn: Connection, one: Claim, now: datetime) -> Asked | None:
    (leave,) = ask_all(conn, [one], now)
    return leave


def record(conn: Connection, report: Report) -> list[Event] | None:
    (facts,) = record_all(conn, [report])
    return facts


def finish(conn: Connection, one: Claim, result: Result, recording_path: str = "") -> Finished | None:
    (finished,) = finish_all(conn, [End(one, result, recording_path)])
    return finished


@dataclass
class SettableClock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **kwargs: float) -> datetime:
        self.now += timedelta(**kwargs)
        return self.now


@dataclass
class World:
    """One workspace with an agent and caller numbers, and verbs on its calls, each in a transaction of its own."""

    db: Database
    clock: SettableClock = field(default_factory=SettableClock)
    workspace_id: str = field(default_factory=new_id)
    agent_id: str = field(default_factory=new_id)
    version_id: str = field(default_factory=new_id)
    trunk_id: str = field(default_factory=new_id)
    number_ids: list[str] = field(default_factory=list)

    async def set_up(self, numbers: int = 1, definition: Definition | None = None) -> World:
        now = self.clock()
        definition = definition or Definition(greeting="Hello @{{callee_name}}.")
        trunk = Trunk(self.trunk_id, "main", "127.0.0.1", password="secret")
        version = {"id": self.version_id, "agent_id": self.agent_id, "created_at": now, "updated_at": now}
        agent = {"id": self.agent_id, "name": "Asha", "tag": "asha", "active_version_id": self.version_id}
        await self.insert(schema.workspaces, id=self.workspace_id, name="w", settings={}, created_at=now)
        await self.insert(schema.trunks, **trunk_to_row(trunk), workspace_id=self.workspace_id, created_at=now)
        await self.insert(
            schema.agents, **agent, workspace_id=self.workspace_id, settings={}, created_at=now, updated_at=now
        )
        await self.insert(schema.agent_versions, **version, definition=definition_to_json(definition))
        for _ in range(numbers):
            await self.number()
        return self

    async def trunk(self, name: str = "second") -> str:
        """Another trunk of the workspace."""
        trunk = Trunk(new_id(), name, "127.0.0.1", password="secret")
        await self.insert(schema.trunks, **trunk_to_row(trunk), workspace_id=self.workspace_id, created_at=self.clock())
        return trunk.id

    async def number(
        self,
        *,
        spam: bool = False,
        outbound: bool = True,
        pool_id: str | None = None,
        trunk_id: str | None = None,
        max_calls: int | None = None,
    ) -> str:
        number_id = new_id()
        number = f"+1555000{len(self.number_ids):04d}"
        await self.insert(
            schema.numbers,
            id=number_id,
            workspace_id=self.workspace_id,
            trunk_id=trunk_id or self.trunk_id,
            number_pool_id=pool_id,
            number=number,
            spam=spam,
            outbound=outbound,
            max_calls=max_calls,
            tags=[],
            created_at=self.clock(),
        )
        self.number_ids.append(number_id)
        return number_id

    async def has_rules(self, rules: Rules | None) -> None:
        """The workspace's from now on; None: some nobody can read."""
        settings = {"policy": "as usual"} if rules is None else rules.to_json()
        table = schema.workspaces
        await self.run(table.update().where(table.c.id == self.workspace_id).values(settings=settings))

    async def trunk_takes(
        self, max_calls: int | None = None, calls_per_s: float | None = None, trunk_id: str | None = None
    ) -> None:
        table, limits = schema.trunks, {"max_calls": max_calls, "calls_per_s": calls_per_s}
        await self.run(table.update().where(table.c.id == (trunk_id or self.trunk_id)).values(**limits))

    async def number_takes(self, max_calls: int | None, number_id: str | None = None) -> None:
        table = schema.numbers
        await self.run(
            table.update().where(table.c.id == (number_id or self.number_ids[0])).values(max_calls=max_calls)
        )

    async def suppressed(self, number: str = "+15551112222") -> None:
        await self.insert(schema.suppressions, workspace_id=self.workspace_id, number=number, created_at=self.clock())

    async def pool(self) -> str:
        pool_id = new_id()
        await self.insert(
            schema.number_pools, id=pool_id, workspace_id=self.workspace_id, name="pool", created_at=self.clock()
        )
        return pool_id

    async def call(
        self,
        *,
        retry: RetryPolicy | None = None,
        window: Window | None = None,
        due_at: datetime | None = None,
        scheduled_at: datetime | None = None,
        not_after: datetime | None = None,
        max_length_s: float = TalkLimits.max_length_s,
        to_number: str = "+15551112222",
        lane: str = "",
        pool_id: str | None = None,
        number_ids: Sequence[str] | None = None,
        **request: Any,
    ) -> str:
        """An accepted call, due now unless told otherwise, from any of the world's numbers unless told otherwise.

        ``lane``: the list it belongs to; calls of one list and the same numbers wait in one line.
        """
        call_id, now = new_id(), self.clock()
        limits = TalkLimits(max_length_s=max_length_s)
        plan = Plan(limits, retry or RetryPolicy(), window, scheduled_at, not_after)
        chosen = [] if pool_id else self.number_ids if number_ids is None else number_ids
        members = [{"id": number_id, "number": ""} for number_id in chosen]
        await self.insert(
            schema.calls,
            id=call_id,
            workspace_id=self.workspace_id,
            agent_id=self.agent_id,
            lane=self.lane(lane, pool_id, chosen),
            state="registered",
            due_at=due_at or scheduled_at or now,
            to_number=to_number,
            subscriber=canonical(to_number),
            created_at=now,
        )
        values = {"variables": {}, "warnings": [], "body": {}, "callee_name": "Maya"} | request
        await self.insert(
            schema.call_requests,
            call_id=call_id,
            from_numbers=members,
            number_pool_id=pool_id,
            plan=plan.to_json(),
            callback=None,
            **values,
        )
        return call_id

    def lane(self, list_id: str = "", pool_id: str | None = None, number_ids: Sequence[str] | None = None) -> str:
        """The line in which such calls wait."""
        source = source_of(self.number_ids if number_ids is None else number_ids, pool_id or "")
        return str(LaneName(self.workspace_id, source, list_id))

    async def insert(self, table: sa.Table, **values: Any) -> None:
        await self.run(table.insert().values(values))

    async def run(self, statement: sa.Executable) -> None:
        def work(conn: Connection) -> None:
            conn.execute(statement)

        await self.db.write(work)

    async def holder(self, name: str = "node") -> str:
        return await self.db.write(leases.acquire, name, self.clock(), 30)

    async def is_live(self, holder: str) -> bool:
        return await self.lives(holder, self.clock())

    async def lives(self, holder: str, at: datetime) -> bool:
        """Whether the lease has not run out at that moment, by the clock leases go by."""

        def lives(conn: Connection) -> bool:
            found = conn.execute(sa.select(leases.LIVES[conn.dialect.name]), {"holder": holder, "now": at})
            return bool(found.scalar_one())

        return await self.db.read(lives)

    async def renewed(self, holder: str) -> bool:
        return await self.db.write(leases.renew, holder, self.clock(), 30)

    async def holders(self) -> list[str]:
        return [row["holder"] for row in await self._rows(sa.select(schema.leases))]

    async def number_used(self, number_id: str) -> None:
        await self.run(schema.numbers.update().where(schema.numbers.c.id == number_id).values(used_at=self.clock()))

    async def fill(self, *, future: int, past: int) -> None:
        """Many calls nobody asks for, without their requests; the statistics know of them."""
        now = self.clock()
        base = {
            "workspace_id": self.workspace_id,
            "agent_id": self.agent_id,
            "to_number": "+15551112222",
            "subscriber": "+15551112222",
            "created_at": now,
        }
        later = {"lane": self.lane("future"), "state": "registered", "due_at": now + timedelta(days=1)}
        ended = {"lane": self.lane("past"), "state": "completed", "due_at": now - timedelta(days=1)}
        rows = [{**base, **later, "id": new_id()} for _ in range(future)]
        rows += [{**base, **ended, "id": new_id()} for _ in range(past)]

        def work(conn: Connection) -> None:
            conn.execute(schema.calls.insert(), rows)
            conn.execute(sa.text("ANALYZE calls"))

        await self.db.write(work)

    async def fill_attempts(self, count: int) -> None:
        """So many attempts of long ago; the statistics know of them."""
        await self.fill(future=1, past=count)
        long_ago = to_micros(self.clock() - timedelta(days=30))
        past = (
            "INSERT INTO attempts (call_id, number, state, worker, workspace_id, to_number, subscriber, number_id,"
            " trunk_id, version_id, claimed_at, dialed_at)"
            " SELECT id, 1, 'ended', 'w', workspace_id, to_number, subscriber, CAST(:number AS TEXT),"
            " CAST(:trunk AS TEXT), 'v', CAST(:at AS BIGINT), CAST(:at AS BIGINT) FROM calls WHERE state = 'completed'"
        )

        def work(conn: Connection) -> None:
            values = {"number": self.number_ids[0], "trunk": self.trunk_id, "at": long_ago}
            conn.execute(sa.text(past), values)
            conn.execute(sa.text("ANALYZE attempts"))

        await self.db.write(work)

    async def backlog(self, count: int, due_at: datetime) -> None:
        """So many waiting calls of a list, without their requests: whoever takes one has broken a limit."""
        about = {"lane": self.lane("backlog"), "workspace": self.workspace_id, "agent": self.agent_id}
        many = sa.text(
            "INSERT INTO calls (id, workspace_id, agent_id, lane, state, due_at, to_number, created_at)"
            " WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < :count)"
            " SELECT 'backlog-' || n, CAST(:workspace AS TEXT), CAST(:agent AS TEXT), CAST(:lane AS TEXT),"
            " 'registered', CAST(:due AS BIGINT) + n, '+15551112222', 0 FROM many"
        )

        def work(conn: Connection) -> None:
            conn.execute(many, {**about, "count": count, "due": to_micros(due_at)})
            conn.execute(sa.text("ANALYZE calls"))

        await self.db.write(work)

    async def archive_agent(self) -> None:
        await self.run(schema.agents.update().values(archived_at=self.clock()))

    async def lease_ran_out(self, holder: str) -> None:
        long_ago = datetime.fromisoformat("2001-01-01T00:00:00+00:00")
        await self.run(schema.leases.update().where(schema.leases.c.holder == holder).values(until=long_ago))

    async def claims(self, holder: str, room: int = 100) -> list[Claim]:
        return await self.db.write(claim_due, holder, self.clock(), room=room, rng=Random(7))

    async def claimed(self, holder: str | None = None) -> Claim:
        (one,) = await self.claims(holder or await self.holder())
        return one

    async def asked(self, one: Claim) -> bool:
        def work(conn: Connection) -> bool:
            leave = ask(conn, one, self.clock())
            append(conn, leave.facts if leave else ())
            return leave is not None

        return await self.db.write(work)

    async def recorded(self, one: Claim, *progress: Progress, known: int = 0) -> bool:
        def work(conn: Connection) -> bool:
            facts = record(conn, Report(one, known, progress))
            append(conn, facts or ())
            return facts is not None

        return await self.db.write(work)

    async def finished(self, one: Claim, result: Result, recording_path: str = "") -> Finished | None:
        def work(conn: Connection) -> Finished | None:
            done = finish(conn, one, result, recording_path)
            append(conn, done.facts if done else ())
            return done

        return await self.db.write(work)

    async def reaped(self, holder: str = "", running: Sequence[tuple[str, int]] = ()) -> list[str]:
        """Ids of the calls whose attempts were ended."""

        def work(conn: Connection) -> list[str]:
            lost = reap(conn, self.clock(), holder, running)
            append(conn, [fact for _, done in lost for fact in done.facts])
            return [one.call_id for one, _ in lost]

        return await self.db.write(work)

    async def analysed(self) -> None:
        """All talks that have ended are looked into, so that everything after their calls has ended too."""
        worker = AnalysisWorker(self.db, RuleAnalyst(), self.clock)
        runner = Jobs(self.db, [worker], self.clock)
        while await runner.step(worker):
            pass

    async def row(self, call_id: str) -> sa.RowMapping:
        return (await self._rows(sa.select(schema.calls).where(schema.calls.c.id == call_id)))[0]

    async def attempts(self, call_id: str) -> Sequence[sa.RowMapping]:
        table = schema.attempts
        return await self._rows(sa.select(table).where(table.c.call_id == call_id).order_by(table.c.number))

    async def told(self, call_id: str) -> list[EventType]:
        return await self.db.read(lambda conn: [event.type for event in events_of_call(conn, call_id)])

    async def _rows(self, statement: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        return await self.db.read(lambda conn: list(conn.execute(statement).mappings()))


class ScriptedOperator:
    """Answers each order as ``script`` says; keeps the orders it was given."""

    def __init__(
        self, script: Callable[[Order, Callable[[Progress], None]], Awaitable[Result]], limit: int = 100
    ) -> None:
        self._script = script
        self._limit = limit
        self._active = 0
        self.most_active = 0
        self._changed = asyncio.Condition()
        self.orders: list[Order] = []

    def room(self) -> int:
        return self._limit - self._active

    async def carry_out(self, order: Order, report: Callable[[Progress], None]) -> Result:
        self._active += 1
        self.most_active = max(self.most_active, self._active)
        try:
            async with self._changed:
                self.orders.append(order)
                self._changed.notify_all()
            return await self._script(order, report)
        finally:
            self._active -= 1

    async def has_orders(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.orders) >= count)


def always(outcome: Outcome, clock: SettableClock) -> ScriptedOperator:
    async def script(_: Order, __: Callable[[Progress], None]) -> Result:
        return a_result(outcome, at=clock())

    return ScriptedOperator(script)


def ground(recordings: Path = Path("/recordings")) -> Ground:
    return Ground(VOICES, recordings)


def a_dialer(world: World, operator: ScriptedOperator, *, watch: Watch = unwatched, **settings: Any) -> Dialer:
    chosen = DialerSettings(**({"tick_s": 0.02, "reap_s": 0.05} | settings))
    return Dialer(world.db, operator, ground(), world.clock, settings=chosen, rng=Random(7), watch=watch)


@asynccontextmanager
async def running(*dialers: Dialer) -> AsyncIterator[None]:
    """Dialers at work; at the end they stop, and everything they did is written."""
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        for dialer in dialers:
            group.create_task(dialer.run())
        try:
            yield
        finally:
            for dialer in dialers:
                dialer.stop()
