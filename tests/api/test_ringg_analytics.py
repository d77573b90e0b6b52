"""The five reports, counted by the database of either engine, against what a person counts, and what Python does."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from api_builders import NEIGHBOUR, NEIGHBOUR_KEY, SURVEY_AGENT, Doors, keep, open_doors, seed
from api_examples import example, ordered_keys
from api_records import AGENT, a_call, an_attempt, at, the_answered_attempt, the_answered_call
from outdial.api.ringg import statuses
from outdial.domain.analysis import Analysis, PlatformAnalysis
from outdial.domain.call import AttemptState, CallState
from outdial.domain.ids import new_id
from outdial.domain.outcome import EndedBy, Outcome
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import RetryPolicy
from outdial.domain.waiting import Cause
from outdial.store import schema
from outdial.store.database import Database

NOW = at("12:00:00")
LIST = "11111111-2222-4333-8444-555555555555"
NUMBERS = ("+12025550100", "+12025550101")
TALKS_S = (5.5, 10, 20, 25, 30, 50, 60, 140, 200)
"""540.5 s in all; three of them end exactly where a bucket begins."""
NAMES = {AGENT: "Renewal Assistant", SURVEY_AGENT: "Survey Assistant"}
DAY = timedelta(days=1)
FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)


@asynccontextmanager
async def counting(database: Database, folder: Path) -> AsyncIterator[Doors]:
    async with open_doors(database, folder, now=lambda: NOW) as doors:
        yield doors


@pytest.fixture
async def counted(database: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    """The doors of the seeded workspace, on each engine in turn."""
    await seed(database)
    async with counting(database, tmp_path) as doors:
        yield doors


async def report(doors: Doors, name: str, **query: str) -> Any:
    response = await doors.ringg_get(f"/analytics/{name}", **query)
    assert response.status_code == 200, response.text
    return response.json()


def a_talk(seconds: float, **changes: Any) -> CallRecord:
    attempt = the_answered_attempt(talk_ms=round(seconds * 1000), cost=0.6)
    return the_answered_call(**{"id": new_id(), "attempts": (attempt,)} | changes)


def a_failure(**changes: Any) -> CallRecord:
    """Busy, and busy again: no re-dial is left."""
    busy = an_attempt(state=AttemptState.ENDED, outcome=Outcome.BUSY)
    facts = {"state": CallState.FAILED, "outcome": Outcome.BUSY, "retry": RetryPolicy(count=1)}
    return a_call(**{"id": new_id(), **facts, "attempts": (busy, replace(busy, number=2))} | changes)


def classified(label: str, **changes: Any) -> CallRecord:
    analysis = Analysis(platform=PlatformAnalysis(classification=label), made_by="rules")
    return a_talk(7, analysis=analysis, **changes)


def the_fifteen() -> list[CallRecord]:
    """The calls of the documentation's example: nine answered, four failed, two to be dialled again."""
    silent = the_answered_attempt(talk_ms=5_500, cost=0.6, turns=())
    left, *talks = TALKS_S
    busy = an_attempt(state=AttemptState.ENDED, outcome=Outcome.BUSY)
    return [
        a_talk(left, attempts=(silent,), created_at=FIRST_DAY),
        *(a_talk(seconds) for seconds in talks),
        *(a_failure() for _ in range(3)),
        a_failure(created_at=FIRST_DAY + 2 * DAY - timedelta(microseconds=1)),
        *(a_call(id=new_id(), state=CallState.RETRY, due_at=NOW, attempts=(busy,)) for _ in range(2)),
    ]


