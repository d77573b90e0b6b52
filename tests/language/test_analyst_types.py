"""Lists, days and moments in a model's answer, and what else of the owner's words it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from analysis_builders import a_talk
from outdial.domain.agent import AnalysisPlan
from outdial.domain.analysis import PlatformAnalysis
from outdial.domain.errors import Unreachable
from outdial.language.analyst import read
from outdial.language.analyst_prompt import questions, schema

TALK = a_talk("A: Yes?", "C: Tea, on Friday at five.")
PLAN = AnalysisPlan(
    keys={"goods": "array", "on": "date", "at": "datetime"},
    hints={"on": "the day of delivery"},
    context="They sell tea.",
    goal_key="goods",
    platform_context={"brand": "Acme"},
    client_context={"unit": "boxes"},
)
GOOD: dict[str, Any] = {"goods": ["tea"], "on": "2026-03-06", "at": "2026-03-06T17:00:00+05:30"}
PLATFORM = {
    **dict.fromkeys(PlatformAnalysis.__dataclass_fields__, ""),
    "key_points": [],
    "action_items": [],
    "callback_requested": False,
}


def answer(**client: Any) -> str:
    return json.dumps({"platform": PLATFORM, "client": GOOD | client})


class TestAnAnswer:
    @pytest.mark.parametrize("client", [{}, {"goods": []}, dict.fromkeys(GOOD)])
    def test_with_values_of_their_types_is_taken(self, client: dict[str, Any]) -> None:
        assert read(answer(**client), TALK, PLAN, "it")[1] == GOOD | client

    @pytest.mark.parametrize(
        ("client", "wrong"),
        [
            ({"goods": "tea"}, "client.goods is not a list of strings"),
            ({"goods": [1]}, "client.goods is not a string"),
            ({"on": "Friday"}, "client.on is not of the type date"),
            ({"on": "2026-02-30"}, "client.on is not of the type date"),
            ({"on": "20260306"}, "client.on is not of the type date"),
            ({"on": "2026-W10-5"}, "client.on is not of the type date"),
            ({"on": 20260306}, "client.on is not a string"),
            ({"at": "2026-03-06T17:00:00"}, "client.at is not of the type datetime"),
        ],
    )
    def test_with_anything_else_is_none(self, client: dict[str, Any], wrong: str) -> None:
        with pytest.raises(Unreachable, match=wrong):
            read(answer(**client), TALK, PLAN, "it")


class TestTheQuestion:
    def test_shows_the_types_as_a_schema(self) -> None:
        keys = schema(PLAN)["properties"]["client"]["properties"]

        assert keys["goods"] == {"type": ["array", "null"], "items": {"type": "string"}}
        assert keys["on"] == {"type": ["string", "null"], "description": "the day of delivery (YYYY-MM-DD)"}

    def test_holds_all_the_owner_said(self) -> None:
        said = str(questions(TALK, PLAN)[0]["content"])

        assert all(text in said for text in ("They sell tea.", '"goods" says so', '{"brand": "Acme"}', '"boxes"'))
