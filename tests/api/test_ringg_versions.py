"""Versions of an agent beside each other through the Ringg door: copies, A/B tests, and what else edits do to calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent_builders import CREATED_AT, KNOWLEDGE, add_knowledge, agent_doors, created, edit, native, read, version
from api_builders import NUMBER_ID, Doors, a_ringg_body, keep
from api_examples import NOBODYS_ID
from api_records import AGENT, VERSION, the_answered_call
from campaign_forms import campaign_work, saved
from outdial.domain.ids import new_id
from outdial.store import schema
from outdial.store.database import Database

LIST = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    await add_knowledge(sqlite)
    async with agent_doors(sqlite, tmp_path) as opened:
        yield opened


async def copied(doors: Doors, agent_id: str = AGENT, **fields: Any) -> str:
    response = await edit(doors, "add_new_ab_version", agent_id=agent_id, **fields)
    assert response.status_code == 200, response.text
    return str(response.json()["version_id"])


async def placed(doors: Doors, **changes: Any) -> dict[str, Any]:
    response = await doors.ringg(a_ringg_body(agent_id=AGENT, **changes))
    assert response.status_code == 200, response.text
    found = await doors.ringg_get("/calling/call-details", id=response.json()["data"]["call_id"])
    details: dict[str, Any] = found.json()["data"]
    return details


async def version_of(doors: Doors, call_id: str) -> str | None:
    asked = sa.select(schema.call_requests.c.version_id).where(schema.call_requests.c.call_id == call_id)
    return await doors.database.read(lambda conn: conn.scalar(asked))


async def under_test(doors: Doors, shares: tuple[float, float]) -> str:
    """The agent's first version and a copy of it, with these shares, in a test that is live; the copy's id."""
    second = await copied(doors, description="Warmer")
    traffic = {VERSION: shares[0], second: shares[1]}
    assert (await edit(doors, "edit_traffic", ab_versions=traffic)).status_code == 200
    assert (await edit(doors, "toggle_ab_testing", enabled=True)).status_code == 200
    return second


class TestACopy:
    async def test_of_the_active_version_is_the_next_one_and_not_active(self, doors: Doors) -> None:
        await edit(doors, "edit_intro_message", intro_message="Hi there.")

        second = await copied(doors, description="Warmer")

        agent = await read(doors)
        assert agent["active_agent_version_id"] == VERSION
        shown = agent["version_details"][second]
        assert (shown["version_slug"], shown["description"]) == ("v2", "Warmer")
        assert shown["agent_config"] == agent["version_details"][VERSION]["agent_config"]
        assert agent["ab_versions"][second] == {"slug": "v2", "description": "Warmer", "call_traffic": 0}

    async def test_of_a_named_version_is_of_that(self, doors: Doors) -> None:
        second = await copied(doors)
        await edit(doors, "edit_intro_message", version_id=second, intro_message="Second.")

        third = await copied(doors, version_id=second)

        assert (await read(doors))["version_details"][third]["agent_config"]["intro_message"] == "Second."

    async def test_beyond_five_is_refused_until_one_is_deleted(self, doors: Doors) -> None:
        *_, last = [await copied(doors) for _ in range(4)]

        refused = await edit(doors, "add_new_ab_version")
        await edit(doors, "delete_version", version_id=last)
        sixth = await copied(doors)

        assert (refused.status_code, refused.json()["message"]) == (400, "An agent may have at most 5 versions")
        assert (await read(doors))["version_details"][sixth]["version_slug"] == "v6"


class TestAVersion:
    async def test_is_described_and_made_the_active_one(self, doors: Doors) -> None:
        second = await copied(doors)

        described = await edit(doors, "edit_version_description", version_id=second, description="Warmer")
        pushed = await edit(doors, "push_to_prod", version_id=second)

        assert described.status_code == pushed.status_code == 200
        agent = await read(doors)
        assert agent["active_agent_version_id"] == second
        assert agent["ab_versions"][second] == {"slug": "v2", "description": "Warmer", "call_traffic": 100}

    async def test_that_is_deleted_can_be_chosen_no_more_and_its_calls_keep_it(self, doors: Doors) -> None:
        second = await copied(doors)
        call = await placed(doors, version_id=second)

        await edit(doors, "delete_version", version_id=second)

        details = await doors.ringg_get("/calling/call-details", id=call["id"])
        assert second not in (await read(doors))["version_details"]
        assert details.json()["data"]["version_id"] == second
        assert (await doors.ringg(a_ringg_body(agent_id=AGENT, version_id=second))).status_code == 404
        assert (await edit(doors, "push_to_prod", version_id=second)).status_code == 404
        assert (await native(doors, "POST", f"/agents/{AGENT}/versions/{second}/activate")).status_code == 404

    @pytest.mark.parametrize(
        ("operation", "fields", "status", "message"),
        [
            ("delete_version", {"version_id": VERSION}, 400, "The active version cannot be deleted"),
            ("delete_version", {}, 400, "version_id is required"),
            ("delete_version", {"version_id": NOBODYS_ID}, 404, "Version not found"),
            ("push_to_prod", {}, 400, "version_id is required"),
            ("push_to_prod", {"version_id": NOBODYS_ID}, 404, "Version not found"),
            ("edit_version_description", {"version_id": VERSION}, 400, "description is required"),
            (
                "edit_version_description",
                {"version_id": VERSION, "description": "x" * 501},
                400,
                "description may have",
            ),
            ("add_new_ab_version", {"version_id": NOBODYS_ID}, 404, "Version not found"),
            ("add_new_ab_version", {"description": 3}, 400, "description must be a string"),
            ("add_new_ab_version", {"agent_id": NOBODYS_ID}, 404, "Agent not found"),
            ("edit_traffic", {}, 400, "ab_versions is required"),
            ("edit_traffic", {"ab_versions": []}, 400, "ab_versions must be an object"),
            ("edit_traffic", {"ab_versions": {VERSION: "all"}}, 400, "the share of"),
            ("edit_traffic", {"ab_versions": {VERSION: 0.9}}, 400, "the shares in ab_versions must be between 0 and 1"),
            ("edit_traffic", {"ab_versions": {VERSION: 100}}, 400, "the shares in ab_versions must be between 0 and 1"),
            ("edit_traffic", {"ab_versions": {NOBODYS_ID: 1.0}}, 404, "Version not found"),
            ("toggle_ab_testing", {}, 400, "enabled is required"),
            ("toggle_ab_testing", {"enabled": "yes"}, 400, "enabled must be a boolean"),
        ],
    )
    async def test_operation_that_is_wrong_is_refused(
        self, doors: Doors, operation: str, fields: dict[str, Any], status: int, message: str
    ) -> None:
        response = await edit(doors, operation, **fields)

        assert (response.status_code, response.json()["message"][: len(message)]) == (status, message)


class TestATestOfVersions:
    async def test_gives_each_call_a_version_of_its_own_by_shares(self, doors: Doors) -> None:
        second = await under_test(doors, (0.5, 0.5))

        calls = [await placed(doors) for _ in range(40)]

        given = Counter([call["version_id"] for call in calls])
        assert set(given) == {VERSION, second}
        assert min(given.values()) >= 8
        assert [await version_of(doors, call["id"]) for call in calls] == [call["version_id"] for call in calls]
        agent = await read(doors)
        assert agent["is_ab_live"] is True
        assert {one: share["call_traffic"] for one, share in agent["ab_versions"].items()} == {VERSION: 50, second: 50}

    async def test_that_ends_gives_all_to_the_active_one_and_calls_keep_what_they_have(self, doors: Doors) -> None:
        second = await under_test(doors, (0.0, 1.0))
        before = await placed(doors)

        await edit(doors, "toggle_ab_testing", enabled=False)
        after = await placed(doors)

        assert before["version_id"] == second
        assert await version_of(doors, before["id"]) == second
        assert (after["version_id"], await version_of(doors, after["id"])) == (VERSION, None)
        assert (await read(doors))["is_ab_live"] is False

    async def test_leaves_a_call_alone_that_names_its_version(self, doors: Doors) -> None:
        await under_test(doors, (0.0, 1.0))

        call = await placed(doors, version_id=VERSION)

        assert call["version_id"] == VERSION

    async def test_lets_the_version_that_talks_fill_in_what_a_request_leaves_out(self, doors: Doors) -> None:
        second = await under_test(doors, (0.5, 0.5))
        await edit(doors, "edit_extract_callee_name", version_id=second, extract_callee_name=True)
        await edit(doors, "edit_outbound_from_number_ids", version_id=second, outbound_from_number_ids=[NUMBER_ID])

        calls = [await placed(doors, name="Mr Rajesh Kumar") for _ in range(20)]
        body = a_ringg_body(agent_id=AGENT, from_number=..., from_number_id=...)
        answers = [await doors.ringg(body) for _ in range(20)]

        names = {
            (call["custom_args_values"]["callee_name"], await version_of(doors, call["call_id"])) for call in calls
        }
        accepted = [answer.json()["data"]["call_id"] for answer in answers if answer.status_code == 200]
        assert names == {("Mr Rajesh Kumar", VERSION), ("Rajesh", second)}
        assert {await version_of(doors, call_id) for call_id in accepted} == {second}
        assert Counter(answer.status_code for answer in answers) == {200: len(accepted), 400: 20 - len(accepted)}

    async def test_forbids_to_delete_a_version_that_takes_part(self, doors: Doors) -> None:
        second = await under_test(doors, (0.5, 0.5))

        response = await edit(doors, "delete_version", version_id=second)

        assert (response.status_code, response.json()["message"][:32]) == (400, "The version has a share of the c")

    async def test_holds_for_the_calls_of_a_list(self, doors: Doors) -> None:
        second = await under_test(doors, (0.0, 1.0))
        list_id = await saved(doors)

        body = {"agent_id": AGENT, "list_id": list_id, "from_numbers": [NUMBER_ID]}
        response = await doors.ringg(body, path="/campaign/start")
        await campaign_work(doors.database, lambda: CREATED_AT)

        assert response.status_code == 200, response.text
        asked = sa.select(schema.call_requests.c.version_id)
        assert await doors.database.read(lambda conn: set(conn.scalars(asked))) == {second}


class TestWhatTheAgentBrings:
    async def test_are_caller_numbers_a_call_may_leave_out(self, doors: Doors) -> None:
        await edit(doors, "edit_outbound_from_number_ids", outbound_from_number_ids=[NUMBER_ID])

        call = await placed(doors, from_number=..., from_number_id=...)

        assert call["from_number"]

    async def test_nothing_lets_a_call_of_another_agent_leave_them_out(self, doors: Doors) -> None:
        other = await created(doors)
        await edit(doors, "edit_outbound_from_number_ids", outbound_from_number_ids=[NUMBER_ID])

        response = await doors.ringg(a_ringg_body(agent_id=other, from_number=..., from_number_id=...))

        assert (response.status_code, response.json()["message"][:26]) == (400, "Provide exactly one of fro")

    async def test_is_a_window_that_edits_change_leaf_by_leaf(self, doors: Doors) -> None:
        first = {"call_time": {"call_start_time": "09:00", "timezone": "Europe/Berlin"}, "max_call_length": 60}
        await edit(doors, "edit_call_config", call_config=first)

        await edit(doors, "edit_call_config", call_config={"call_time": {"call_start_time": "10:15"}})

        assert (await version(doors))["call_config"] == {
            "max_call_length": 60,
            "call_time": {"call_start_time": "10:15", "timezone": "Europe/Berlin"},
        }

    async def test_are_labels_of_the_agent_for_whichever_version_talks(self, doors: Doors) -> None:
        second = await copied(doors)

        await edit(doors, "edit_classification_labels", classification_labels={"renewed": "They renew", "lost": None})
        await edit(doors, "push_to_prod", version_id=second)

        assert (await read(doors))["classification_labels"] == {"renewed": "They renew", "lost": ""}

    async def test_is_a_context_merged_deeply(self, doors: Doors) -> None:
        for brand in ({"name": "Acme", "tone": "dry"}, {"tone": "warm"}):
            await edit(doors, "edit_analytics_context", analytics_context={"platform_analytics": {"brand": brand}})

        found = (await version(doors))["analytics_context"]
        assert found == {"platform_analytics": {"brand": {"name": "Acme", "tone": "warm"}}, "client_analytics": {}}

    async def test_of_the_clients_analysis_what_is_left_out_stays(self, doors: Doors) -> None:
        keys = {"renewed": {"type": "boolean"}}
        await edit(doors, "edit_client_analysis", client_analysis={"context": "Insurance.", "keys": keys})

        await edit(doors, "edit_client_analysis", client_analysis={"goal_key": "renewed"})

        found = (await version(doors))["client_analysis"]
        assert found == {"context": "Insurance.", "goal_key": "renewed", "keys": keys}


EVERYTHING: dict[str, dict[str, Any]] = {
    "edit_prompt": {"agent_prompt": {"prompt_sections": [{"section_title": "Task", "section_content": "Ask."}]}},
    "attach_kb": {"kb_id": KNOWLEDGE},
    "edit_event_subscriptions": {
        "event_subscriptions": [
            {
                "event_type": ["call_started"],
                "callback_url": "https://hooks.example.test/x",
                "headers": {"a": "b"},
                "method_type": "PUT",
            }
        ]
    },
    "edit_client_analysis": {
        "client_analysis": {
            "context": "Insurance.",
            "goal_key": "renewed",
            "keys": {"renewed": {"type": "boolean", "default": False}},
        }
    },
    "edit_voice_speed": {"voice_speed": 1.5},
    "edit_vocab": {"vocab": ["SIP"]},
    "edit_extract_callee_name": {"extract_callee_name": True},
    "edit_noise_settings": {"noise_settings": {"a": 1}},
    "edit_dtmf_settings": {"dtmf_settings": {"a": 1}},
    "edit_vad_settings": {"vad_settings": {"a": 1}},
    "edit_query_phrases": {"query_phrases": {"a": 1}},
    "edit_voicemail_settings": {"voicemail_settings": {"a": 1}},
    "edit_call_config": {"call_config": {"max_call_length": 60}},
    "edit_outbound_from_number_ids": {"outbound_from_number_ids": [NUMBER_ID]},
}


class TestAnAgentReadByTheLongerPath:
    async def test_is_the_same_with_all_that_can_be_said_of_it(self, doors: Doors) -> None:
        for operation, fields in EVERYTHING.items():
            assert (await edit(doors, operation, **fields)).status_code == 200, operation

        response = await doors.ringg_get(f"/agent/v1/{AGENT}")

        agent = response.json()["agents"]
        assert agent == await read(doors)
        (shown,) = agent["version_details"].values()
        assert shown["agent_config"]["agent_prompt"] == EVERYTHING["edit_prompt"]["agent_prompt"]
        assert shown["agent_config"]["agent_prompt"]["prompt_sections"][0]["section_title"] == "Task"
        assert shown["agent_config"]["agent_prompt"]["prompt_sections"][0]["section_content"] == "Ask."
        assert shown["knowledge_bases"] == [{"kb_id": KNOWLEDGE, "kb_name": "Price list"}]
        (subscription,) = shown["event_subscriptions"]
        assert subscription["event_type"] == ["call_started"]
        assert subscription["callback_url"] == "https://hooks.example.test/x"
        assert (subscription["headers"], subscription["method_type"]) == ({"a": "***"}, "PUT")
        assert shown["custom_analysis_prompt"]["defaults"] == {"renewed": False}
        assert shown["client_analysis"]["context"] == "Insurance."
        assert shown["client_analysis"]["goal_key"] == "renewed"
        for name in ("voice_speed", "vocab", "extract_callee_name", "call_config", "outbound_from_number_ids"):
            assert shown[name] == next(fields[name] for fields in EVERYTHING.values() if name in fields)
        for name in ("noise_settings", "dtmf_settings", "vad_settings", "query_phrases", "voicemail_settings"):
            assert shown[name] == {"a": 1}

    async def test_is_not_found_where_it_is_not(self, doors: Doors) -> None:
        assert (await doors.ringg_get(f"/agent/v1/{NOBODYS_ID}")).status_code == 404


class TestTheReports:
    async def test_count_versions_apart_where_there_are_several(self, doors: Doors) -> None:
        second = await copied(doors)
        calls = [the_answered_call(id=new_id(), bulk_list_id=LIST, version_id=one) for one in (VERSION, second)]
        await keep(doors.database, *calls)

        whole = (await doors.ringg_get("/analytics/platform-analytics")).json()["performance_metrics"]
        of_list = await doors.ringg_get("/analytics/drill-down-analytics", bulk_list_id=LIST)

        assert whole["by_version"] == of_list.json()["performance_metrics"]["by_version"]
        assert whole["by_version"] == [
            {"agent_id": AGENT, "version_id": one, "version_slug": slug, "total_calls": 1, "connected_calls": 1}
            for one, slug in ((VERSION, "v1"), (second, "v2"))
        ]

    async def test_say_nothing_of_versions_where_there_is_one(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call(id=new_id()))

        metrics = (await doors.ringg_get("/analytics/platform-analytics")).json()["performance_metrics"]

        assert "by_version" not in metrics
