"""A call with a model server that answers nonsense: real SIP, local voices, an endpoint that sends nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_endpoint import an_endpoint, raw
from chat_streams import saying, stored
from outdial.language.chat_apology import apology
from platform_builders import SAM, a_platform

pytestmark = pytest.mark.timeout(240)
AGENT = """
name: Model
tag: model
language: en-US
greeting: "Hello, am I speaking with Sam?"
farewell: "Have a nice day."
prompt:
  - {title: Task, content: "Offer a check-up."}
"""


async def test_the_agent_excuses_itself_says_its_farewell_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(AGENT)
    thought = raw(saying("<think>Our margin is 40 %.</think>Do you have a minute?"))
    empty = raw(stored("empty.sse"))
    async with (
        an_endpoint(thought, *[empty] * 4) as endpoint,
        a_platform(tmp_path / "home", CHAT_BASE_URL=endpoint.base_url, CHAT_MODEL="tiny", ANALYSIS="rules") as platform,
    ):
        agent_id = (await platform.outdial("agent", "add", str(file))).split("(")[1].split(")")[0]
        call_id = await platform.place(SAM, agent_id=agent_id)
        details = await platform.ended(call_id)
        async with platform.client() as http:
            answer = await http.get(
                f"/v1/calls/{call_id}", headers={"Authorization": f"Bearer {platform.mine['native_key']}"}
            )

    said = [turn["bot"] for turn in details["transcript"] if "bot" in turn]
    assert said[1:] == ["Do you have a minute?", apology("en-US"), "Have a nice day."]
    assert details["call_status"] == "completed"
    assert "said nothing when asked twice: the answer was empty" in answer.json()["reason"]
    assert len(endpoint.requests) == 3
