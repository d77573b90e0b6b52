"""What clients of the Ringg API rely on beyond the letter of its documentation."""

import json
from typing import Any

import pytest

from api_builders import (
    NUMBER_ID,
    POOL,
    RINGG,
    RINGG_KEY,
    SECOND_NUMBER_ID,
    Doors,
    a_ringg_body,
    keep,
)
from api_records import ANSWERED_CALL, the_answered_call
from outdial.domain.ids import new_id
from outdial.store import schema

FORBIDDEN_NAMES = {
    "outcome",
    "call_outcome",
    "outcome_data",
    "duration_seconds",
    "occurred_at",
    "timestamp",
    "event_id",
}


async def post(doors: Doors, content: bytes, **headers: str) -> Any:
    return await doors.http.post(f"{RINGG}/calling/outbound/individual", content=content, headers=headers)


async def stored_request(doors: Doors, body: dict[str, Any]) -> Any:
    """Post a body and read back what was written down for it."""
    response = await doors.ringg(body)
    assert response.status_code == 200, response.text
    call_id = response.json()["data"]["call_id"]
    asked = schema.call_requests.select().where(schema.call_requests.c.call_id == call_id)
    return await doors.database.read(lambda conn: conn.execute(asked).one())


class TestKeys:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-API-KEY": RINGG_KEY, "Authorization": f"Bearer {RINGG_KEY}"},
            {"x-api-key": f" {RINGG_KEY} ", "Authorization": "Basic whatever"},
            {"Authorization": f"Bearer {RINGG_KEY}"},
        ],
    )
    async def test_l1_are_taken_from_either_header(self, doors: Doors, headers: dict[str, str]) -> None:
        assert (await doors.http.get(f"{RINGG}/workspace", headers=headers)).status_code == 200


class TestErrors:
    @pytest.mark.parametrize(
        ("path", "key", "query", "status"),
        [
            ("/workspace", "wrong", {}, 401),
            ("/calling/call-details", RINGG_KEY, {}, 400),
            ("/calling/call-details", RINGG_KEY, {"id": "11111111-2222-4333-8444-555555555555"}, 404),
        ],
    )
    async def test_l7_say_the_same_in_three_places(
        self, doors: Doors, path: str, key: str, query: dict[str, str], status: int
    ) -> None:
        response = await doors.ringg_get(path, key, **query)

        body = response.json()
        assert response.status_code == status
        assert body["detail"] == body["message"] == body["error"]["message"] != ""

    @pytest.mark.parametrize(
        ("body", "status"), [({}, 400), ([], 400), (a_ringg_body(agent_id="11111111-2222-4333-8444-555555555555"), 404)]
    )
    async def test_l7_of_a_call_that_is_refused(self, doors: Doors, body: Any, status: int) -> None:
        response = await doors.ringg(body)

        answer = response.json()
        assert response.status_code == status
        assert answer["detail"] == answer["message"] == answer["error"]["message"] != ""


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/calling/call-details",
            "/calling/history",
            f"/calling/history/{ANSWERED_CALL}",
            "/agent/all",
            "/workspace/numbers",
            "/workspace",
        ],
    )
    async def test_l2_work_with_and_without_trailing_slash(self, doors: Doors, path: str) -> None:
        await keep(doors.database, the_answered_call())

        plain = await doors.ringg_get(path, id=ANSWERED_CALL)
        slashed = await doors.ringg_get(f"{path}/", id=ANSWERED_CALL)

        assert plain.status_code == slashed.status_code == 200
        assert plain.json() == slashed.json()

    @pytest.mark.parametrize(
        "path",
        [
            "/calling/outbound/individual/",
            "/calling/v2/outbound/individual",
            "/calling/v2/outbound/individual/",
            "/calling/outbound/individual/v2",
            "/calling/outbound/individual/v2/",
        ],
    )
    async def test_l24_every_way_to_a_call(self, doors: Doors, path: str) -> None:
        assert (await doors.ringg(a_ringg_body(), path=path)).status_code == 200


