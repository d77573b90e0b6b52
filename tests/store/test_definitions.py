"""An agent's definition as JSON: strict, and every fault named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.agent import Definition, PromptSection, TalkLimits
from outdial.domain.errors import Invalid
from outdial.store.agents.definitions import definition_from_json, definition_to_json

TEXT = st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
DEFINITIONS = st.builds(
    Definition,
    greeting=TEXT,
    language=TEXT,
    prompt=st.lists(st.builds(PromptSection, TEXT, TEXT), max_size=3).map(tuple),
    flow=st.none() | st.dictionaries(TEXT, JSON, max_size=3),
    limits=st.builds(TalkLimits, st.floats(1, 600), st.floats(1, 600), st.floats(10, 14400)),
    variables=st.lists(TEXT, max_size=3).map(tuple),
    defaults=st.dictionaries(TEXT, TEXT, max_size=3),
    require_variables=st.booleans(),
    call_config=st.fixed_dictionaries({}, optional={"retry_count": st.integers(0, 20), "timezone": st.just("UTC")}),
)


class TestADefinition:
    @given(DEFINITIONS)
    def test_survives_its_way_through_json(self, definition: Definition) -> None:
        stored = json.loads(json.dumps(definition_to_json(definition)))

        assert definition_from_json(stored) == definition

    def test_may_leave_everything_out(self) -> None:
        assert definition_from_json({}) == Definition()

    def test_may_give_its_prompt_as_one_text(self) -> None:
        assert definition_from_json({"prompt": "Be kind."}).prompt == (PromptSection("", "Be kind."),)

    def test_writes_times_of_day_in_one_form(self) -> None:
        call_config = {"window_start": "09:00:00", "window_end": None}

        assert definition_from_json({"call_config": call_config}).call_config == {"window_start": "09:00"}


class TestAFaultyDefinition:
    @pytest.mark.parametrize(
        ("stored", "message"),
        [
            ([], "an agent's definition must be an object"),
            ({"greetings": "Hi"}, "greetings is not a field of an agent"),
            ({"greeting": 3}, "greeting must be a string"),
            ({"prompt": 3}, "prompt must be a string or a list of sections"),
            ({"prompt": [{"title": "a", "text": "b"}]}, "prompt.0.text is not a known field"),
            ({"prompt": [{"content": 3}]}, "prompt.0.content must be a string"),
            ({"flow": []}, "flow must be an object"),
            ({"flow": {3: "x"}}, "flow must be an object"),
            ({"limits": {"max_length_s": 5}}, "limits.max_length_s must be between 10 and 14400"),
            ({"limits": {"max_length_s": True}}, "limits.max_length_s must be between 10 and 14400"),
            ({"variables": "a"}, "variables must be a list of strings"),
            ({"variables": ["a", 3]}, "variables.1 must be a string"),
            ({"defaults": {"a": 3}}, "defaults.a must be a string"),
            ({"require_variables": "yes"}, "require_variables must be true or false"),
            ({"call_config": {"retry_count": 1.5}}, "call_config.retry_count must be a whole number between 0 and 20"),
            ({"call_config": {"window_start": "9 am"}}, "call_config.window_start must be HH:MM"),
            ({"call_config": {"timezone": "Mars/Olympus"}}, "call_config.timezone is not a known time zone"),
            ({"call_config": {"retries": 1}}, "call_config.retries is not a known field"),
        ],
    )
    def test_is_refused_naming_the_field(self, stored: Any, message: str) -> None:
        with pytest.raises(Invalid) as refused:
            definition_from_json(stored)

        assert str(refused.value) == message

    def test_is_told_all_its_faults(self) -> None:
        with pytest.raises(Invalid) as refused:
            definition_from_json({"greeting": 3, "language": None, "colour": "red"})

        assert [fault.path for fault in refused.value.faults] == [("greeting",), ("language",), ("colour",)]
