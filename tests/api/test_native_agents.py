"""Agents and their versions over the native API."""

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
    everything_about_agents,
    native,
)
from api_builders import ARCHIVED_AGENT, NEIGHBOUR_AGENT, Doors, a_ringg_body
from api_examples import NOBODYS_ID
from api_records import AGENT, VERSION, WORKSPACE
from outdial.domain.ids import new_id
from outdial.store.agents.reading import agent as whole_agent
from outdial.store.database import Database

FLOW = {"steps": {"a": {"say": "Hello.", "hang_up": True}}}
HOOK = {"events": ["call_ended"], "url": "https://hooks.example.test/", "headers": {"X-Key": "secret"}}
LABELS = {"renewed": "They renew", "refused": "They do not"}


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    await add_knowledge(sqlite)
    async with agent_doors(sqlite, tmp_path) as opened:
        yield opened


async def created(doors: Doors, **body: Any) -> Any:
    response = await native(doors, "POST", "/agents", {"name": "Asha", "definition": {"greeting": "Hi."}} | body)
    assert response.status_code == 201, response.text
    return response.json()


async def read(doors: Doors, agent_id: str = AGENT) -> Any:
    return (await native(doors, "GET", f"/agents/{agent_id}")).json()


class TestAnAgent:
    async def test_is_made_with_all_it_needs(self, doors: Doors) -> None:
        definition = {
            "greeting": "Hello {{name}}.",
            "language": "en-IN",
            "voice_id": VOICE_ONE.id,
            "prompt": "Be kind.",
            "knowledge": [KNOWLEDGE],
            "analysis": {"labels": LABELS, "keys": {"sum": "number"}},
            "call_config": {"retry_count": 2, "window_start": "09:00"},
        }

        response = await native(
            doors,
            "POST",
            "/agents",
            {
                "name": "Asha",
                "tag": "asha",
                "description": "The first",
                "definition": definition,
                "subscriptions": [HOOK],
                "whitelisted_domains": ["shop.example"],
            },
        )

        assert response.status_code == 201
        made = response.json()
        assert response.headers["Location"] == f"/v1/agents/{made['id']}"
        assert made == await read(doors, made["id"])
        assert (made["name"], made["tag"], made["type"]) == ("Asha", "asha", "outbound")
        assert made["whitelisted_domains"] == ["https://shop.example"]
        assert made["subscriptions"] == [{**HOOK, "headers": {"X-Key": "***"}, "method": "POST"}]
        version = made["version"]
        assert (version["number"], version["description"], version["active"]) == (1, "The first", True)
        assert version["definition"]["analysis"]["labels"] == LABELS
        assert version["definition"]["knowledge"] == [KNOWLEDGE]
        assert version["definition"]["prompt"] == [{"title": "", "content": "Be kind."}]
        assert version["warnings"] == []

    async def test_says_when_its_voice_does_not_speak_its_language(self, doors: Doors) -> None:
        made = await created(doors, definition={"language": "ta-IN"})

        assert made["version"]["warnings"] == ["language_not_spoken:ta-IN"]

    @pytest.mark.parametrize(
        ("change", "status", "pointer"),
        [
            ({"name": ""}, 400, "#/name"),
            ({"name": "x" * 101}, 400, "#/name"),
            ({"tag": "a b"}, 400, "#/tag"),
            ({"type": "robot"}, 400, "#/type"),
            ({"whitelisted_domains": ["ftp://a"]}, 400, "#/whitelisted_domains/0"),
            ({"definition": {"greetings": "Hi"}}, 400, "#/definition/greetings"),
            ({"definition": {"voice_speed": 9}}, 400, "#/definition/voice_speed"),
            ({"definition": {"flow": {"steps": {}}}}, 400, "#/definition/flow/steps"),
            ({"definition": {"language": "tlh-KX"}}, 400, "#/definition/language"),
            ({"definition": {"language": "hi-IN", "voice_id": ARABIC.id}}, 400, "#/definition/voice_id"),
            ({"definition": {"voice_id": new_id()}}, 404, "#/definition"),
            ({"definition": {"knowledge": [THEIR_KNOWLEDGE]}}, 404, "#/definition"),
            ({"subscriptions": [{**HOOK, "events": ["said"]}]}, 400, "#/subscriptions/0/events"),
            ({"subscriptions": [{**HOOK, "url": "hooks"}]}, 400, "#/subscriptions/0/url"),
            ({"subscriptions": [{**HOOK, "method": "GET"}]}, 400, "#/subscriptions/0/method"),
            ({"subscriptions": [{**HOOK, "headers": {"a b": "c"}}]}, 400, "#/subscriptions/0/headers/a b"),
            ({"subscriptions": [{**HOOK, "headers": {"X": "***"}}]}, 400, "#/subscriptions/0/headers/X"),
            ({"colour": "red"}, 400, "#/colour"),
        ],
    )
    async def test_that_cannot_be_made_names_the_field(
        self, doors: Doors, change: dict[str, Any], status: int, pointer: str
    ) -> None:
        before = await doors.database.read(everything_about_agents)

        response = await native(doors, "POST", "/agents", {"name": "Asha", "definition": {"greeting": "Hi."}} | change)

        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (status, pointer), response.text
        assert await doors.database.read(everything_about_agents) == before

    async def test_has_a_tag_of_its_own(self, doors: Doors) -> None:
        await created(doors, tag="asha")

        response = await native(doors, "POST", "/agents", {"name": "Ben", "tag": "asha", "definition": {}})

        assert response.status_code == 409

    @pytest.mark.parametrize("agent_id", [NOBODYS_ID, ARCHIVED_AGENT, NEIGHBOUR_AGENT, "renewal"])
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "", None),
            ("PATCH", "", {"name": "Other"}),
            ("DELETE", "", None),
            ("GET", "/versions", None),
            ("POST", "/versions", {"definition": {}}),
            ("POST", f"/versions/{VERSION}/activate", None),
        ],
    )
    async def test_that_is_unknown(self, doors: Doors, agent_id: str, method: str, path: str, body: Any) -> None:
        response = await native(doors, method, f"/agents/{agent_id}{path}", body)

        assert (response.status_code, response.json()["detail"]) == (404, "Agent not found")

    async def test_is_archived_with_its_waiting_calls(self, doors: Doors) -> None:
        call_id = (await doors.ringg(a_ringg_body())).json()["data"]["call_id"]

        response = await native(doors, "DELETE", f"/agents/{AGENT}")

        assert (response.status_code, response.content) == (204, b"")
        assert (await native(doors, "GET", f"/calls/{call_id}")).json()["state"] == "cancelled"
        assert (await native(doors, "GET", f"/agents/{AGENT}")).status_code == 404