class TestTheCallResponse:
    async def test_l4_and_l5_have_both_generations_of_keys_and_one_id(self, doors: Doors) -> None:
        body = (await doors.ringg(a_ringg_body())).json()

        found = set(ids_in(body))
        assert len(found) == 1
        assert body["Call Status"] == body["message"] == "Call initiated successfully"

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
    async def test_does_not_care_what_the_body_is_called(self, doors: Doors, content_type: str) -> None:
        content = json.dumps(a_ringg_body()).encode()

        response = await post(doors, content, **{"X-API-KEY": RINGG_KEY, "Content-Type": content_type})

        assert response.status_code == 200

    async def test_l15_v2_takes_any_one_of_three_sources(self, doors: Doors) -> None:
        for source in (
            {"from_number_id": NUMBER_ID},
            {"from_number": ["+12025550100", "+12025550101"]},
            {"number_pool_id": POOL},
        ):
            given = a_ringg_body(from_number_id=...) | source
            assert (await doors.ringg(given, path="/calling/v2/outbound/individual")).status_code == 200

    async def test_v1_takes_the_fields_of_v2(self, doors: Doors) -> None:
        given = a_ringg_body(from_number_id=..., number_pool_id=POOL)

        response = await doors.ringg(given)

        assert response.status_code == 200
        assert response.json()["data"]["From Number"] == ""

    async def test_l16_takes_extreme_configurations(self, doors: Doors) -> None:
        config = {
            "idle_timeout_warning": 100,
            "idle_timeout_end": 100,
            "max_call_length": 3000,
            "call_retry_config": {"retry_count": 0},
            "call_time": {"call_start_time": "00:00", "call_end_time": "23:59"},
        }

        stored = await stored_request(doors, a_ringg_body(call_config=config))

        assert stored.plan["limits"] == {"idle_warning_s": 100, "idle_end_s": 100, "max_length_s": 3000}
        assert stored.plan["retry"]["count"] == 0
        assert stored.plan["window"]["timezone"] == "Asia/Kolkata"

    @pytest.mark.parametrize(
        "given",
        [
            {"mobile_number": ..., "phone_number": "+12025550143"},
            {"name": ...},
            {"from_number_id": ...},
        ],
    )
    async def test_l17_says_readably_what_is_missing(self, doors: Doors, given: dict[str, Any]) -> None:
        body = (await doors.ringg(a_ringg_body(**given))).json()

        assert body["detail"] == body["message"] == body["error"]["message"]
        assert body["message"]

    async def test_l23_uses_no_name_that_clients_read_otherwise(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        for response in (
            await doors.ringg(a_ringg_body()),
            await doors.ringg({}),
            await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL),
            await doors.ringg_get("/calling/history"),
        ):
            assert not FORBIDDEN_NAMES & set(response.json())


class TestVariables:
    async def test_explicit_ones_win_and_types_survive(self, doors: Doors) -> None:
        given = {"callee_name": "Sam", "mobile_number": "x", "seats": 3, "vip": True, "tags": ["a"], "price": 2.50}

        body = (await doors.ringg(a_ringg_body(custom_args_values=given))).json()

        assert body["data"]["custom_args_values"] == given

    async def test_null_for_the_callee_is_filled_in(self, doors: Doors) -> None:
        body = (await doors.ringg(a_ringg_body(custom_args_values={"callee_name": None}))).json()

        assert body["data"]["custom_args_values"]["callee_name"] == "Sam Sample"

    async def test_characters_no_database_holds_are_left_out(self, doors: Doors) -> None:
        body = (await doors.ringg(a_ringg_body(name="Sam\0", custom_args_values={"a\0": "b\0c"}))).json()

        values = body["data"]["custom_args_values"]
        assert (values["callee_name"], values["a"]) == ("Sam", "bc")


