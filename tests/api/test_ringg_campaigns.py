"""Campaigns over HTTP: the documentation's exchanges, who may start what, and how their standing reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from api_builders import (
    DISABLED_NUMBER,
    INBOUND_AGENT,
    NEIGHBOUR_AGENT,
    NEIGHBOUR_KEY,
    NEIGHBOUR_NUMBER,
    NUMBER_ID,
    OWNER_ID,
    POOL,
    RINGG,
    RINGG_KEY,
    SURVEY_AGENT,
    Doors,
    open_doors,
)
from api_examples import NOBODYS_ID, example, ordered_keys, without
from api_records import AGENT, WORKSPACE, at
from campaign_forms import PEOPLE, campaign_work, saved, send_list
from outdial.commands.credits import add_credits, set_price
from outdial.domain.campaign import CampaignState
from outdial.domain.rules import MICROS, Price
from outdial.store import schema
from outdial.store.database import Database
from webhook_builders import SettableClock

ONE_SOURCE = "Provide exactly one of from_numbers or number_pool_id"
LARGE = {
    "country_code": "+1",
    "campaign_start_time": "18/03/2026, 09:00",
    "campaign_end_time": "18/03/2026, 18:00",
    "concurrency_percentage": 25,
}

WRONG: Sequence[tuple[dict[str, Any], list[str], str]] = (
    ({"agent_id": ...}, ["agent_id"], "agent_id is required"),
    ({"agent_id": 7}, ["agent_id"], "agent_id must be a string"),
    ({"agent_id": INBOUND_AGENT}, ["agent_id"], "Agent is not enabled for outbound calls"),
    ({"list_id": None}, ["list_id"], "list_id is required"),
    ({"list_id": "list"}, ["list_id"], "list_id must be a UUID"),
    ({"from_numbers": ...}, ["from_numbers"], ONE_SOURCE),
    ({"from_numbers": ..., "path": "/campaign/v2/start"}, ["number_pool_id"], ONE_SOURCE),
    ({"number_pool_id": POOL}, ["number_pool_id"], ONE_SOURCE),
    ({"from_number": "+12025550101"}, ["from_number"], ONE_SOURCE),
    (
        {"from_numbers": {}},
        ["from_numbers"],
        "from_numbers must hold numbers in E.164 format, or ids of numbers",
    ),
    (
        {"from_numbers": ..., "from_number": ["12025550100"]},
        ["from_number"],
        "from_number must hold numbers in E.164 format, or ids of numbers",
    ),
    (
        {"from_numbers": [f"+1202555{n:04}" for n in range(101)]},
        ["from_numbers"],
        "from_numbers may hold at most 100 members",
    ),
    (
        {"from_numbers": [NUMBER_ID, NEIGHBOUR_NUMBER]},
        ["from_numbers"],
        "from_numbers holds a number that is not the workspace's",
    ),
    (
        {"from_numbers": [NOBODYS_ID]},
        ["from_numbers"],
        "from_numbers holds a number that is not the workspace's",
    ),
    ({"from_numbers": [DISABLED_NUMBER]}, ["from_numbers"], "Number is not enabled for outbound calls"),
    ({"callback_url": "ftp://x.test"}, ["callback_url"], "callback_url must be an http or https URL"),
    ({"callback_url": {}}, ["callback_url"], "callback_url must be an http or https URL"),
    (
        {"email_completion_user_ids": ["me"]},
        ["email_completion_user_ids"],
        "email_completion_user_ids must be a list of UUIDs",
    ),
)
"""What is put into a good start, where that is said to be wrong, and how."""
WRONG_IF_LARGE: Sequence[tuple[dict[str, Any], list[str], str]] = (
    ({"bulk_list_id": ...}, ["bulk_list_id"], "bulk_list_id is required"),
    ({"country_code": ...}, ["country_code"], "country_code is required"),
    ({"campaign_start_time": "soon"}, ["campaign_start_time"], "campaign_start_time must be DD/MM/YYYY, HH:MM"),
    (
        {"campaign_end_time": "17/03/2026, 09:00"},
        ["campaign_end_time"],
        "campaign_end_time must be after campaign_start_time",
    ),
    ({"call_config": "{}"}, ["call_config"], "call_config must be an object"),
    (
        {"call_config": {"idle_timeout_end": 601}},
        ["call_config", "idle_timeout_end"],
        "call_config.idle_timeout_end must be between 1 and 600",
    ),
    (
        {"concurrency_percentage": 101},
        ["concurrency_percentage"],
        "concurrency_percentage must be between 0 and 100",
    ),
    (
        {"concurrency_percentage": "half"},
        ["concurrency_percentage"],
        "concurrency_percentage must be between 0 and 100",
    ),
)
"""The same for a large list."""


async def ask(doors: Doors, method: str, path: str, body: Any = None, key: str = RINGG_KEY, **query: str) -> Any:
    sent = {} if body is None else {"json": body}
    return await doors.http.request(method, RINGG + path, params=query, headers={"X-API-KEY": key}, **sent)


async def start(doors: Doors, list_id: str, /, *, path: str = "/campaign/start", **changes: Any) -> httpx.Response:
    """A good start; ``changes`` replace or, with ``...``, remove fields."""
    body = {"agent_id": AGENT, "list_id": list_id, "from_numbers": [NUMBER_ID]} | changes
    answer: httpx.Response = await ask(
        doors, "POST", path, {name: value for name, value in body.items() if value is not ...}
    )
    return answer


async def start_large(doors: Doors, list_id: str, /, **changes: Any) -> httpx.Response:
    """The same for a large list."""
    return await start(
        doors, list_id, path="/campaign/make-call-async", list_id=..., **({"bulk_list_id": list_id} | LARGE | changes)
    )


async def replay(doors: Doors, number: str, list_id: str) -> tuple[httpx.Response, dict[str, Any]]:
    """The documented request about this list, its answer, and the one that is documented."""
    exchange = example("ringg", number)
    body = {
        name: list_id if name in {"list_id", "bulk_list_id"} else value
        for name, value in exchange["request"].get("body", {}).items()
    }
    path = exchange["path"].replace("f05d8a26-3c9b-4e71-8d14-97b6a2e0c53f", list_id).removeprefix(RINGG)
    answer = await ask(doors, exchange["method"], path, body or None, **exchange["request"].get("query", {}))
    return answer, exchange["response"]["body"]


async def campaign(doors: Doors, list_id: str) -> dict[str, Any]:
    """As it is stored."""
    asked = sa.select(schema.campaigns).where(schema.campaigns.c.id == list_id)
    return await doors.database.read(lambda conn: dict(conn.execute(asked).mappings().one()))


async def pay(doors: Doors, credits: int, price: int = 1) -> None:
    """Count credits from now on: ``price`` a minute."""
    await set_price(doors.database, WORKSPACE, Price(price * MICROS))
    if credits:
        await add_credits(doors.database, WORKSPACE, credits * MICROS, now=doors.parts.now)


def fault(answer: httpx.Response) -> tuple[int, list[str], str]:
    body = answer.json()
    assert body["detail"] == body["message"] == body["error"]["message"]
    return answer.status_code, body["details"][0]["loc"][1:] if body["details"] else [], body["message"]


class TestTheDocumentation:
    @pytest.mark.parametrize("number", ["51", "52"])
    async def test_starts(self, doors: Doors, number: str) -> None:
        list_id = await saved(doors)

        answer, wanted = await replay(doors, number, list_id)

        assert (answer.status_code, answer.json()) == (200, wanted)
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        assert (await campaign(doors, list_id))["state"] == "scheduled"

    async def test_53_lists(self, sqlite: Database, tmp_path: Path) -> None:
        clock = SettableClock(datetime(2026, 3, 17, 10, tzinfo=UTC))
        async with open_doors(sqlite, tmp_path, now=clock) as doors:
            list_id = await saved(doors)
            await replay(doors, "51", list_id)
            clock.now = datetime(2026, 3, 18, 3, 30, tzinfo=UTC)
            await campaign_work(sqlite, clock)
            await one_call_is_over(sqlite)

            answer, wanted = await replay(doors, "53", list_id)

        assert answer.status_code == 200
        assert without(answer.json(), "id") == without(wanted, "id")
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        assert answer.json()["campaigns"][0]["id"] == list_id

    async def test_56_says_how_far_an_upload_is(self, doors: Doors) -> None:
        people = "\n".join(["Mobile Number,Name,Company", *(f"+1202555{n:04},P{n},A" for n in range(4988))])
        uploaded = await send_list(doors, people + "\n=1+1,Robin,A" * 12, path="/campaign/upload-csv")
        list_id = uploaded.json()["bulk_list_id"]
        before, _ = await replay(doors, "56", list_id)
        await campaign_work(doors.database, doors.parts.now)

        answer, wanted = await replay(doors, "56", list_id)

        assert uploaded.json() == {
            "message": "Contact list uploaded; it is read in the background",
            "bulk_list_id": list_id,
            "list_id": list_id,
            "status": "uploaded",
            "campaign_name": "March renewals",
            "total_rows": 5000,
        }
        assert (before.json()["status"], before.json()["invalid_rows_url"]) == ("uploaded", None)
        own = ("campaign_id", "bulk_list_id", "invalid_rows_url")
        assert without(answer.json(), *own) == without(wanted, *own)
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        file = await doors.http.get(answer.json()["invalid_rows_url"])
        head, first, *_ = lines = file.text.split("\r\n")
        assert (file.status_code, file.headers["content-type"], len(lines)) == (200, "text/csv; charset=utf-8", 14)
        assert head == "row,mobile_number,callee_name,reason"
        assert first == "4989,'=1+1,Robin,the number holds '='"

    async def test_57_checks_the_balance(self, doors: Doors) -> None:
        list_id = await saved(doors)
        await pay(doors, 3025, price=625)

        answer, wanted = await replay(doors, "57", list_id)

        assert (answer.status_code, answer.json()) == (200, wanted | {"bulk_list_id": list_id})
        assert ordered_keys(answer.json()) == ordered_keys(wanted)

    async def test_58_starts_a_large_one(self, doors: Doors) -> None:
        list_id = (await send_list(doors, path="/campaign/upload-csv")).json()["bulk_list_id"]
        await campaign_work(doors.database, doors.parts.now)

        answer, wanted = await replay(doors, "58", list_id)

        assert (answer.status_code, answer.json()) == (200, wanted | {"bulk_list_id": list_id})
        assert ordered_keys(answer.json()) == ordered_keys(wanted)
        kept = await campaign(doors, list_id)
        assert (kept["share"], kept["ends_at"]) == (25, datetime(2026, 3, 18, 12, 30, tzinfo=UTC))
        assert kept["call_config"] == example("ringg", "58")["request"]["body"]["call_config"]


class TestAStart:
    @pytest.mark.parametrize(
        "changes",
        [
            {"from_numbers": "+12025550100"},
            {"from_numbers": [NUMBER_ID.upper(), "+12025550100", " +12025550101 "]},
            {"from_numbers": ..., "from_number_id": NUMBER_ID},
            {"from_numbers": [], "from_number": ["+12025550100"], "from_number_id": ""},
            {"from_numbers": ..., "number_pool_id": POOL},
            {"agent_id": SURVEY_AGENT, "callback_url": None, "email_completion_user_ids": [], "page": 1},
            {
                "callback_url": "http://127.0.0.1:1/x",
                "email_completion_user_ids": [OWNER_ID],
                "path": "/campaign/v2/start",
            },
        ],
    )
    async def test_l20_names_its_caller_in_many_ways(self, doors: Doors, changes: dict[str, Any]) -> None:
        answer = await start(doors, await saved(doors), **changes)

        assert (answer.status_code, answer.json()["has_ongoing_calls"]) == (200, False), answer.text

    async def test_that_is_wrong_says_where(self, doors: Doors) -> None:
        list_id = await saved(doors)
        for changes, where, message in WRONG:
            answer = await start(doors, list_id, **changes)

            assert (changes, *fault(answer)) == (changes, 400, where, message)
        assert (await campaign(doors, list_id))["state"] == "draft"

    async def test_lists_all_its_faults(self, doors: Doors) -> None:
        answer = await ask(doors, "POST", "/campaign/start", {"callback_url": "x", "email_completion_user_ids": 1})

        assert [one["loc"][1] for one in answer.json()["details"]] == [
            *("list_id", "agent_id", "from_numbers", "callback_url", "email_completion_user_ids")
        ]

    @pytest.mark.parametrize(
        ("changes", "where", "message"),
        [
            ({"list_id": NOBODYS_ID}, "list_id", "List not found"),
            ({"agent_id": NOBODYS_ID}, "agent_id", "Agent not found"),
            ({"agent_id": NEIGHBOUR_AGENT}, "agent_id", "Agent not found"),
            ({"from_numbers": ..., "number_pool_id": NOBODYS_ID}, "number_pool_id", "Number pool not found"),
            ({"from_numbers": ..., "number_pool_id": "main"}, "number_pool_id", "Number pool not found"),
        ],
    )
    async def test_of_what_nobody_knows_is_not_found(
        self, doors: Doors, changes: dict[str, Any], where: str, message: str
    ) -> None:
        assert fault(await start(doors, await saved(doors), **changes)) == (404, [where], message)

    async def test_of_a_neighbours_list_is_not_found(self, doors: Doors) -> None:
        body = {"agent_id": NEIGHBOUR_AGENT, "list_id": await saved(doors), "from_numbers": [NEIGHBOUR_NUMBER]}

        answer = await ask(doors, "POST", "/campaign/start", body, key=NEIGHBOUR_KEY)

        assert fault(answer) == (404, ["list_id"], "List not found")

    async def test_happens_once(self, doors: Doors) -> None:
        list_id = await saved(doors)

        first, second = await start(doors, list_id), await start(doors, list_id)

        assert first.status_code == 200
        assert fault(second) == (400, [], "the campaign is scheduled already")
        assert second.json()["error"]["code"] == "BUSINESS_RULE"

    async def test_is_refused_without_credits(self, doors: Doors) -> None:
        list_id = await saved(doors)
        await pay(doors, 0)

        answer = await start(doors, list_id)

        assert (answer.status_code, answer.json()["error"]["code"]) == (402, "INSUFFICIENT_CREDITS")
        assert (await campaign(doors, list_id))["state"] == "draft"

    async def test_is_refused_when_its_time_has_passed(self, sqlite: Database, tmp_path: Path) -> None:
        clock = SettableClock(datetime(2026, 3, 17, 10, tzinfo=UTC))
        async with open_doors(sqlite, tmp_path, now=clock) as doors:
            list_id = await saved(doors)
            clock.now += timedelta(days=2)

            answer = await start(doors, list_id)

        assert fault(answer) == (400, ["campaign_end_time"], "campaign_end_time has passed")

    async def test_of_a_list_that_is_not_read_yet_is_refused(self, doors: Doors) -> None:
        list_id = (await send_list(doors, path="/campaign/upload-csv")).json()["list_id"]

        assert fault(await start(doors, list_id)) == (400, [], "the list is not read yet")

    async def test_of_another_one_says_that_one_runs(self, doors: Doors) -> None:
        soon = {"campaign_start_time": "02/03/2026, 14:45", "campaign_end_time": "02/03/2026, 20:00"}
        await start(doors, await saved(doors, **soon))
        await campaign_work(doors.database, doors.parts.now)

        answer = await start(doors, await saved(doors))

        assert answer.json() == {"status": "campaign registered successfully!", "has_ongoing_calls": True}


class TestALargeStart:
    @pytest.mark.parametrize(
        "changes",
        [
            {"call_config": None, "concurrency_percentage": ...},
            {"from_numbers": ..., "number_pool_id": POOL, "concurrency_percentage": "0"},
            {"from_numbers": ..., "from_number_id": NUMBER_ID, "concurrency_percentage": 100},
        ],
    )
    async def test_may_be_put_in_many_ways(self, doors: Doors, changes: dict[str, Any]) -> None:
        answer = await start_large(doors, await saved(doors), **changes)

        assert (answer.status_code, answer.json()["status"]) == (200, "scheduled"), answer.text

    async def test_without_a_clock_of_its_own_goes_by_the_lists(self, doors: Doors) -> None:
        list_id = await saved(doors, call_config='{"call_time": {"timezone": "America/New_York"}}')

        await start_large(doors, list_id)

        assert (await campaign(doors, list_id))["starts_at"] == datetime(2026, 3, 18, 13, tzinfo=UTC)

    async def test_needs_exactly_one_source_of_its_caller(self, doors: Doors) -> None:
        list_id = await saved(doors)
        wrong: list[dict[str, Any]] = [{"from_numbers": ...}, {"number_pool_id": POOL}, {"from_number": "x"}]
        for changes in wrong:
            answer = await start_large(doors, list_id, **changes)

            assert (changes, *fault(answer)) == (changes, 422, [], ONE_SOURCE)
            assert answer.json()["error"]["code"] == "UNPROCESSABLE"

    async def test_that_is_wrong_says_where(self, doors: Doors) -> None:
        list_id = await saved(doors)
        for changes, where, message in WRONG_IF_LARGE:
            answer = await start_large(doors, list_id, **changes)

            assert (changes, *fault(answer)) == (changes, 400, where, message)
        assert (await campaign(doors, list_id))["state"] == "draft"


class TestTheList:
    async def test_is_empty_at_first(self, doors: Doors) -> None:
        answer = await doors.ringg_get("/campaign/all", limit="0", offset="-1", page="3")

        assert answer.json() == {"campaigns": [], "pagination": {"total": 0, "limit": 20, "offset": 0}}

    async def test_is_newest_first_and_without_counts_if_asked_for(self, sqlite: Database, tmp_path: Path) -> None:
        clock = SettableClock(at("09:15:00"))
        async with open_doors(sqlite, tmp_path, now=clock) as doors:
            for name in ("first", "second", "third"):
                await saved(doors, campaign_name=name)
                clock.pass_s(1)

            answer = (await doors.ringg_get("/campaign/all", limit="2", offset="1", call_count="False")).json()
            theirs = await doors.ringg_get("/campaign/all", key=NEIGHBOUR_KEY)

        assert [row["name"] for row in answer["campaigns"]] == ["second", "first"]
        assert answer["pagination"] == {"total": 3, "limit": 2, "offset": 1}
        assert list(answer["campaigns"][0])[-1] == "campaign_end_time"
        assert theirs.json()["campaigns"] == []

    @pytest.mark.parametrize("query", [{"limit": "x"}, {"offset": "x"}, {"call_count": "maybe"}])
    async def test_is_not_given_to_whom_nobody_understands(self, doors: Doors, query: dict[str, str]) -> None:
        answer = await doors.ringg_get("/campaign/all", **query)

        assert fault(answer)[:2] == (400, [*query])

    async def test_says_in_documented_words_how_a_campaign_stands(self, doors: Doors) -> None:
        list_id = await saved(doors)
        for state in CampaignState:
            await stands(doors, state)

            row = (await doors.ringg_get("/campaign/all")).json()["campaigns"][0]
            upload = (await doors.ringg_get(f"/campaign/upload-status/{list_id}")).json()

            assert row["campaign_status"] == ("draft" if state in {"uploaded", "processing"} else state)
            assert upload["status"] == (state if state in {"uploaded", "processing", "failed"} else "completed")


class TestAnUpload:
    async def test_that_cannot_be_read_says_why(self, doors: Doors) -> None:
        people = "Mobile Number,Name,Company\nnobody,Sam,A\n"
        list_id = (await send_list(doors, people, path="/campaign/upload-csv")).json()["list_id"]
        await campaign_work(doors.database, doors.parts.now)

        report = (await doors.ringg_get(f"/campaign/upload-status/{list_id}")).json()

        assert (report["status"], report["message"]) == (
            "failed",
            "the file has no row with a phone number: row 1: the number holds letters",
        )

    @pytest.mark.parametrize("list_id", [NOBODYS_ID, "list"])
    async def test_nobody_made_is_not_found(self, doors: Doors, list_id: str) -> None:
        status = await doors.ringg_get(f"/campaign/upload-status/{list_id}")
        balance = await ask(doors, "POST", f"/campaign/check-balance/{list_id}")

        assert fault(status) == fault(balance) == (404, ["list_id"], "List not found")

    async def test_has_its_bad_rows_behind_a_link_nobody_can_forge(self, doors: Doors) -> None:
        list_id = await saved(doors, PEOPLE + "nobody,Robin,A\r\n")
        link = (await doors.ringg_get(f"/campaign/upload-status/{list_id}")).json()["invalid_rows_url"]
        shown = await doors.http.get(link)
        other = await saved(doors, PEOPLE + "nobody,Robin,A\r\n", campaign_name="other")

        assert "nobody" in shown.text
        assert (await doors.http.get(link.replace(list_id, other))).status_code == 403
        assert (await doors.http.get(link.partition("?")[0])).status_code == 403
        await ask(doors, "DELETE", f"/calling/contact/{list_id}")
        assert (await doors.http.get(link)).status_code == 404

    async def test_too_dear_for_the_workspace_says_so(self, doors: Doors) -> None:
        list_id = await saved(doors)
        before = (await ask(doors, "POST", f"/campaign/check-balance/{list_id}")).json()
        await pay(doors, 1)

        answer = (await ask(doors, "POST", f"/campaign/check-balance/{list_id}")).json()

        assert (before["sufficient_balance"], before["available_credits"]) == (True, 999_999_999.0)
        assert (answer["sufficient_balance"], answer["message"]) == (False, "Balance is not sufficient")
        assert (answer["required_credits"], answer["available_credits"]) == (2.0, 1.0)


class TestAListThatRuns:
    async def test_cannot_be_deleted(self, doors: Doors) -> None:
        list_id = await saved(doors)
        await start(doors, list_id)

        answer = await ask(doors, "DELETE", f"/calling/contact/{list_id}")

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BUSINESS_RULE")
        assert (await campaign(doors, list_id))["state"] == "scheduled"

    @pytest.mark.parametrize("made", [False, True])
    @pytest.mark.parametrize("way", ["PATCH", "POST"])
    async def test_is_terminated_with_the_rows_nobody_made_calls_of(self, doors: Doors, way: str, made: bool) -> None:
        list_id = await saved(doors)
        await start(doors, list_id)
        if made:
            await campaign_work(doors.database, doors.parts.now)
        asked = {
            "PATCH": ("/campaign/terminate", {"campaign_id": list_id}),
            "POST": (f"/campaign/terminate/{list_id}", {}),
        }

        answer = await ask(doors, way, *asked[way])
        await campaign_work(doors.database, doors.parts.now)
        again = await ask(doors, way, *asked[way])

        assert answer.json() == {"message": "Calls terminated successfully!", "terminated_count": 2}
        row = (await doors.ringg_get("/campaign/all")).json()["campaigns"][0]
        assert (row["campaign_status"], row["registered_count"]) == ("terminated", 0)
        assert fault(again) == (400, [], "No terminable calls found")
        calls = (await doors.ringg_get("/calling/history", bulk_list_id=list_id)).json()["calls"]
        assert {call["sub_status"] for call in calls} == ({"USER_TERMINATED"} if made else set())

    async def test_shows_its_calls_under_its_id(self, doors: Doors) -> None:
        list_id, other = await saved(doors), await saved(doors)
        for one in (list_id, other):
            await start(doors, one)
        await campaign_work(doors.database, doors.parts.now)

        rows = (await doors.ringg_get("/calling/history", bulk_list_id=list_id)).json()
        details = (await doors.ringg_get("/calling/call-details", id=rows["calls"][0]["id"])).json()["data"]

        assert rows["total"] == 2
        assert details["bulk_list_id"] == list_id
        assert details["custom_args_values"] | {"callee_name": "", "mobile_number": ""} == {
            "callee_name": "",
            "mobile_number": "",
            "company_name": "Example Ltd",
        }


async def stands(doors: Doors, state: CampaignState) -> None:
    """Every campaign, as if everything had come to that."""
    await doors.database.write(lambda conn: conn.execute(schema.campaigns.update().values(state=state.value)))


async def one_call_is_over(database: Database) -> None:
    one = sa.select(sa.func.min(schema.calls.c.id)).scalar_subquery()
    over = schema.calls.update().where(schema.calls.c.id == one).values(state="completed", outcome="completed")
    await database.write(lambda conn: conn.execute(over))