class TestTheExample:
    async def test_platform_analytics(self, counted: Doors) -> None:
        exchange = example("ringg", "65")
        others = (
            a_talk(7, created_at=FIRST_DAY - timedelta(microseconds=1)),
            a_talk(7, created_at=FIRST_DAY + 2 * DAY),
        )
        await keep(counted.database, *the_fifteen(), *others, a_call(id=new_id(), agent_id=SURVEY_AGENT))

        got = (await counted.replay(exchange)).json()

        assert got == exchange["response"]["body"]
        assert list(got) == list(exchange["response"]["body"])
        assert ordered_keys(got["metrics_summary"]) == ordered_keys(exchange["response"]["body"]["metrics_summary"])
        assert list(got["performance_metrics"]) == ["by_status", "by_sub_status", "by_agent"]

    async def test_duration_distribution(self, counted: Doors) -> None:
        exchange = example("ringg", "66")
        await keep(counted.database, *the_fifteen(), a_talk(7, created_at=FIRST_DAY + 2 * DAY))

        got = (await counted.replay(exchange)).json()

        assert got == exchange["response"]["body"]
        assert ordered_keys(got) == ordered_keys(exchange["response"]["body"])


class TestHandCounted:
    async def test_nothing(self, counted: Doors) -> None:
        empty: dict[str, Any] = {"by_status": {}, "by_sub_status": {}, "by_agent": []}
        summary = (await report(counted, "platform-analytics"))["metrics_summary"]

        assert set(summary.values()) == {0}
        assert len(summary) == 7
        assert (await report(counted, "drill-down-analytics", bulk_list_id=LIST))["performance_metrics"] == empty
        assert await report(counted, "number-analytics") == {"number_analytics": []}
        buckets = await report(counted, "duration-distribution")
        assert buckets == {"duration_distribution": {"0-10": 0, "10-30": 0, "30-60": 0, "60+": 0}}

    async def test_calls_of_one_list(self, counted: Doors) -> None:
        await keep(counted.database, *the_fifteen(), a_talk(7, bulk_list_id=LIST), a_failure(bulk_list_id=LIST))

        got = await report(counted, "drill-down-analytics", bulk_list_id=LIST)

        assert got == {
            "performance_metrics": {
                "by_status": {"completed": 1, "failed": 1},
                "by_sub_status": {"ACCEPTED": 1, "RETRY_LIMIT_REACHED": 1},
                "by_agent": [
                    {
                        "agent_id": AGENT,
                        "agent_name": "Renewal Assistant",
                        "total_calls": 2,
                        "connected_calls": 1,
                    }
                ],
            },
            "cached": False,
        }

    async def test_numbers(self, counted: Doors) -> None:
        busy = an_attempt(state=AttemptState.ENDED, outcome=Outcome.BUSY, from_number=NUMBERS[0])
        answered = the_answered_attempt(number=2, from_number=NUMBERS[1])
        both = a_talk(7, attempts=(busy, answered))
        await keep(counted.database, both, a_failure(), a_failure(), a_call(id=new_id()))

        got = await report(counted, "number-analytics")

        assert got == {
            "number_analytics": [
                {"number": NUMBERS[0], "total_calls": 3, "connected_calls": 0, "connect_rate": 0},
                {"number": NUMBERS[1], "total_calls": 1, "connected_calls": 1, "connect_rate": 1},
            ]
        }

    async def test_waiting_calls_are_told_apart_by_their_time(self, counted: Doors) -> None:
        later = a_call(id=new_id(), due_at=NOW + timedelta(seconds=1))
        due = a_call(id=new_id(), due_at=NOW)
        talking = replace(the_answered_attempt(), state=AttemptState.TALKING, outcome=None, ended_by=None)
        ringing = replace(talking, state=AttemptState.RINGING, answered_at=None)
        active = [a_call(id=new_id(), state=CallState.ACTIVE, attempts=(one,)) for one in (talking, ringing)]
        await keep(counted.database, later, due, *active)

        got = (await report(counted, "platform-analytics"))["performance_metrics"]

        assert got["by_status"] == {"registered": 2, "ongoing": 2}
        assert got["by_sub_status"] == {"IN_DB": 1, "QUEUED": 2, "ACCEPTED": 1}

    @pytest.mark.parametrize(("voicemail", "count"), [("true", 1), ("0", 2), ("", 3)])
    async def test_voicemail(self, counted: Doors, voicemail: str, count: int) -> None:
        taken = the_answered_attempt(outcome=Outcome.VOICEMAIL)
        await keep(counted.database, a_talk(7), a_failure(), a_talk(7, outcome=Outcome.VOICEMAIL, attempts=(taken,)))

        got = await report(counted, "platform-analytics", voicemail=voicemail)

        assert got["metrics_summary"]["total_calls"] == count

    async def test_classifications(self, counted: Doors) -> None:
        taken = classified("no_interest", outcome=Outcome.VOICEMAIL)
        early, late = FIRST_DAY - DAY, FIRST_DAY + 5 * DAY
        await keep(
            counted.database,
            *(classified("renewed") for _ in range(2)),
            *(classified("callback") for _ in range(3)),
            *(classified("नवीकरण", bulk_list_id=LIST), classified("", bulk_list_id=LIST), taken),
            *(classified("renewed", agent_id=SURVEY_AGENT), classified("renewed", created_at=early)),
            *(classified("renewed", created_at=late), classified("theirs", workspace_id=NEIGHBOUR)),
            *(a_talk(7), a_talk(7, analysis=Analysis(made_by="rules", trouble="nobody said anything")), a_failure()),
        )

        async def counts(**query: str) -> dict[str, int]:
            found: dict[str, int] = (await report(counted, "classification-analytics", **query))[
                "classification_analytics"
            ]
            return found

        days = {"start_date": "2026-03-01", "end_date": "2026-03-02"}
        assert await counts() == {"renewed": 5, "callback": 3, "no_interest": 1, "नवीकरण": 1}
        assert list(await counts()) == ["renewed", "callback", "no_interest", "नवीकरण"]
        assert await counts(**days) == {"callback": 3, "renewed": 3, "no_interest": 1, "नवीकरण": 1}
        assert await counts(**days, agent_id=AGENT) == {"callback": 3, "renewed": 2, "no_interest": 1, "नवीकरण": 1}
        assert await counts(bulk_list_id=LIST) == {"नवीकरण": 1}
        assert await counts(voicemail="true") == {"no_interest": 1}
        assert await counts(voicemail="false", **days, agent_id=SURVEY_AGENT) == {"renewed": 1}
        assert await counts(start_date="2026-03-07") == {}

    async def test_the_busiest_agent_comes_first(self, counted: Doors) -> None:
        survey = a_talk(7, agent_id=SURVEY_AGENT)
        await keep(counted.database, a_talk(7), survey, a_failure(agent_id=SURVEY_AGENT))

        got = (await report(counted, "platform-analytics"))["performance_metrics"]["by_agent"]

        assert [(row["agent_name"], row["total_calls"], row["connected_calls"]) for row in got] == [
            ("Survey Assistant", 2, 1),
            ("Renewal Assistant", 1, 1),
        ]


