"""An agent that a language model talks for: real SIP, local voices, an OpenAI-compatible endpoint on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_endpoint import an_endpoint, calls, text
from platform_builders import SAM, Platform, a_platform

pytestmark = pytest.mark.timeout(240)
AGENT = """
name: Model
tag: model
language: en-US
greeting: "Hello, am I speaking with {{callee_name}}?"
prompt:
  - title: Task
    content: "Offer {{callee_name}} a reminder, then say goodbye."
"""


class TestAnAgentWithAModel:
    async def test_is_told_what_was_said_and_ends_the_call_by_its_own_decision(self, tmp_path: Path) -> None:
        goodbye = calls("end_call", words="Thank you, goodbye.")
        async with (
            an_endpoint(text("Good. Would you like", " a reminder by text?"), goodbye, goodbye) as endpoint,
            a_platform(tmp_path / "home", CHAT_BASE_URL=endpoint.base_url, CHAT_MODEL="tiny") as platform,
        ):
            call_id = await platform.place(SAM, agent_id=await _agent(platform, tmp_path), name="Sam")
            details = await platform.ended(call_id)

        assert (details["call_status"], details["end_reason"]) == ("completed", "talked")
        said = [turn["bot"] for turn in details["transcript"] if "bot" in turn]
        assert said[0] == "Hello, am I speaking with Sam?"
        assert said[1:3] == ["Good. Would you like a reminder by text?", "Thank you, goodbye."]
        first, second = endpoint.requests[:2]
        assert first["model"] == "tiny"
        assert "Offer Sam a reminder" in first["messages"][0]["content"]
        assert "sam" in first["messages"][-1]["content"].lower()
        assert "yes" in second["messages"][-1]["content"].lower()


async def _agent(platform: Platform, folder: Path) -> str:
    file = folder / "model.yaml"
    file.write_text(AGENT)
    printed = await platform.outdial("agent", "add", str(file))
    return printed.split("(")[1].split(")")[0]
