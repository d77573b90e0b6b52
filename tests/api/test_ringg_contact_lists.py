"""Lists of people over HTTP: the documentation's exchanges, every mistake named where it was made, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from api_builders import INBOUND_AGENT, NEIGHBOUR_AGENT, NEIGHBOUR_KEY, RINGG, RINGG_KEY, Doors
from api_examples import NOBODYS_ID, example, without
from campaign_forms import FIELDS, PEOPLE, campaign_work, saved, send_form, send_list, stored
from outdial.domain.ids import parse_uuid
from outdial.store import schema

NOTHING = [0, 0, 0, 0]
OF_GERMANS = {
    "country_code": "DE",
    "variables_map": json.dumps({"mobile_number": "Mobile Number", "callee_name": "Name", "betrag": "Betrag"}),
}
LISTS = Path(__file__).parents[1] / "campaigns" / "lists"
GERMAN = "Name;Mobile  Number;Betrag\r\nJörg Müller;0151 12345678;1.234,50\r\n".encode("cp1252")


WRONG: Sequence[tuple[dict[str, Any], list[str], str]] = (
    ({"variables_map": ...}, ["variables_map"], "variables_map is required"),
    ({"variables_map": "[]"}, ["variables_map"], "variables_map must be a JSON object as text"),
    ({"variables_map": "mobile_number"}, ["variables_map"], "variables_map must be a JSON object as text"),
    (
        {"variables_map": '{"company_name": 1}'},
        ["variables_map", "company_name"],
        "variables_map.company_name must be the title of a column",
    ),
    (
        {"variables_map": '{"company_name": "Firm"}'},
        ["variables_map", "company_name"],
        "column 'Firm' of variables_map is not in the file",
    ),
    ({"agent_id": ...}, ["agent_id"], "agent_id is required"),
    ({"agent_id": "renewal"}, ["agent_id"], "agent_id must be a UUID"),
    ({"agent_id": INBOUND_AGENT}, ["agent_id"], "Agent is not enabled for outbound calls"),
    ({"call_config": ...}, ["call_config"], "call_config is required"),
    ({"call_config": "300"}, ["call_config"], "call_config must be a JSON object as text"),
    (
        {"call_config": '{"max_call_length": 5}'},
        ["call_config", "max_call_length"],
        "call_config.max_call_length must be between 10 and 14400",
    ),
    (
        {"call_config": '{"call_retry_config": {"retry_count": 21}}'},
        ["call_config", "call_retry_config", "retry_count"],
        "call_config.call_retry_config.retry_count must be between 0 and 20",
    ),
    (
        {"call_config": '{"call_time": []}'},
        ["call_config", "call_time"],
        "call_config.call_time must be an object",
    ),
    (
        {"call_config": '{"call_time": {"timezone": "Mars/Base"}}'},
        ["call_config", "call_time", "timezone"],
        "call_config.call_time.timezone is not a known time zone",
    ),
    (
        {"call_config": '{"call_time": {"call_start_time": "9"}}'},
        ["call_config", "call_time", "call_start_time"],
        "call_config.call_time.call_start_time must be HH:MM",
    ),
    ({"country_code": ...}, ["country_code"], "country_code is required"),
    (
        {"country_code": "+999"},
        ["country_code"],
        "country_code must be a calling code like +91 or a country like IN",
    ),
    ({"campaign_start_time": ...}, ["campaign_start_time"], "campaign_start_time is required"),
    (
        {"campaign_start_time": "2026-03-18"},
        ["campaign_start_time"],
        "campaign_start_time must be DD/MM/YYYY, HH:MM",
    ),
    (
        {"campaign_start_time": "31/02/2026, 09:00"},
        ["campaign_start_time"],
        "campaign_start_time must be DD/MM/YYYY, HH:MM",
    ),
    (
        {"campaign_start_time": "02/03/2026, 14:40"},
        ["campaign_start_time"],
        "campaign_start_time must lie in the future",
    ),
    (
        {"campaign_start_time": "18/03/2027, 09:00", "campaign_end_time": "19/03/2027, 09:00"},
        ["campaign_start_time"],
        "campaign_start_time must lie within the next 365 days",
    ),
    ({"campaign_end_time": ...}, ["campaign_end_time"], "campaign_end_time is required"),
    (
        {"campaign_end_time": "18/03/2026, 09:00"},
        ["campaign_end_time"],
        "campaign_end_time must be after campaign_start_time",
    ),
    (
        {"campaign_start_time": "02/03/2026, 14:41", "campaign_end_time": "02/03/2026, 14:45"},
        ["campaign_end_time"],
        "campaign_end_time must lie in the future",
    ),
    ({"campaign_name": " "}, ["campaign_name"], "campaign_name is required"),
    ({"campaign_name": "x" * 256}, ["campaign_name"], "campaign_name has at most 255 characters"),
    ({"remove_invalid_rows": "maybe"}, ["remove_invalid_rows"], "remove_invalid_rows must be true or false"),
    (
        {"transliterate_callee_name": "yes"},
        ["transliterate_callee_name"],
        "transliterate_callee_name must be true or false",
    ),
)
"""What is put into a good form, where that is said to be wrong, and how."""


def fault(answer: httpx.Response) -> tuple[int, list[str], str]:
    body = answer.json()
    assert body["detail"] == body["message"] == body["error"]["message"]
    return answer.status_code, body["details"][0]["loc"][1:] if body["details"] else [], body["message"]


class TestTheDocumentation:
    async def test_50_imports(self, doors: Doors) -> None:
        exchange = example("ringg", "50")
        fields = dict(exchange["request"]["multipart"])

        answer = await send_form(doors, "/campaign/save", fields, [fields.pop("file")])

        wanted = exchange["response"]["body"]
        assert answer.status_code == 200, answer.text
        assert without(answer.json(), "list_id") == without(wanted, "list_id")
        assert list(answer.json()) == list(wanted)
        assert parse_uuid(answer.json()["list_id"])
        assert (await doors.database.read(stored))[:3] == [1, 3, 0]

    async def test_59_deletes(self, doors: Doors) -> None:
        list_id = await saved(doors)

        answer = await delete(doors, list_id)

        wanted = example("ringg", "59")["response"]["body"]
        assert (answer.status_code, answer.json()) == (200, wanted)
        assert (await delete(doors, list_id)).status_code == 404
        assert (await doors.database.read(stored))[0] == 0


class TestAForm:
    @pytest.mark.parametrize(
        "changes",
        [
            {"path": "/campaign/upload-contact-list"},
            {"path": "/campaign/save/"},
            {"campaign_start_time": "2026-03-18T09:00:00+05:30", "campaign_end_time": "2026-03-18 21:05"},
            {"campaign_start_time": "2/3/2026, 14:41", "campaign_end_time": "02/03/2026 14:46"},
            {"country_code": "91"},
            {"country_code": "+91"},
            {"country_code": "in"},
            {"variables_map": "{}"},
            {"call_config": "{}", "page": "2", "remove_invalid_rows": "", "transliterate_callee_name": "0"},
        ],
    )
    async def test_may_be_filled_in_in_many_ways(self, doors: Doors, changes: dict[str, Any]) -> None:
        answer = await send_list(doors, **changes)

        assert answer.status_code == 200, answer.text
        assert answer.json()["successful_rows"] == 2

    async def test_l20_may_come_with_a_file_whose_titles_are_written_otherwise(self, doors: Doors) -> None:
        people = "\ufeffmobile_number,NAME , company\n+12025550143,Sam,Example Ltd\n"

        answer = await send_list(doors, people)

        variables = {"callee_name": "Sam", "company_name": "Example Ltd", "mobile_number": "+12025550143"}
        assert answer.json()["custom_args_values"] == [variables]

    @pytest.mark.parametrize("code", ["+91", "91", "IN"])
    async def test_l21_names_its_country_in_three_ways(self, doors: Doors, code: str) -> None:
        answer = await send_list(doors, "Mobile Number,Name,Company\n9876543210,Asha,A\n", country_code=code)

        assert answer.json()["custom_args_values"][0]["mobile_number"] == "+919876543210"

    async def test_has_its_bad_rows_dropped_if_it_says_so(self, doors: Doors) -> None:
        answer = await send_list(doors, PEOPLE + "nobody,Robin,None\r\n", remove_invalid_rows="True")

        assert (answer.json()["successful_rows"], (await doors.database.read(stored))[1]) == (2, 2)

    async def test_has_names_written_as_the_agent_speaks(self, doors: Doors) -> None:
        rename = {"operation": "edit_language", "agent_id": FIELDS["agent_id"], "language": "hi-IN"}
        edited = await doors.http.patch(
            f"{RINGG}/agent/v1",
            json=rename | {"voice_id": "55555555-5555-4555-8555-555555555555"},
            headers={"X-API-KEY": RINGG_KEY},
        )
        assert edited.status_code == 200, edited.text
        people = "Mobile Number,Name,Company\n+12025550143,Mr Rajesh Kumar,A\n+12025550144,Mr Xyzzy Q,B\n"

        answer = await send_list(doors, people, transliterate_callee_name="true")

        first, second = answer.json()["custom_args_values"]
        assert (first["callee_name"], first["original_callee_name"]) == ("राजेश", "Mr Rajesh Kumar")
        assert second["callee_name"] == "Xyzzy"

    async def test_that_is_wrong_says_where_and_leaves_nothing(self, doors: Doors) -> None:
        for changes, where, message in WRONG:
            answer = await send_list(doors, **changes)

            assert (changes, *fault(answer)) == (changes, 400, where, message)
        assert await doors.database.read(stored) == NOTHING

    @pytest.mark.parametrize(
        ("files", "message"),
        [
            ([], "file is required"),
            ([PEOPLE, PEOPLE], "file must be sent once"),
            ([b""], "the file is empty"),
            ([b"Mobile Number,Name,Company\r\n"], "the file has no row with a phone number"),
            (
                [b"Mobile Number,Name,Company\r\nnobody,Sam,A\r\n"],
                "the file has no row with a phone number: row 1: the number holds letters",
            ),
            ([b"Mobile Number\x81,Name,Company\r\n"], "line 1 of the file is neither UTF-8 nor Windows-1252"),
        ],
    )
    async def test_needs_one_file_with_somebody_in_it(
        self, doors: Doors, files: list[str | bytes], message: str
    ) -> None:
        answer = await send_form(doors, "/campaign/save", FIELDS, files)

        assert fault(answer) == (400, ["file"], message)
        assert await doors.database.read(stored) == NOTHING

    @pytest.mark.parametrize("path", ["/campaign/save", "/campaign/upload-contact-list", "/campaign/upload-csv"])
    async def test_lists_all_its_faults_in_order(self, doors: Doors, path: str) -> None:
        answer = await send_form(doors, path, {"variables_map": "x", "remove_invalid_rows": "x"}, [])

        assert [one["loc"][1] for one in answer.json()["details"]] == [
            *("file", "variables_map", "agent_id", "call_config", "country_code"),
            *("campaign_start_time", "campaign_end_time", "campaign_name", "remove_invalid_rows"),
        ]

    async def test_may_not_hold_its_people_as_text(self, doors: Doors) -> None:
        answer = await send_form(doors, "/campaign/save", FIELDS | {"file": PEOPLE}, [])

        assert fault(answer) == (400, ["file"], "file must be a file with a file name")

    async def test_may_not_be_json(self, doors: Doors) -> None:
        answer = await doors.ringg_post("/campaign/save", FIELDS)

        assert fault(answer) == (400, [], "Request body must be multipart/form-data")

    @pytest.mark.parametrize("agent_id", [NOBODYS_ID, NEIGHBOUR_AGENT])
    @pytest.mark.parametrize("spell", ["true", "false"])
    async def test_for_an_agent_nobody_knows_is_not_found(self, doors: Doors, agent_id: str, spell: str) -> None:
        answer = await send_list(doors, agent_id=agent_id, transliterate_callee_name=spell)

        assert fault(answer) == (404, ["agent_id"], "Agent not found")
        assert await doors.database.read(stored) == NOTHING

    async def test_of_another_workspace_is_another_list(self, doors: Doors) -> None:
        list_id = await saved(doors)

        theirs = await doors.http.delete(f"{RINGG}/calling/contact/{list_id}", headers={"X-API-KEY": NEIGHBOUR_KEY})

        assert theirs.status_code == 404
        assert (await doors.database.read(stored))[0] == 1

    @pytest.mark.parametrize("list_id", [NOBODYS_ID, "list"])
    async def test_nobody_sent_cannot_be_deleted(self, doors: Doors, list_id: str) -> None:
        assert (await delete(doors, list_id)).status_code == 404


async def delete(doors: Doors, list_id: str) -> httpx.Response:
    return await doors.http.delete(f"{RINGG}/calling/contact/{list_id}", headers={"X-API-KEY": RINGG_KEY})


class TestAListFromGermany:
    @pytest.mark.parametrize("path", ["/campaign/save", "/campaign/upload-contact-list", "/campaign/upload-csv"])
    @pytest.mark.parametrize("name", ["people.xlsx", "people.xls", "german.csv"])
    async def test_is_imported_as_excel_saved_it(self, doors: Doors, path: str, name: str) -> None:
        file = GERMAN if name == "german.csv" else (LISTS / name).read_bytes()

        answer = await send_list(doors, file, path=path, **OF_GERMANS)
        await campaign_work(doors.database, doors.parts.now)

        assert answer.status_code == 200, answer.text
        rows = schema.campaign_rows
        first = sa.select(rows).where(rows.c.campaign_id == answer.json()["list_id"], rows.c.row == 1)
        kept = await doors.database.read(lambda conn: conn.execute(first).mappings().one())
        assert (kept["mobile_number"], kept["callee_name"]) == ("+4915112345678", "Jörg Müller")
        assert kept["variables"]["betrag"] in ("1234.5", "1.234,50")

    @pytest.mark.parametrize("path", ["/campaign/save", "/campaign/upload-csv"])
    async def test_that_is_a_damaged_workbook_says_so(self, doors: Doors, path: str) -> None:
        answer = await send_list(doors, (LISTS / "people.xlsx").read_bytes()[:2000], path=path, **OF_GERMANS)

        assert answer.status_code == 400
        assert "the file is a workbook, and it is damaged" in answer.json()["message"]
        assert await doors.database.read(stored) == NOTHING