class TestAChange:
    async def test_touches_what_it_names(self, doors: Doors) -> None:
        made = await created(doors, definition={"greeting": "Hi.", "language": "en-IN", "model": "m"})

        response = await native(
            doors,
            "PATCH",
            f"/agents/{made['id']}",
            {"name": "Ben", "definition": {"greeting": "Hello.", "analysis": {"labels": LABELS}}},
        )

        after = response.json()
        assert response.status_code == 200
        assert (after["name"], after["type"], after["tag"]) == ("Ben", "outbound", made["tag"])
        assert after["version"]["id"] == made["version"]["id"]
        before = made["version"]["definition"]
        assert after["version"]["definition"] == {
            **before,
            "greeting": "Hello.",
            "analysis": {**before["analysis"], "labels": LABELS},
        }

    async def test_of_its_type_and_its_pages(self, doors: Doors) -> None:
        change = {"type": "inbound", "whitelisted_domains": ["https://shop.example"]}

        after = (await native(doors, "PATCH", f"/agents/{AGENT}", change)).json()

        assert {name: after[name] for name in change} == change == {name: (await read(doors))[name] for name in change}
        # Whoever only listens rings nobody.
        assert (await doors.ringg(a_ringg_body())).status_code == 400

    async def test_of_subscriptions_keeps_masked_values_and_other_dialects(self, doors: Doors) -> None:
        theirs = {"event_type": "call_started", "callback_url": "https://theirs.example.test/"}
        await native(doors, "PATCH", f"/agents/{AGENT}", {"subscriptions": [HOOK]})
        await doors.http.patch(
            "/ca/api/v0/agent/v1",
            json={"operation": "edit_event_subscriptions", "agent_id": AGENT, "event_subscriptions": [theirs]},
            headers={"X-API-KEY": "5e2d9b70-41c8-4f6a-b3d1-7a90c4e8f215"},
        )
        shown = (await read(doors))["subscriptions"]

        await native(doors, "PATCH", f"/agents/{AGENT}", {"subscriptions": [{**shown[0], "method": "PUT"}]})

        kept = (await doors.database.read(whole_agent, WORKSPACE, AGENT)).subscriptions
        assert [(one.dialect, one.method, one.headers) for one in kept] == [
            ("ringg", "POST", {}),
            ("native", "PUT", {"X-Key": "secret"}),
        ]
        assert len((await read(doors))["subscriptions"]) == 1

    async def test_that_is_wrong_in_one_thing_changes_nothing(self, doors: Doors) -> None:
        before = await doors.database.read(everything_about_agents)

        response = await native(
            doors, "PATCH", f"/agents/{AGENT}", {"name": "Ben", "definition": {"flow": {"steps": {}}}}
        )

        assert response.status_code == 400
        assert await doors.database.read(everything_about_agents) == before