class TestEveryReport:
    NAMES = (
        *("platform-analytics", "drill-down-analytics", "number-analytics"),
        *("duration-distribution", "classification-analytics"),
    )

    @pytest.mark.parametrize("name", NAMES)
    async def test_is_about_the_workspace_of_its_key(self, doors: Doors, name: str) -> None:
        await keep(doors.database, classified("renewed", bulk_list_id=LIST))
        query = {"bulk_list_id": LIST, "start_date": "2026-03-05"}

        theirs = await doors.ringg_get(f"/analytics/{name}", key=NEIGHBOUR_KEY, bulk_list_id=LIST)
        nothing = await report(doors, name, **query)

        assert theirs.json() == nothing
        assert (await doors.ringg_get(f"/analytics/{name}", key="")).status_code == 401

    @pytest.mark.parametrize("name", NAMES)
    async def test_says_what_it_cannot_read(self, doors: Doors, name: str) -> None:
        for query, message in (
            ({"start_date": "yesterday"}, "start_date must be an ISO 8601 date"),
            ({"end_date": "2026-02-30"}, "end_date must be an ISO 8601 date"),
            ({"voicemail": "perhaps"}, "voicemail must be true or false"),
        ):
            response = await doors.ringg_get(f"/analytics/{name}", bulk_list_id=LIST, **query)
            assert (response.status_code, response.json()["message"]) == (400, message)

    @pytest.mark.parametrize("name", NAMES)
    async def test_of_what_has_no_id_is_empty(self, doors: Doors, name: str) -> None:
        await keep(doors.database, classified("renewed"))

        nothing = await report(doors, name, bulk_list_id=LIST)

        assert await report(doors, name, bulk_list_id="no-id") == nothing
        assert await report(doors, name, bulk_list_id=LIST, agent_id="\0", page="2") == nothing

    async def test_of_a_list_needs_the_list(self, doors: Doors) -> None:
        response = await doors.ringg_get("/analytics/drill-down-analytics", bulk_list_id=" ")

        assert (response.status_code, response.json()["message"]) == (400, "bulk_list_id is required")
        assert response.json()["details"][0]["loc"] == ["query", "bulk_list_id"]


