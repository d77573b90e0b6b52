"""The job after a call: the talk is analysed, and the last event is told exactly once, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from attempt_builders import a_result
from dialer_builders import SettableClock, World
from outdial.analysis.ports import Analyst
from outdial.analysis.rules import RuleAnalyst
from outdial.analysis.worker import AnalysisWorker
from outdial.domain.agent import AnalysisPlan, Definition
from outdial.domain.analysis import Analysis, PlatformAnalysis, Talked
from outdial.domain.attempt import Answered, Speaker, TalkSummary, Turn
from outdial.domain.errors import Unreachable
from outdial.domain.events import EventType
from outdial.domain.ids import new_id
from outdial.domain.job import Job, JobKind
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.request import RetryPolicy, Window
from outdial.jobs.runner import Jobs
from outdial.store import jobs, schema
from outdial.store.calls import analyses
from outdial.store.database import Database

ENDING = (EventType.PLATFORM_ANALYSED, EventType.CLIENT_ANALYSED, EventType.PROCESSED)
ASKS_FOR_SEATS = Definition(greeting="Hello.", model="their-own", analysis=AnalysisPlan(keys={"seats": "integer"}))
FOUND = Analysis(PlatformAnalysis(summary="Four seats."), {"seats": 4}, "model:small")
TROUBLE = Unreachable("the model endpoint did not answer in time")
LEASE_S = 90.0


@dataclass
class Scripted:
    """An analyst that meets with ``troubles``, one a try, and then finds ``found``."""

    found: Analysis = FOUND
    troubles: list[Exception] = field(default_factory=list)
    asked: list[tuple[Talked, AnalysisPlan, str]] = field(default_factory=list)
    most_s: float = 60.0

    async def analyse(self, talked: Talked, plan: AnalysisPlan, model: str = "") -> Analysis:
        self.asked.append((talked, plan, model))
        if self.troubles:
            raise self.troubles.pop(0)
        return self.found

    async def close(self) -> None: ...


class Hanging(Scripted):
    async def analyse(self, talked: Talked, plan: AnalysisPlan, model: str = "") -> Analysis:
        self.asked.append((talked, plan, model))
        await asyncio.Event().wait()
        raise AssertionError


def said(*words: str, captured: Mapping[str, str] | None = None) -> TalkSummary:
    """The agent asks "Yes?" before each of them."""
    turns = [Turn(who, text, 0, 1) for word in words for who, text in ((Speaker.AGENT, "Yes?"), (Speaker.CALLEE, word))]
    return TalkSummary(1500, tuple(turns), EndedBy.CALLEE, captured=captured or {})


@dataclass
class Office:
    world: World

    @property
    def clock(self) -> SettableClock:
        return self.world.clock

    async def talked(self, *words: str, captured: Mapping[str, str] | None = None, **request: Any) -> str:
        """A call that ended after these words."""
        call_id = await self.world.call(**request)
        claim = await self.world.claimed()
        assert await self.world.asked(claim)
        assert await self.world.recorded(claim, Answered(self.clock()))
        talk = said(*words, captured=captured)
        assert await self.world.finished(claim, a_result(at=self.clock(), talk=talk))
        return call_id

    async def claimed(self, *, after_s: float = 0) -> Job:
        now = self.clock.forward(seconds=after_s)
        until = now + timedelta(seconds=LEASE_S)
        (job,) = await self.world.db.write(jobs.claim, JobKind.ANALYSIS, now, until, 9)
        return job

    def worker(self, analyst: Analyst) -> AnalysisWorker:
        return AnalysisWorker(self.world.db, analyst, self.clock)

    async def step(self, analyst: Analyst) -> int:
        worker = self.worker(analyst)
        return await Jobs(self.world.db, [worker], self.clock).step(worker)

    async def until_done(self, analyst: Analyst) -> float:
        """Work until nothing is left; how many seconds that took."""
        began = self.clock()
        while await self.left():
            await self.step(analyst)
            self.clock.forward(seconds=5)
        return (self.clock() - began).total_seconds()

    async def left(self) -> int:
        return await self.world.db.read(
            lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(schema.jobs)) or 0
        )

    async def found(self, call_id: str) -> Analysis | None:
        return await self.world.db.read(lambda conn: analyses.load(conn, [call_id]).get(call_id))

    async def told_at_the_end(self, call_id: str) -> list[EventType]:
        return [type_ for type_ in await self.world.told(call_id) if type_ in ENDING]


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(await World(database).set_up(definition=ASKS_FOR_SEATS))


class TestATalk:
    async def test_is_analysed_and_then_the_call_is_over(self, office: Office) -> None:
        analyst = Scripted()
        window = Window(timezone="America/New_York")
        call_id = await office.talked("Four.", captured={"seats": "4"}, variables={"city": "Pune"}, window=window)

        assert await office.step(analyst) == 1

        assert analyst.asked == [
            (
                Talked(
                    turns=(("agent", "Yes?"), ("callee", "Four.")),
                    language="en-US",
                    timezone="America/New_York",
                    began_at="2026-03-02T07:00:00-05:00",
                    variables={"city": "Pune"},
                    captured={"seats": "4"},
                ),
                ASKS_FOR_SEATS.analysis,
                "their-own",
            )
        ]
        assert await office.found(call_id) == FOUND
        assert await office.told_at_the_end(call_id) == [*ENDING]
        assert await office.left() == 0

    async def test_takes_the_owners_defaults_where_it_does_not_tell(self, database: Database) -> None:
        plan = AnalysisPlan(keys={"seats": "integer", "city": "string"}, defaults={"city": "Pune", "seats": 1})
        office = Office(await World(database).set_up(definition=replace(ASKS_FOR_SEATS, analysis=plan)))
        call_id = await office.talked("Four.", captured={"seats": "4"})

        await office.step(RuleAnalyst())

        found = await office.found(call_id)
        assert found is not None
        assert found.client == {"seats": 4, "city": "Pune"}

    async def test_without_a_window_is_understood_by_the_callees_clock(self, office: Office) -> None:
        call_id = await office.talked("Please call me tomorrow at five.", to_number="+4930123456")

        await office.step(RuleAnalyst())

        found = await office.found(call_id)
        assert found is not None
        assert found.platform is not None
        assert found.platform.callback_requested_time == "2026-03-03T17:00:00+01:00"

    async def test_of_an_agent_that_asks_for_nothing_has_no_second_analysis(self, database: Database) -> None:
        office = Office(await World(database).set_up())
        call_id = await office.talked("Four.")

        await office.step(RuleAnalyst())

        assert await office.told_at_the_end(call_id) == [EventType.PLATFORM_ANALYSED, EventType.PROCESSED]

    async def test_without_a_word_needs_no_model(self, office: Office) -> None:
        analyst = Scripted()
        call_id = await office.talked("…")

        await office.step(analyst)

        found = await office.found(call_id)
        assert analyst.asked == []
        assert found is not None
        assert (found.made_by, found.client) == ("rules", {"seats": None})

    async def test_that_its_worker_did_not_live_to_tell_is_analysed_too(self, office: Office) -> None:
        call_id = await office.world.call()
        claim = await office.world.claimed()
        await office.world.asked(claim)
        await office.world.recorded(claim, Answered(office.clock()))
        await office.world.finished(claim, a_result(Outcome.WORKER_LOST, at=office.clock()))

        await office.step(Scripted())

        assert await office.told_at_the_end(call_id) == [*ENDING]

    async def test_after_a_busy_line_is_told_with_the_number_of_the_last_attempt(self, office: Office) -> None:
        call_id = await office.world.call(retry=RetryPolicy(count=1, busy_min=1))
        first = await office.world.claimed()
        await office.world.asked(first)
        await office.world.finished(first, a_result(Outcome.BUSY, at=office.clock()))
        office.clock.forward(minutes=2)
        second = await office.world.claimed()
        await office.world.asked(second)
        await office.world.finished(second, a_result(at=office.clock(), talk=said("Four.")))

        await office.step(Scripted())

        rows = await office.world._rows(sa.select(schema.events).where(schema.events.c.call_id == call_id))
        assert [row["attempt"] for row in rows if row["type"] in ENDING] == [2, 2, 2]


class TestACallIsOverOnce:
    async def test_when_two_workers_come_at_the_same_moment(self, office: Office) -> None:
        call_ids = [await office.talked("Four.") for _ in range(4)]

        await asyncio.gather(*(office.until_done(Scripted()) for _ in range(2)))

        for call_id in call_ids:
            assert await office.told_at_the_end(call_id) == [*ENDING]

    async def test_when_a_slow_one_comes_back_after_its_lease(self, office: Office) -> None:
        call_id = await office.talked("Four.")
        slow = await office.claimed()
        quick = await office.claimed(after_s=LEASE_S)
        late = Analysis(PlatformAnalysis(summary="Too late."), {"seats": 9}, "model:slow")

        await office.worker(Scripted()).work(quick)
        await office.worker(Scripted(late)).work(slow)
        await office.worker(Scripted(late)).give_up(slow, "it took too long")

        assert await office.found(call_id) == FOUND
        assert await office.told_at_the_end(call_id) == [*ENDING]

    async def test_when_the_first_one_dies_between_the_answer_and_writing_it_down(self, office: Office) -> None:
        class Dies(Database):
            """Its process ends before it can write."""

            async def write(self, *_: Any, **__: Any) -> Any:
                raise asyncio.CancelledError

        call_id = await office.talked("Four.")
        job = await office.claimed()
        dying, first = Dies(office.world.db.url), Scripted()
        with pytest.raises(asyncio.CancelledError):
            await AnalysisWorker(dying, first, office.clock).work(job)
        await dying._dispose()

        between = await office.told_at_the_end(call_id)
        office.clock.forward(seconds=LEASE_S)
        await office.step(Scripted())

        assert (len(first.asked), between) == (1, [])
        assert await office.told_at_the_end(call_id) == [*ENDING]

    async def test_and_a_job_without_its_call_is_struck_off(self, office: Office) -> None:
        def work(conn: Connection) -> None:
            jobs.add(conn, JobKind.ANALYSIS, new_id(), office.world.workspace_id, office.clock())

        await office.world.db.write(work)
        await office.step(Scripted())
        left = await office.left()
        await office.world.db.write(work)
        await office.worker(Scripted()).give_up(await office.claimed(), "no")

        assert (left, await office.left()) == (0, 0)


class TestAnAnalystThatFails:
    async def test_is_asked_again(self, office: Office) -> None:
        analyst = Scripted(troubles=[TROUBLE])
        call_id = await office.talked("Four.")

        await office.until_done(analyst)

        assert len(analyst.asked) == 2
        assert await office.found(call_id) == FOUND

    async def test_all_the_time_fails_the_analysis_and_the_call_is_over_all_the_same(self, office: Office) -> None:
        analyst = Scripted(troubles=[TROUBLE] * 99)
        call_id = await office.talked("Four.")

        took_s = await office.until_done(analyst)

        assert len(analyst.asked) == AnalysisWorker.most_tries
        assert await office.found(call_id) == Analysis(trouble=str(TROUBLE))
        assert await office.told_at_the_end(call_id) == [EventType.PROCESSED]
        assert took_s + AnalysisWorker.most_tries * 60 < 600

    async def test_when_ten_minutes_have_passed_is_not_asked_again(self, office: Office) -> None:
        analyst = Scripted(troubles=[TROUBLE] * 99)
        call_id = await office.talked("Four.")
        office.clock.forward(minutes=10)

        assert await office.step(analyst) == 1

        assert len(analyst.asked) == 1
        assert await office.found(call_id) == Analysis(trouble=str(TROUBLE))
        assert await office.told_at_the_end(call_id) == [EventType.PROCESSED]

    async def test_to_come_to_an_end_is_waited_for_no_longer_than_it_may(self, office: Office) -> None:
        call_id = await office.talked("Four.")
        office.clock.forward(minutes=10)
        worker = AnalysisWorker(office.world.db, Hanging(), office.clock, least_s=0.01)

        await Jobs(office.world.db, [worker], office.clock).step(worker)

        assert await office.found(call_id) == Analysis(trouble="the analysis took longer than 0.01 s")
        assert await office.told_at_the_end(call_id) == [EventType.PROCESSED]


class TestAVersionNobodyCanRead:
    async def test_fails_the_analysis_and_the_call_is_over_all_the_same(self, office: Office) -> None:
        call_id = await office.talked("Four.")
        table, analyst = schema.agent_versions, Scripted()
        await office.world.run(table.update().values(definition={"greeting": 7}))

        assert await office.step(analyst) == 1

        found = await office.found(call_id)
        assert found is not None
        assert (found.platform, found.client) == (None, None)
        assert "greeting must be a string" in found.trouble
        assert await office.told_at_the_end(call_id) == [EventType.PROCESSED]
        assert analyst.asked == []
