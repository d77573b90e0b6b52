"""Every further road to the same thing takes all that the first road takes, and is refused for the same reasons."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from api_builders import HINDI_VOICE, NUMBER_ID, OWNER_ID, POOL, RINGG, RINGG_KEY, VOICE, Doors, a_ringg_body, keep
from api_examples import NOBODYS_ID
from api_records import AGENT, ANALYSED, ANSWERED_CALL, WORKSPACE, a_call, the_answered_call
from campaign_forms import PEOPLE, campaign_work, saved, send_list
from outdial.commands.credits import set_price
from outdial.domain.call import CallState
from outdial.domain.ids import new_id
from outdial.domain.record import CallRecord
from outdial.domain.rules import MICROS, Price
from outdial.store import schema

LIST, OTHER_LIST = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
SAM, ANN = "+12025550143", "+12025550144"
BY_AGENT = "/campaign/terminate/agent"
BY_CALLING = "/calling/terminate"
BY_PATH = f"/campaign/terminate/{LIST}"
HOOK = "https://hooks.example.test/ended"


async def ask(doors: Doors, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
    sent = {} if body is None else {"json": body}
    return await doors.http.request(method, RINGG + path, params=query, headers={"X-API-KEY": RINGG_KEY}, **sent)


def waiting(name: str, **facts: Any) -> CallRecord:
    return a_call(**{"id": new_id(), "callee_name": name, "state": CallState.REGISTERED} | facts)


async def cancelled(doors: Doors) -> set[str]:
    """Names of those called off."""
    calls, requests = schema.calls, schema.call_requests
    joined = sa.select(requests.c.callee_name).join(calls, calls.c.id == requests.c.call_id)
    return await doors.database.read(lambda conn: set(conn.scalars(joined.where(calls.c.state == "cancelled"))))


async def stored(doors: Doors, table: sa.Table, identity: str) -> dict[str, Any]:
    asked = table.select().where(next(iter(table.primary_key)) == identity)
    return await doors.database.read(lambda conn: dict(conn.execute(asked).mappings().one()))


class TestATermination:
    @pytest.mark.parametrize(
        ("path", "body", "query", "names"),
        [
            (BY_AGENT, {"call_ids": [ANSWERED_CALL, NOBODYS_ID]}, {}, {"alone"}),
            (BY_AGENT, {"campaign_id": LIST}, {}, {"sam", "ann"}),
            (BY_AGENT, {"campaign_id": LIST, "mobile_numbers": [ANN]}, {}, {"ann"}),
            (BY_AGENT, {"mobile_numbers": [SAM]}, {"terminate_all_calls": "false"}, {"alone"}),
            (BY_AGENT, {"mobile_numbers": [SAM]}, {"terminate_all_calls": "true"}, {"alone", "sam", "other"}),
            (BY_CALLING, {"call_ids": [ANSWERED_CALL, NOBODYS_ID]}, {}, {"alone"}),
            (BY_CALLING, {"agent_id": AGENT}, {}, {"alone", "sam", "ann", "other"}),
            (BY_CALLING, {"campaign_id": LIST, "mobile_numbers": [ANN]}, {}, {"ann"}),
            (BY_CALLING, {"mobile_numbers": [SAM]}, {"terminate_all_calls": "true"}, {"alone", "sam", "other"}),
            (BY_PATH, {"campaign_id": OTHER_LIST}, {}, {"sam", "ann"}),
            (BY_PATH, {"campaign_id": OTHER_LIST, "mobile_numbers": [SAM]}, {}, {"sam"}),
        ],
    )
    async def test_takes_every_form(
        self, doors: Doors, path: str, body: Any, query: dict[str, str], names: set[str]
    ) -> None:
        await keep_five(doors)

        answer = await ask(doors, "PATCH" if path == BY_AGENT else "POST", path, body, **query)

        assert answer.json() == {"message": "Calls terminated successfully!", "terminated_count": len(names)}
        assert await cancelled(doors) == names

    @pytest.mark.parametrize(
        ("body", "query"),
        [
            ({"agent_id": AGENT}, {}),
            ({"call_ids": [ANSWERED_CALL]}, {}),
            ({}, {"terminate_all_calls": "true"}),
            ({"mobile_numbers": [SAM]}, {"terminate_all_calls": "true"}),
        ],
    )
    async def test_of_the_list_in_its_path_goes_no_further(
        self, doors: Doors, body: Any, query: dict[str, str]
    ) -> None:
        await keep_five(doors)

        answer = await ask(doors, "POST", BY_PATH, body, **query)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
        assert await cancelled(doors) == set()

    async def test_of_nothing_is_refused_by_the_shorter_path_too(self, doors: Doors) -> None:
        answer = await ask(doors, "POST", BY_CALLING, {})

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


async def keep_five(doors: Doors) -> None:
    await keep(
        doors.database,
        waiting("alone", to_number=SAM, id=ANSWERED_CALL),
        waiting("sam", to_number=SAM, bulk_list_id=LIST),
        waiting("ann", to_number=ANN, bulk_list_id=LIST),
        waiting("other", to_number=SAM, bulk_list_id=OTHER_LIST),
        waiting("over", to_number=SAM, bulk_list_id=LIST, state=CallState.FAILED),
    )


class TestACall:
    @pytest.mark.parametrize("path", ["/calling/v2/outbound/individual", "/calling/outbound/individual/v2"])
    async def test_takes_its_moment_its_voice_and_its_pool(self, doors: Doors, path: str) -> None:
        hours = {"scheduled_at": "2026-03-04T10:00:00", "timezone": "Asia/Kolkata"}
        wish = {"from_number_id": ..., "number_pool_id": POOL, "voice_id": VOICE.id, "custom_args_values": {"a": "b"}}
        # Of AGENT's text one name is missing, and what is sent is used nowhere.
        body = a_ringg_body(**wish, call_config={"call_time": hours})
        await must_say(doors, "company_name")

        answer = await ask(doors, "POST", path, body)

        assert answer.status_code == 200, answer.text
        assert answer.json()["warnings"] == ["missing_variable:company_name", "unused_variable:a"]
        call_id = answer.json()["data"]["call_id"]
        kept = await stored(doors, schema.call_requests, call_id)
        assert (kept["number_pool_id"], kept["voice_id"]) == (POOL, VOICE.id)
        due_at = (await stored(doors, schema.calls, call_id))["due_at"]
        assert due_at == datetime(2026, 3, 4, 4, 30, tzinfo=UTC)

    async def test_says_under_its_path_why_it_waits_and_until_when(self, doors: Doors) -> None:
        hours = {"scheduled_at": "2026-03-04T10:00:00", "timezone": "UTC"}
        placed = await doors.ringg(a_ringg_body(call_config={"call_time": hours}))

        data = (await doors.ringg_get(f"/calling/history/{placed.json()['data']['call_id']}")).json()["data"]

        assert (data["blocked_by"], data["next_eligible_at"]) == (["schedule"], "2026-03-04T10:00:00+00:00")

    async def test_shows_under_its_path_what_was_made_of_it_unless_told_not_to(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call(analysis=ANALYSED))
        path = f"/calling/history/{ANSWERED_CALL}"

        shown = (await doors.ringg_get(path, send_analysis="true")).json()["data"]
        without = (await doors.ringg_get(path, send_analysis="false")).json()["data"]

        assert shown["platform_analysis"]["summary"] == "Callee confirmed the renewal."
        assert shown["client_analysis"] == {"renewal_agreed": True, "preferred_channel": "email"}
        assert set(shown) - set(without) == {"platform_analysis", "client_analysis"}

    async def test_comes_in_an_archive_from_its_history_as_well(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())
        headers, query = {"X-API-KEY": RINGG_KEY}, {"download": "true"}
        path = f"{RINGG}/calling/history"

        plain = await doors.http.get(path, headers=headers, params=query)
        packed = await doors.http.get(path, headers=headers | {"Accept": "application/zip"}, params=query)

        assert packed.headers["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            assert archive.read("call_history.csv") == plain.content
        assert ANSWERED_CALL in plain.text


async def must_say(doors: Doors, name: str) -> None:
    edit = {"operation": "edit_intro_message", "agent_id": AGENT, "intro_message": f"Hello from @{{{{{name}}}}}."}
    assert (await ask(doors, "PATCH", "/agent/v1", edit)).status_code == 200


V2, LARGE = "/campaign/v2/start", "/campaign/make-call-async"


def a_start(list_id: str, path: str, **changes: Any) -> dict[str, Any]:
    own = {"list_id": list_id}
    if path == LARGE:
        own = {
            "bulk_list_id": list_id,
            "country_code": "+1",
            "campaign_start_time": "18/03/2026, 09:00",
            "campaign_end_time": "18/03/2026, 18:00",
        }
    return {"agent_id": AGENT, **own, "from_numbers": [NUMBER_ID], **changes}


@pytest.mark.parametrize("path", [V2, LARGE])
class TestAStart:
    async def test_names_whom_to_tell_of_its_end(self, doors: Doors, path: str) -> None:
        list_id = await saved(doors)
        told = {"callback_url": HOOK, "email_completion_user_ids": [OWNER_ID]}

        answer = await ask(doors, "POST", path, a_start(list_id, path, **told))

        assert answer.status_code == 200, answer.text
        kept = await stored(doors, schema.campaigns, list_id)
        assert (kept["callback_url"], kept["state"]) == (HOOK, "scheduled")
        assert OWNER_ID in str(kept)

    async def test_is_refused_without_credits(self, doors: Doors, path: str) -> None:
        list_id = await saved(doors)
        await set_price(doors.database, WORKSPACE, Price(MICROS))

        answer = await ask(doors, "POST", path, a_start(list_id, path))

        assert (answer.status_code, answer.json()["error"]["code"]) == (402, "INSUFFICIENT_CREDITS")
        assert (await stored(doors, schema.campaigns, list_id))["state"] == "draft"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({}, "list_id"),
            ({"agent_id": NOBODYS_ID}, "agent_id"),
            ({"from_numbers": None, "number_pool_id": NOBODYS_ID}, "number_pool_id"),
        ],
    )
    async def test_of_what_nobody_knows_is_not_found(
        self, doors: Doors, path: str, changes: dict[str, Any], field: str
    ) -> None:
        list_id = await saved(doors) if changes else NOBODYS_ID

        answer = await ask(doors, "POST", path, a_start(list_id, path, **changes))

        assert answer.status_code == 404
        assert answer.json()["details"][0]["loc"][-1].removeprefix("bulk_") == field


@pytest.mark.parametrize("path", ["/campaign/upload-contact-list", "/campaign/upload-csv"])
class TestAnUpload:
    @pytest.mark.parametrize(("spell", "name"), [("true", "राजेश"), ("false", "Rajesh Kumar")])
    async def test_says_whether_names_are_spelled_as_the_agent_speaks(
        self, doors: Doors, path: str, spell: str, name: str
    ) -> None:
        speech = {"language": "hi-IN", "voice_id": HINDI_VOICE.id}
        edited = await ask(doors, "PATCH", "/agent/v1", {"operation": "edit_language", "agent_id": AGENT, **speech})
        people = "Mobile Number,Name,Company\n+12025550143,Rajesh Kumar,A\n"

        answer = await send_list(doors, people, path=path, transliterate_callee_name=spell)
        await campaign_work(doors.database, doors.parts.now)

        assert (edited.status_code, answer.status_code) == (200, 200), answer.text
        (row,) = await doors.database.read(lambda conn: conn.execute(schema.campaign_rows.select()).mappings().all())
        assert row["variables"]["callee_name"] == name

    async def test_for_an_agent_nobody_knows_is_not_found(self, doors: Doors, path: str) -> None:
        answer = await send_list(doors, PEOPLE, path=path, agent_id=NOBODYS_ID)

        assert (answer.status_code, answer.json()["message"]) == (404, "Agent not found")
