"""Webhooks at work in real time: they wake, survive trouble and restarts, and stop cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from structlog.testing import capture_logs

from outdial.domain.delivery import Delivery, DeliveryState
from outdial.domain.events import EventType
from outdial.store.database import Database
from outdial.webhooks.claiming import Pace
from outdial.webhooks.runner import Webhooks
from store_builders import a_database, on_the_server
from webhook_builders import WAIT_S, Answer, Office, Receiver, a_receiver, an_office

SLOW_POLL = Pace(poll_s=3600)
FAST_POLL = Pace(poll_s=0.02)
SLOW_MACHINE = 5
"""How much longer than promised something may take on a machine that is busy with other things."""


def webhooks(office: Office, pace: Pace = FAST_POLL) -> Webhooks:
    return Webhooks(
        office.db,
        office.subscribers,
        {"ringg": office.translate},
        targets=office.targets,
        clock=office.clock,
        pace=pace,
    )


@asynccontextmanager
async def running(office: Office, pace: Pace = FAST_POLL, *, stop_at_once: bool = False) -> AsyncIterator[Webhooks]:
    at_work = webhooks(office, pace)
    async with asyncio.timeout(WAIT_S * 3), asyncio.TaskGroup() as group:
        run = group.create_task(at_work.run())
        yield at_work
        if stop_at_once:
            run.cancel()
        at_work.stop()


async def until(office: Office, call_id: str, wanted: Callable[[Delivery], bool]) -> None:
    """Wait until the first delivery of a call is as wanted; each look gives the others their turn."""
    async with asyncio.timeout(WAIT_S):
        while not any(wanted(delivery) for delivery in (await office.deliveries(call_id))[:1]):
            pass


class TestAtWork:
    async def test_events_reach_their_receiver(self, office: Office, receiver: Receiver) -> None:
        async with running(office):
            call_id = await office.call(receiver.url())
            await office.happens(call_id, EventType.DIALING, EventType.PROCESSED)
            await receiver.until(3)

        assert [request.json["event"] for request in receiver.requests] == ["registered", "dialing", "processed"]

    async def test_a_nudge_replaces_the_wait_for_the_next_poll(self, small_office: Office, receiver: Receiver) -> None:
        async with running(small_office, SLOW_POLL) as at_work:
            await small_office.call(receiver.url())
            at_work.nudge()
            await receiver.until(1)

    async def test_a_retry_goes_out_when_its_time_has_come(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(500)]
        async with running(office):
            call_id = await office.call(receiver.url())
            await until(office, call_id, lambda delivery: delivery.tries == 1)
            assert len(receiver.requests) == 1
            office.clock.pass_s(10)
            await receiver.until(2)

    async def test_many_processes_share_the_work(self, office: Office, receiver: Receiver) -> None:
        async with running(office), running(office), running(office):
            calls = [await office.call(receiver.url()) for _ in range(30)]
            await receiver.until(30)

        assert sorted(request.json["call"] for request in receiver.requests) == sorted(calls)


class TestAnEndpointThatHangs:
    async def test_does_not_hold_back_other_endpoints(self, small_office: Office, receiver: Receiver) -> None:
        release = asyncio.Event()
        async with a_receiver() as hanging, running(small_office, Pace(poll_s=0.02, concurrency=8)):
            hanging.answers = [Answer(release=release) for _ in range(20)]
            for _ in range(20):
                await small_office.call(hanging.url())
            await hanging.until(2)

            await small_office.call(receiver.url())
            await receiver.until(1)

            assert len(hanging.requests) <= 4
            release.set()
            await hanging.until(20)


class TestManyEndpointsOfOneCustomerThatHang:
    async def test_do_not_hold_back_another_customers(self, office: Office, receiver: Receiver) -> None:
        """150 calls with callbacks to five ports that accept and say nothing; the other hears within a second."""
        neighbour = await an_office(office.db)
        async with AsyncExitStack() as stack:
            ports = [await stack.enter_async_context(a_receiver()) for _ in range(5)]
            for each in ports:
                each.answers = [Answer(silent=True)] * 150
            for number in range(150):
                await office.call(ports[number % 5].url(f"/{number}"))
            await stack.enter_async_context(running(office, Pace(poll_s=0.02), stop_at_once=True))
            async with asyncio.timeout(WAIT_S):
                while min(len(each.requests) for each in ports) < 4:
                    await asyncio.gather(*(each.until(4) for each in ports))

            began = asyncio.get_running_loop().time()
            await neighbour.call(receiver.url())
            await receiver.until(1)
            waited_s = asyncio.get_running_loop().time() - began

            assert sum(len(each.requests) for each in ports) <= 32
        assert waited_s < 1.0 * SLOW_MACHINE


class TestStopping:
    async def test_waits_for_the_answer_to_what_was_sent(self, small_office: Office, receiver: Receiver) -> None:
        release = asyncio.Event()
        receiver.answers = [Answer(202, release=release)]
        async with running(small_office) as at_work:
            call_id = await small_office.call(receiver.url())
            await receiver.until(1)
            at_work.stop()
            release.set()

        assert (await small_office.delivery(call_id)).state is DeliveryState.DELIVERED

    async def test_when_cancelled_leaves_the_request_to_the_next_one(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(release=asyncio.Event())]
        call_id = await office.call(receiver.url())
        async with asyncio.TaskGroup() as group:
            task = group.create_task(webhooks(office).run())
            await receiver.until(1)
            task.cancel()

        office.clock.pass_s(60)
        async with running(office):
            await receiver.until(2)

        assert (await office.delivery(call_id)).state is DeliveryState.DELIVERED
        assert len(set(receiver.bodies())) == 1


class TestARestart:
    async def test_finds_everything_in_the_database(self, database_url: str, receiver: Receiver) -> None:
        first = await Database.open(database_url)
        office = await an_office(first)
        receiver.answers = [Answer(503)]
        call_id = await office.call(receiver.url())
        await office.work()
        await office.happens(call_id, EventType.PROCESSED)
        await first.close()

        office.db = await Database.open(database_url)
        try:
            office.clock.pass_s(10)
            async with running(office):
                await receiver.until(3)
        finally:
            await office.db.close()

        assert [request.json["event"] for request in receiver.requests] == ["registered", "registered", "processed"]


class TestAnOutageOfTheDatabase:
    async def test_is_waited_out(self, tmp_path: Path, receiver: Receiver) -> None:
        async with a_database("postgresql", tmp_path) as database:
            office = await an_office(database)
            name = database.url.database
            release = asyncio.Event()
            receiver.answers = [Answer(release=release)]
            with capture_logs() as logs:
                async with running(office):
                    call_id = await office.call(receiver.url())
                    await receiver.until(1)

                    await on_the_server(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
                    await on_the_server(
                        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                    )
                    release.set()
                    await seen(logs, "webhooks wait")
                    await on_the_server(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')

                    await until(office, call_id, lambda delivery: delivery.state is DeliveryState.DELIVERED)

        assert len(receiver.requests) == 1


class TestTheLog:
    async def test_never_holds_what_the_customer_keeps_secret(self, small_office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(500), Answer(200)]
        url = f"http://ada:hunter2@127.0.0.1:{receiver.port}/hunter2"
        with capture_logs() as logs:
            await small_office.call(url, headers={"X-Token": "hunter2"}, params={"key": "hunter2"})
            await small_office.work()
            small_office.clock.pass_s(10)
            await small_office.work()
            await small_office.call("http://127.0.0.1:1/", headers={"X-Token": "hunter2\n"})
            await small_office.work()

        assert [line["event"] for line in logs] == ["not delivered yet", "delivered", "given up"]
        assert "hunter2" not in repr(logs)
        assert logs[0]["endpoint"] == f"http://127.0.0.1:{receiver.port}"


async def seen(logs: Sequence[Mapping[str, object]], message: str) -> None:
    """Wait until a line of the log begins with ``message``."""
    async with asyncio.timeout(WAIT_S):
        while not any(str(line["event"]).startswith(message) for line in logs):
            await on_the_server("SELECT 1")
