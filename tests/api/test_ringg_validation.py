"""The validation table of a call request, one test for each row, named after it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api_builders import (
    ARCHIVED_AGENT,
    DISABLED_NUMBER,
    HINDI_VOICE,
    INBOUND_AGENT,
    NEIGHBOUR_AGENT,
    NEIGHBOUR_NUMBER,
    NUMBER_ID,
    POOL,
    REVOKED_KEY,
    RINGG,
    RINGG_KEY,
    RINGLY_KEY,
    STRICT_AGENT,
    SURVEY_VERSION,
    VOICE,
    Doors,
    a_ringg_body,
    keep,
    open_doors,
)
from api_records import WORKSPACE, a_call, an_attempt, at
from dialer_builders import World
from outdial.commands.keys import create_key
from outdial.commands.rules import change_rules
from outdial.commands.suppression import suppress
from outdial.domain.call import AttemptState, CallState
from outdial.domain.health import FAILURES_IN_A_ROW
from outdial.domain.ids import new_id
from outdial.domain.outcome import Outcome
from outdial.domain.rules import Price
from outdial.store.database import Database
from store_builders import Ready

ONE_OF_TWO = "Provide exactly one of from_number_id or from_number"
ONE_OF_THREE = "Provide exactly one of number_pool_id, from_number_id or from_number"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
V2 = "/calling/v2/outbound/individual"


async def refused(
    doors: Doors, status: int, message: str, *, path: str = "/calling/outbound/individual", **fields: Any
) -> Any:
    """Post a body that differs in ``fields`` and expect this refusal, whole, and nothing stored."""
    response = await doors.ringg(a_ringg_body(**fields), path=path)
    body = response.json()
    assert (response.status_code, body["message"]) == (status, message)
    assert body["detail"] == body["error"]["message"] == message
    assert body["details"][0]["msg"] == message
    assert await doors.calls_stored() == 0
    return body


async def accepted(doors: Doors, *, path: str = "/calling/outbound/individual", **fields: Any) -> Any:
    response = await doors.ringg(a_ringg_body(**fields), path=path)
    assert response.status_code == 200, response.text
    return response.json()


def config(**parts: Any) -> Mapping[str, Any]:
    return {"call_config": parts}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-KEY": ""},
        {"X-API-KEY": "not-a-key"},
        {"X-API-KEY": REVOKED_KEY},
        {"X-API-KEY": RINGLY_KEY},
        {"X-API-KEY": "not-a-key", "Authorization": f"Bearer {RINGG_KEY}"},
        {"Authorization": RINGG_KEY},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {RINGG_KEY}"},
    ],
)
async def test_row_01_no_or_wrong_key(doors: Doors, headers: dict[str, str]) -> None:
    response = await doors.http.post(f"{RINGG}/calling/outbound/individual", content=b"nonsense", headers=headers)

    body = response.json()
    assert response.status_code == 401
    assert body["message"] == body["detail"] == "API key is missing or not valid"
    assert body["error"]["code"] == "UNAUTHORIZED"
    assert body["details"] == []
    assert await doors.calls_stored() == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b'{"name": NaN}',
        b'{"name": 1e999}',
        b'{"name": "\\ud800"}',
        b"\xff{}",
        b'{"custom_args_values": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
async def test_row_02_body_not_a_json_object(doors: Doors, content: bytes) -> None:
    response = await doors.http.post(
        f"{RINGG}/calling/outbound/individual", content=content, headers={"X-API-KEY": RINGG_KEY}
    )

    assert response.status_code == 400
    assert response.json()["message"] == "Request body must be a JSON object"
    assert await doors.calls_stored() == 0


@pytest.mark.parametrize("name", [..., None, "", "  ", 7, ["Sam"]])
async def test_row_03_name_is_required(doors: Doors, name: Any) -> None:
    await refused(doors, 400, "name is required", name=name)


@pytest.mark.parametrize("number", [..., None, "", " "])
async def test_row_04_mobile_number_is_required(doors: Doors, number: Any) -> None:
    await refused(doors, 400, "mobile_number is required", mobile_number=number, phone_number="+12025550143")


@pytest.mark.parametrize(
    "number",
    ["12025550143", "+1 202 555 0143", "+1-2025550143", "+0123456789", "+12345", "+1234567890123456", 12025550143],
)
async def test_row_05_mobile_number_in_e164(doors: Doors, number: Any) -> None:
    await refused(doors, 400, "mobile_number must be in E.164 format", mobile_number=number)


@pytest.mark.parametrize("agent_id", [..., None, ""])
async def test_row_06_agent_id_is_required(doors: Doors, agent_id: Any) -> None:
    await refused(doors, 400, "agent_id is required", agent_id=agent_id)


@pytest.mark.parametrize("agent_id", ["agent-1", "c1a7e2d43b584f0e8a6d90e5b7c2f314", 5, {}])
async def test_row_07_agent_id_is_a_uuid(doors: Doors, agent_id: Any) -> None:
    await refused(doors, 400, "agent_id must be a UUID", agent_id=agent_id)


@pytest.mark.parametrize("agent_id", [UNKNOWN_ID, ARCHIVED_AGENT, NEIGHBOUR_AGENT])
async def test_row_08_agent_not_found(doors: Doors, agent_id: str) -> None:
    body = await refused(doors, 404, "Agent not found", agent_id=agent_id)

    assert body["details"] == [{"loc": ["body", "agent_id"], "msg": "Agent not found", "type": "not_found"}]


async def test_row_09_inbound_agent(doors: Doors) -> None:
    await refused(doors, 400, "Agent is not enabled for outbound calls", agent_id=INBOUND_AGENT)


async def test_row_10_both_caller_numbers(doors: Doors) -> None:
    await refused(doors, 400, ONE_OF_TWO, from_number="+12025550100")


@pytest.mark.parametrize("absent", [..., None, "", [], " "])
async def test_row_11_no_caller_number(doors: Doors, absent: Any) -> None:
    await refused(doors, 400, ONE_OF_TWO, from_number_id=absent, from_number=absent)


@pytest.mark.parametrize(
    "given",
    [
        {"from_number_id": ...},
        {"number_pool_id": POOL},
        {"from_number": "+12025550100"},
        {"number_pool_id": POOL, "from_number_id": ..., "from_number": ["+12025550100"]},
    ],
)
async def test_row_12_v2_not_exactly_one_of_three(doors: Doors, given: dict[str, Any]) -> None:
    await refused(doors, 400, ONE_OF_THREE, path=V2, **given)


@pytest.mark.parametrize("number", ["2025550100", ["+12025550100", "x"], 5, [5], {}])
async def test_row_13_from_number_in_e164(doors: Doors, number: Any) -> None:
    await refused(doors, 400, "from_number must be in E.164 format", from_number_id=..., from_number=number)


@pytest.mark.parametrize(
    ("message", "given"),
    [
        ("Number not found", {"from_number_id": UNKNOWN_ID}),
        ("Number not found", {"from_number_id": "main line"}),
        ("Number not found", {"from_number_id": [NUMBER_ID, UNKNOWN_ID]}),
        ("Number not found", {"from_number_id": ..., "from_number": NEIGHBOUR_NUMBER}),
        ("Number pool not found", {"from_number_id": ..., "number_pool_id": UNKNOWN_ID}),
    ],
)
async def test_row_14_number_not_in_the_workspace(doors: Doors, message: str, given: dict[str, Any]) -> None:
    await refused(doors, 404, message, **given)


async def test_row_15_number_disabled_for_outbound(doors: Doors) -> None:
    message = "Number is not enabled for outbound calls"
    await refused(doors, 400, message, from_number_id=..., from_number=DISABLED_NUMBER)


@pytest.mark.parametrize("value", ["text", [], 5, True])
async def test_row_16_custom_args_values_is_an_object(doors: Doors, value: Any) -> None:
    await refused(doors, 400, "custom_args_values must be an object", custom_args_values=value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("on", "smart_formatter must be an object"),
        ({"extract_first_name": "yes"}, "smart_formatter.extract_first_name must be a boolean"),
        ({"transliteration": 1}, "smart_formatter.transliteration must be a boolean"),
        ({"transliteration_language": "hi"}, "smart_formatter.transliteration_language must be an object"),
        (
            {"transliteration_language": {"target": 5}},
            "smart_formatter.transliteration_language.target must be a string",
        ),
    ],
)
async def test_row_17_smart_formatter_of_wrong_type(doors: Doors, value: Any, message: str) -> None:
    await refused(doors, 400, message, smart_formatter=value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], "call_config"),
        ({"call_time": "09:00"}, "call_config.call_time"),
        ({"call_retry_config": 3}, "call_config.call_retry_config"),
    ],
)
async def test_row_18_call_config_objects(doors: Doors, value: Any, path: str) -> None:
    await refused(doors, 400, f"{path} must be an object", call_config=value)


@pytest.mark.parametrize(
    ("group", "key", "low", "high"),
    [
        (None, "idle_timeout_warning", 1, 600),
        (None, "idle_timeout_end", 1, 600),
        (None, "max_call_length", 10, 14400),
        ("call_retry_config", "retry_count", 0, 20),
        ("call_retry_config", "retry_busy", 0, 10080),
        ("call_retry_config", "retry_not_picked", 0, 10080),
        ("call_retry_config", "retry_failed", 0, 10080),
    ],
)
async def test_row_19_numbers_within_their_range(
    doors: Doors, group: str | None, key: str, low: int, high: int
) -> None:
    path = ".".join(name for name in ("call_config", group, key) if name)

    nonsense: list[Any] = [low - 1, high + 1, "soon", True, [], {}, 10**400]
    for wrong in nonsense:
        given = {group: {key: wrong}} if group else {key: wrong}
        await refused(doors, 400, f"{path} must be between {low} and {high}", **config(**given))
    for right in (low, high, str(high), f" {low} "):
        await accepted(doors, **config(**({group: {key: right}} if group else {key: right})))


async def test_row_19_a_count_is_whole(doors: Doors) -> None:
    message = "call_config.call_retry_config.retry_count must be between 0 and 20"
    await refused(doors, 400, message, **config(call_retry_config={"retry_count": 1.5}))


@pytest.mark.parametrize("key", ["call_start_time", "call_end_time"])
@pytest.mark.parametrize("value", ["9:00", "24:00", "09:60", "09:00:00", "soon", "", 9, []])
async def test_row_20_times_of_day(doors: Doors, key: str, value: Any) -> None:
    await refused(doors, 400, f"call_config.call_time.{key} must be HH:MM", **config(call_time={key: value}))


@pytest.mark.parametrize("value", ["Mars/Olympus", "asia/kolkata", "", "../etc/passwd", "IST+5", 5])
async def test_row_21_timezone(doors: Doors, value: Any) -> None:
    message = "call_config.call_time.timezone is not a known time zone"
    await refused(doors, 400, message, **config(call_time={"timezone": value}))


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-03",
        "tomorrow",
        "",
        1772500000,
        "2026-02-30T10:00:00",
        "2026-03-03T10",
        "2027-03-03T10:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00",
    ],
)
async def test_row_22_scheduled_at(doors: Doors, value: Any) -> None:
    message = "call_config.call_time.scheduled_at is not valid"
    await refused(doors, 400, message, **config(call_time={"scheduled_at": value}))


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-03T10:00",
        "2026-03-03 10:00:00",
        "2026-03-03T10:00:00.123456+05:30",
        "2026-03-03T10:00:00Z",
        "2026-03-03T10:00:00z",
        "2026-03-03 10:00:00+05",
        " 2026-03-03T10:00:00Z ",
        "1999-01-01T00:00:00",
        "0001-01-02T10:00:00Z",
        None,
    ],
)
async def test_row_22_accepted_forms(doors: Doors, value: Any) -> None:
    await accepted(doors, **config(call_time={"scheduled_at": value}))


@pytest.mark.parametrize(
    "value",
    ["hooks.example.test", "ftp://h.test/", "https://", "/hook", "", 5, "https://a b.test/", "http://h.test:99999/"],
)
async def test_row_23_callback_url(doors: Doors, value: Any) -> None:
    await refused(doors, 400, "callback_url must be an http or https URL", callback_url=value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("headers", "callback_args must be an object"),
        ({"headers": ["X"]}, "callback_args.headers must be an object"),
        ({"params": "a=b"}, "callback_args.params must be an object"),
        ({"headers": {"X Y": "1"}}, "callback_args.headers holds a name or value that cannot be sent"),
        ({"headers": {"X": "a\r\nSet: b"}}, "callback_args.headers holds a name or value that cannot be sent"),
        ({"params": {"a": {}}}, "callback_args.params holds a name or value that cannot be sent"),
    ],
)
async def test_row_24_callback_args(doors: Doors, value: Any, message: str) -> None:
    await refused(doors, 400, message, callback_url="https://h.test/", callback_args=value)


@pytest.mark.parametrize("version_id", [UNKNOWN_ID, SURVEY_VERSION, "v2"])
async def test_row_25_version_of_another_agent(doors: Doors, version_id: str) -> None:
    await refused(doors, 404, "Agent version not found", version_id=version_id)


@pytest.mark.parametrize("voice_id", [UNKNOWN_ID, "ava"])
async def test_row_26_voice_unknown(doors: Doors, voice_id: str) -> None:
    await refused(doors, 404, "Voice not found", path=V2, voice_id=voice_id)


async def test_row_26_voice_of_another_language(doors: Doors) -> None:
    message = "Voice does not support the agent language"
    await refused(doors, 400, message, path=V2, voice_id=HINDI_VOICE.id)
    await accepted(doors, path=V2, voice_id=VOICE.id)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"parent_call_id": "call-1"}, "parent_call_id must be a UUID"),
        ({"parent_call_id": 5}, "parent_call_id must be a UUID"),
        ({"call_category": 5}, "call_category must be a string of 1 to 128 characters"),
        ({"call_category": ""}, "call_category must be a string of 1 to 128 characters"),
        ({"call_category": "x" * 129}, "call_category must be a string of 1 to 128 characters"),
    ],
)
async def test_row_27_labels(doors: Doors, given: dict[str, Any], message: str) -> None:
    await refused(doors, 400, message, **given)


@pytest.mark.parametrize(
    "hours", [{"scheduled_at": "2020-01-01T00:00:00"}, {"call_start_time": "03:00", "call_end_time": "03:01"}]
)
async def test_row_28_a_call_that_must_wait_is_accepted(doors: Doors, hours: dict[str, str]) -> None:
    body = await accepted(doors, **config(call_time=hours))

    assert body["data"]["call_status"] == "registered"


async def waits(doors: Doors, cause: str, sub_status: str, body: Any) -> None:
    """The call was accepted like any other, and its details say what it waits for."""
    assert body["data"]["call_status"] == "registered"
    details = (await doors.ringg_get("/calling/call-details", id=body["data"]["call_id"])).json()["data"]
    assert (details["call_status"], details["call_sub_status"]) == ("registered", sub_status)
    assert details["blocked_by"] == [cause]


async def test_row_28_a_call_outside_its_window_is_accepted(doors: Doors) -> None:
    hours = {"call_start_time": "03:00", "call_end_time": "03:01", "timezone": "UTC"}

    await waits(doors, "window", "IN_DB", await accepted(doors, **config(call_time=hours)))


async def test_row_28_a_call_nobody_can_pay_is_accepted(doors: Doors) -> None:
    await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, price=Price(per_minute_micros=1)))

    await waits(doors, "credits", "IN_DB", await accepted(doors))


async def test_row_28_a_call_without_capacity_is_accepted(doors: Doors) -> None:
    await change_rules(doors.database, WORKSPACE, lambda rules: replace(rules, max_calls=0))

    await waits(doors, "capacity", "RATE_LIMITED", await accepted(doors))


async def test_row_28_a_call_while_the_provider_is_down_is_accepted(doors: Doors) -> None:
    failed = [
        a_call(
            id=new_id(),
            state=CallState.FAILED,
            outcome=Outcome.TRUNK_FAILED,
            attempts=(
                an_attempt(
                    state=AttemptState.ENDED,
                    claimed_at=at("09:15:00"),
                    dialed_at=at("09:15:00"),
                    ended_at=at("09:15:01"),
                    outcome=Outcome.TRUNK_FAILED,
                ),
            ),
        )
        for _ in range(FAILURES_IN_A_ROW)
    ]
    await keep(doors.database, *failed)

    await waits(doors, "provider_health", "RATE_LIMITED", await accepted(doors))


async def test_row_29_callee_on_a_suppression_list(ready_databases: Ready, tmp_path: Path) -> None:
    async with ready_databases.database("sqlite", tmp_path) as database:
        world = await World(database).set_up()
        key = await create_key(database, world.workspace_id, "ringg", now=world.clock)
        async with open_doors(database, tmp_path, now=world.clock) as doors:
            await suppress(database, world.workspace_id, "+12025550143", now=world.clock)
            body = a_ringg_body(agent_id=world.agent_id, from_number_id=world.number_ids[0])
            placed = await doors.ringg(body, key=key)
            call_id = placed.json()["data"]["call_id"]
            before = await doors.ringg_get("/calling/call-details", key, id=call_id)
            taken_up = await world.claims(await world.holder())
            after = await doors.ringg_get("/calling/call-details", key, id=call_id)

    assert (placed.status_code, placed.json()["data"]["call_status"]) == (200, "registered")
    assert before.json()["data"]["call_status"] == "registered"
    assert taken_up == []
    ended = after.json()["data"]
    assert (ended["call_status"], ended["call_sub_status"]) == ("cancelled", "DND_SKIPPED")


async def test_row_30_unknown_keys_anywhere(doors: Doors) -> None:
    await accepted(
        doors,
        surprise={"deep": [1]},
        smart_formatter={"shout": True},
        call_config={"mood": 5, "call_time": {"weekdays": []}, "call_retry_config": {"retry_mood": "x"}},
        callback_args={"cookies": 5},
    )


async def test_row_31_null_for_any_optional_field(doors: Doors) -> None:
    optional = (
        "from_number",
        "number_pool_id",
        "custom_args_values",
        "smart_formatter",
        "call_config",
        "callback_url",
        "callback_args",
        "version_id",
        "voice_id",
        "call_category",
        "parent_call_id",
    )
    nothing: dict[str, Any] = dict.fromkeys(optional)
    await accepted(doors, **nothing)
    await accepted(
        doors,
        smart_formatter=dict.fromkeys(("extract_first_name", "transliteration", "transliteration_language")),
        call_config=dict.fromkeys(("idle_timeout_warning", "idle_timeout_end", "max_call_length", "call_time"))
        | {"call_retry_config": dict.fromkeys(("retry_count", "retry_busy", "retry_not_picked", "retry_failed"))},
        callback_args=dict.fromkeys(("headers", "params")),
    )
    hours = dict.fromkeys(("call_start_time", "call_end_time", "timezone", "scheduled_at"))
    await accepted(doors, **config(call_time=hours))


async def test_row_32_over_the_request_rate(sqlite: Database, tmp_path: Path) -> None:
    clock = [0.0]
    async with open_doors(sqlite, tmp_path, requests_per_s=2, seconds=lambda: clock[0]) as doors:
        answers = [await doors.ringg(a_ringg_body()) for _ in range(3)]
        other_key = await doors.ringly({})
        clock[0] = 0.5
        later = await doors.ringg(a_ringg_body())

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["message"] == "Too many requests"
    assert answers[-1].headers["Retry-After"] == "1"
    assert other_key.status_code == 400
    assert later.status_code == 200


async def test_variables_an_agent_insists_on(doors: Doors) -> None:
    body = await refused(doors, 400, "variable customer_name is required", agent_id=STRICT_AGENT)

    assert body["details"][0]["loc"] == ["body", "custom_args_values", "customer_name"]


class TestAllFaultsOfABody:
    async def test_are_reported_together_in_table_order(self, doors: Doors) -> None:
        body = await refused(
            doors,
            400,
            "name is required",
            name=...,
            mobile_number="202",
            from_number="+12025550100",
            callback_url="nowhere",
            call_config={"max_call_length": 5, "call_time": {"timezone": "Nowhere"}},
        )

        assert [".".join(detail["loc"]) for detail in body["details"]] == [
            "body.name",
            "body.mobile_number",
            "body.from_number",
            "body.call_config.max_call_length",
            "body.call_config.call_time.timezone",
            "body.callback_url",
        ]

    async def test_come_before_look_ups(self, doors: Doors) -> None:
        await refused(doors, 400, "callback_url must be an http or https URL", agent_id=UNKNOWN_ID, callback_url="x")

    async def test_at_most_a_hundred_caller_numbers(self, doors: Doors) -> None:
        many = [f"+120255{number:05}" for number in range(101)]
        await refused(doors, 400, "from_number may hold at most 100 members", from_number_id=..., from_number=many)
