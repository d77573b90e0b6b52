"""What is over a limit is refused at every door, with its field, in the door's own shape, and nothing is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent_builders import agent_doors
from api_builders import NATIVE_KEY, NUMBER_ID, RINGG, RINGG_KEY, SURVEY_AGENT, Doors, a_ringg_body
from api_records import AGENT
from outdial.bootstrap.agent_file import read_agent
from outdial.domain.errors import Invalid
from outdial.store.database import Database


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    async with agent_doors(sqlite, tmp_path) as opened:
        yield opened


async def native(doors: Doors, method: str, path: str, body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {NATIVE_KEY}"}
    return await doors.http.request(method, f"/v1{path}", json=body, headers=headers)


async def edit(doors: Doors, operation: str, **fields: Any) -> httpx.Response:
    body = {"operation": operation, "agent_id": SURVEY_AGENT, **fields}
    return await doors.http.patch(f"{RINGG}/agent/v1", json=body, headers={"X-API-KEY": RINGG_KEY})


def a_native_call(**changes: Any) -> dict[str, Any]:
    return {"to_number": "+12025550143", "agent_id": AGENT, "from_number_ids": [NUMBER_ID], **changes}


END = {"say": "Bye.", "hang_up": True}
MANY = {f"v{at}": "x" for at in range(257)}
LARGE = {f"v{at}": "x" * 15_000 for at in range(18)}


class TestAnAgentOfTheNativeApi:
    @pytest.mark.parametrize(
        ("definition", "pointer"),
        [
            ({"greeting": "<!--" * 25_000}, "#/definition/greeting"),
            ({"greeting": "x" * 2_001}, "#/definition/greeting"),
            ({"farewell": "x" * 2_001}, "#/definition/farewell"),
            ({"idle_question": "x" * 2_001}, "#/definition/idle_question"),
            ({"prompt": "é" * 32_769}, "#/definition/prompt"),
            ({"prompt": [{"title": "a", "content": "x" * 40_000}] * 2}, "#/definition/prompt"),
            ({"prompt": [{"content": "x"}] * 101}, "#/definition/prompt"),
            ({"variables": ["x"] * 257}, "#/definition/variables"),
            ({"variables": ["x" * 257]}, "#/definition/variables"),
            ({"defaults": MANY}, "#/definition/defaults"),
            ({"defaults": {"a": "x" * 16_001}}, "#/definition/defaults/a"),
            ({"vocab": ["x"] * 501}, "#/definition/vocab"),
            ({"knowledge": ["x"] * 101}, "#/definition/knowledge"),
            ({"options": {"a": "x" * 33_000}}, "#/definition/options"),
            ({"analysis": {"prompt": "x" * 4_001}}, "#/definition/analysis/prompt"),
            ({"analysis": {"keys": {"x" * 65: "string"}}}, None),
            ({"analysis": {"labels": {"a": "x" * 4_001}}}, "#/definition/analysis/labels/a"),
            ({"analysis": {"context": "x" * 4_001}}, "#/definition/analysis/context"),
            ({"analysis": {"goal_key": "x" * 65}}, "#/definition/analysis/goal_key"),
            ({"analysis": {"defaults": {"a": ["x" * 33_000]}}}, "#/definition/analysis/defaults"),
            ({"analysis": {"client_context": {"a": "x" * 33_000}}}, "#/definition/analysis/client_context"),
            ({"model": "x" * 129}, "#/definition/model"),
            (
                {"flow": {"steps": {"a": {"ask": "?", "expect": [{"regex": "(?=x)"}], "go": "b"}, "b": END}}},
                "#/definition/flow/steps/a/expect/0/regex",
            ),
            ({"flow": {"steps": {f"s{at}": END for at in range(501)}}}, "#/definition/flow/steps"),
        ],
    )
    async def test_is_refused_with_the_place(self, doors: Doors, definition: Any, pointer: str | None) -> None:
        answer = await native(doors, "POST", "/agents", {"name": "Nora", "definition": definition})

        assert answer.status_code == 400, answer.text
        assert pointer in [fault["pointer"] for fault in answer.json()["errors"]] or pointer is None
        assert len(answer.content) < 5_000

    async def test_with_thousands_of_wrong_steps_gets_a_short_answer(self, doors: Doors) -> None:
        steps = {
            f"s{at}": {"branch": [{"when": {"a": "b"}, "go": f"nobody {at} {other}"} for other in range(16)], "go": "x"}
            for at in range(250)
        }
        answer = await native(doors, "POST", "/agents", {"name": "Nora", "definition": {"flow": {"steps": steps}}})

        errors = answer.json()["errors"]
        assert answer.status_code == 400
        assert len(errors) == 101
        assert errors[-1] == {"detail": "and 4150 more", "pointer": "#"}
        assert len(answer.content) < 100_000

    async def test_that_was_stored_before_is_read_and_changed_in_another_part(self, doors: Doors) -> None:
        made = await native(doors, "POST", "/agents", {"name": "Nora", "definition": {"greeting": "Hello."}})

        changed = await native(doors, "PATCH", f"/agents/{made.json()['id']}", {"name": "Ada"})

        assert (changed.status_code, changed.json()["name"]) == (200, "Ada")


class TestACall:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"variables": MANY}, "variables"),
            ({"variables": {"a": "x" * 16_001}}, "a"),
            ({"variables": {"a": ["x" * 100] * 200}}, "a"),
            ({"variables": LARGE}, "variables"),
            ({"metadata": {"a": ["x" * 60_000] * 2}}, "metadata"),
            ({"callee_name": "x" * 257}, "callee_name"),
            ({"callback": {"url": "https://a.test/" + "x" * 2_040}}, "url"),
            ({"callback": {"url": "https://a.test", "headers": {"A": "x" * 8_193}}}, "A"),
            ({"callback": {"url": "https://a.test", "headers": dict.fromkeys("ABC", "x" * 8_000)}}, "headers"),
            ({"unknown": "x" * 70_000}, "unknown"),
            ({f"unknown{at}": 1 for at in range(500)}, "unknown99"),
        ],
    )
    async def test_of_the_native_api_is_refused_with_the_field(self, doors: Doors, changes: Any, field: str) -> None:
        answer = await native(doors, "POST", "/calls", a_native_call(**changes))

        assert answer.status_code == 400, answer.text
        assert any(fault["pointer"].endswith(f"/{field}") for fault in answer.json()["errors"]), answer.text
        assert len(answer.content) < 30_000
        assert await doors.calls_stored() == 0

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": "x" * 257}, "name"),
            ({"custom_args_values": MANY}, "custom_args_values"),
            ({"custom_args_values": {"a": "x" * 16_001}}, "a"),
            ({"custom_args_values": LARGE}, "custom_args_values"),
            ({"callback_url": "https://a.test/" + "x" * 2_040}, "callback_url"),
            ({"callback_args": {"headers": {f"h{at}": "x" for at in range(51)}}}, "headers"),
            ({"callback_args": {"headers": {"A": "x" * 8_193}}}, "A"),
            ({"callback_args": {"params": {f"p{at}": "x" for at in range(51)}}}, "params"),
            ({"callback_args": {"params": {"a": "x" * 2_049}}}, "a"),
            ({"version_id": "x" * 129}, "version_id"),
            ({"from_number_id": ["x" * 129]}, "from_number_id"),
            ({"nobody_knows": "x" * 70_000}, "nobody_knows"),
            ({"nobody_knows": {"a": 10**1_001}}, "a"),
        ],
    )
    async def test_of_the_ringg_api_is_refused_with_the_field(self, doors: Doors, changes: Any, field: str) -> None:
        answer = await doors.ringg(a_ringg_body(**changes))

        assert answer.status_code == 400, answer.text
        assert field in [fault["loc"][-1] for fault in answer.json()["details"]], answer.text
        assert len(answer.content) < 5_000
        assert await doors.calls_stored() == 0

    async def test_that_makes_a_text_too_long_is_taken_with_a_warning(self, doors: Doors) -> None:
        words = {"greeting": "{{story}} " * 100}
        agent = (await native(doors, "POST", "/agents", {"name": "Nora", "definition": words})).json()["id"]

        answer = await native(
            doors, "POST", "/calls", a_native_call(agent_id=agent, variables={"story": "word " * 300})
        )

        assert (answer.status_code, answer.json()["warnings"]) == (201, ["text_too_long:greeting"])


class TestAnAgentOfTheRinggApi:
    @pytest.mark.parametrize(
        ("operation", "fields", "field"),
        [
            ("edit_intro_message", {"intro_message": "x" * 2_001}, "intro_message"),
            ("edit_prompt", {"agent_prompt": "é" * 32_760 + "x" * 17}, "agent_prompt"),
            (
                "edit_prompt",
                {"agent_prompt": {"prompt_sections": [{"section_title": "a", "section_content": "x"}] * 101}},
                "agent_prompt",
            ),
            ("edit_custom_vars", {"custom_variables": [f"v{at}" for at in range(257)]}, "custom_variables"),
            ("edit_vocab", {"vocab": ["x" * 129]}, "vocab"),
            ("edit_agent_whitelisted_domains", {"whitelisted_domains": ["x" * 256]}, "whitelisted_domains"),
            ("edit_vad_settings", {"vad_settings": {"a": "x" * 33_000}}, "vad_settings"),
            ("edit_custom_analysis_prompt", {"custom_analysis_prompt": {"prompt": "x" * 4_001}}, "prompt"),
            ("edit_custom_analysis_prompt", {"custom_analysis_prompt": {"a": "x" * 4_001}}, "a"),
            (
                "edit_event_subscriptions",
                {
                    "event_subscriptions": [
                        {"event_type": "call_started", "callback_url": "https://a.test/" + "x" * 2_040}
                    ]
                },
                "callback_url",
            ),
        ],
    )
    async def test_is_refused_with_the_field(self, doors: Doors, operation: str, fields: Any, field: str) -> None:
        answer = await edit(doors, operation, **fields)

        assert answer.status_code == 400, answer.text
        assert field in [fault["loc"][-1] for fault in answer.json()["details"]], answer.text
        assert len(answer.content) < 5_000


async def test_faults_of_many_variables_are_counted_in_the_ringly_api(doors: Doors) -> None:
    body = {
        "from_number": "+12025550100",
        "to_number": "+12025550143",
        "agent_tag": "renewal",
        "dynamic_variables": {f"1{at}": [] for at in range(900)},
    }

    answer = await doors.ringly(body)

    assert answer.status_code == 400
    assert answer.json()["details"][-1] == "and 1701 more"
    assert len(answer.json()["details"]) == 101


async def test_filters_of_a_list_are_few(doors: Doors) -> None:
    filters = {f"metadata.m{at}": "1" for at in range(21)}

    answer = await doors.http.get("/v1/calls", params=filters, headers={"Authorization": f"Bearer {NATIVE_KEY}"})

    assert answer.status_code == 400
    assert "at most 20" in answer.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\n" + "#" * 1_100_000, "larger than 1024 kB"),
        ("[" * 100_000, "nested too deeply"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{to}: &{to} [{', '.join([f'*{of}'] * 10)}]\n" for of, to in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "stands for more than 1024 kB",
        ),
        ("name: &a [*a]", "stands for more than 1024 kB"),
        ("name: x\ngreeting: " + "x" * 2_001, "greeting may have at most 2000"),
    ],
)
def test_a_file_of_an_agent_is_bounded(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read_agent(text)
