"""Group commit: many callers, one transaction, each with its own answer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import Unreachable
from outdial.domain.events import Event, EventType
from outdial.domain.ids import new_id
from outdial.domain.plan import Plan
from outdial.domain.quotas import Quotas
from outdial.domain.request import Overrides
from outdial.store.batcher import Batcher, ByKind
from outdial.store.bell import listen
from outdial.store.calls.creates import Creates, Rows
from outdial.store.calls.records import load_calls
from outdial.store.calls.registration import CallerNumber, Registration, rows_of
from outdial.store.database import Database
from outdial.store.events import append, events_after
from outdial.store.schema import call_requests, calls, events
from outdial.store.trouble import IntegrityError
from store_builders import NOON, a_database, a_slow_transaction
from workspace_builders import Office, an_office


def new_call(office: Office, call_id: str | None = None, *, agent_id: str | None = None) -> Rows:
    registration = Registration(
        call_id=call_id or new_id(),
        created_at=NOON,
        due_at=NOON,
        agent_id=agent_id or office.agent_id,
        from_numbers=[CallerNumber(office.number_id, "+12025550100")],
        plan=Plan(),
        warnings=(),
        request=office.request(),
    )
    return rows_of(registration, office.db.inserts)


@asynccontextmanager
async def running(group: Batcher) -> AsyncIterator[Batcher]:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(group.run())
        yield group
        group.finish()


def stored(conn: Connection) -> tuple[int, int, int]:
    """How many calls, requests and events there are."""
    counts = [
        conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in (calls, call_requests, events)
    ]
    return counts[0], counts[1], counts[2]


Work = Callable[[Connection], ByKind]


class TestManyCallersAtOnce:
    async def test_all_find_their_rows_stored(self, database: Database) -> None:
        office = await an_office(database)

        await asyncio.gather(*(database.submit(new_call(office)) for _ in range(300)))

        assert await database.read(stored) == (300, 300, 300)

    async def test_share_transactions(self, database: Database) -> None:
        office = await an_office(database)
        transactions = 0

        async def write(work: Work) -> ByKind:
            nonlocal transactions
            transactions += 1
            return await database.write(work)

        store = Creates(database.inserts).store
        async with running(Batcher(write)) as group:
            await asyncio.gather(*(group.submit(store, new_call(office)) for _ in range(300)))

        assert transactions < 10
        assert await database.read(stored) == (300, 300, 300)

    async def test_each_get_their_own_answer(self, database: Database) -> None:
        office = await an_office(database)
        good = [new_id() for _ in range(20)]
        submissions = [new_call(office, call_id) for call_id in good]
        submissions.insert(3, new_call(office, agent_id=new_id()))
        submissions.insert(9, new_call(office, good[0]))

        answers = await asyncio.gather(*(database.submit(rows) for rows in submissions), return_exceptions=True)

        refused = [index for index, answer in enumerate(answers) if isinstance(answer, IntegrityError)]
        assert refused == [3, 9]
        assert [answer for index, answer in enumerate(answers) if index not in refused] == [None] * 20
        assert await database.read(stored) == (20, 20, 20)

    async def test_leave_nothing_half_stored_when_they_fail(self, database: Database) -> None:
        office = await an_office(database)
        twice = new_id()
        await database.submit(new_call(office, twice))

        with pytest.raises(IntegrityError):
            await database.submit(new_call(office, twice))

        assert await database.read(stored) == (1, 1, 1)

    async def test_may_give_up_without_harm_to_the_others(self, database: Database) -> None:
        office = await an_office(database)
        writing, go_on = asyncio.Event(), asyncio.Event()

        async def write_when_told(work: Work) -> ByKind:
            writing.set()
            await go_on.wait()
            return await database.write(work)

        store = Creates(database.inserts).store
        async with running(Batcher(write_when_told)) as group:
            first = group.submit(store, new_call(office))
            await writing.wait()
            others = [group.submit(store, new_call(office)) for _ in range(40)]
            asyncio.get_running_loop().call_soon(lambda: [task.cancel() for task in others[::2]])
            asyncio.get_running_loop().call_soon(go_on.set)
            answers = await asyncio.gather(first, *others, return_exceptions=True)

        assert [answer for answer in answers if answer is None] == [None] * 21
        assert await database.read(stored) == (21, 21, 21)

    async def test_are_all_served_before_the_database_closes(self, database_url: str) -> None:
        first = await Database.open(database_url)
        office = await an_office(first)
        started = asyncio.Event()
        submitted = asyncio.gather(*(first.submit(new_call(office)) for _ in range(50)))
        asyncio.get_running_loop().call_soon(started.set)
        await started.wait()

        await first.close()

        assert await submitted == [None] * 50
        with pytest.raises(Unreachable):
            await first.submit(new_call(office))
        again = await Database.open(database_url)
        assert await again.read(stored) == (50, 50, 50)
        await again.close()

    async def test_do_not_keep_other_writes_waiting(self, database: Database) -> None:
        office = await an_office(database)
        stop = asyncio.Event()

        async def submit_until_stopped() -> None:
            while not stop.is_set():
                await database.submit(new_call(office))

        def look(conn: Connection) -> int:
            return conn.scalar(sa.select(1)) or 0

        async with asyncio.TaskGroup() as busy, asyncio.timeout(30):
            for _ in range(16):
                busy.create_task(submit_until_stopped())
            answers = [await database.write(look) for _ in range(20)]
            stop.set()

        assert answers == [1] * 20


class TestCallsThatAreDueAtOnce:
    async def test_ring_the_bell_once_for_all_in_their_transaction(self, tmp_path: Path) -> None:
        async with a_database("postgresql", tmp_path) as database:
            office = await an_office(database)
            rung = asyncio.Queue[None]()
            listening = asyncio.create_task(listen(database.url, lambda: rung.put_nowait(None)))
            await rung.get()

            await database.submit(new_call(office))
            store = Creates(database.inserts).store
            async with running(Batcher(database.write)) as group:
                await asyncio.gather(*(group.submit(store, new_call(office)._replace(wake=True)) for _ in range(30)))

            async with asyncio.timeout(30):
                await rung.get()
            listening.cancel()
            await asyncio.wait([listening])

        assert rung.qsize() < 30

    async def test_are_those_whose_moment_has_come(self, database: Database) -> None:
        overheard = await Overheard.open(database.url.render_as_string(hide_password=False), migrate=False)
        office = await an_office(overheard)

        await office.place()
        await office.place(overrides=Overrides(scheduled_at=NOON + timedelta(hours=1)))
        await overheard.close()

        assert [rows.wake for rows in overheard.submitted] == [True, False]


class Overheard(Database):
    """A database that remembers what it was asked to store."""

    def __init__(self, url: sa.URL, frozen_s: float, quotas: Quotas) -> None:
        super().__init__(url, frozen_s, quotas)
        self.submitted: list[Rows] = []

    async def submit(self, rows: Rows) -> None:
        self.submitted.append(rows)
        await super().submit(rows)


class TestTheNumbersOfEvents:
    async def test_appear_in_order_whoever_writes_them(self, database_url: str) -> None:
        """Three nodes write, one reader follows: what it sees never begins below what it has seen."""
        nodes = [await Database.open(database_url) for _ in range(3)]
        office = await an_office(nodes[0])
        writing = asyncio.gather(
            *(nodes[index % 3].submit(new_call(office)) for index in range(150)),
        )
        seen: list[int] = []
        while len(seen) < 150:
            new = await nodes[0].read(events_after, seen[-1] if seen else 0, limit=7)
            seen += [fact.seq for fact in new]

        await writing
        everything = await nodes[0].read(lambda conn: [fact.seq for fact in events_after(conn, 0)])
        for node in nodes:
            await node.close()
        assert seen == everything

    async def test_wait_for_a_transaction_that_has_numbers_already(self, tmp_path: Path) -> None:
        """Without the lock, the second would commit 2 while 1 is still invisible, and a reader would skip 1."""
        async with a_database("postgresql", tmp_path) as slow:
            quick = await Database.open(slow.url.render_as_string(hide_password=False))
            office = await an_office(slow)
            async with a_slow_transaction(slow) as conn:
                await conn.run_sync(append, [Event("first", office.workspace_id, EventType.REGISTERED, NOON)])
                second = asyncio.create_task(quick.submit(new_call(office, "second")))
                async with asyncio.timeout(30):
                    while not await slow.read(waits_for_a_lock):
                        assert not second.done()
            await second
            facts = await quick.read(events_after, 0)
            await quick.close()

        assert [fact.call_id for fact in facts] == ["first", "second"]


def waits_for_a_lock(conn: Connection) -> bool:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return bool(conn.scalar(waiting))


class TestAProcessKilledAtAnyMoment:
    async def test_leaves_every_call_it_has_told_of(self, database_url: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("placing_process.py")),
            database_url,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        assert process.stdout is not None
        told = [await process.stdout.readline() for _ in range(60)]

        process.send_signal(signal.SIGKILL)
        told += (await process.stdout.read()).splitlines(keepends=True)
        await process.wait()

        ids = [line.decode().strip() for line in told if line.endswith(b"\n")]
        database = await Database.open(database_url)
        records = await database.read(load_calls, ids, NOON)
        facts = {fact.call_id for fact in await database.read(events_after, 0, limit=100_000)}
        await database.close()
        assert len(ids) >= 60
        assert [record.id for record in records] == ids
        assert set(ids) <= facts