_attempts = st.builds(
    an_attempt,
    from_number=st.sampled_from(NUMBERS),
    answered_at=st.none() | st.just(at("09:15:12")),
    talk_ms=st.sampled_from([0, 1, 9_999, 10_000, 29_999, 30_000, 59_999, 60_000, 3_600_000]),
    cost=st.integers(0, 300).map(lambda hundredths: hundredths / 100),
    state=st.sampled_from([AttemptState.TALKING, AttemptState.RINGING, AttemptState.ENDED]),
    turns=st.sampled_from([(), the_answered_attempt().turns[:1], the_answered_attempt().turns]),
)


@st.composite
def _calls(draw: st.DrawFn) -> CallRecord:
    tried = draw(st.lists(_attempts, max_size=3))
    return a_call(
        id=new_id(),
        agent_id=draw(st.sampled_from([AGENT, SURVEY_AGENT])),
        state=draw(st.sampled_from(list(CallState))),
        outcome=draw(st.none() | st.sampled_from(list(Outcome))),
        ended_by=draw(st.none() | st.sampled_from(list(EndedBy))),
        retry=RetryPolicy(count=draw(st.integers(0, 2))),
        due_at=NOW + timedelta(seconds=draw(st.integers(-1, 1))),
        created_at=FIRST_DAY + timedelta(hours=draw(st.integers(0, 60))),
        bulk_list_id=draw(st.sampled_from([None, LIST])),
        attempts=tuple(replace(attempt, number=number) for number, attempt in enumerate(tried, 1)),
    )


_queries = st.fixed_dictionaries(
    {},
    optional={
        "agent_id": st.sampled_from([AGENT, SURVEY_AGENT]),
        "bulk_list_id": st.just(LIST),
        "voicemail": st.sampled_from(["true", "false"]),
        "start_date": st.sampled_from(["2026-03-01", "2026-03-02"]),
        "end_date": st.sampled_from(["2026-03-01", "2026-03-02"]),
    },
)


def meant(call: CallRecord, query: dict[str, str]) -> bool:
    day = call.created_at.astimezone(UTC).date().isoformat()
    return (
        query.get("agent_id", call.agent_id) == call.agent_id
        and query.get("bulk_list_id", call.bulk_list_id) == call.bulk_list_id
        and query.get("start_date", day) <= day <= query.get("end_date", day)
        and ("voicemail" not in query or (query["voicemail"] == "true") == (call.outcome is Outcome.VOICEMAIL))
    )


def connected(tried: Sequence[AttemptRecord]) -> bool:
    return any(attempt.answered_at for attempt in tried)