class TestTheSmartFormatter:
    @pytest.mark.parametrize(
        ("name", "first"),
        [
            ("Mr Rajesh Kumar", "Rajesh"),
            ("mr. Rajesh Kumar", "Rajesh"),
            ("Mr.Rajesh Kumar", "Rajesh"),
            ("Prof Dr Anna Weiss", "Anna"),
            ("Sam", "Sam"),
            ("Jean-Luc Picard", "Jean-Luc"),
            ("Mr Dr", "Mr Dr"),
            ("राजेश कुमार", "राजेश"),
        ],
    )
    async def test_keeps_the_first_real_name(self, doors: Doors, name: str, first: str) -> None:
        body = (await doors.ringg(a_ringg_body(name=name, smart_formatter={"extract_first_name": True}))).json()

        values = body["data"]["custom_args_values"]
        assert (values["callee_name"], values["original_callee_name"]) == (first, name)
        assert "warnings" not in body

    async def test_works_on_the_explicit_name(self, doors: Doors) -> None:
        given = a_ringg_body(custom_args_values={"callee_name": "Dr Who"}, smart_formatter={"extract_first_name": True})

        values = (await doors.ringg(given)).json()["data"]["custom_args_values"]

        assert (values["callee_name"], values["original_callee_name"]) == ("Who", "Dr Who")

    async def test_does_nothing_when_it_is_off(self, doors: Doors) -> None:
        values = (await doors.ringg(a_ringg_body(smart_formatter={}))).json()["data"]["custom_args_values"]

        assert "original_callee_name" not in values


class TestTheCallback:
    async def test_is_kept_with_its_headers_and_parameters_as_text(self, doors: Doors) -> None:
        args = {
            "headers": {"X-Token": "t", "X-Count": 3, "Host": "evil", "content-length": "5", "X-None": None},
            "params": {"source": "api", "test": True, "rate": 2.5},
        }
        body = a_ringg_body(callback_url=" https://hooks.example.test/a?b=c ", callback_args=args)

        stored = await stored_request(doors, body)

        assert stored.callback == {
            "url": "https://hooks.example.test/a?b=c",
            "headers": {"X-Token": "t", "X-Count": "3"},
            "params": {"source": "api", "test": "true", "rate": "2.5"},
        }

    async def test_arguments_without_an_address_are_ignored(self, doors: Doors) -> None:
        stored = await stored_request(doors, a_ringg_body(callback_args={"params": {"a": "b"}}))

        assert stored.callback is None


class TestWhatIsKept:
    async def test_the_request_as_it_came(self, doors: Doors) -> None:
        given = a_ringg_body(call_category=" renewal ", parent_call_id=new_id().upper(), surprise=[1])

        stored = await stored_request(doors, given)

        assert stored.body == given
        assert stored.call_category == "renewal"
        assert stored.parent_call_id == given["parent_call_id"].lower()

    async def test_numbers_and_numeric_strings_alike(self, doors: Doors) -> None:
        config = {
            "idle_timeout_warning": "7.5",
            "call_retry_config": {"retry_count": "2", "retry_busy": "0", "retry_failed": 1.5},
            "call_time": {"call_start_time": "09:00", "timezone": "Europe/Berlin"},
        }

        stored = await stored_request(doors, a_ringg_body(call_config=config))

        assert stored.plan["limits"]["idle_warning_s"] == 7.5
        assert stored.plan["retry"] == {"count": 2, "busy_min": 0, "not_picked_min": 30, "failed_min": 1.5}
        assert stored.plan["window"] == {"start": "09:00", "end": "23:00", "timezone": "Europe/Berlin"}

    async def test_a_rotation_pool_without_duplicates(self, doors: Doors) -> None:
        stored = await stored_request(
            doors, a_ringg_body(from_number_id=[SECOND_NUMBER_ID, NUMBER_ID, SECOND_NUMBER_ID])
        )

        assert [member["id"] for member in stored.from_numbers] == [SECOND_NUMBER_ID, NUMBER_ID]


def ids_in(body: Any) -> list[str]:
    """Every value under a name that clients take for the call's id, at any depth."""
    if not isinstance(body, dict):
        return []
    here = [body[name] for name in ("Unique Call ID", "call_id", "id") if name in body]
    return [*here, *(found for item in body.values() for found in ids_in(item))]
