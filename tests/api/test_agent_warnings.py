"""What is odd about an agent is said by every door that makes, edits or dials it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent_builders import VOICE_ONE, an_agent_body, native
from api_builders import OTHER_TAG, RINGG, RINGG_KEY, Doors, a_ringg_body, a_ringly_body, open_doors
from outdial.domain.agent import Definition
from outdial.domain.language_models import LanguageModels
from outdial.store.database import Database

NO_MODEL = "no_language_model"
ODD = "Hello {{First Name}} of {{order.id}}, {{ name | default }}."
ODD_WARNINGS = [f"unfillable_placeholder:{name}" for name in ("First Name", "order.id", "name | default")]
FLOW = {"steps": {"a": {"say": "Hello {{2nd}}.", "hang_up": True}}}


@pytest.fixture
async def without_model(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    """An installation to which no language model was given."""
    async with open_doors(
        sqlite, tmp_path, voices=(VOICE_ONE,), language_models=LanguageModels(endpoint=False)
    ) as opened:
        yield opened


@pytest.fixture
async def with_model(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    async with open_doors(sqlite, tmp_path, voices=(VOICE_ONE,)) as opened:
        yield opened


async def native_agent(doors: Doors, **definition: Any) -> Any:
    body = {"name": "Asha", "definition": {"language": "en-IN"} | definition}
    return (await native(doors, "POST", "/agents", body)).json()


async def ringg_agent(doors: Doors, **fields: Any) -> Any:
    return (await doors.ringg(an_agent_body(**fields), path="/public/agent")).json()


async def patch(doors: Doors, path: str, **fields: Any) -> Any:
    return (await doors.http.patch(f"{RINGG}{path}", json=fields, headers={"X-API-KEY": RINGG_KEY})).json()


class TestAnAgentWithoutAModel:
    async def test_is_warned_of_when_it_is_made(self, without_model: Doors) -> None:
        assert (await ringg_agent(without_model))["warnings"] == [NO_MODEL]
        assert (await native_agent(without_model, greeting="Hi."))["version"]["warnings"] == [NO_MODEL]

    async def test_is_warned_of_when_it_is_edited(self, without_model: Doors) -> None:
        made = await ringg_agent(without_model)
        agent_id = made["data"]["agent_id"]

        updated = await patch(without_model, f"/public/agent/{agent_id}", task="Ask.")
        edited = await patch(
            without_model, "/agent/v1", operation="edit_intro_message", agent_id=agent_id, intro_message="Hello."
        )
        changed = (await native(without_model, "PATCH", f"/agents/{agent_id}", {"name": "Other"})).json()

        assert updated["warnings"] == edited["warnings"] == changed["version"]["warnings"] == [NO_MODEL]

    async def test_is_warned_of_at_each_call(self, without_model: Doors) -> None:
        agent_id = (await ringg_agent(without_model, intro_message="Hello."))["data"]["agent_id"]

        by_ringg = (await without_model.ringg(a_ringg_body(agent_id=agent_id))).json()
        by_ringly = (await without_model.ringly(a_ringly_body(agent_tag=OTHER_TAG))).json()
        body = {"agent_id": agent_id, "to_number": "+12025550143", "from_numbers": ["+12025550100"]}
        by_native = (await native(without_model, "POST", "/calls", body)).json()

        assert NO_MODEL in by_ringg["warnings"]
        assert NO_MODEL in by_native["warnings"]
        assert NO_MODEL in by_ringly["warnings"]

    async def test_that_has_a_flow_needs_none(self, without_model: Doors) -> None:
        made = await native_agent(without_model, flow={"steps": {"a": {"say": "Hello.", "hang_up": True}}})

        assert made["version"]["warnings"] == []


class TestAPlaceholderThatCannotBeFilled:
    async def test_is_named_when_the_agent_is_stored(self, with_model: Doors) -> None:
        made = await ringg_agent(with_model, intro_message=ODD)
        agent_id = made["data"]["agent_id"]

        updated = await patch(with_model, f"/public/agent/{agent_id}", task="Tell {{the price}}.")
        native_made = await native_agent(with_model, greeting=ODD, flow=FLOW)

        assert made["warnings"] == ODD_WARNINGS
        assert set(updated["warnings"]) == {*ODD_WARNINGS, "unfillable_placeholder:the price"}
        assert native_made["version"]["warnings"] == [*ODD_WARNINGS, "unfillable_placeholder:2nd"]

    async def test_is_none_when_the_agent_lists_a_variable_of_that_name(self, with_model: Doors) -> None:
        made = await native_agent(with_model, greeting="Hello {{First Name}}.", variables=["First Name"])

        assert made["version"]["warnings"] == []

    async def test_is_named_a_hundred_times_at_most(self, with_model: Doors) -> None:
        made = await native_agent(with_model, prompt=" ".join(f"{{{{a {n}}}}}" for n in range(150)))

        warnings = made["version"]["warnings"]
        assert (len(warnings), warnings[-1]) == (101, "unfillable_placeholder:and 50 more")


class TestAnInstallationWithoutADefaultModel:
    @pytest.mark.parametrize(
        ("definition", "talks"),
        [(Definition(), False), (Definition(model="small"), True), (Definition(flow={"steps": {}}), True)],
    )
    def test_lets_those_talk_who_name_one_or_need_none(self, definition: Definition, talks: bool) -> None:
        assert LanguageModels(default=False).lets_talk(definition) is talks
        assert LanguageModels(endpoint=False).lets_talk(definition) is (definition.flow is not None)
