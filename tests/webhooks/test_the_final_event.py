"""Whatever becomes of a call, its agent's subscriber hears of its end once: from the dialer to the receiver."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta

from attempt_builders import a_result, a_talk
from dialer_builders import ScriptedOperator, World, a_dialer, running
from outdial.analysis.rules import RuleAnalyst
from outdial.analysis.worker import AnalysisWorker
from outdial.api.recordings import RecordingLinks
from outdial.api.ringg.webhooks.subscriptions import RinggSubscriptions
from outdial.commands.change_call import cancel_call
from outdial.domain.attempt import Answered, Order, Progress, Result, Ringing
from outdial.domain.outcome import ANSWERED, Outcome
from outdial.domain.request import RetryPolicy
from outdial.domain.subscription import Subscription
from outdial.jobs.runner import Jobs
from outdial.store import schema
from outdial.store.database import Database
from webhook_builders import LOOPBACK, Office, Receiver, SettableClock

EVENTS = ("call_started", "call_completed", "recording_completed", "all_processing_completed")
AGAIN_AT_ONCE = RetryPolicy(count=1, busy_min=0, not_picked_min=0, failed_min=0)
ENDS = {
    "+15550000001": Outcome.COMPLETED,
    "+15550000002": Outcome.BUSY,
    "+15550000003": Outcome.INVALID_NUMBER,
    "+15550000004": Outcome.VOICEMAIL,
    "+15550000005": Outcome.WORKER_LOST,
    "+15550000006": Outcome.TRUNK_FAILED,
}
SUPPRESSED = "+15550000007"


async def test_is_told_once_of_every_call(database: Database, receiver: Receiver) -> None:
    world = await World(database).set_up()
    subscription = Subscription("ringg", EVENTS, receiver.url())
    await world.run(schema.agents.update().values(subscriptions=[subscription.to_json()]))
    await world.suppressed(SUPPRESSED)
    calls = {await world.call(to_number=number, retry=AGAIN_AT_ONCE): number for number in (*ENDS, SUPPRESSED)}
    waiting = await world.call(due_at=world.clock() + timedelta(days=1))
    calls[waiting] = "cancelled"

    operator = ScriptedOperator(by_number(world))

    await cancel_call(database, world.workspace_id, waiting, now=world.clock)
    async with running(a_dialer(world, operator)):
        # Three of them are dialled twice. The suppressed one was due before any was dialled again.
        await operator.has_orders(len(ENDS) + 3)
    analysis = AnalysisWorker(database, RuleAnalyst(), world.clock)
    await Jobs(database, [analysis], world.clock).step(analysis)
    office = an_office_of(world)
    await office.work()
    await office.work()

    heard: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for request in receiver.requests:
        heard[calls[request.json["call_id"]]][request.json["event_type"]] += 1
    assert {of: events["all_processing_completed"] for of, events in heard.items()} == dict.fromkeys(calls.values(), 1)
    once, twice = (Counter(call_started=times, call_completed=times, all_processing_completed=1) for times in (1, 2))
    assert heard == {
        "+15550000001": once,
        "+15550000002": twice,
        "+15550000003": once,
        "+15550000004": once,
        "+15550000005": twice,
        "+15550000006": twice,
        SUPPRESSED: Counter(all_processing_completed=1),
        "cancelled": Counter(all_processing_completed=1),
    }


def by_number(world: World) -> Callable[[Order, Callable[[Progress], None]], asyncio.Future[Result]]:
    def script(order: Order, report: Callable[[Progress], None]) -> asyncio.Future[Result]:
        outcome = ENDS[order.dial.to_number]
        report(Ringing(world.clock()))
        if outcome in ANSWERED:
            report(Answered(world.clock()))
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        done.set_result(a_result(outcome, at=world.clock(), talk=a_talk() if outcome in ANSWERED else None))
        return done

    return script


def an_office_of(world: World) -> Office:
    subscriptions = RinggSubscriptions(RecordingLinks(secret=b"s", base_url="https://m.example.test", now=world.clock))
    return Office(
        world.db,
        SettableClock(world.clock()),
        world.workspace_id,
        world.agent_id,
        targets=LOOPBACK,
        subscribers=[subscriptions],
        translate=subscriptions.translate,
    )
