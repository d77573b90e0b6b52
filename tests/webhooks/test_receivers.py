"""What receivers say is heeded: leave me alone, come back later, I am gone; and one that is down gets everything."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from outdial.domain.delivery import MAX_RETRY_AFTER_S, DeliveryState
from outdial.domain.events import EventType
from outdial.domain.webhook_endpoint import EndpointState, WebhookEndpoint
from outdial.store import schema
from outdial.store.webhooks import endpoints
from outdial.webhooks.claiming import Pace
from outdial.webhooks.retry_after import retry_after_s
from webhook_builders import NOON, Answer, Office, Receiver, a_receiver


async def known(office: Office) -> list[WebhookEndpoint]:
    return await office.db.read(endpoints.page, office.workspace_id, limit=100)


class TestRetryAfter:
    @given(st.text(max_size=200))
    def test_whatever_it_holds_is_a_bounded_number_of_seconds(self, text: str) -> None:
        assert 0 <= retry_after_s(text, NOON) <= MAX_RETRY_AFTER_S

    @given(st.integers(0, MAX_RETRY_AFTER_S))
    def test_may_be_seconds_or_a_date(self, seconds: int) -> None:
        date = format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)

        assert retry_after_s(str(seconds), NOON) == retry_after_s(date, NOON) == seconds

    @pytest.mark.parametrize("text", ["9" * 64, "Fri, 31 Dec 9999 23:59:59 GMT", "86401"])
    def test_of_more_than_a_day_is_a_day(self, text: str) -> None:
        assert retry_after_s(text, NOON) == MAX_RETRY_AFTER_S

    @pytest.mark.parametrize("status", [429, 503, 500, 404])
    async def test_puts_the_next_try_off(self, small_office: Office, receiver: Receiver, status: int) -> None:
        receiver.answers = [Answer(status, {"retry-after": "1800"})]
        await small_office.call(receiver.url())

        await small_office.work()

        assert await next_due_or(small_office, NOON) == NOON + timedelta(seconds=1800)


class TestTooManyRequests:
    async def test_pauses_the_endpoint_and_no_other(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(429, {"retry-after": "30"})]
        call_id = await office.call(receiver.url())
        await office.happens(call_id, EventType.DIALING)
        other = await office.call(receiver.url("/other"))

        await office.work()
        paused = len(receiver.requests)
        office.clock.pass_s(29.9)
        await office.work()
        still = len(receiver.requests)
        office.clock.pass_s(0.1)
        await office.work()

        assert (paused, still) == (2, 2)
        assert (await office.delivery(other)).state is DeliveryState.DELIVERED
        heard = [request.json["event"] for request in receiver.requests if request.target == "/hook"]
        assert heard == ["registered", "registered", "dialing"]
        assert [each.tries for each in await office.deliveries(call_id)] == [2, 1]

    async def test_without_a_time_pauses_for_the_schedules_gap(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(429)]
        await office.call(receiver.url())
        await office.work()
        await office.call(receiver.url())
        office.clock.pass_s(9.9)
        await office.work()

        assert len(receiver.requests) == 1
        office.clock.pass_s(0.1)
        await office.work()
        assert len(receiver.requests) == 3


class TestGone:
    async def test_disables_the_endpoint_until_it_is_enabled_and_says_so_once(
        self, office: Office, receiver: Receiver
    ) -> None:
        receiver.answers = [Answer(410)]
        with capture_logs() as logs:
            first = await office.call(receiver.url("/hook?call=1"))
            await office.work()
            second = await office.call(receiver.url("/hook?call=2"))
            await office.work()

        assert len(receiver.requests) == 1
        states = [(await office.delivery(call_id)).state for call_id in (first, second)]
        assert states == [DeliveryState.GIVEN_UP] * 2
        (endpoint,) = await known(office)
        assert (endpoint.state, endpoint.url) == (EndpointState.DISABLED, receiver.url())
        assert sum("endpoint is gone" in str(line["event"]) for line in logs) == 1
        await office.db.write(endpoints.enable, office.workspace_id, [endpoint.url], NOON)
        await office.call(receiver.url())
        await office.work()
        assert len(receiver.requests) == 2


class TestAnEndpointThatFails:
    async def test_is_known_while_it_fails_and_operators_are_told_once(
        self, office: Office, receiver: Receiver
    ) -> None:
        receiver.answers = [Answer(500)] * 6
        with capture_logs() as logs:
            await office.call(receiver.url())
            for wait_s in (0, 10, 60, 120, 300, 600):
                office.clock.pass_s(wait_s)
                await office.work()
            (endpoint,) = await known(office)
            office.clock.pass_s(1200)
            await office.work()

        assert (endpoint.state, endpoint.failures, endpoint.failing_since) == (EndpointState.FAILING, 6, NOON)
        assert endpoint.last_error == "HTTP 500"
        told = [line["event"] for line in logs if "endpoint" in str(line["event"])]
        assert told == ["a webhook endpoint keeps failing", "a webhook endpoint is well again"]
        assert await known(office) == []

    async def test_is_tried_by_one_delivery_at_a_time_by_all_processes_together(
        self, office: Office, receiver: Receiver
    ) -> None:
        receiver.answers = [Answer(500)] * 100
        for _ in range(6):
            await office.call(receiver.url())
        await office.work()
        office.clock.pass_s(10)

        processes = [office.process() for _ in range(3)]
        claimed = [await claims.claim() for claims, _ in processes]

        assert sorted(map(len, claimed)) == [0, 0, 1]

    async def test_whose_only_sender_died_is_tried_again(self, office: Office, receiver: Receiver) -> None:
        receiver.answers = [Answer(500)]
        call_id = await office.call(receiver.url())
        await office.work()
        office.clock.pass_s(10)
        assert len(await office.claims.claim()) == 1

        office.clock.pass_s(60)
        await office.work()

        assert (await office.delivery(call_id)).state is DeliveryState.DELIVERED


class TestAnOriginThatKeepsHanging:
    async def test_gets_a_short_time_out_and_now_and_then_the_whole_one(
        self, office: Office, receiver: Receiver
    ) -> None:
        office.pace = Pace(timeout_s=0.2, short_timeout_s=0.05)
        async with a_receiver() as hanging:
            hanging.answers = [Answer(silent=True)] * 9
            call_id = await office.call(hanging.url())
            for wait_s in (0, 10, 60, 120, 600, 1200, 2400, 4000, 4000):
                office.clock.pass_s(wait_s)
                await office.work()

        whole, short = "no answer within 0.2 s", "no answer within 0.05 s"
        log = (await office.delivery(call_id)).log
        assert [tried.error for tried in log] == [whole, whole, whole, short, whole, short, short, short, whole]


class TestAReceiverThatIsDownForSeventyHours:
    async def test_gets_everything_once_each_by_id(self, office: Office) -> None:
        office.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        facts = (EventType.DIALING, EventType.ANSWERED, EventType.PROCESSED)
        async with a_receiver() as lost:
            url = lost.url()
        calls = [await office.call(url) for _ in range(3)]
        for hours in (0, 20, 69):
            office.clock.now = NOON + timedelta(hours=hours)
            calls += [await office.call(url), await office.call(url)]
            for call_id in calls[-2:]:
                await office.happens(call_id, *facts)
            await up_to(office, NOON + timedelta(hours=hours + 1))
        await up_to(office, NOON + timedelta(hours=70))

        async with a_receiver(port=int(url.rpartition(":")[2].partition("/")[0])) as back:
            await up_to(office, NOON + timedelta(hours=72))

        wanted = {each.id for call_id in calls for each in await office.deliveries(call_id)}
        assert Counter(request.values("webhook-id")[0] for request in back.requests) == Counter(wanted)
        assert len(wanted) == 3 + 6 * 4
        states = {each.state for call_id in calls for each in await office.deliveries(call_id)}
        assert states == {DeliveryState.DELIVERED}


async def up_to(office: Office, end: datetime) -> None:
    """Send whatever is due until then, each when it is due."""
    await office.work()
    while (due := await next_due_or(office, end)) < end:
        office.clock.now = max(due, office.clock.now)
        await office.work()
    office.clock.now = end


async def next_due_or(office: Office, end: datetime) -> datetime:
    due = await office.db.read(
        lambda conn: conn.scalar(
            sa.select(sa.func.min(schema.deliveries.c.due_at)).where(schema.deliveries.c.state == "waiting")
        )
    )
    return due if isinstance(due, datetime) else end
