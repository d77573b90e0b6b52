"""The native API: neutral words, strict bodies, problem details, and calls one can change one's mind about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import (
    DISABLED_NUMBER,
    NATIVE_KEY,
    NEIGHBOUR,
    NEIGHBOUR_AGENT,
    NUMBER_ID,
    RINGG_KEY,
    SURVEY_AGENT,
    TAG,
    Doors,
    a_ringg_body,
    keep,
    open_doors,
    seed,
)
from api_records import (
    AGENT,
    ANALYSED,
    ANSWERED_CALL,
    UNANSWERED_CALL,
    WORKSPACE,
    a_call,
    at,
    the_answered_call,
    the_unanswered_call,
)
from outdial.commands.rules import change_rules
from outdial.domain.analysis import Analysis
from outdial.domain.call import CallState
from outdial.domain.ids import new_id
from outdial.domain.rules import CallingHours, CallingPolicy, Price
from outdial.store import schema
from outdial.store.database import Database

SAM, ANN = "+12025550143", "+12025550144"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def a_body(**changes: Any) -> dict[str, Any]:
    """The smallest good body; ``changes`` replace or, with ``...``, remove members."""
    body = {"to_number": SAM, "agent_id": AGENT, "from_number_ids": [NUMBER_ID]} | changes
    return {key: value for key, value in body.items() if value is not ...}


async def ask(doors: Doors, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {NATIVE_KEY}"} | more.pop("headers", {})
    return await doors.http.request(method, f"/v1{path}", json=body, headers=headers, **more)


async def place(doors: Doors, **changes: Any) -> str:
    placed = await ask(doors, "POST", "/calls", a_body(**changes))
    assert placed.status_code == 201, placed.text
    return str(placed.json()["id"])


class TestACallThatIsPlaced:
    async def test_is_answered_with_its_address(self, doors: Doors) -> None:
        response = await ask(doors, "POST", "/calls", a_body(callee_name="Sam", variables={"order": 7}))

        body = response.json()
        assert response.status_code == 201
        assert response.headers["Location"] == f"/v1/calls/{body['id']}"
        assert body == {
            "id": body["id"],
            "state": "registered",
            "agent_id": AGENT,
            "agent_tag": "renewal",
            "to_number": SAM,
            "variables": {"mobile_number": SAM, "callee_name": "Sam", "order": 7},
            "created_at": "2026-03-02T09:15:04.120331Z",
            "due_at": "2026-03-02T09:15:04.120331Z",
            "warnings": body["warnings"],
        }
        assert (await doors.http.get(response.headers["Location"])).status_code == 401

    async def test_keeps_everything_that_was_asked_for(self, doors: Doors) -> None:
        asked = {
            "agent_id": ...,
            "agent_tag": TAG,
            "from_number_ids": ...,
            "from_numbers": ["+12025550100", "+12025550101"],
            "callee_name": "Zoë",
            "window": {"start": "09:00", "end": "17:59", "timezone": "Europe/Berlin"},
            "scheduled_at": "2026-03-03T09:00:00+01:00",
            "retry": {"count": 2, "busy_min": 5},
            "limits": {"max_length_s": 60},
            "call_category": "renewal",
            "metadata": {"crm": {"id": 7}},
        }

        call = (await ask(doors, "GET", f"/calls/{await place(doors, **asked)}")).json()

        assert (call["state"], call["dialect"], call["callee_name"]) == ("registered", "native", "Zoë")
        assert (call["agent_tag"], call["call_category"]) == (TAG, "renewal")
        assert call["from_numbers"] == ["+12025550100", "+12025550101"]
        assert call["window"] == {"start": "09:00", "end": "17:59", "timezone": "Europe/Berlin"}
        assert call["retry"] == {"count": 2, "busy_min": 5, "not_picked_min": 30, "failed_min": 30}
        assert call["due_at"] == call["next_eligible_at"] == "2026-03-03T08:00:00.000000Z"
        assert call["blocked_by"] == ["schedule", "window"] or call["blocked_by"] == ["schedule"]
        assert call["metadata"] == {"crm": {"id": 7}}
        assert call["attempts"] == []

    async def test_again_under_its_key_is_the_same_call(self, doors: Doors) -> None:
        key = {"Idempotency-Key": "k"}
        first = await ask(doors, "POST", "/calls", a_body(), headers=key)
        again = await ask(doors, "POST", "/calls", a_body(), headers=key)
        other = await ask(doors, "POST", "/calls", a_body(to_number=ANN), headers=key)
        wrong = await ask(doors, "POST", "/calls", a_body(), headers={"Idempotency-Key": ""})

        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (other.status_code, other.json()["type"]) == (422, "urn:outdial:problem:idempotency-key-reused")
        assert wrong.json()["errors"][0]["header"] == "Idempotency-Key"
        assert await doors.calls_stored() == 1

    async def test_waits_when_there_are_no_credits(self, doors: Doors) -> None:
        await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, price=Price(per_minute_micros=1)))

        call = (await ask(doors, "GET", f"/calls/{await place(doors)}")).json()

        assert (call["state"], call["blocked_by"]) == ("registered", ["credits"])


class TestABodyThatIsNoCall:
    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"to_number": ...}, "#/to_number"),
            ({"to_number": "12025550143"}, "#/to_number"),
            ({"agent_id": ...}, "#"),
            ({"agent_tag": TAG}, "#"),
            ({"number_pool_id": "x"}, "#"),
            ({"from_number_ids": []}, "#/from_number_ids"),
            ({"surprise": 1}, "#/surprise"),
            ({"retry": {"count": "3"}}, "#/retry/count"),
            ({"retry": {"count": 1, "busy_min": -1}}, "#/retry/busy_min"),
            ({"limits": {"max_length_s": 5}}, "#/limits/max_length_s"),
            ({"window": {"start": "9:00", "end": "10:00", "timezone": "Europe/Berlin"}}, "#/window/start"),
            ({"window": {"start": "09:00", "end": "10:00", "timezone": "Berlin"}}, "#/window/timezone"),
            ({"scheduled_at": "2026-03-03T09:00:00"}, "#/scheduled_at"),
            ({"scheduled_at": 1772442904}, "#/scheduled_at"),
            ({"scheduled_at": "0001-01-01T00:00:00+14:00"}, "#/scheduled_at"),
            ({"scheduled_at": "2027-03-03T09:00:00Z"}, "#/scheduled_at"),
            ({"from_number_ids": ..., "from_numbers": ["+12025550100", "x"]}, "#/from_numbers/1"),
            ({"from_number_ids": ..., "from_numbers": [DISABLED_NUMBER]}, "#/from_numbers"),
        ],
    )
    async def test_is_refused_where_it_is_wrong(self, doors: Doors, changes: dict[str, Any], pointer: str) -> None:
        response = await ask(doors, "POST", "/calls", a_body(**changes))

        problem = response.json()
        assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
        assert pointer in [error["pointer"] for error in problem["errors"]]
        assert await doors.calls_stored() == 0

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"agent_id": NEIGHBOUR_AGENT}, "#/agent_id"),
            ({"agent_id": ..., "agent_tag": "nobody"}, "#/agent_tag"),
            ({"from_number_ids": [UNKNOWN]}, "#/from_number_ids"),
            ({"voice_id": UNKNOWN}, "#/voice_id"),
        ],
    )
    async def test_names_something_that_is_not_there(self, doors: Doors, changes: dict[str, Any], pointer: str) -> None:
        response = await ask(doors, "POST", "/calls", a_body(**changes))

        assert response.status_code == 404
        assert response.json()["errors"][0]["pointer"] == pointer

    async def test_is_told_all_its_faults_at_once(self, doors: Doors) -> None:
        problem = (await ask(doors, "POST", "/calls", {"to_number": 1, "x": 2})).json()

        assert problem == {
            "type": "urn:outdial:problem:invalid-request",
            "title": "The request is not valid",
            "status": 400,
            "detail": problem["errors"][0]["detail"],
            "instance": "/v1/calls",
            "request_id": problem["request_id"],
            "errors": problem["errors"],
        }
        assert {error["pointer"] for error in problem["errors"]} == {"#/to_number", "#/x"}


class TestACallThatIsRead:
    async def test_tells_of_every_dial(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call(), the_unanswered_call())

        talked = (await ask(doors, "GET", f"/calls/{ANSWERED_CALL}")).json()
        waits = (await ask(doors, "GET", f"/calls/{the_unanswered_call().id}")).json()

        assert (talked["analysis"], waits["analysis"]) == (None, None)
        (attempt,) = talked["attempts"]
        assert (talked["state"], talked["outcome"], attempt["outcome"]) == ("completed", "completed", "completed")
        assert attempt["answered_at"] is not None
        assert attempt["transcript"][0]["speaker"] == "agent"
        assert "/recordings/" in attempt["recording_url"]
        (busy,) = waits["attempts"]
        assert (waits["state"], busy["outcome"], busy["recording_url"]) == ("retry", "busy", None)
        assert waits["blocked_by"]
        assert waits["next_eligible_at"]

    async def test_tells_what_was_found_out_from_its_talk(self, doors: Doors) -> None:
        failed = Analysis(client={"renewal_agreed": None}, made_by="model:small", trouble="it did not answer")
        other = the_answered_call(id=UNANSWERED_CALL, analysis=failed)
        await keep(doors.database, the_answered_call(analysis=ANALYSED), other)

        analysis = (await ask(doors, "GET", f"/calls/{ANSWERED_CALL}")).json()["analysis"]
        listed = (await ask(doors, "GET", "/calls")).json()["calls"]

        assert analysis == {
            "platform": {
                "summary": "Callee confirmed the renewal.",
                "key_points": ["Renewal due on Friday", "Callee agreed"],
                "action_items": ["Send the invoice"],
                "classification": "renewal_confirmed",
                "callback_requested": False,
                "callback_requested_time": "",
                "sentiment": "positive",
            },
            "client": {"renewal_agreed": True, "preferred_channel": "email"},
            "made_by": "rules",
            "trouble": "",
        }
        found = {call["id"]: call["analysis"] for call in listed}
        assert found[ANSWERED_CALL] == analysis
        assert found[UNANSWERED_CALL] == {
            "platform": None,
            "client": {"renewal_agreed": None},
            "made_by": "model:small",
            "trouble": "it did not answer",
        }

    async def test_is_the_same_whichever_door_it_came_through(self, doors: Doors) -> None:
        placed = await doors.ringg(a_ringg_body())

        call = (await ask(doors, "GET", f"/calls/{placed.json()['data']['call_id']}")).json()

        assert (call["dialect"], call["metadata"]) == ("ringg", {})

    @pytest.mark.parametrize("path", [f"/calls/{UNKNOWN}", "/calls/x", f"/calls/{UNKNOWN}/events"])
    async def test_is_not_found_when_it_is_nobodys(self, doors: Doors, path: str) -> None:
        response = await ask(doors, "GET", path)

        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (404, "call_id")

    async def test_of_another_workspace_is_not_found_by_any_verb(self, doors: Doors) -> None:
        await keep(doors.database, a_call(workspace_id=NEIGHBOUR))

        answers = [
            await ask(doors, "GET", f"/calls/{ANSWERED_CALL}"),
            await ask(doors, "POST", f"/calls/{ANSWERED_CALL}/cancel"),
            await ask(doors, "POST", f"/calls/{ANSWERED_CALL}/hang-up"),
            await ask(doors, "PATCH", f"/calls/{ANSWERED_CALL}", {"scheduled_at": None}),
        ]

        assert [answer.status_code for answer in answers] == [404] * 4


class TestAListOfCalls:
    async def test_is_read_page_by_page_whatever_is_added_meanwhile(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        # Three calls share each moment: a page may end among them.
        records = [a_call(id=new_id(), created_at=at("09:00:00") + timedelta(seconds=n // 3)) for n in range(10)]
        await keep(database, *records)
        async with open_doors(database, tmp_path, now=lambda: at("09:30:00")) as doors:
            seen: list[str] = []
            cursor: Mapping[str, str] = {}
            while True:
                page = (await ask(doors, "GET", "/calls", params={"limit": "4", **cursor})).json()
                seen += [call["id"] for call in page["calls"]]
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
                await place(doors)

        assert len(seen) == 10
        assert set(seen) == {record.id for record in records}

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({}, {"one", "ann", "survey", "over"}),
            ({"state": "failed"}, {"over"}),
            ({"state": "failed,registered"}, {"one", "ann", "survey", "over"}),
            ({"agent_id": SURVEY_AGENT}, {"survey"}),
            ({"to_number": ANN}, {"ann"}),
            ({"created_from": "2026-03-02T09:00:01Z"}, {"over", "survey"}),
            ({"created_to": "2026-03-02T10:00:01+01:00"}, {"one", "ann"}),
        ],
    )
    async def test_holds_what_was_asked_for(self, doors: Doors, query: Mapping[str, str], names: set[str]) -> None:
        later = at("09:00:01")
        await keep(
            doors.database,
            a_call(id=new_id(), callee_name="one", created_at=at("09:00:00")),
            a_call(id=new_id(), callee_name="ann", created_at=at("09:00:00"), to_number=ANN),
            a_call(id=new_id(), callee_name="survey", created_at=later, agent_id=SURVEY_AGENT),
            a_call(id=new_id(), callee_name="over", created_at=later, state=CallState.FAILED),
            a_call(id=new_id(), callee_name="theirs", created_at=later, workspace_id=NEIGHBOUR),
        )

        page = (await ask(doors, "GET", "/calls", params=dict(query))).json()

        assert {call["callee_name"] for call in page["calls"]} == names
        assert page["next"] is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("limit", value) for value in ("0", "101", "-1", "x", "", "1.5")),
            *(("cursor", value) for value in ("", "x", "AAAA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS54")),
            *(("state", value) for value in ("", "ringing", "failed,")),
            ("agent_id", "x"),
            ("to_number", "x"),
            ("created_from", "2026-03-02"),
            ("created_to", "2026-13-02T00:00:00Z"),
        ],
    )
    async def test_is_refused_for_a_query_that_makes_no_sense(self, doors: Doors, name: str, value: str) -> None:
        response = await ask(doors, "GET", "/calls", params={name: value})

        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (400, name)


class TestChangingOnesMind:
    async def test_a_waiting_call_is_cancelled_once(self, doors: Doors) -> None:
        call_id = await place(doors)

        first = await ask(doors, "POST", f"/calls/{call_id}/cancel")
        again = await ask(doors, "POST", f"/calls/{call_id}/cancel")

        assert (first.status_code, first.json()["state"]) == (200, "cancelled")
        assert (again.status_code, again.json()["type"]) == (409, "urn:outdial:problem:conflict")

    async def test_a_call_under_way_is_stopped(self, doors: Doors) -> None:
        one, other = await place(doors), await place(doors)
        await dialled(doors.database, one, other)

        cancelled = await ask(doors, "POST", f"/calls/{one}/cancel")
        hung_up = await ask(doors, "POST", f"/calls/{other}/hang-up")

        assert (cancelled.status_code, hung_up.status_code) == (202, 202)
        facts = (await ask(doors, "GET", f"/calls/{one}/events")).json()["events"]
        assert facts[-1]["type"] == "stop_asked"

    async def test_a_waiting_call_cannot_be_hung_up(self, doors: Doors) -> None:
        response = await ask(doors, "POST", f"/calls/{await place(doors)}/hang-up")

        assert response.status_code == 409

    async def test_a_waiting_call_gets_another_moment_and_another(self, sqlite: Database, tmp_path: Path) -> None:
        rung: list[str] = []
        async with open_doors(sqlite, tmp_path, now=lambda: NOON, placed=lambda: rung.append("")) as doors:
            call_id = await place(doors)

            later = await ask(doors, "PATCH", f"/calls/{call_id}", {"scheduled_at": "2026-03-02T15:00:00+01:00"})
            now = await ask(doors, "PATCH", f"/calls/{call_id}", {"scheduled_at": None})

        assert (later.json()["next_eligible_at"], later.json()["blocked_by"]) == (
            "2026-03-02T14:00:00.000000Z",
            ["schedule"],
        )
        assert now.json()["due_at"] == "2026-03-02T12:00:00.000000Z"
        assert len(rung) == 3

    @pytest.mark.parametrize("body", [{}, {"scheduled_at": "tomorrow"}, {"scheduled_at": "2028-01-01T00:00:00Z"}, []])
    async def test_another_moment_must_be_one(self, doors: Doors, body: Any) -> None:
        response = await ask(doors, "PATCH", f"/calls/{await place(doors)}", body)

        assert response.status_code == 400


class TestTheSuppressionList:
    async def test_is_kept_by_number(self, doors: Doors) -> None:
        added = await ask(doors, "PUT", f"/suppressions/{SAM}", {"reason": "asked us to"})
        again = await ask(doors, "PUT", f"/suppressions/{SAM}")
        read = await ask(doors, "GET", f"/suppressions/%2B{SAM[1:]}")
        removed = await ask(doors, "DELETE", f"/suppressions/{SAM}")
        gone = [await ask(doors, method, f"/suppressions/{SAM}") for method in ("GET", "DELETE")]

        entry = {"number": SAM, "reason": "asked us to", "created_at": "2026-03-02T09:15:04.120331Z"}
        assert (added.status_code, added.json()) == (201, entry)
        assert (again.status_code, again.json()) == (200, entry)
        assert (read.status_code, read.json()) == (200, entry)
        assert (removed.status_code, removed.content) == (204, b"")
        assert [answer.status_code for answer in gone] == [404, 404]

    async def test_404_to_whose_number_somebody_took_off_meanwhile(self, doors: Doors) -> None:
        at_once = "CREATE TRIGGER at_once AFTER INSERT ON suppressions BEGIN DELETE FROM suppressions; END"
        await doors.database.write(lambda conn: conn.execute(sa.text(at_once)))

        answer = await ask(doors, "PUT", f"/suppressions/{SAM}")

        assert (answer.status_code, answer.json()["detail"]) == (404, "Number not found on the suppression list")

    async def test_is_read_page_by_page(self, doors: Doors) -> None:
        numbers = [f"+1202555{number:04}" for number in range(7)]
        for number in reversed(numbers):
            await ask(doors, "PUT", f"/suppressions/{number}")

        first = (await ask(doors, "GET", "/suppressions", params={"limit": "4"})).json()
        second = (await ask(doors, "GET", "/suppressions", params={"after": first["next"]})).json()

        assert [row["number"] for row in first["suppressions"] + second["suppressions"]] == numbers
        assert second["next"] is None

    @pytest.mark.parametrize(
        ("method", "path", "body", "where"),
        [
            ("PUT", "/suppressions/12025550143", None, {"parameter": "number"}),
            ("PUT", f"/suppressions/{SAM}", {"reason": "x" * 201}, {"pointer": "#/reason"}),
            ("PUT", f"/suppressions/{SAM}", {"why": ""}, {"pointer": "#/why"}),
            ("GET", "/suppressions?after=x", None, {"parameter": "after"}),
        ],
    )
    async def test_takes_numbers_only(
        self, doors: Doors, method: str, path: str, body: Any, where: dict[str, str]
    ) -> None:
        response = await ask(doors, method, path, body)

        (error,) = response.json()["errors"]
        assert response.status_code == 400
        assert where.items() <= error.items()


class TestThePolicyCheck:
    async def check(self, doors: Doors, **body: Any) -> dict[str, Any]:
        response = await ask(doors, "POST", "/policy/check", {"to_number": SAM} | body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def test_says_that_nothing_is_in_the_way(self, doors: Doors) -> None:
        assert await self.check(doors) == {
            "allowed": True,
            "now": True,
            "blocked_by": [],
            "next_eligible_at": "2026-03-02T09:15:04.120331Z",
            "reason": "",
        }
        assert await doors.calls_stored() == 0

    async def test_names_the_list_a_number_is_on(self, doors: Doors) -> None:
        await ask(doors, "PUT", f"/suppressions/{SAM}")

        answer = await self.check(doors)

        assert (answer["allowed"], answer["now"], answer["next_eligible_at"]) == (False, False, None)
        assert "suppression list" in answer["reason"]

    async def test_knows_window_schedule_and_quiet_hours(self, doors: Doors) -> None:
        hours = CallingHours(time(8), time(20))
        window = {"start": "11:00", "end": "12:00", "timezone": "UTC"}

        windowed = await self.check(doors, window=window)
        scheduled = await self.check(doors, scheduled_at="2026-03-02T12:30:00Z", window=window)
        await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, policy=CallingPolicy(hours=hours)))
        quiet = await self.check(doors, to_number="+81312345678")

        assert (windowed["blocked_by"], windowed["next_eligible_at"]) == (["window"], "2026-03-02T11:00:00.000000Z")
        assert scheduled["blocked_by"] == ["schedule", "window"]
        assert scheduled["next_eligible_at"] == "2026-03-03T11:00:00.000000Z"
        assert (quiet["now"], quiet["allowed"]) == (True, True)

    async def test_counts_how_often_somebody_was_rung(self, doors: Doors) -> None:
        await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, policy=CallingPolicy(per_day=1)))
        await keep(doors.database, the_answered_call())

        answer = await self.check(doors)

        assert (answer["now"], answer["blocked_by"]) == (False, ["policy_hours"])
        assert answer["next_eligible_at"] > "2026-03-03"

    async def test_knows_when_there_are_no_credits(self, doors: Doors) -> None:
        await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, price=Price(per_minute_micros=1)))

        answer = await self.check(doors)

        assert (answer["allowed"], answer["now"], answer["blocked_by"]) == (True, False, ["credits"])


class TestTheQuota:
    async def test_is_told_in_every_answer(self, sqlite: Database, tmp_path: Path) -> None:
        seconds = [0.0]
        async with open_doors(sqlite, tmp_path, requests_per_s=2, seconds=lambda: seconds[0]) as doors:
            first = await ask(doors, "GET", "/calls")
            missing = await ask(doors, "GET", "/calls/x")
            refused = await ask(doors, "GET", "/calls")
            seconds[0] = 0.5
            after = await ask(doors, "GET", "/calls")

        told = [
            (answer.status_code, answer.headers["RateLimit"], answer.headers["RateLimit-Policy"])
            for answer in (first, missing, refused, after)
        ]
        assert told == [
            (200, '"requests";r=1;t=1', '"requests";q=2;w=1'),
            (404, '"requests";r=0;t=1', '"requests";q=2;w=1'),
            (429, '"requests";r=0;t=1', '"requests";q=2;w=1'),
            (200, '"requests";r=0;t=1', '"requests";q=2;w=1'),
        ]
        assert refused.headers["Retry-After"] == "1"
        assert refused.json()["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"

    async def test_is_nobody_elses_business(self, doors: Doors) -> None:
        response = await ask(doors, "GET", "/calls", headers={"Authorization": f"Bearer {RINGG_KEY}"})

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "RateLimit" not in response.headers


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/calls", 405), ("GET", "", 404)]
    )
    async def test_is_a_problem_too(self, doors: Doors, method: str, path: str, status: int) -> None:
        response = await ask(doors, method, path)

        problem = response.json()
        assert response.headers["Content-Type"] == "application/problem+json"
        assert (response.status_code, problem["status"], problem["instance"]) == (status, status, f"/v1{path}")


async def dialled(database: Database, *call_ids: str) -> None:
    """As if a dialer had just taken these calls."""

    def work(conn: Connection) -> None:
        for call_id in call_ids:
            call = conn.execute(sa.select(schema.calls).where(schema.calls.c.id == call_id)).mappings().one()
            trunk_id = conn.scalar(sa.select(schema.numbers.c.trunk_id).where(schema.numbers.c.id == NUMBER_ID))
            conn.execute(
                schema.attempts.insert().values(
                    call_id=call_id,
                    number=1,
                    sid=f"CA{call_id}",
                    state="dialing",
                    worker="w",
                    workspace_id=call["workspace_id"],
                    to_number=call["to_number"],
                    subscriber=call["subscriber"],
                    number_id=NUMBER_ID,
                    trunk_id=trunk_id,
                    version_id="",
                    claimed_at=call["due_at"],
                )
            )
            one = schema.calls.update().where(schema.calls.c.id == call_id)
            conn.execute(one.values(state="active", attempt=1, worker="w"))

    await database.write(work)
