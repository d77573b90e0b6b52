"""Reading calls back: one, a page, and what belongs to others."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Connection

from outdial.commands.provision import add_agent, add_version, create_workspace
from outdial.domain.attempt import Speaker, Turn
from outdial.domain.call import AttemptState, CallState
from outdial.domain.errors import NotFound
from outdial.domain.ids import new_id
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.record import AttemptRecord
from outdial.domain.request import Overrides
from outdial.store import inventory
from outdial.store.calls.reading import Filters, call_record, events_of, history
from outdial.store.database import Database
from outdial.store.schema import attempts, calls, numbers
from store_builders import NOON
from workspace_builders import AT_NOON, CALLER, GREETING, Office, an_office, at

SAID = Turn(Speaker.AGENT, "Hello.", 0, 900, interrupted=True, latency_ms=120)
DIALED = AttemptRecord(
    number=1,
    sid="CA1",
    state=AttemptState.ENDED,
    from_number=CALLER,
    claimed_at=NOON,
    dialed_at=NOON,
    ended_at=NOON + timedelta(seconds=20),
    outcome=Outcome.BUSY,
    sip_code=486,
    q850=17,
    reason="Busy Here",
    turns=(SAID,),
    captured={"day": "monday"},
)


async def store_attempt(office: Office, call_id: str, attempt: AttemptRecord, version_id: str, **call: object) -> None:
    """An attempt as the dialer leaves it, and what it does to its call."""
    row = asdict(attempt) | {
        "call_id": call_id,
        "worker": "w#1",
        "number_id": office.number_id,
        "trunk_id": office.trunk_id,
        "version_id": version_id,
        "ringing_at": None,
        "state": attempt.state.value,
        "outcome": attempt.outcome.value if attempt.outcome else "",
        "ended_by": attempt.ended_by.value if attempt.ended_by else "",
    }

    def work(conn: Connection) -> None:
        conn.execute(attempts.insert().values(row))
        conn.execute(calls.update().where(calls.c.id == call_id).values(call | {"attempt": attempt.number}))

    await office.db.write(work)


async def active_version(office: Office) -> str:
    return (await office.db.read(inventory.agent, office.workspace_id, office.agent_id)).version_id


class TestACall:
    async def test_is_nobody_elses(self, database: Database) -> None:
        office = await an_office(database)
        stranger = await create_workspace(database, "Somebody else", now=AT_NOON)
        placed = await office.place()

        with pytest.raises(NotFound, match="Call not found"):
            await database.read(call_record, stranger, placed.call_id, now=AT_NOON)
        assert await database.read(events_of, stranger, placed.call_id) == []

    async def test_that_does_not_exist_is_not_found(self, database: Database) -> None:
        office = await an_office(database)

        with pytest.raises(NotFound, match="Call not found"):
            await database.read(call_record, office.workspace_id, new_id(), now=AT_NOON)

    async def test_has_its_attempts_with_all_that_was_said(self, database: Database) -> None:
        office = await an_office(database)
        placed = await office.place(overrides=Overrides(retry_count=1, retry_busy_min=15))
        due_at = NOON + timedelta(minutes=15, seconds=20)
        await store_attempt(office, placed.call_id, DIALED, await active_version(office), state="retry", due_at=due_at)

        record = await database.read(
            call_record, office.workspace_id, placed.call_id, now=at(NOON + timedelta(minutes=1))
        )

        assert record.attempts == (DIALED,)
        assert record.state is CallState.RETRY
        assert record.from_numbers == (CALLER,)
        assert (record.blocked_by, record.next_eligible_at) == (("retry_delay",), due_at)

    async def test_without_a_usable_caller_number_waits_for_one(self, database: Database) -> None:
        office = await an_office(database)
        placed = await office.place()
        scheduled = await office.place(overrides=Overrides(scheduled_at=NOON + timedelta(hours=1)))
        await database.write(lambda conn: conn.execute(numbers.update().values(spam=True)))

        due = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        later = await database.read(call_record, office.workspace_id, scheduled.call_id, now=AT_NOON)

        assert (due.blocked_by, due.next_eligible_at) == (("caller_number",), None)
        assert later.blocked_by == ("schedule", "caller_number")
        assert later.next_eligible_at is None

    async def test_to_be_dialled_again_outside_its_window_names_both_causes(self, database: Database) -> None:
        office = await an_office(database)
        window = Overrides(retry_count=1, window_start=time(9), window_end=time(12, 10), timezone="UTC")
        placed = await office.place(overrides=window)
        tomorrow = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
        await store_attempt(
            office, placed.call_id, DIALED, await active_version(office), state="retry", due_at=tomorrow
        )

        record = await database.read(
            call_record, office.workspace_id, placed.call_id, now=at(NOON + timedelta(minutes=1))
        )

        assert (record.blocked_by, record.next_eligible_at) == (("retry_delay", "window"), tomorrow)

    async def test_that_ended_waits_for_nothing(self, database: Database) -> None:
        office = await an_office(database)
        placed = await office.place()
        await store_attempt(
            office,
            placed.call_id,
            DIALED,
            await active_version(office),
            state="completed",
            outcome="completed",
            ended_by="callee",
            ended_at=NOON,
        )

        record = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)

        assert (record.state, record.outcome, record.ended_by) == (
            CallState.COMPLETED,
            Outcome.COMPLETED,
            EndedBy.CALLEE,
        )
        assert (record.blocked_by, record.next_eligible_at, record.ended_at) == ((), None, NOON)

    async def test_names_the_version_that_talked_before_the_one_active_now(self, database: Database) -> None:
        office = await an_office(database)
        first = await active_version(office)
        dialed, waiting = await office.place(), await office.place()
        await store_attempt(office, dialed.call_id, DIALED, first)
        second = await add_version(database, office.workspace_id, office.agent_id, GREETING, now=AT_NOON)

        records, _ = await database.read(history, office.workspace_id, Filters(), now=AT_NOON)

        versions = {record.id: (record.version_id, record.version_number) for record in records}
        assert versions == {dialed.call_id: (first, 1), waiting.call_id: (second, 2)}

    async def test_names_the_version_it_was_pinned_to(self, database: Database) -> None:
        office = await an_office(database)
        first = await active_version(office)
        await add_version(database, office.workspace_id, office.agent_id, GREETING, now=AT_NOON)

        placed = await office.place(version_id=first)

        record = await database.read(call_record, office.workspace_id, placed.call_id, now=AT_NOON)
        assert (record.version_id, record.version_number) == (first, 1)


class TestHistory:
    async def test_shows_the_newest_first_page_by_page(self, database: Database) -> None:
        office = await an_office(database)
        placed = [await office.place(at(NOON + timedelta(minutes=n))) for n in range(5)]
        newest_first = [one.call_id for one in reversed(placed)]

        page, total = await database.read(history, office.workspace_id, Filters(limit=2, offset=1), now=AT_NOON)

        assert [record.id for record in page] == newest_first[1:3]
        assert total == 5

    async def test_includes_both_ends_of_a_time_span(self, database: Database) -> None:
        office = await an_office(database)
        placed = [await office.place(at(NOON + timedelta(minutes=n))) for n in range(5)]
        span = Filters(created_from=NOON + timedelta(minutes=1), created_to=NOON + timedelta(minutes=3))

        page, total = await database.read(history, office.workspace_id, span, now=AT_NOON)

        assert {record.id for record in page} == {one.call_id for one in placed[1:4]}
        assert total == 3

    async def test_can_be_restricted(self, database: Database) -> None:
        office = await an_office(database)
        other = await add_agent(database, office.workspace_id, GREETING, "Bo", now=AT_NOON)
        mine, theirs = await office.place(), await office.place(agent_id=other)
        await store_attempt(office, mine.call_id, DIALED, await active_version(office), state="failed", outcome="busy")

        async def ids(filters: Filters) -> list[str]:
            page, _ = await database.read(history, office.workspace_id, filters, now=AT_NOON)
            return [record.id for record in page]

        assert await ids(Filters(agent_ids=frozenset({other}))) == [theirs.call_id]
        assert await ids(Filters(states=frozenset({CallState.FAILED, CallState.ERROR}))) == [mine.call_id]
        assert await ids(Filters(outcomes=frozenset({Outcome.BUSY}))) == [mine.call_id]
        assert await ids(Filters(bulk_list_id=new_id())) == []

    async def test_is_nobody_elses(self, database: Database) -> None:
        office = await an_office(database)
        stranger = await create_workspace(database, "Somebody else", now=AT_NOON)
        await office.place()

        assert await database.read(history, stranger, Filters(), now=AT_NOON) == ([], 0)


class TestTheInventory:
    async def test_counts_an_agents_calls_and_a_numbers_dials(self, database: Database) -> None:
        office = await an_office(database)
        placed = [await office.place() for _ in range(3)]
        await store_attempt(office, placed[0].call_id, DIALED, await active_version(office))

        (agent,) = await database.read(inventory.agents, office.workspace_id)
        (number,) = await database.read(inventory.numbers, office.workspace_id)

        assert (agent.id, agent.call_count) == (office.agent_id, 3)
        assert (number.number, number.call_count, number.trunk_name) == (CALLER, 1, "main")

    async def test_is_read_page_by_page_oldest_first(self, database: Database) -> None:
        office = await an_office(database)
        later = [
            await add_agent(database, office.workspace_id, GREETING, name, now=at(NOON + timedelta(minutes=n)))
            for n, name in enumerate("abc", start=1)
        ]

        page = await database.read(inventory.agents, office.workspace_id, limit=2, offset=1)

        assert [agent.id for agent in page] == later[:2]

    async def test_knows_the_workspace(self, database: Database) -> None:
        office = await an_office(database)

        found = await database.read(inventory.workspace, office.workspace_id)

        assert (found.name, found.created_at) == ("Example Dental", NOON)
        with pytest.raises(NotFound):
            await database.read(inventory.workspace, new_id())
