"""The same platform on PostgreSQL, and the PostgreSQL tests start where none answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from outdial.domain.events import EventType
from outdial.store.calls.reading import call_record, events_of
from outdial.store.database import Database
from platform_builders import Platform, a_platform, free_tcp_port
from postgres_server import NAMED, USUAL_PORT, a_server_of_our_own, the_server, trouble_with
from store_builders import a_database_url, server_url
from webhook_builders import a_receiver
from workspace_builders import AT_NOON, an_office

pytestmark = pytest.mark.timeout(300)
SILENT, EARLY = "+15550003002", "+15550003004"
LEASE_S = 30.0
RENEWED_EVERY_S = 5.0


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    folder = tmp_path_factory.mktemp("postgresql")
    async with a_database_url("postgresql", folder) as url:
        # As people write it: without the driver.
        plain = url.replace("postgresql+asyncpg://", "postgresql://")
        settings = {"DATABASE_URL": plain, "SPEECH": "scripted", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
        async with a_platform(folder / "home", **settings) as running:
            running.mine["says"] = await running.add_agent("says", "{say: Goodbye., hang_up: true}")
            running.mine["asks"] = await running.add_agent("asks", "{ask: Are you well, go: only}")
            yield running


class TestACallOnPostgresql:
    async def test_is_held_recorded_and_reported_to_its_callback(self, platform: Platform) -> None:
        async with a_receiver() as receiver:
            call = await platform.place(EARLY, agent_id=platform.mine["says"], callback_url=receiver.url())
            details = await platform.ended(call)
            await receiver.until(6)

        assert (details["call_status"], details["call_sub_status"]) == ("completed", "ACCEPTED")
        assert details["transcript"][0]["bot"] == "Goodbye."
        assert len(list((platform.home / "recordings").rglob(f"{call}*.wav"))) == 1
        told = [request.json for request in receiver.requests]
        assert [one.get("event_type") for one in told] == [
            "call_registered",
            "call_started",
            "call_completed",
            "recording_completed",
            "platform_analysis_completed",
            "all_processing_completed",
        ]
        assert {one["data"]["call_id"] for one in told} == {call}
        assert not (platform.home / "outdial.db").exists()


class TestANodeKilledOnPostgresql:
    async def test_leaves_what_waits_to_its_successor_at_once_and_what_it_held_when_its_lease_has_run_out(
        self, platform: Platform
    ) -> None:
        """Nobody may say of a node on another host that it is dead, until its lease has run out."""
        patience = {"idle_timeout_warning": 25, "idle_timeout_end": 30, "call_retry_config": {"retry_count": 3}}
        held = await platform.place(SILENT, agent_id=platform.mine["asks"], call_config=patience)
        await platform.talking(held)
        soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
        window = {"call_time": {"call_start_time": "00:00", "call_end_time": "23:59", "scheduled_at": soon}}
        waiting = await platform.place(EARLY, agent_id=platform.mine["says"], call_config=window)

        killed_at = datetime.now(UTC)
        await platform.kill()
        await platform.start()
        made = await platform.ended(waiting)
        lost = await platform.ended(held)

        assert made["call_status"] == "completed"
        assert len(made["attempts"]) == 1
        assert (lost["call_status"], lost["end_reason"]) == ("error", "worker_lost")
        assert len(lost["attempts"]) == 1
        ending = next(event for event in await platform.events(held) if event["type"] == "attempt_ended")
        waited = datetime.fromisoformat(ending["at"]) - killed_at
        assert waited > timedelta(seconds=LEASE_S - 2 * RENEWED_EVERY_S)
        assert await ended_once(platform, held)
        assert await ended_once(platform, waiting)


@pytest.fixture(scope="module")
def own() -> Iterator[str]:
    with a_server_of_our_own() as url:
        yield url


class TestTheServerOfTheTests:
    async def test_takes_a_call_and_tells_its_facts_in_order(self, own: str) -> None:
        database = await Database.open(own)
        try:
            office = await an_office(database)
            first, second = await office.place(), await office.place(callee_name="Zoë")

            facts = [
                fact
                for placed in (first, second)
                for fact in await database.read(events_of, office.workspace_id, placed.call_id)
            ]
            record = await database.read(call_record, office.workspace_id, second.call_id, now=AT_NOON)
        finally:
            await database.close()

        assert [fact.type for fact in facts] == [EventType.REGISTERED, EventType.REGISTERED]
        assert facts[0].seq < facts[1].seq
        assert record.callee_name == "Zoë"

    async def test_does_not_run_as_root(self, own: str) -> None:
        port = sa.make_url(own).port
        servers = [
            process
            for process in psutil.Process().children()
            if process.name() == "postgres" and str(port) in process.cmdline()
        ]

        assert len(servers) == 1
        assert servers[0].uids().effective != 0

    def test_is_gone_with_its_processes_and_its_data_afterwards(self) -> None:
        with a_server_of_our_own() as url:
            server = next(
                child for child in psutil.Process().children() if str(sa.make_url(url).port) in child.cmdline()
            )
            processes = [server, *server.children()]
            data = Path(server.cmdline()[server.cmdline().index("-D") + 1])
            assert data.exists()

        assert not any(process.is_running() for process in processes)
        assert not data.parent.exists()
        assert asyncio.run(trouble_with(url)) is not None

    def test_is_started_where_none_answers(self) -> None:
        with the_server({USUAL_PORT: str(free_tcp_port())}) as url:
            assert asyncio.run(trouble_with(url)) is None

    def test_never_takes_the_place_of_one_that_is_named(self) -> None:
        named = f"postgresql+asyncpg://postgres@127.0.0.1:{free_tcp_port()}/postgres"

        with the_server({NAMED: named}) as url:
            assert url == named
            assert asyncio.run(trouble_with(url)) is not None

    def test_is_the_one_of_this_run(self) -> None:
        assert server_url() == os.environ[NAMED]
        assert asyncio.run(trouble_with(server_url())) is None


async def ended_once(platform: Platform, call_id: str) -> bool:
    kinds = await platform.whole_story(call_id)
    return kinds.count("call_ended") == kinds.count("processed") == kinds.count("attempt_ended") == 1