class TestVersions:
    async def test_are_added_and_talk_when_they_are_activated(self, doors: Doors) -> None:
        added = await native(
            doors, "POST", f"/agents/{AGENT}/versions", {"definition": {"flow": FLOW}, "description": "A flow"}
        )
        still = await read(doors)
        activated = await native(doors, "POST", f"/agents/{AGENT}/versions/{added.json()['id']}/activate")

        assert added.status_code == 201
        assert (added.json()["number"], added.json()["active"]) == (2, False)
        assert still["version"]["id"] == VERSION
        assert activated.status_code == 200
        assert activated.json()["version"] == {**added.json(), "active": True}

    async def test_may_be_active_from_the_start(self, doors: Doors) -> None:
        added = await native(doors, "POST", f"/agents/{AGENT}/versions", {"definition": {}, "active": True})

        listed = (await native(doors, "GET", f"/agents/{AGENT}/versions")).json()["versions"]
        assert [(one["number"], one["active"]) for one in listed] == [(2, True), (1, False)]
        assert listed[0] == added.json()

    @pytest.mark.parametrize("version_id", [NOBODYS_ID, "v1", "d8e16a3b-40f7-4c92-b5a6-3f7d0e9c1824"])
    async def test_of_other_agents_cannot_be_activated(self, doors: Doors, version_id: str) -> None:
        response = await native(doors, "POST", f"/agents/{AGENT}/versions/{version_id}/activate")

        assert (response.status_code, response.json()["detail"]) == (404, "Version not found")

    async def test_that_cannot_be_made_are_not(self, doors: Doors) -> None:
        for body in ({}, {"definition": {"greeting": 3}}, {"definition": {}, "actve": True}):
            assert (await native(doors, "POST", f"/agents/{AGENT}/versions", body)).status_code == 400
        assert len((await native(doors, "GET", f"/agents/{AGENT}/versions")).json()["versions"]) == 1


class TestTheList:
    async def test_shows_whom_an_agent_tells_as_its_activation_does(self, doors: Doors) -> None:
        await native(doors, "PATCH", f"/agents/{AGENT}", {"subscriptions": [HOOK]})

        activated = (await native(doors, "POST", f"/agents/{AGENT}/versions/{VERSION}/activate")).json()
        listed = (await native(doors, "GET", "/agents")).json()["agents"]

        (subscription,) = activated["subscriptions"]
        assert [subscription[name] for name in ("events", "url", "headers", "method")] == [
            *(["call_ended"], "https://hooks.example.test/", {"X-Key": "***"}, "POST")
        ]
        assert [one["subscriptions"] for one in listed if one["id"] == AGENT] == [[subscription]]

    async def test_goes_on_where_the_page_ended(self, doors: Doors) -> None:
        seen, cursor, pages = list[str](), dict[str, str](), list[int]()
        while True:
            page = (await native(doors, "GET", "/agents", limit="4", **cursor)).json()
            seen += [one["id"] for one in page["agents"]]
            pages.append(len(page["agents"]))
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}

        assert (pages, len(set(seen))) == ([4, 2], 6)
        assert AGENT in seen
        assert not {ARCHIVED_AGENT, NEIGHBOUR_AGENT} & set(seen)

    async def test_refuses_a_cursor_of_nobodys(self, doors: Doors) -> None:
        response = await native(doors, "GET", "/agents?cursor=xyz")

        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (400, "cursor")
