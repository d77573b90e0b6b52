"""Ending calls that wait: every form of the request, what it reaches, and what it must leave alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from api_builders import NEIGHBOUR, RINGG, RINGG_KEY, SURVEY_AGENT, Doors, keep, open_doors, seed
from api_examples import example, ordered_keys, without
from api_records import AGENT, a_call, at
from outdial.domain.call import CallState
from outdial.domain.ids import new_id
from outdial.domain.record import CallRecord
from outdial.store import schema
from outdial.store.database import Database

LIST, OTHER_LIST = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
SAM, ANN = "+12025550143", "+12025550144"
NOTHING = "No terminable calls found"
ONE_FORM = "Provide exactly one of agent_id, call_ids, campaign_id or mobile_numbers, or the last two together"


def waiting(name: str, **facts: Any) -> CallRecord:
    """A call that waits for its first dial; ``name`` is what it is known by in a test."""
    return a_call(**{"id": new_id(), "callee_name": name, "state": CallState.REGISTERED, "attempts": ()} | facts)


async def terminate(
    doors: Doors, body: Any, *, path: str = "/campaign/terminate", method: str = "PATCH", **query: str
) -> httpx.Response:
    return await doors.http.request(method, RINGG + path, json=body, params=query, headers={"X-API-KEY": RINGG_KEY})


async def cancelled(doors: Doors) -> set[str]:
    """Names of those called off."""
    names = (
        sa.select(schema.call_requests.c.callee_name)
        .join(schema.calls, schema.calls.c.id == schema.call_requests.c.call_id)
        .where(schema.calls.c.state == "cancelled")
    )
    return await doors.database.read(lambda conn: set(conn.scalars(names)))


class TestTheDocumentedExchanges:
    async def test_calls_by_id(self, doors: Doors) -> None:
        exchange = example("ringg", "54")
        await keep(doors.database, *(waiting("x", id=call_id) for call_id in exchange["request"]["body"]["call_ids"]))

        response = await replay(doors, exchange)

        assert (response.status_code, response.json()) == (200, exchange["response"]["body"])
        assert ordered_keys(response.json()) == ordered_keys(exchange["response"]["body"])

    async def test_nothing_to_terminate(self, doors: Doors) -> None:
        exchange = example("ringg", "55")

        response = await replay(doors, exchange)

        assert response.status_code == exchange["response"]["status"]
        assert without(response.json(), "request_id") == without(exchange["response"]["body"], "request_id")


class TestAForm:
    @pytest.mark.parametrize(
        ("body", "query", "names"),
        [
            ({"agent_id": AGENT}, {}, {"alone", "ann", "listed", "listed ann", "other list"}),
            ({"agent_id": AGENT.upper()}, {}, {"alone", "ann", "listed", "listed ann", "other list"}),
            ({"campaign_id": LIST}, {}, {"listed", "listed ann"}),
            ({"campaign_id": LIST, "mobile_numbers": [ANN]}, {}, {"listed ann"}),
            ({"mobile_numbers": [SAM]}, {}, {"alone", "survey"}),
            ({"mobile_numbers": SAM}, {"terminate_all_calls": "false"}, {"alone", "survey"}),
            ({"mobile_numbers": [SAM]}, {"terminate_all_calls": "True"}, {"alone", "survey", "listed", "other list"}),
            ({"mobile_numbers": [ANN], "call_ids": [], "agent_id": None, "page": 2}, {"x": "1"}, {"ann"}),
        ],
    )
    async def test_reaches_what_it_names_and_no_more(
        self, doors: Doors, body: Any, query: Mapping[str, str], names: set[str]
    ) -> None:
        await keep(
            doors.database,
            waiting("alone", to_number=SAM),
            waiting("ann", to_number=ANN),
            waiting("survey", to_number=SAM, agent_id=SURVEY_AGENT),
            waiting("listed", to_number=SAM, bulk_list_id=LIST),
            waiting("listed ann", to_number=ANN, bulk_list_id=LIST),
            waiting("other list", to_number=SAM, bulk_list_id=OTHER_LIST),
            waiting("over", to_number=SAM, state=CallState.FAILED),
            waiting("dialled", to_number=SAM, state=CallState.ACTIVE),
            waiting("theirs", to_number=SAM, workspace_id=NEIGHBOUR),
        )

        response = await terminate(doors, body, **query)

        assert response.json() == {"message": "Calls terminated successfully!", "terminated_count": len(names)}
        assert await cancelled(doors) == names

    async def test_of_calls_leaves_out_those_nobody_knows(self, doors: Doors) -> None:
        one = waiting("one")
        await keep(doors.database, one, waiting("theirs", workspace_id=NEIGHBOUR, id=LIST))

        response = await terminate(doors, {"call_ids": [one.id.upper(), new_id(), "no id", LIST]})

        assert response.json()["terminated_count"] == 1
        assert await cancelled(doors) == {"one"}

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("PATCH", "/campaign/terminate/agent", {"agent_id": AGENT}),
            ("POST", f"/campaign/terminate/{LIST}", {}),
            ("POST", f"/campaign/terminate/{LIST}", {"mobile_numbers": [SAM]}),
        ],
    )
    async def test_has_aliases(self, doors: Doors, method: str, path: str, body: Any) -> None:
        await keep(doors.database, waiting("listed", to_number=SAM, bulk_list_id=LIST))

        response = await terminate(doors, body, path=path, method=method)

        assert response.json()["terminated_count"] == 1

    async def test_in_a_path_needs_no_body(self, doors: Doors) -> None:
        await keep(doors.database, waiting("listed", bulk_list_id=LIST))

        response = await doors.http.post(f"{RINGG}/campaign/terminate/{LIST}/", headers={"X-API-KEY": RINGG_KEY})

        assert response.json()["terminated_count"] == 1

    async def test_twice_finds_nothing_the_second_time(self, doors: Doors) -> None:
        await keep(doors.database, waiting("one"))

        await terminate(doors, {"agent_id": AGENT})
        again = await terminate(doors, {"agent_id": AGENT})

        assert (again.status_code, again.json()["message"]) == (400, NOTHING)
        assert again.json()["error"]["code"] == "BUSINESS_RULE"


class TestACallThatIsTerminated:
    async def test_reads_as_stopped_by_request(self, doors: Doors) -> None:
        one = waiting("one")
        await keep(doors.database, one)

        await terminate(doors, {"call_ids": one.id})

        details = (await doors.ringg_get("/calling/call-details", id=one.id)).json()["data"]
        assert (details["call_status"], details["call_sub_status"]) == ("cancelled", "USER_TERMINATED")


class TestARequestThatIsNone:
    @pytest.mark.parametrize(
        ("body", "query", "message"),
        [
            ({}, {}, ONE_FORM),
            ({"agent_id": AGENT, "campaign_id": LIST}, {}, ONE_FORM),
            ({"agent_id": AGENT, "mobile_numbers": [SAM]}, {}, ONE_FORM),
            ({"call_ids": [LIST], "campaign_id": LIST}, {}, ONE_FORM),
            ({"campaign_id": "", "call_ids": []}, {}, ONE_FORM),
            ({"agent_id": "x"}, {}, "agent_id must be a UUID"),
            ({"campaign_id": 1}, {}, "campaign_id must be a UUID"),
            ({"call_ids": [1]}, {}, "call_ids must be a list of strings"),
            ({"call_ids": [f"{number}" for number in range(101)]}, {}, "call_ids may hold at most 100 members"),
            ({"mobile_numbers": {}}, {}, "mobile_numbers must be a list of strings"),
            ({"mobile_numbers": ["12025550143"]}, {}, "mobile_numbers must be in E.164 format"),
            (
                {"mobile_numbers": [f"+1202555{number:04}" for number in range(101)]},
                {},
                "mobile_numbers may hold at most 100 members",
            ),
            ({"campaign_id": LIST}, {"terminate_all_calls": "1"}, "terminate_all_calls goes with mobile_numbers alone"),
            (
                {"campaign_id": LIST, "mobile_numbers": [SAM]},
                {"terminate_all_calls": "true"},
                "terminate_all_calls goes with mobile_numbers alone",
            ),
            ({"mobile_numbers": [SAM]}, {"terminate_all_calls": "yes"}, "terminate_all_calls must be true or false"),
            ([], {}, "Request body must be a JSON object"),
        ],
    )
    async def test_ends_nothing(self, doors: Doors, body: Any, query: Mapping[str, str], message: str) -> None:
        await keep(doors.database, waiting("one", bulk_list_id=LIST))

        response = await terminate(doors, body, **query)

        assert (response.status_code, response.json()["message"]) == (400, message)
        assert response.json()["error"]["code"] == "VALIDATION_ERROR"
        assert await cancelled(doors) == set()

    async def test_says_where_its_fault_stands(self, doors: Doors) -> None:
        response = await terminate(doors, {"agent_id": AGENT}, terminate_all_calls="true")

        assert response.json()["details"][0]["loc"] == ["query", "terminate_all_calls"]

    async def test_has_no_key(self, doors: Doors) -> None:
        response = await doors.http.patch(f"{RINGG}/campaign/terminate", json={"agent_id": AGENT})

        assert response.status_code == 401


class TestOnEitherEngine:
    async def test_a_hundred_calls_are_ended_in_one_request(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        records = [waiting(f"{number}") for number in range(100)]
        await keep(database, *records)
        async with open_doors(database, tmp_path, now=lambda: at("10:00:00")) as doors:
            response = await terminate(doors, {"call_ids": [record.id for record in records]})

        assert response.json()["terminated_count"] == 100


async def replay(doors: Doors, exchange: dict[str, Any]) -> httpx.Response:
    asked = exchange["request"]
    return await doors.http.request(
        exchange["method"],
        exchange["path"],
        headers=asked["headers"],
        params=asked.get("query"),
        json=asked["body"],
    )
