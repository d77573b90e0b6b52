"""A campaign from its file to its callback, over HTTP, with everything that works on it, on either engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import webhook_builders
from api_builders import NUMBER_ID, Doors, open_doors, seed
from api_records import AGENT, WORKSPACE
from attempt_builders import a_result, a_talk
from campaign_forms import PEOPLE, campaign_work, saved
from dialer_builders import ScriptedOperator, SettableClock, World, a_dialer, running
from outdial.domain.attempt import Answered, Order, Progress, Result
from outdial.domain.outcome import Outcome
from outdial.store.database import Database
from webhook_builders import Office, Receiver, a_receiver

SAM = "+12025550143"
OPENS = datetime(2026, 3, 18, 3, 30, tzinfo=UTC)


async def test_everybody_is_rung_and_the_end_is_told(database: Database, tmp_path: Path) -> None:
    await seed(database)
    clock = SettableClock(datetime(2026, 3, 17, 10, tzinfo=UTC))
    async with open_doors(database, tmp_path, now=clock) as doors, a_receiver() as receiver:
        list_id = await saved(doors, PEOPLE + "nobody,Robin Sample,Example Ltd\r\n")
        started = await doors.ringg_post(
            "/campaign/start",
            {"agent_id": AGENT, "list_id": list_id, "from_numbers": [NUMBER_ID], "callback_url": receiver.url("/over")},
        )
        await campaign_work(database, clock)
        before = await counts(doors)
        clock.now = OPENS
        rung = await ring(World(database, clock, WORKSPACE))
        await campaign_work(database, clock)
        await Office(database, webhook_builders.SettableClock(clock()), WORKSPACE, AGENT).work()
        after, calls = await counts(doors), (await doors.ringg_get("/calling/history", bulk_list_id=list_id)).json()

    assert started.json() == {"status": "campaign registered successfully!", "has_ongoing_calls": False}
    assert (before, after) == (("scheduled", 0, 2, 2), ("completed", 1, 0, 2))
    assert sorted(rung) == ["+12025550143", "+12025550144"]
    assert {call["to_number"]: call["status"] for call in calls["calls"]} == {
        SAM: "completed",
        "+12025550144": "failed",
    }
    assert told(receiver) == {
        "event_type": "campaign_completed",
        "campaign_id": list_id,
        "bulk_list_id": list_id,
        "name": "March renewals",
        "campaign_status": "completed",
        "total_count": 2,
        "completed_count": 1,
        "failed_count": 1,
        "cancelled_count": 0,
        "finished_at": "2026-03-18T03:30:00.000000Z",
    }


async def counts(doors: Doors) -> tuple[str, int, int, int]:
    [row] = (await doors.ringg_get("/campaign/all")).json()["campaigns"]
    return row["campaign_status"], row["completed_count"], row["registered_count"], row["total_count"]


async def ring(world: World) -> list[str]:
    """Have everybody rung who is due; the numbers. Sam talks, all others are busy."""

    async def script(order: Order, report: Callable[[Progress], None]) -> Result:
        if order.dial.to_number != SAM:
            return a_result(Outcome.BUSY, at=world.clock())
        report(Answered(world.clock()))
        return a_result(Outcome.COMPLETED, at=world.clock(), talk=a_talk())

    operator = ScriptedOperator(script)
    async with running(a_dialer(world, operator)):
        await operator.has_orders(2)
    return [order.dial.to_number for order in operator.orders]


def told(receiver: Receiver) -> object:
    [request] = receiver.requests
    return request.json
