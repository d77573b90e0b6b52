"""Each neutral outcome in the words of §3.3: one test a row, named after it, through final payloads and call-details.

Calls are dialled by the platform's own verbs and end by its own rules; only the carrier's word is made up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api_builders import RINGG, Doors, open_doors
from api_records import links
from attempt_builders import NOON, a_result, a_talk
from dialer_builders import World
from outdial.api.ringg.webhooks.payloads import event_payload
from outdial.commands.keys import create_key
from outdial.domain.attempt import Answered, Result, Speaker, TalkSummary, Turn
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.request import RetryPolicy
from outdial.domain.rules import Price, Rules
from outdial.store.calls.reading import call_record, events_of
from store_builders import Ready

BUSY_MIN, NOT_PICKED_MIN, FAILED_MIN = 5, 7, 11


@dataclass
class Line:
    """A workspace that dials, and what its customer is told."""

    world: World
    doors: Doors
    key: str

    async def call(self, count: int = 0) -> str:
        retry = RetryPolicy(count=count, busy_min=BUSY_MIN, not_picked_min=NOT_PICKED_MIN, failed_min=FAILED_MIN)
        return await self.world.call(retry=retry)

    async def dial(self, result: Result, *, asked: bool = True, answered: bool = False) -> None:
        """The next attempt of the only call: taken up and, unless told otherwise, asked of the carrier."""
        one = await self.world.claimed()
        if asked:
            assert await self.world.asked(one)
        if answered:
            await self.world.recorded(one, Answered(self.world.clock()))
        await self.world.finished(one, result)

    async def dialled(self, result: Result, count: int = 0, **how: bool) -> str:
        call_id = await self.call(count)
        await self.dial(result, **how)
        return call_id

    async def stands(self, call_id: str) -> tuple[str, str]:
        details = await self.details(call_id)
        return details["call_status"], details["call_sub_status"]

    async def details(self, call_id: str) -> dict[str, Any]:
        answer = await self.doors.ringg_get("/calling/call-details", self.key, id=call_id)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def told(self, call_id: str, event_type: str) -> list[dict[str, Any]]:
        """The bodies of that event, in their order."""
        now, db = self.world.clock, self.world.db
        record = await db.read(call_record, self.world.workspace_id, call_id, now=now)
        facts = await db.read(events_of, self.world.workspace_id, call_id, 0)
        bodies = [event_payload(fact, record, links()) for fact in facts]
        return [body for body in bodies if body is not None and body["event_type"] == event_type]

    async def completed(self, call_id: str) -> list[str]:
        return [body["status"] for body in await self.told(call_id, "call_completed")]

    async def must_be_over(self, call_id: str, stands: tuple[str, str], end_reason: str, hung_up: str) -> None:
        """Terminal, said so once, and never taken up again."""
        await self.world.analysed()
        details = await self.details(call_id)
        (final,) = await self.told(call_id, "all_processing_completed")
        self.world.clock.forward(days=2)
        assert (details["call_status"], details["call_sub_status"]) == stands
        assert details["end_reason"] == final["end_reason"] == end_reason
        assert final["analysis_data"]["call_disconnect_reason"] == hung_up
        assert final["status"] == stands[0]
        assert await self.world.claims(await self.world.holder()) == []
        assert await self.stands(call_id) == stands

    async def must_ring_again_after(self, call_id: str, minutes: int) -> None:
        assert await self.stands(call_id) == ("retry", "RETRY_SCHEDULED")
        assert await self.told(call_id, "all_processing_completed") == []
        holder = await self.world.holder()
        self.world.clock.now = NOON + timedelta(minutes=minutes) - timedelta(seconds=1)
        assert await self.world.claims(holder) == []
        self.world.clock.now = NOON + timedelta(minutes=minutes)


@pytest.fixture
async def line(ready_databases: Ready, tmp_path: Path) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(ready_databases.database("sqlite", tmp_path))
        world = await World(database).set_up()
        key = await create_key(database, world.workspace_id, "ringg", now=world.clock)
        doors = await stack.enter_async_context(open_doors(database, tmp_path, now=world.clock))
        yield Line(world, doors, key)


def silent(ended_by: EndedBy) -> TalkSummary:
    return TalkSummary(1500, (Turn(Speaker.AGENT, "Hello.", 0, 800),), ended_by)


def talked(ended_by: EndedBy, outcome: Outcome = Outcome.COMPLETED) -> Result:
    return Result(NOON, outcome, talk=a_talk(ended_by=ended_by))


async def test_s33_talked_agent_hung_up(line: Line) -> None:
    call_id = await line.dialled(talked(EndedBy.AGENT), answered=True)

    assert await line.completed(call_id) == ["completed"]
    await line.must_be_over(call_id, ("completed", "ACCEPTED"), "talked", "agent_hangup")


async def test_s33_talked_callee_hung_up(line: Line) -> None:
    call_id = await line.dialled(talked(EndedBy.CALLEE), answered=True)

    assert await line.completed(call_id) == ["completed"]
    await line.must_be_over(call_id, ("completed", "ACCEPTED"), "talked", "user_hangup")


async def test_s33_callee_left(line: Line) -> None:
    call_id = await line.dialled(Result(NOON, Outcome.COMPLETED, talk=silent(EndedBy.CALLEE)), 3, answered=True)

    assert await line.completed(call_id) == ["completed"]
    await line.must_be_over(call_id, ("completed", "USER_LEFT"), "callee_left", "user_hangup")


async def test_s33_idle(line: Line) -> None:
    call_id = await line.dialled(talked(EndedBy.IDLE), answered=True)

    assert await line.completed(call_id) == ["completed"]
    await line.must_be_over(call_id, ("completed", "USER_BECAME_IDLE"), "idle", "agent_hangup")


async def test_s33_max_duration(line: Line) -> None:
    call_id = await line.dialled(talked(EndedBy.MAX_LENGTH), answered=True)

    assert await line.completed(call_id) == ["completed"]
    await line.must_be_over(call_id, ("completed", "MAX_CALL_DURATION"), "max_duration", "agent_hangup")


async def test_s33_voicemail(line: Line) -> None:
    call_id = await line.dialled(talked(EndedBy.AGENT, Outcome.VOICEMAIL), 3, answered=True)

    assert await line.completed(call_id) == ["completed"]
    assert (await line.details(call_id))["voicemail_detected"] is True
    await line.must_be_over(call_id, ("completed", "VOICEMAIL_DETECTED"), "voicemail", "agent_hangup")


async def test_s33_transferred(line: Line) -> None:
    call_id = await line.dialled(talked(EndedBy.AGENT, Outcome.TRANSFERRED), 3, answered=True)

    assert await line.completed(call_id) == ["completed"]
    await line.must_be_over(call_id, ("forwarded", "ACCEPTED"), "transferred", "agent_hangup")


async def not_reached(line: Line, outcome: Outcome, reason: str, minutes: int) -> None:
    """Rung again after its own delay, and over when that was in vain too."""
    call_id = await line.dialled(a_result(outcome), 1)
    assert await line.completed(call_id) == ["retry"]
    await line.must_ring_again_after(call_id, minutes)

    await line.dial(a_result(outcome, at=line.world.clock()))

    assert await line.completed(call_id) == ["retry", "failed"]
    await line.must_be_over(call_id, ("failed", "RETRY_LIMIT_REACHED"), reason, "")


async def not_reached_once(line: Line, outcome: Outcome, reason: str, sub_status: str) -> None:
    call_id = await line.dialled(a_result(outcome), 0)

    assert await line.completed(call_id) == ["failed"]
    await line.must_be_over(call_id, ("failed", sub_status), reason, "")


async def test_s33_busy(line: Line) -> None:
    await not_reached(line, Outcome.BUSY, "busy", BUSY_MIN)


async def test_s33_busy_without_retries(line: Line) -> None:
    await not_reached_once(line, Outcome.BUSY, "busy", "USER_DID_NOT_JOIN")


async def test_s33_no_answer(line: Line) -> None:
    await not_reached(line, Outcome.NO_ANSWER, "no_answer", NOT_PICKED_MIN)


async def test_s33_no_answer_without_retries(line: Line) -> None:
    await not_reached_once(line, Outcome.NO_ANSWER, "no_answer", "USER_DID_NOT_JOIN")


async def test_s33_declined(line: Line) -> None:
    await not_reached(line, Outcome.DECLINED, "declined", NOT_PICKED_MIN)


async def test_s33_declined_without_retries(line: Line) -> None:
    await not_reached_once(line, Outcome.DECLINED, "declined", "USER_DID_NOT_JOIN")


async def test_s33_trunk_failure(line: Line) -> None:
    await not_reached(line, Outcome.TRUNK_FAILED, "trunk_failure", FAILED_MIN)


async def test_s33_trunk_failure_without_retries(line: Line) -> None:
    await not_reached_once(line, Outcome.TRUNK_FAILED, "trunk_failure", "FAILED")


async def test_s33_pre_call_failed(line: Line) -> None:
    call_id = await line.dialled(a_result(Outcome.PRE_CALL_FAILED), 1, asked=False)
    assert await line.completed(call_id) == []
    await line.must_ring_again_after(call_id, FAILED_MIN)

    await line.dial(a_result(Outcome.PRE_CALL_FAILED, at=line.world.clock()), asked=False)

    assert await line.completed(call_id) == []
    await line.must_be_over(call_id, ("failed", "PRE_CALL_API_FAILED"), "pre_call_failed", "")


async def test_s33_pre_call_failed_without_retries(line: Line) -> None:
    call_id = await line.dialled(a_result(Outcome.PRE_CALL_FAILED), 0, asked=False)

    assert await line.completed(call_id) == []
    await line.must_be_over(call_id, ("failed", "PRE_CALL_API_FAILED"), "pre_call_failed", "")


async def test_s33_invalid_number(line: Line) -> None:
    call_id = await line.dialled(a_result(Outcome.INVALID_NUMBER), 3)

    assert await line.completed(call_id) == ["failed"]
    await line.must_be_over(call_id, ("failed", "NOT_ABLE_TO_CALL"), "invalid_number", "")


async def test_s33_cancelled_while_waiting(line: Line) -> None:
    call_id = await line.call(3)

    body = {"call_ids": [call_id]}
    ended = await line.doors.http.patch(f"{RINGG}/campaign/terminate", json=body, headers={"X-API-KEY": line.key})

    assert ended.status_code == 200, ended.text
    assert await line.completed(call_id) == []
    await line.must_be_over(call_id, ("cancelled", "USER_TERMINATED"), "cancelled", "")


async def test_s33_cancelled_in_the_talk(line: Line) -> None:
    call_id = await line.dialled(talked(EndedBy.OPERATOR, Outcome.CANCELLED), 3, answered=True)

    assert await line.completed(call_id) == ["completed"]
    await line.must_be_over(call_id, ("completed", "USER_TERMINATED"), "cancelled", "agent_hangup")


async def test_s33_policy_blocked(line: Line) -> None:
    call_id = await line.call(3)
    await line.world.suppressed()

    assert await line.world.claims(await line.world.holder()) == []

    assert await line.completed(call_id) == []
    await line.must_be_over(call_id, ("cancelled", "DND_SKIPPED"), "policy_blocked", "")


async def test_s33_campaign_ended(line: Line) -> None:
    call_id = await line.world.call(not_after=NOON)

    assert await line.world.claims(await line.world.holder()) == []

    assert await line.completed(call_id) == []
    await line.must_be_over(call_id, ("failed", "CAMPAIGN_TIME_EXCEEDED"), "campaign_ended", "")


async def test_s33_campaign_ended_before_a_redial(line: Line) -> None:
    retry = RetryPolicy(count=3, busy_min=BUSY_MIN)
    call_id = await line.world.call(not_after=NOON + timedelta(minutes=BUSY_MIN), retry=retry)
    await line.dial(a_result(Outcome.BUSY))
    line.world.clock.forward(minutes=BUSY_MIN)

    assert await line.world.claims(await line.world.holder()) == []

    assert await line.completed(call_id) == ["retry"]
    await line.must_be_over(call_id, ("failed", "CAMPAIGN_TIME_EXCEEDED"), "campaign_ended", "")


async def test_s33_no_credits(line: Line) -> None:
    await line.world.has_rules(Rules(price=Price(per_minute_micros=1_000_000)))
    call_id = await line.call(3)

    assert await line.world.claims(await line.world.holder()) == []
    assert await line.stands(call_id) == ("registered", "IN_DB")
    assert (await line.details(call_id))["blocked_by"] == ["credits"]
    assert await line.told(call_id, "all_processing_completed") == []
    await line.world.has_rules(Rules())
    await line.dial(talked(EndedBy.AGENT), answered=True)
    assert await line.stands(call_id) == ("completed", "ACCEPTED")


async def test_s33_worker_lost_before_the_provider_was_asked(line: Line) -> None:
    call_id = await line.dialled(a_result(Outcome.WORKER_LOST), 0, asked=False)

    assert await line.completed(call_id) == []
    assert (await line.details(call_id))["call_status"] == "registered"
    await line.dial(talked(EndedBy.AGENT), answered=True)
    assert await line.stands(call_id) == ("completed", "ACCEPTED")


async def test_s33_worker_lost_after_the_provider_was_asked(line: Line) -> None:
    call_id = await line.dialled(a_result(Outcome.WORKER_LOST), 1)
    assert await line.completed(call_id) == ["retry"]
    await line.must_ring_again_after(call_id, FAILED_MIN)

    await line.dial(a_result(Outcome.WORKER_LOST, at=line.world.clock()))

    assert await line.completed(call_id) == ["retry", "failed"]
    await line.must_be_over(call_id, ("error", "PIPECAT_TIMEOUT"), "worker_lost", "")


async def test_s33_worker_lost_after_an_answer(line: Line) -> None:
    call_id = await line.dialled(a_result(Outcome.WORKER_LOST), 3, answered=True)

    assert await line.completed(call_id) == ["failed"]
    await line.must_be_over(call_id, ("error", "PIPECAT_TIMEOUT"), "worker_lost", "")
