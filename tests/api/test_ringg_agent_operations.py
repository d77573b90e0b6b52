"""``PATCH /agent/v1``: what each operation stores and reads back, and what it refuses without storing anything."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent_builders import (
    ARABIC,
    KNOWLEDGE,
    THEIR_KNOWLEDGE,
    VOICE_ONE,
    add_knowledge,
    agent_doors,
    created,
    edit,
    everything_about_agents,
    native,
    read,
    stored,
    version,
)
from api_builders import ARCHIVED_AGENT, NEIGHBOUR_AGENT, NUMBER_ID, SURVEY_AGENT, Doors
from api_examples import NOBODYS_ID, example, ordered_keys, without
from api_records import AGENT, VERSION, WORKSPACE
from outdial.domain.ids import new_id
from outdial.domain.subscription import Subscription
from outdial.store.agents.reading import agent as whole_agent
from outdial.store.agents.reading import definition_for_call
from outdial.store.database import Database

HOOK = "https://hooks.example.test/ringg"


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    await add_knowledge(sqlite)
    async with agent_doors(sqlite, tmp_path) as opened:
        yield opened


async def subscribe(doors: Doors, *entries: dict[str, Any]) -> Any:
    return await edit(doors, "edit_event_subscriptions", event_subscriptions=list(entries))


async def subscriptions(doors: Doors) -> tuple[Subscription, ...]:
    return (await doors.database.read(whole_agent, WORKSPACE, AGENT)).subscriptions


class TestAnOperation:
    @pytest.mark.parametrize("number", ["20", "21", "45", "46", "49"])
    async def test_is_answered_as_documented(self, doors: Doors, number: str) -> None:
        exchange = example("ringg", number)

        response = await doors.http.patch(
            exchange["path"], json=exchange["request"]["body"], headers=exchange["request"]["headers"]
        )

        assert (response.status_code, response.json()) == (200, exchange["response"]["body"])

    async def test_twice_over_the_same_knowledge_is_answered_as_documented(self, doors: Doors) -> None:
        exchange = example("ringg", "47")
        wanted = exchange["response"]["body"]

        first = await edit(doors, "attach_kb", kb_id=KNOWLEDGE)
        again = await edit(doors, "attach_kb", kb_id=KNOWLEDGE)

        assert first.json() == {**EDITED, "kb_id": KNOWLEDGE}
        assert again.status_code == exchange["response"]["status"]
        assert without(again.json(), "request_id") == without(wanted, "request_id")
        assert ordered_keys(again.json()) == ordered_keys(wanted)

    @pytest.mark.parametrize("name", ["edit_api_settings", "edit_everything", "EDIT_PROMPT"])
    async def test_that_does_not_exist_is_unprocessable(self, doors: Doors, name: str) -> None:
        response = await edit(doors, name, agent_id="whoever")

        assert (response.status_code, response.json()["error"]["code"]) == (422, "UNPROCESSABLE")
        assert response.json()["message"] == f"operation {name} is not supported"

    @pytest.mark.parametrize(
        ("body", "faults"),
        [
            ({}, {"operation": "operation is required", "agent_id": "agent_id is required"}),
            ({"operation": 3, "agent_id": "renewal"}, {"operation": "must be a string", "agent_id": "must be a UUID"}),
            ({"operation": "edit_vocab", "version_id": 3}, {"agent_id": "required", "vocab": "vocab is required"}),
        ],
    )
    async def test_that_is_not_whole_names_every_fault(
        self, doors: Doors, body: dict[str, Any], faults: dict[str, str]
    ) -> None:
        response = await doors.http.patch("/ca/api/v0/agent/v1", json=body, headers={"X-API-KEY": KEY})

        assert response.status_code == 400
        said = {fault["loc"][1]: fault["msg"] for fault in response.json()["details"]}
        assert all(text in said[name] for name, text in faults.items())

    @pytest.mark.parametrize("agent_id", [NOBODYS_ID, ARCHIVED_AGENT, NEIGHBOUR_AGENT])
    async def test_on_an_unknown_agent(self, doors: Doors, agent_id: str) -> None:
        response = await edit(doors, "edit_voice", agent_id=agent_id, voice_id=new_id())

        assert (response.status_code, response.json()["message"]) == (404, "Agent not found")

    async def test_may_name_the_version_to_edit(self, doors: Doors) -> None:
        new = {"definition": {"greeting": "Second"}, "active": True}
        second = (await native(doors, "POST", f"/agents/{AGENT}/versions", new)).json()["id"]

        response = await edit(doors, "edit_intro_message", intro_message="First.", version_id=VERSION.upper())

        assert response.status_code == 200
        assert (await doors.database.read(stored, VERSION)).greeting == "First."
        assert (await doors.database.read(stored, second)).greeting == "Second"

    async def test_on_a_version_of_another_agent_is_refused(self, doors: Doors) -> None:
        before = await doors.database.read(everything_about_agents)

        edits: dict[str, dict[str, Any]] = {"edit_vocab": {"vocab": ["a"]}, "edit_agent_display_name": NAME}
        for name, fields in edits.items():
            response = await edit(doors, name, agent_id=SURVEY_AGENT, version_id=VERSION, **fields)
            assert (response.status_code, response.json()["message"]) == (404, "Version not found")
        assert await doors.database.read(everything_about_agents) == before


KEY = "5e2d9b70-41c8-4f6a-b3d1-7a90c4e8f215"
EDITED = {"message": "Agent updated successfully!", "agent_id": AGENT}
NAME = {"agent_display_name": "Reminder"}
SECTIONS = {"prompt_sections": [{"section_title": "Task", "section_content": "Ask @{{company_name}}."}]}
NESTED = {"prompt": "Be strict.", "keys": {"renewed": "boolean", "sum": "number"}}

TYPED = {
    "prompt": "Be strict.",
    "keys": {"goods": "array", "on": "date", "at": "datetime", "seats": "integer"},
    "defaults": {"goods": ["none"], "seats": 1},
}
CLIENT = {
    "context": "They sell insurance.",
    "goal_key": "renewed",
    "keys": {"renewed": {"type": "boolean", "default": False, "description": "Did they?"}, "on": {"type": "date"}},
}
CONTEXT = {"platform_analytics": {"brand": {"name": "Acme"}}, "client_analytics": {"tone": "formal"}}
CALL_CONFIG = {
    "idle_timeout_warning": 7,
    "call_retry_config": {"retry_count": 2, "retry_busy": 5},
    "call_time": {"call_start_time": "09:00", "call_end_time": "18:30", "timezone": "Europe/Berlin"},
}
CALLERS = ("outbound_from_number_ids",)
QUERY_PHRASES = {"pre_query_response_phrases": ["One moment."], "pre_query_phrase_probability": 0.5}

CONFIG = "agent_config"
KEPT: list[tuple[str, dict[str, Any], tuple[str, ...], Any]] = [
    ("edit_prompt", {"agent_prompt": "Be kind."}, (CONFIG, "agent_prompt"), "Be kind."),
    ("edit_prompt", {"agent_prompt": SECTIONS}, (CONFIG, "agent_prompt"), SECTIONS),
    ("edit_voice", {"voice_id": VOICE_ONE.id.upper()}, ("voice", "id"), VOICE_ONE.id),
    ("edit_language", {"language": "hi-IN", "voice_id": VOICE_ONE.id}, ("language",), "hi-IN"),
    ("edit_intro_message", {"intro_message": "<p>Hi</p>"}, (CONFIG, "intro_message"), "<p>Hi</p>"),
    (
        "edit_custom_vars",
        {"custom_variables": ["company_name", "order_id"]},
        (CONFIG, "custom_variables"),
        ["callee_name", "mobile_number", "company_name", "order_id"],
    ),
    ("edit_custom_vars", {"custom_variables": []}, (CONFIG, "custom_variables"), ["callee_name", "mobile_number"]),
    ("edit_voice_speed", {"voice_speed": 1.25}, ("voice_speed",), 1.25),
    ("edit_vocab", {"vocab": ["Outdial", "SIP"]}, ("vocab",), ["Outdial", "SIP"]),
    ("edit_extract_callee_name", {"extract_callee_name": True}, ("extract_callee_name",), True),
    ("edit_noise_settings", {"noise_settings": {"level": 2}}, ("noise_settings",), {"level": 2}),
    ("edit_dtmf_settings", {"dtmf_settings": {}}, ("dtmf_settings",), {}),
    ("edit_vad_settings", {"vad_settings": [1, None]}, ("vad_settings",), [1, None]),
    ("edit_query_phrases", {"query_phrases": ["one moment"]}, ("query_phrases",), ["one moment"]),
    ("edit_custom_analysis_prompt", {"custom_analysis_prompt": NESTED}, ("custom_analysis_prompt",), NESTED),
    (
        "edit_custom_analysis_prompt",
        {"custom_analysis_prompt": {"renewed": "Did they?", "prompt": "Which?", "keys": "How many?"}},
        ("custom_analysis_prompt",),
        {"prompt": "", "keys": {"renewed": "string", "prompt": "string", "keys": "string"}},
    ),
    (
        "edit_custom_analysis_prompt",
        {"custom_analysis_prompt": {}},
        ("custom_analysis_prompt",),
        {"prompt": "", "keys": {}},
    ),
    (
        "edit_custom_analysis_prompt",
        {"custom_analysis_prompt": TYPED},
        ("custom_analysis_prompt",),
        TYPED,
    ),
    (
        "edit_custom_analysis_prompt",
        {"custom_analysis_prompt": {"prompt": "", "keys": {"a": "string"}, "defaults": {}}},
        ("custom_analysis_prompt",),
        {"prompt": "", "keys": {"a": "string"}},
    ),
    (
        "edit_custom_analysis_prompt",
        {"custom_analysis_prompt": {"renewed": None, "reason": "Why?"}},
        ("custom_analysis_prompt",),
        {"prompt": "", "keys": {"renewed": "string", "reason": "string"}},
    ),
    (
        "edit_custom_analysis_prompt",
        {"custom_analysis_prompt": {"prompt": None, "keys": {"a": "string"}, "defaults": None}},
        ("custom_analysis_prompt",),
        {"prompt": "", "keys": {"a": "string"}},
    ),
    ("edit_client_analysis", {"client_analysis": CLIENT}, ("client_analysis",), CLIENT),
    (
        "edit_client_analysis",
        {"client_analysis": CLIENT},
        ("custom_analysis_prompt",),
        {"prompt": "", "keys": {"renewed": "boolean", "on": "date"}, "defaults": {"renewed": False}},
    ),
    ("edit_analytics_context", {"analytics_context": CONTEXT}, ("analytics_context",), CONTEXT),
    ("edit_call_config", {"call_config": CALL_CONFIG}, ("call_config",), CALL_CONFIG),
    ("edit_outbound_from_number_ids", {"outbound_from_number_ids": [NUMBER_ID]}, CALLERS, [NUMBER_ID]),
    ("edit_noise_settings", {"mute_during_intro": True}, ("noise_settings",), {"mute_during_intro": True}),
    (
        "edit_noise_settings",
        {"mute_while_bot_speaking": False},
        ("noise_settings",),
        {"mute_while_bot_speaking": False},
    ),
    ("edit_query_phrases", QUERY_PHRASES, ("query_phrases",), QUERY_PHRASES),
    ("edit_voicemail_settings", {"voicemail_settings": {"a": 1}}, ("voicemail_settings",), {"a": 1}),
    ("attach_kb", {"kb_id": KNOWLEDGE}, ("knowledge_bases",), [{"kb_id": KNOWLEDGE, "kb_name": "Price list"}]),
]


class TestWhatIsEdited:
    @pytest.mark.parametrize(("operation", "fields", "path", "wanted"), KEPT)
    async def test_is_read_back(
        self, doors: Doors, operation: str, fields: dict[str, Any], path: tuple[str, ...], wanted: Any
    ) -> None:
        response = await edit(doors, operation, **fields)

        assert response.status_code == 200, response.text
        found: Any = await version(doors)
        for name in path:
            found = found[name]
        assert found == wanted

    async def test_goes_into_the_flat_keys_too(self, doors: Doors) -> None:
        await edit(doors, "edit_secondary_language", secondary_language="ta-IN")
        await edit(doors, "edit_secondary_voice", secondary_voice_id=ARABIC.id)
        await edit(doors, "edit_agent_display_name", **NAME)
        await edit(doors, "edit_agent_whitelisted_domains", whitelisted_domains=["Shop.example", "http://a.test:81/x"])
        await edit(doors, "attach_kb", kb_id=KNOWLEDGE)
        await edit(doors, "edit_prompt", agent_prompt=SECTIONS)

        agent = await read(doors)

        assert (agent["secondary_language"], agent["secondary_voice_id"]) == ("ta-IN", ARABIC.id)
        assert agent["agent_display_name"] == "Reminder"
        assert agent["whitelisted_domains"] == ["https://shop.example", "http://a.test:81"]
        assert (agent["knowledge_base_id"], agent["knowledge_base_name"]) == (KNOWLEDGE, "Price list")
        assert agent["agent_config"]["agent_prompt"] == "Task\nAsk @{{company_name}}."

    @pytest.mark.parametrize("empty", ["", None])
    async def test_may_be_taken_away_again(self, doors: Doors, empty: str | None) -> None:
        await edit(doors, "edit_secondary_voice", secondary_voice_id=ARABIC.id)
        await edit(doors, "edit_secondary_language", secondary_language="ta-IN")

        await edit(doors, "edit_secondary_voice", secondary_voice_id=empty)
        await edit(doors, "edit_secondary_language", secondary_language=empty)

        agent = await read(doors)
        assert (agent["secondary_language"], agent["secondary_voice_id"]) == (None, None)

    async def test_leaves_the_rest_of_the_version_alone(self, doors: Doors) -> None:
        agent_id = await created(doors, faq="Q: Price?", custom_variables=["company_name"])
        before = await version(doors, agent_id)

        await edit(doors, "edit_intro_message", agent_id=agent_id, intro_message="Hi.")

        after = await version(doors, agent_id)
        assert after.pop("agent_config") == {**before.pop("agent_config"), "intro_message": "Hi."}
        assert without(after, "updated_at") == without(before, "updated_at")

    async def test_of_the_analysis_keeps_the_labels(self, doors: Doors) -> None:
        labels = {"analysis": {"labels": {"renewed": "They renew"}}}
        await native(doors, "PATCH", f"/agents/{AGENT}", {"definition": labels})

        await edit(doors, "edit_custom_analysis_prompt", custom_analysis_prompt=NESTED)

        agent = await read(doors)
        assert agent["classification_labels"] == {"renewed": "They renew"}
        assert (await version(doors))["custom_analysis_prompt"] == NESTED

    async def test_as_a_language_nobody_speaks_comes_with_a_warning(self, doors: Doors) -> None:
        response = await edit(doors, "edit_language", language="ta-IN", voice_id=VOICE_ONE.id)

        assert response.json() == {**EDITED, "warnings": ["language_not_spoken:ta-IN"]}

    async def test_decides_what_calls_leave_to_their_agent(self, doors: Doors) -> None:
        call_id, nobodys = new_id(), new_id()

        await edit(doors, "edit_extract_callee_name", extract_callee_name=True)

        async def shortens(workspace_id: str, agent_id: str, version_id: str = "") -> bool:
            said = await definition_for_call(doors.database, workspace_id, agent_id, version_id, call_id)
            return said.extract_callee_name

        assert await shortens(WORKSPACE, AGENT)
        assert await shortens(WORKSPACE, AGENT, VERSION)
        assert not await shortens(nobodys, AGENT)
        assert not await shortens(WORKSPACE, nobodys)
        assert not await shortens(WORKSPACE, AGENT, nobodys)


class TestKnowledge:
    async def test_is_added_and_removed_one_by_one(self, doors: Doors) -> None:
        await edit(doors, "attach_kb", kb_id=KNOWLEDGE)

        response = await edit(doors, "remove_kb", kb_id=KNOWLEDGE)

        assert response.json() == {**EDITED, "kb_id": KNOWLEDGE}
        assert (await version(doors))["knowledge_bases"] == []
        assert (await read(doors))["knowledge_base_id"] is None

    async def test_that_is_not_attached_cannot_be_removed(self, doors: Doors) -> None:
        response = await edit(doors, "remove_kb", kb_id=KNOWLEDGE)

        assert (response.status_code, response.json()["message"]) == (400, "Knowledge Base is not attached")


class TestANumber:
    async def test_belongs_to_one_agent_at_a_time(self, doors: Doors) -> None:
        attached = await edit(doors, "attach_inbound_number", number_id=NUMBER_ID)
        again = await edit(doors, "attach_inbound_number", number_id=NUMBER_ID)
        theirs = await edit(doors, "attach_inbound_number", agent_id=SURVEY_AGENT, number_id=NUMBER_ID)
        removed = await edit(doors, "remove_inbound_number", number_id=NUMBER_ID)
        free = await edit(doors, "attach_inbound_number", agent_id=SURVEY_AGENT, number_id=NUMBER_ID)

        assert attached.json() == again.json() == removed.json() == {**EDITED, "number_id": NUMBER_ID}
        assert (theirs.status_code, theirs.json()["message"]) == (400, "Number is attached to another agent")
        assert free.status_code == 200

    async def test_is_free_again_when_its_agent_is_archived(self, doors: Doors) -> None:
        await edit(doors, "attach_inbound_number", number_id=NUMBER_ID)
        await doors.http.delete(f"/ca/api/v0/agent/{AGENT}", headers={"X-API-KEY": KEY})

        response = await edit(doors, "attach_inbound_number", agent_id=SURVEY_AGENT, number_id=NUMBER_ID)

        assert response.status_code == 200

    async def test_cannot_be_taken_from_an_agent_that_has_it_not(self, doors: Doors) -> None:
        response = await edit(doors, "remove_inbound_number", number_id=NUMBER_ID)

        assert (response.status_code, response.json()["message"]) == (400, "Number is not attached to this agent")


class TestSubscriptions:
    async def test_l6_may_be_written_short(self, doors: Doors) -> None:
        response = await subscribe(doors, {"event_type": "call_completed", "callback_url": HOOK})

        assert response.status_code == 200
        assert (await version(doors))["event_subscriptions"] == [
            {"event_type": ["call_completed"], "callback_url": HOOK, "headers": {}, "method_type": "POST"}
        ]

    async def test_are_kept_with_their_headers_and_shown_without(self, doors: Doors) -> None:
        entry = {
            "event_type": ["call_started", "all_processing_completed"],
            "callback_url": f" {HOOK} ",
            "headers": {"Authorization": "Bearer x", "X-Shard": 7, "X-None": None, "Content-Length": "3"},
            "method_type": "put",
        }

        await subscribe(doors, entry)

        assert await subscriptions(doors) == (
            Subscription(
                "ringg",
                ("call_started", "all_processing_completed"),
                HOOK,
                {"Authorization": "Bearer x", "X-Shard": "7"},
                "PUT",
            ),
        )
        (shown,) = (await version(doors))["event_subscriptions"]
        assert shown["headers"] == {"Authorization": "***", "X-Shard": "***"}

    async def test_replace_all_that_were_there(self, doors: Doors) -> None:
        await subscribe(doors, {"event_type": "call_completed", "callback_url": HOOK})

        await subscribe(doors, {"event_type": "call_started", "callback_url": f"{HOOK}/2"})
        one = await subscriptions(doors)
        await subscribe(doors)

        assert [entry.url for entry in one] == [f"{HOOK}/2"]
        assert await subscriptions(doors) == ()

    async def test_of_the_native_api_stay(self, doors: Doors) -> None:
        ours = {"events": ["call_ended"], "url": "https://ours.example.test/"}
        await native(doors, "PATCH", f"/agents/{AGENT}", {"subscriptions": [ours]})

        await subscribe(doors, {"event_type": "call_started", "callback_url": HOOK})

        assert [one.dialect for one in await subscriptions(doors)] == ["native", "ringg"]
        assert len((await version(doors))["event_subscriptions"]) == 1

    async def test_hold_for_all_versions(self, doors: Doors) -> None:
        await native(doors, "POST", f"/agents/{AGENT}/versions", {"definition": {"greeting": "Hi."}})

        await subscribe(doors, {"event_type": "call_started", "callback_url": HOOK})

        shown = [row["event_subscriptions"] for row in (await read(doors))["version_details"].values()]
        assert len(shown) == 2
        assert shown[0] == shown[1] != []

    async def test_written_back_as_they_were_read_keep_their_secrets(self, doors: Doors) -> None:
        entry = {"event_type": "call_started", "callback_url": HOOK, "headers": {"Authorization": "Bearer x"}}
        await subscribe(doors, entry)
        before = await subscriptions(doors)
        (shown,) = (await version(doors))["event_subscriptions"]

        await subscribe(doors, shown)
        same = await subscriptions(doors)
        await subscribe(doors, shown | {"callback_url": f"{HOOK}/moved", "headers": {"authorization": "***"}})

        assert same == before
        (moved,) = await subscriptions(doors)
        assert (moved.url, moved.headers) == (f"{HOOK}/moved", {"authorization": "Bearer x"})

    async def test_masked_without_anything_stored_are_refused(self, doors: Doors) -> None:
        entry = {"event_type": "call_started", "callback_url": HOOK, "headers": {"Authorization": "***"}}

        response = await subscribe(doors, entry)

        assert response.status_code == 400
        assert response.json()["details"][0]["loc"] == [
            *("body", "event_subscriptions", "0", "headers", "Authorization")
        ]
        assert await subscriptions(doors) == ()


GOOD = {"event_type": "call_started", "callback_url": HOOK}
REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("edit_prompt", {}, 400, "agent_prompt is required"),
    ("edit_prompt", {"agent_prompt": " "}, 400, "agent_prompt must be a text"),
    ("edit_prompt", {"agent_prompt": {"prompt_sections": []}}, 400, "agent_prompt must be a text"),
    (
        "edit_prompt",
        {"agent_prompt": {"prompt_sections": [3]}},
        400,
        "agent_prompt.prompt_sections.0 must be an object",
    ),
    ("edit_prompt", {"agent_prompt": {"prompt_sections": [{}]}}, 400, "section_title is required"),
    ("edit_voice", {}, 400, "voice_id is required"),
    ("edit_voice", {"voice_id": 3}, 400, "voice_id must be a string"),
    ("edit_voice", {"voice_id": new_id()}, 404, "Voice not found"),
    ("edit_voice", {"voice_id": ARABIC.id}, 400, "Voice does not support the agent language"),
    ("edit_language", {"voice_id": VOICE_ONE.id}, 400, "language is required"),
    ("edit_language", {"language": "tlh-KX"}, 400, "language is not a supported language"),
    ("edit_language", {"language": "ar-AE", "voice_id": VOICE_ONE.id}, 400, "Voice does not support the agent"),
    ("edit_language", {"language": "ar-AE", "voice_id": new_id()}, 404, "Voice not found"),
    ("edit_agent_display_name", {"agent_display_name": " "}, 400, "agent_display_name is required"),
    ("edit_agent_display_name", {"agent_display_name": "x" * 101}, 400, "agent_display_name may have at most 100"),
    ("edit_intro_message", {"intro_message": ""}, 400, "intro_message is required"),
    ("edit_custom_vars", {}, 400, "custom_variables is required"),
    ("edit_custom_vars", {"custom_variables": "a"}, 400, "custom_variables must be a list of strings"),
    ("edit_secondary_language", {}, 400, "secondary_language is required"),
    ("edit_secondary_language", {"secondary_language": "tlh-KX"}, 400, "secondary_language is not a supported"),
    ("edit_secondary_voice", {}, 400, "secondary_voice_id is required"),
    ("edit_secondary_voice", {"secondary_voice_id": new_id()}, 404, "Voice not found"),
    ("edit_voice_speed", {"voice_speed": 2.1}, 400, "voice_speed must be between 0.5 and 2"),
    ("edit_voice_speed", {"voice_speed": True}, 400, "voice_speed must be between 0.5 and 2"),
    ("edit_vocab", {"vocab": [3]}, 400, "vocab must be a list of strings"),
    ("attach_kb", {}, 400, "kb_id is required"),
    ("attach_kb", {"kb_id": THEIR_KNOWLEDGE}, 404, "Knowledge Base not found"),
    ("remove_kb", {"kb_id": new_id()}, 404, "Knowledge Base not found"),
    ("attach_inbound_number", {}, 400, "number_id is required"),
    ("attach_inbound_number", {"number_id": "22222222-2222-4222-8222-222222222223"}, 404, "Number not found"),
    ("remove_inbound_number", {"number_id": new_id()}, 404, "Number not found"),
    ("edit_agent_whitelisted_domains", {"whitelisted_domains": ["a b"]}, 400, "whitelisted_domains must hold domains"),
    ("edit_agent_whitelisted_domains", {"whitelisted_domains": ["ftp://a.test"]}, 400, "whitelisted_domains must"),
    ("edit_extract_callee_name", {"extract_callee_name": "yes"}, 400, "extract_callee_name must be a boolean"),
    ("edit_noise_settings", {"noise_settings": "low"}, 400, "noise_settings must be an object or a list"),
    ("edit_dtmf_settings", {}, 400, "dtmf_settings is required"),
    ("edit_vad_settings", {"vad_settings": 1}, 400, "vad_settings must be an object or a list"),
    ("edit_query_phrases", {"query_phrases": "a"}, 400, "query_phrases must be an object or a list"),
    ("edit_custom_analysis_prompt", {}, 400, "custom_analysis_prompt is required"),
    ("edit_custom_analysis_prompt", {"custom_analysis_prompt": "x"}, 400, "custom_analysis_prompt must be an object"),
    (
        "edit_custom_analysis_prompt",
        {"custom_analysis_prompt": {"keys": {"a": "colour"}}},
        400,
        "the type of a must be",
    ),
    ("edit_custom_analysis_prompt", {"custom_analysis_prompt": {"a": 3}}, 400, "the description of a must be"),
    ("edit_custom_analysis_prompt", {"custom_analysis_prompt": {" ": "x"}}, 400, "names of keys must be"),
    *(
        ("edit_custom_analysis_prompt", {"custom_analysis_prompt": {"keys": keys, "defaults": defaults}}, 400, message)
        for keys, defaults, message in (
            ({"a": "date"}, {"a": "tomorrow"}, "the default of a is not of the type date"),
            ({"a": "datetime"}, {"a": "2026-03-01T10:00"}, "the default of a is not of the type datetime"),
            ({"a": "array"}, {"a": [1]}, "the default of a is not of the type array"),
            ({"a": "integer"}, {"a": True}, "the default of a is not of the type integer"),
            ({"a": "integer"}, {"b": 1}, "there is a default for b, which is none of the keys"),
            ({"a": "integer"}, [1], "custom_analysis_prompt.defaults must be an object"),
        )
    ),
    *(
        ("edit_client_analysis", {"client_analysis": wrong}, 400, message)
        for wrong, message in (
            ([], "client_analysis must be an object"),
            ({"goal_key": "a", "keys": {}}, "client_analysis.goal_key is none of the keys"),
            ({"goal_key": "nobody's"}, "client_analysis.goal_key is none of the keys"),
            ({"context": 3}, "client_analysis.context must be a string"),
            ({"keys": {"a": "string"}}, "a must be an object with a type"),
            ({"keys": {"a": {"type": "colour"}}}, "the type of a must be one of"),
            ({"keys": {"a": {"type": "number", "default": "x"}}}, "the default of a is not of the type number"),
            ({"goals": 1}, "client_analysis.goals is not a known field"),
        )
    ),
    ("edit_classification_labels", {}, 400, "classification_labels is required"),
    ("edit_classification_labels", {"classification_labels": {"a": 1}}, 400, "the description of a must be a string"),
    ("edit_classification_labels", {"classification_labels": dict.fromkeys(map(str, range(11)), "x")}, 400, "classif"),
    ("edit_analytics_context", {"analytics_context": {"client_analytics": []}}, 400, "client_analytics must be an obj"),
    ("edit_call_config", {"call_config": []}, 400, "call_config must be an object"),
    (
        "edit_call_config",
        {"call_config": {"call_time": {"timezone": "Mars"}}},
        400,
        "call_config.call_time.timezone is not a known",
    ),
    ("edit_outbound_from_number_ids", {"outbound_from_number_ids": [NOBODYS_ID]}, 404, "Number not found"),
    ("edit_outbound_from_number_ids", {"outbound_from_number_ids": "a"}, 400, "outbound_from_number_ids must be a"),
    (
        "edit_outbound_from_number_ids",
        {"outbound_from_number_ids": [*map(str, range(101))]},
        400,
        "outbound_from_number_ids may",
    ),
    ("edit_noise_settings", {"mute_during_intro": "yes"}, 400, "mute_during_intro must be a boolean"),
    ("edit_query_phrases", {"pre_query_response_phrases": [1]}, 400, "pre_query_response_phrases must be a list"),
    ("edit_query_phrases", {"pre_query_phrase_probability": 2}, 400, "pre_query_phrase_probability must be between"),
    ("edit_event_subscriptions", {}, 400, "event_subscriptions is required"),
    ("edit_event_subscriptions", {"event_subscriptions": {}}, 400, "event_subscriptions must be a list"),
    ("edit_event_subscriptions", {"event_subscriptions": [3]}, 400, "event_subscriptions.0 must be an object"),
    ("edit_event_subscriptions", {"event_subscriptions": [GOOD] * 51}, 400, "event_subscriptions may hold at most"),
    *(
        ("edit_event_subscriptions", {"event_subscriptions": [GOOD, GOOD | change]}, 400, message)
        for change, message in (
            ({"event_type": []}, "event_type is required"),
            ({"event_type": ["call_started", "call_eaten"]}, "event_type must be one or several of"),
            ({"event_type": 3}, "event_type must be one or several of"),
            ({"callback_url": "hooks.example.test"}, "callback_url must be an http or https URL"),
            ({"callback_url": None}, "callback_url must be an http or https URL"),
            ({"method_type": "GET"}, "method_type must be one of POST, PUT, PATCH"),
            ({"headers": []}, "headers must be an object"),
            ({"headers": {"a b": "c"}}, "headers holds a name or value that cannot be sent"),
            ({"headers": {"a": "b\r\nc: d"}}, "headers holds a name or value that cannot be sent"),
        )
    ),
]


class TestWhatIsRefused:
    @pytest.mark.parametrize(("operation", "fields", "status", "message"), REFUSED)
    async def test_is_not_stored(
        self, doors: Doors, operation: str, fields: dict[str, Any], status: int, message: str
    ) -> None:
        agent_id = await created(doors)
        before = await doors.database.read(everything_about_agents)

        response = await edit(doors, operation, agent_id=agent_id, **fields)

        assert (response.status_code, response.json()["message"][: len(message)]) == (status, message)
        assert await doors.database.read(everything_about_agents) == before

    async def test_is_a_prompt_for_an_agent_that_talks_by_a_flow(self, doors: Doors) -> None:
        made = {
            "name": "Flow",
            "definition": {"greeting": "Hello.", "flow": {"steps": {"a": {"say": "Hello.", "hang_up": True}}}},
        }
        agent_id = (await native(doors, "POST", "/agents", made)).json()["id"]

        response = await edit(doors, "edit_prompt", agent_id=agent_id, agent_prompt="Be kind.")

        assert (response.status_code, response.json()["error"]["code"]) == (400, "BUSINESS_RULE")
