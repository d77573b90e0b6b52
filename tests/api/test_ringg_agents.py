"""Agents at the Ringg door: made, listed, read, updated, archived, and the voices to choose from."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent_builders import (
    ARABIC,
    CREATED_AT,
    KNOWLEDGE,
    VOICE_ONE,
    add_knowledge,
    agent_doors,
    an_agent_body,
    created,
    edit,
    everything_about_agents,
    native,
    read,
    version,
)
from api_builders import ARCHIVED_AGENT, NEIGHBOUR_AGENT, RINGG, RINGG_KEY, Doors, a_ringg_body
from api_examples import NOBODYS_ID, example, ordered_keys, without
from api_records import AGENT
from outdial.domain.agent import Voice
from outdial.domain.ids import new_id, parse_uuid
from outdial.store.database import Database

IDS = ("id", "agent_id", "version_id", "active_agent_version_id", "voice_preview")


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    async with agent_doors(sqlite, tmp_path) as opened:
        yield opened


async def replay(doors: Doors, number: str, **changes: Any) -> httpx.Response:
    """The exchange of that number; ``changes``: of its body, or another ``path``."""
    exchange = example("ringg", number)
    asked, path = exchange["request"], changes.pop("path", exchange["path"])
    body = {"json": asked["body"] | changes} if "body" in asked else {}
    return await doors.http.request(
        exchange["method"], path, headers=asked["headers"], params=asked.get("query"), **body
    )


async def update(doors: Doors, agent_id: str, **fields: Any) -> httpx.Response:
    return await doors.http.patch(f"{RINGG}/public/agent/{agent_id}", json=fields, headers={"X-API-KEY": RINGG_KEY})


async def archive(doors: Doors, agent_id: str) -> httpx.Response:
    return await doors.http.delete(f"{RINGG}/agent/{agent_id}", headers={"X-API-KEY": RINGG_KEY})


async def the_documented_agent(doors: Doors) -> str:
    """As the examples leave it: made, with knowledge, a subscription and an analysis of its own."""
    agent_id = str((await replay(doors, "40")).json()["data"]["id"])
    await the_rest_of_the_documented_agent(doors, agent_id)
    return agent_id


async def the_rest_of_the_documented_agent(doors: Doors, agent_id: str) -> None:
    await add_knowledge(doors.database)
    keys = {"renewal_agreed": "boolean", "preferred_channel": "string"}
    entry = {
        "event_type": ["call_completed", "all_processing_completed"],
        "callback_url": "https://hooks.example.test/ringg",
        "headers": {"Authorization": "Bearer token"},
    }
    edits: dict[str, dict[str, Any]] = {
        "attach_kb": {"kb_id": KNOWLEDGE},
        "edit_event_subscriptions": {"event_subscriptions": [entry]},
        "edit_custom_analysis_prompt": {"custom_analysis_prompt": {"prompt": "", "keys": keys}},
    }
    for operation, fields in edits.items():
        assert (await edit(doors, operation, agent_id=agent_id, **fields)).status_code == 200


class TestANewAgent:
    async def test_is_answered_as_documented(self, doors: Doors) -> None:
        wanted = example("ringg", "40")["response"]["body"]

        response = await replay(doors, "40")

        assert response.status_code == 200
        assert without(response.json(), *IDS) == without(wanted, *IDS)
        assert ordered_keys(response.json()) == ordered_keys(wanted)

    async def test_l2_with_and_without_the_trailing_slash(self, doors: Doors) -> None:
        for path in (f"{RINGG}/public/agent", f"{RINGG}/public/agent/"):
            response = await replay(doors, "40", path=path)

            assert (response.status_code, response.history) == (200, [])

    async def test_l3_has_its_id_under_both_names(self, doors: Doors) -> None:
        data = (await replay(doors, "40")).json()["data"]

        assert data["id"] == data["agent_id"] == parse_uuid(data["id"])

    async def test_is_read_back_as_documented(self, doors: Doors) -> None:
        agent_id = await the_documented_agent(doors)
        wanted = example("ringg", "43")["response"]["body"]["agents"]

        got = await read(doors, agent_id)

        named = dict(zip(got["version_details"], wanted["version_details"], strict=True))
        got = {**got, **{key: {named[one]: row for one, row in got[key].items()} for key in BY_VERSION}}
        moments = ("created_at", "updated_at")
        assert without(got, *IDS, *moments) == without(wanted, *IDS, *moments)
        assert ordered_keys(got) == ordered_keys(wanted)

    async def test_43_is_read_under_the_path_of_the_example(self, sqlite: Database, tmp_path: Path) -> None:
        async with agent_doors(sqlite, tmp_path, now=lambda: CREATED_AT + timedelta(minutes=5)) as doors:
            made = example("ringg", "40")["request"]["body"]
            updated = await update(doors, AGENT, **made)
            await the_rest_of_the_documented_agent(doors, AGENT)

            response = await replay(doors, "43")

        wanted = example("ringg", "43")["response"]["body"]
        assert (updated.status_code, response.status_code) == (200, 200)
        # Voices have no previews, and the version was made before its agent.
        unlike = ("voice_preview", "created_at")
        assert without(response.json(), *unlike) == without(wanted, *unlike)
        assert ordered_keys(response.json()) == ordered_keys(wanted)

    async def test_l18_has_its_variables_as_an_object_and_as_a_list(self, doors: Doors) -> None:
        agent_id = await created(doors, custom_variables=["company_name", "mobile_number"])

        agent = await read(doors, agent_id)

        assert isinstance(agent, dict)
        assert agent["agent_config"]["custom_variables"] == dict.fromkeys(
            ("callee_name", "mobile_number", "company_name"), "string"
        )
        (only,) = agent["version_details"].values()
        assert only["agent_config"]["custom_variables"] == ["callee_name", "mobile_number", "company_name"]

    async def test_may_leave_out_all_that_is_optional(self, doors: Doors) -> None:
        agent = await read(doors, await created(doors))

        titles = [one["section_title"] for one in sections(agent)]
        assert titles == ["Introduction and Objective", "Response Guidelines", "Task"]
        assert (agent["agent_type"], agent["secondary_language"]) == ("outbound", None)
        assert agent["voice"] == {"id": VOICE_ONE.id, "name": "Voice One", "voice_preview": ""}

    async def test_that_only_listens_brings_no_variables(self, doors: Doors) -> None:
        agent = await read(doors, await created(doors, agent_type="inbound"))

        assert agent["agent_config"]["custom_variables"] == {}

    async def test_is_talked_with_at_once(self, doors: Doors) -> None:
        agent_id = await created(doors)

        response = await doors.ringg(a_ringg_body(agent_id=agent_id))

        assert response.status_code == 200

    async def test_may_use_the_whole_of_every_field(self, doors: Doors) -> None:
        lengths = {"agent_name": 100, "task": 1500, "intro_message": 500, "faq": 5000, "sample_conversations": 5000}

        response = await doors.ringg(
            an_agent_body(**{name: "x" * length for name, length in lengths.items()}), path="/public/agent"
        )

        assert response.status_code == 200


BY_VERSION = ("ab_versions", "version_details")


def sections(agent: dict[str, Any]) -> list[dict[str, str]]:
    (only,) = agent["version_details"].values()
    found: list[dict[str, str]] = only["agent_config"]["agent_prompt"]["prompt_sections"]
    return found


class TestAnAgentThatCannotBeMade:
    @pytest.mark.parametrize(
        ("change", "status", "message"),
        [
            ({"agent_name": ...}, 400, "agent_name is required"),
            ({"agent_name": " "}, 400, "agent_name is required"),
            ({"agent_name": "x" * 101}, 400, "agent_name may have at most 100 characters"),
            ({"agent_name": 7}, 400, "agent_name must be a string"),
            ({"introduction_and_objective": None}, 400, "introduction_and_objective is required"),
            ({"introduction_and_objective": "x" * 2001}, 400, "introduction_and_objective may have at most 2000"),
            ({"response_guidelines": ...}, 400, "response_guidelines is required"),
            ({"response_guidelines": "x" * 3001}, 400, "response_guidelines may have at most 3000 characters"),
            ({"task": ...}, 400, "task is required"),
            ({"task": "x" * 1501}, 400, "task may have at most 1500 characters"),
            ({"primary_language": ...}, 400, "primary_language is required"),
            ({"primary_language": "tlh-KX"}, 400, "primary_language is not a supported language"),
            ({"secondary_language": "tlh-KX"}, 400, "secondary_language is not a supported language"),
            ({"voice_id": ...}, 400, "voice_id is required"),
            ({"voice_id": new_id()}, 404, "Voice not found"),
            ({"voice_id": "somebody"}, 404, "Voice not found"),
            ({"voice_id": ARABIC.id}, 400, "Voice does not support the agent language"),
            ({"intro_message": ...}, 400, "intro_message is required"),
            ({"intro_message": "x" * 501}, 400, "intro_message may have at most 500 characters"),
            ({"faq": "x" * 5001}, 400, "faq may have at most 5000 characters"),
            ({"sample_conversations": "x" * 5001}, 400, "sample_conversations may have at most 5000 characters"),
            ({"agent_type": "robot"}, 400, "agent_type must be one of outbound, inbound, outbound_inbound"),
            ({"custom_variables": "a"}, 400, "custom_variables must be a list of strings"),
            ({"custom_variables": ["a", 3]}, 400, "custom_variables must be a list of strings"),
            ({"custom_variables": [" "]}, 400, "custom_variables must be a list of strings"),
        ],
    )
    async def test_says_which_field_and_why(
        self, doors: Doors, change: dict[str, Any], status: int, message: str
    ) -> None:
        before = await doors.database.read(everything_about_agents)

        response = await doors.ringg(an_agent_body(**change), path="/public/agent")

        body = response.json()
        assert response.status_code == status
        assert body["message"].startswith(message)
        assert body["details"][0]["loc"] == ["body", next(iter(change))]
        assert await doors.database.read(everything_about_agents) == before

    async def test_hears_of_every_fault_at_once(self, doors: Doors) -> None:
        response = await doors.ringg({"agent_name": 7, "agent_type": "robot"}, path="/public/agent")

        faulty = [fault["loc"][1] for fault in response.json()["details"]]
        assert faulty == [
            *("agent_name", "introduction_and_objective", "response_guidelines", "task"),
            *("primary_language", "voice_id", "intro_message", "agent_type"),
        ]


class TestAnUpdate:
    async def test_is_answered_as_documented(self, doors: Doors) -> None:
        exchange = example("ringg", "41")

        response = await replay(doors, "41")

        assert response.status_code == 200
        ignored = ("updated_at",)
        assert without(response.json(), *ignored) == without(exchange["response"]["body"], *ignored)
        assert ordered_keys(response.json()) == ordered_keys(exchange["response"]["body"])
        assert (await version(doors))["agent_config"]["intro_message"] == "Good day @{{callee_name}}."

    async def test_changes_what_it_names_and_nothing_else(self, doors: Doors) -> None:
        agent_id = await created(doors, faq="Q: Price?", custom_variables=["company_name"])
        before = await read(doors, agent_id)

        await update(doors, agent_id, agent_name="Other", task="Ask.", faq="", sample_conversations="User: Hi")

        after = await read(doors, agent_id)
        assert after["agent_display_name"] == "Other"
        assert [tuple(one.values()) for one in sections(after)] == [
            ("Introduction and Objective", "You remind customers."),
            ("Response Guidelines", "Short sentences."),
            ("Task", "Ask."),
            ("Sample Conversations", "User: Hi"),
        ]
        changed = {"agent_display_name", "agent_config", "version_details", "updated_at"}
        assert {key: after[key] for key in after if key not in changed} == {
            key: before[key] for key in before if key not in changed
        }

    async def test_may_name_every_field(self, doors: Doors) -> None:
        agent_id = await created(doors)
        wish = {
            "introduction_and_objective": "You ask.",
            "response_guidelines": "Long ones.",
            "primary_language": "ta-IN",
        }

        answer = await update(doors, agent_id, **wish, secondary_language="hi-IN", agent_type="outbound_inbound")

        assert answer.json()["warnings"] == ["language_not_spoken:ta-IN"]
        after = await read(doors, agent_id)
        assert [tuple(one.values()) for one in sections(after)] == [
            ("Introduction and Objective", "You ask."),
            ("Response Guidelines", "Long ones."),
            ("Task", "Confirm."),
        ]
        assert [after[name] for name in ("language", "secondary_language", "agent_type")] == [
            *("ta-IN", "hi-IN", "outbound_inbound")
        ]

    async def test_edits_the_active_version_in_place(self, doors: Doors) -> None:
        agent_id = await created(doors)
        before = (await version(doors, agent_id))["version_id"]

        data = (await update(doors, agent_id, task="Ask.")).json()["data"]

        assert data["version"] == "v1"
        assert (await read(doors, agent_id))["version_details"].keys() == {before}

    async def test_keeps_the_variables_every_call_brings(self, doors: Doors) -> None:
        agent_id = await created(doors)

        await update(doors, agent_id, custom_variables=["order_id"])

        names = (await version(doors, agent_id))["agent_config"]["custom_variables"]
        assert names == ["callee_name", "mobile_number", "order_id"]

    async def test_of_language_and_voice_together_judges_them_together(self, doors: Doors) -> None:
        agent_id = await created(doors)

        alone = await update(doors, agent_id, primary_language="ar-AE", agent_name="Other")
        both = await update(doors, agent_id, primary_language="ar-AE", voice_id=ARABIC.id)

        assert (alone.status_code, alone.json()["message"]) == (400, "Voice does not support the agent language")
        assert both.status_code == 200
        agent = await read(doors, agent_id)
        assert (agent["agent_display_name"], agent["language"]) == ("Renewal Assistant", "ar-AE")
        assert agent["voice"]["id"] == ARABIC.id

    @pytest.mark.parametrize("agent_id", [NOBODYS_ID, ARCHIVED_AGENT, NEIGHBOUR_AGENT, "renewal", "\0"])
    async def test_of_an_unknown_agent(self, doors: Doors, agent_id: str) -> None:
        response = await update(doors, agent_id.replace("\0", "%00"), task="Ask.")

        assert (response.status_code, response.json()["message"]) == (404, "Agent not found")


class TestTheList:
    async def test_is_answered_as_documented(self, doors: Doors) -> None:
        (wanted,) = example("ringg", "42")["response"]["body"]["data"]["agents"]
        agent_id = str((await replay(doors, "40")).json()["data"]["id"])

        rows = (await replay(doors, "42")).json()["data"]["agents"]

        (got,) = [row for row in rows if row["id"] == agent_id]
        ignored = (*IDS, "created_at", "updated_at", "call_count")
        assert without(got, *ignored) == without(wanted, *ignored)
        assert ordered_keys(got) == ordered_keys(wanted)

    async def test_leaves_archived_agents_out(self, doors: Doors) -> None:
        agent_id = await created(doors)
        await archive(doors, agent_id)

        rows = (await doors.ringg_get("/agent/all", limit="100")).json()["data"]["agents"]

        assert not {agent_id, ARCHIVED_AGENT} & {row["id"] for row in rows}


class TestOneAgent:
    async def test_shows_its_active_version_first(self, doors: Doors) -> None:
        for number in (2, 3):
            await native(doors, "POST", f"/agents/{AGENT}/versions", {"definition": {"greeting": f"Version {number}"}})
        versions = (await read(doors))["version_details"]
        second = next(one for one, row in versions.items() if row["version_slug"] == "v2")

        await native(doors, "POST", f"/agents/{AGENT}/versions/{second}/activate")

        agent = await read(doors)
        assert [row["version_slug"] for row in agent["version_details"].values()] == ["v2", "v3", "v1"]
        assert [row["call_traffic"] for row in agent["ab_versions"].values()] == [100, 0, 0]
        assert agent["active_agent_version_id"] == second
        assert agent["agent_config"]["intro_message"] == "Version 2"

    @pytest.mark.parametrize("agent_id", [NOBODYS_ID, ARCHIVED_AGENT, NEIGHBOUR_AGENT, "renewal"])
    async def test_that_nobody_knows(self, doors: Doors, agent_id: str) -> None:
        response = await doors.ringg_get(f"/agent/{agent_id}")

        assert (response.status_code, response.json()["message"]) == (404, "Agent not found")


class TestAnArchivedAgent:
    async def test_is_answered_as_documented(self, doors: Doors) -> None:
        response = await replay(doors, "48")

        assert (response.status_code, response.json()) == (200, example("ringg", "48")["response"]["body"])

    async def test_is_gone(self, doors: Doors) -> None:
        await archive(doors, AGENT)

        again = await archive(doors, AGENT)

        assert (again.status_code, again.json()["message"]) == (404, "Agent not found")
        assert (await doors.ringg_get(f"/agent/{AGENT}")).status_code == 404
        assert (await doors.ringg(a_ringg_body())).status_code == 404
        assert (await edit(doors, "edit_vocab", vocab=[])).status_code == 404

    async def test_takes_its_waiting_calls_along(self, doors: Doors) -> None:
        call_id = (await doors.ringg(a_ringg_body())).json()["data"]["call_id"]

        await archive(doors, AGENT)

        details = (await doors.ringg_get("/calling/call-details", id=call_id)).json()["data"]
        assert details["call_status"] == "cancelled"

    async def test_of_another_workspace_stays(self, doors: Doors) -> None:
        assert (await archive(doors, NEIGHBOUR_AGENT)).status_code == 404


class TestVoices:
    async def test_are_answered_as_documented(self, doors: Doors) -> None:
        exchange = example("ringg", "44")

        response = await replay(doors, "44")

        ignored = ("voice_previews", "fallback_languages", "languages")
        (got,) = response.json()["voices"]
        (wanted,) = exchange["response"]["body"]["voices"]
        assert without({k: v for k, v in got.items() if k != "fallback_languages"}, *ignored) == without(
            wanted, *ignored
        )
        assert [key for key in got if key != "fallback_languages"] == list(wanted)
        assert got["languages"][:2] == wanted["languages"]

    async def test_are_those_that_speak_any_of_the_languages(self, doors: Doors) -> None:
        async def names(**query: str) -> list[str]:
            return [row["name"] for row in (await doors.ringg_get("/agent/voices", **query)).json()["voices"]]

        assert await names() == ["Voice One", "Amira"]
        assert await names(language="ar-AE") == ["Amira"]
        assert await names(language="ar-AE, hi-IN") == ["Voice One", "Amira"]
        assert await names(language="tlh-KX") == []
        assert await names(language=",") == ["Voice One", "Amira"]

    @pytest.mark.parametrize(
        "locale",
        ["en-US", "en-IN", "hi-IN", "ta-IN", "te-IN", "kn-IN", "mr-IN", "gu-IN", "bn-IN", "ar-AE", "ka-IN"],
    )
    async def test_speak_every_locale_somehow(self, doors: Doors, locale: str) -> None:
        (voice, *others) = (await doors.ringg_get("/agent/voices", language=locale)).json()["voices"]

        assert not others
        assert locale in voice["languages"]

    async def test_that_only_take_a_language_over_say_so(self, doors: Doors) -> None:
        response = await doors.ringg(an_agent_body(primary_language="ta-IN"), path="/public/agent")

        assert response.json()["warnings"] == ["language_not_spoken:ta-IN"]
        rows = (await doors.ringg_get("/agent/voices")).json()["voices"]
        assert "ta-IN" in rows[0]["fallback_languages"]
        assert "fallback_languages" not in rows[1]

    async def test_of_kannada_are_the_same_under_both_codes(self, sqlite: Database, tmp_path: Path) -> None:
        kannada = Voice("55555555-5555-4555-8555-555555555557", "Kavya", "local", ("kn-IN",))
        async with agent_doors(sqlite, tmp_path, voices=(VOICE_ONE, kannada)) as doors:
            response = await doors.ringg(
                an_agent_body(primary_language="ka-IN", voice_id=kannada.id), path="/public/agent"
            )

            assert response.status_code == 200
            assert "warnings" not in response.json()
            assert (await read(doors, response.json()["data"]["id"]))["language"] == "ka-IN"
