"""An agent that cannot talk: nobody is rung, the trunk is not blamed, and every door says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from platform_builders import SAM, Platform, a_platform

pytestmark = pytest.mark.timeout(240)
AGENT = """
name: Mute
tag: mute
language: en-US
greeting: "Hello?"
prompt:
  - {title: Task, content: "Offer a check-up."}
"""


async def _agent(platform: Platform, folder: Path) -> str:
    file = folder / "mute.yaml"
    file.write_text(AGENT)
    printed = await platform.outdial("agent", "add", str(file))
    return printed.split("(")[1].split(")")[0]


async def test_an_agent_without_a_model_rings_nobody_and_says_why(tmp_path: Path) -> None:
    async with a_platform(tmp_path / "home") as platform:
        agent_id = await _agent(platform, tmp_path)
        retries = {"call_retry_config": {"retry_count": 2, "retry_failed": 0}}
        call_ids = [await platform.place(SAM, agent_id=agent_id, name="Sam", call_config=retries) for _ in range(6)]
        told = [await platform.ended(call_id) for call_id in call_ids]
        events = await platform.events(call_ids[0])
        async with platform.client() as http:
            answer = await http.get(
                f"/v1/calls/{call_ids[0]}", headers={"Authorization": f"Bearer {platform.mine['native_key']}"}
            )
        works = await platform.ended(await platform.place(SAM, name="Sam"))

    for details in told:
        assert (details["call_status"], details["call_sub_status"]) == ("failed", "PRE_CALL_API_FAILED")
        assert details["end_reason"] == "pre_call_failed"
    call = answer.json()
    assert call["outcome"] == "pre_call_failed"
    assert "Mute has no flow and no language model is configured" in call["reason"]
    assert [attempt["outcome"] for attempt in call["attempts"]] == ["pre_call_failed"]
    assert "dialing" not in [event["type"] for event in events]
    # Five failures of a trunk in a row would have let it rest.
    assert works["call_status"] == "completed"
