"""An agent that a language model talks for: real SIP, local voices, an OpenAI-compatible endpoint on loopback.

One call for all tests: the agent asks, the callee asks back, and what it asks stands in a file the customer sent. In
the end the same endpoint says what the talk told.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chat_endpoint import an_endpoint, calls, text, whole
from knowledge_builders import a_pdf
from outdial.knowledge.index import Index
from platform_builders import SAM, Platform, a_platform, eventually

pytestmark = pytest.mark.timeout(240)
PRICE, DOGS = "A check-up costs 49 dollars.", "Dogs wait outside."
AGENT = """
name: Model
tag: model
language: en-US
greeting: "Hello, am I speaking with {{{{callee_name}}}}?"
prompt:
  - title: Task
    content: "Offer {{{{callee_name}}}} a check-up, then say goodbye."
knowledge: [{base_id}]
analysis:
  keys: {{asked_the_price: boolean}}
"""
FOUND = {
    "summary": "Sam asked what a check-up costs.",
    "key_points": [],
    "action_items": [],
    "classification": "interested",
    "callback_requested": False,
    "callback_requested_time": "",
    "sentiment": "neutral",
}


@dataclass
class Talk:
    """How the call stood in the end, what was told of it, and the requests the model was sent."""

    details: dict[str, Any]
    analysis: dict[str, Any]
    requests: list[dict[str, Any]]


@pytest.fixture(scope="module")
async def talk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Talk]:
    folder = tmp_path_factory.mktemp("model")
    goodbye = calls("end_call", words="Thank you, goodbye.")
    analysis = whole(json.dumps({"platform": FOUND, "client": {"asked_the_price": True}}))
    async with (
        an_endpoint(text("Do you have", " any questions?"), goodbye, goodbye, analysis) as endpoint,
        a_platform(folder / "home", CHAT_BASE_URL=endpoint.base_url, CHAT_MODEL="tiny") as platform,
    ):
        agent_id = await _agent(platform, folder, await _base(platform))
        call_id = await platform.place(SAM, agent_id=agent_id, name="Sam")
        details = await platform.ended(call_id)
        await platform.whole_story(call_id)
        yield Talk(details, await _analysis(platform, call_id), endpoint.requests)


class TestAnAgentWithAModel:
    async def test_is_told_what_was_said_and_ends_the_call_by_its_own_decision(self, talk: Talk) -> None:
        assert (talk.details["call_status"], talk.details["end_reason"]) == ("completed", "talked")
        said = [turn["bot"] for turn in talk.details["transcript"] if "bot" in turn]
        assert said[:3] == ["Hello, am I speaking with Sam?", "Do you have any questions?", "Thank you, goodbye."]
        first, second = talk.requests[:2]
        assert first["model"] == "tiny"
        assert "Offer Sam a check-up" in first["messages"][0]["content"]
        assert "sam" in first["messages"][-1]["content"].lower()
        assert "cost" in second["messages"][-1]["content"].lower()

    async def test_has_what_its_knowledge_base_says_before_it_when_the_callee_asks(self, talk: Talk) -> None:
        before_the_question, after_it = (request["messages"][0]["content"] for request in talk.requests[:2])

        assert PRICE in after_it
        assert PRICE not in before_the_question
        assert DOGS not in after_it

    async def test_is_asked_in_the_end_what_the_talk_told(self, talk: Talk) -> None:
        platform, client = talk.analysis["platform"], talk.analysis["client"]

        assert {name: platform[name] for name in FOUND} == FOUND
        assert client == {"asked_the_price": True}
        assert "cost" in talk.requests[-1]["messages"][-1]["content"].lower()


async def _analysis(platform: Platform, call_id: str) -> dict[str, Any]:
    async with platform.client() as http:
        answer = await http.get(
            f"/v1/calls/{call_id}", headers={"Authorization": f"Bearer {platform.mine['native_key']}"}
        )
    found: dict[str, Any] = answer.json()["analysis"]
    return found


async def _base(platform: Platform) -> str:
    """A knowledge base out of a file with a page on prices and one on dogs, once it can be looked up in; its id."""
    async with platform.client() as http:
        answer = await http.post(
            "/ca/api/v0/external/kb",
            headers={"X-API-KEY": platform.mine["ringg_key"]},
            data={"kb_name": "Practice"},
            files=[
                ("files", ("prices.pdf", a_pdf(PRICE), "application/pdf")),
                ("files", ("dogs.pdf", a_pdf(DOGS), "application/pdf")),
            ],
        )
    assert answer.status_code == 200, answer.text
    base_id = str(answer.json()["kb_id"])
    file = str(platform.home / "knowledge" / f"{base_id}.db")
    await eventually(lambda: bool(Index().search([file], "costs")), "the knowledge base is on the shelf")
    return base_id


async def _agent(platform: Platform, folder: Path, base_id: str) -> str:
    file = folder / "model.yaml"
    file.write_text(AGENT.format(base_id=base_id))
    printed = await platform.outdial("agent", "add", str(file))
    return printed.split("(")[1].split(")")[0]