def sub_status(call: CallRecord) -> str:
    """As the reports tell: of waiting calls only the time is looked at."""
    if call.state is CallState.RETRY:
        return "RETRY_SCHEDULED"
    held = (Cause.SCHEDULE,) if call.state is CallState.REGISTERED and call.due_at > NOW else ()
    return statuses.sub_status(replace(call, blocked_by=held))


def talk_s(call: CallRecord) -> float:
    return sum(attempt.talk_ms for attempt in call.attempts) / 1000


def counted_in_python(calls: list[CallRecord]) -> dict[str, Any]:
    talks = [talk_s(call) for call in calls if connected(call.attempts)]
    states = Counter(call.state for call in calls)
    agents = Counter(call.agent_id for call in calls)
    reached = Counter(call.agent_id for call in calls if connected(call.attempts))
    total_s = sum(talk_s(call) for call in calls)
    return {
        "metrics_summary": {
            "total_calls": len(calls),
            "connected_calls": len(talks),
            "completed_calls": states[CallState.COMPLETED] + states[CallState.FORWARDED],
            "failed_calls": states[CallState.FAILED] + states[CallState.ERROR],
            "total_duration_seconds": pytest.approx(total_s),
            "average_duration_seconds": pytest.approx(total_s / len(talks) if talks else 0, abs=0.0051),
            "total_cost": pytest.approx(sum(call.cost for call in calls)),
        },
        "performance_metrics": {
            "by_status": Counter(statuses.call_status(call.state) for call in calls),
            "by_sub_status": Counter(map(sub_status, calls)),
            "by_agent": [
                {"agent_id": agent, "agent_name": NAMES[agent], "total_calls": count, "connected_calls": reached[agent]}
                for agent, count in sorted(agents.items(), key=lambda item: (-item[1], NAMES[item[0]]))
            ],
        },
        "cached": False,
    }


def numbers_in_python(calls: list[CallRecord]) -> list[dict[str, Any]]:
    rows = []
    for number in NUMBERS:
        dials = [[one for one in call.attempts if one.from_number == number] for call in calls]
        total, reached = sum(map(bool, dials)), sum(map(connected, dials))
        if total:
            rate = round(reached / total, 4)
            rows.append({"number": number, "total_calls": total, "connected_calls": reached, "connect_rate": rate})
    return sorted(rows, key=lambda row: (-row["total_calls"], row["number"]))


def lengths_in_python(calls: list[CallRecord]) -> dict[str, int]:
    talks = [talk_s(call) for call in calls if connected(call.attempts)]
    bounds = {"0-10": (0, 10), "10-30": (10, 30), "30-60": (30, 60), "60+": (60, 10**9)}
    return {name: sum(begin <= talk < end for talk in talks) for name, (begin, end) in bounds.items()}


def forget_calls(conn: Connection) -> None:
    for table in (schema.attempts, schema.events, schema.call_requests, schema.calls):
        conn.execute(table.delete())


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(calls=st.lists(_calls(), min_size=4, max_size=14), queries=st.lists(_queries, min_size=2, max_size=4))
async def test_the_database_counts_as_python_does(
    counted: Doors, calls: list[CallRecord], queries: list[dict[str, str]]
) -> None:
    await counted.database.write(forget_calls)
    await keep(counted.database, *calls)

    for query in [{}, *queries]:
        wanted = [call for call in calls if meant(call, query)]
        assert await report(counted, "platform-analytics", **query) == counted_in_python(wanted)
        assert (await report(counted, "number-analytics", **query))["number_analytics"] == numbers_in_python(wanted)
        lengths = await report(counted, "duration-distribution", **query)
        assert lengths["duration_distribution"] == lengths_in_python(wanted)
        listed = query | {"bulk_list_id": LIST}
        drilled = await report(counted, "drill-down-analytics", **listed)
        of_list = [call for call in calls if meant(call, listed)]
        assert drilled["performance_metrics"] == counted_in_python(of_list)["performance_metrics"]
