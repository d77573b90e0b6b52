"""Who analyses, as the settings choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis_builders import a_talk
from chat_endpoint import an_endpoint
from outdial.bootstrap.analyst import analyst_for
from outdial.domain.agent import AnalysisPlan
from outdial.domain.errors import Unreachable
from outdial.settings import Settings


@pytest.mark.parametrize(
    ("chosen", "has_model", "answers"), [("auto", True, False), ("auto", False, True), ("rules", True, True)]
)
async def test_rules_answer_where_no_model_is_to(tmp_path: Path, chosen: str, has_model: bool, answers: bool) -> None:
    async with an_endpoint() as endpoint:
        url = endpoint.base_url if has_model else ""
        settings = Settings.model_validate(
            {"home": tmp_path, "analysis": chosen, "chat_base_url": url, "chat_model": "m"}
        )
        analyst = analyst_for(settings)
        try:
            found = await analyst.analyse(a_talk("C: Hello."), AnalysisPlan())
            made_by = found.made_by
        except Unreachable:
            made_by = "model"  # this endpoint knows no answer
        await analyst.close()

    assert made_by == ("rules" if answers else "model")
    assert len(endpoint.requests) == (0 if answers else 1)
