"""``docs/analysis.md`` tells what the rules do: its example comes out as written, its moments mean what it says."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import yaml

from analysis_builders import a_talk
from outdial.analysis import sorting
from outdial.analysis.rules import RuleAnalyst, analysis_of
from outdial.analysis.worker import CEILING, AnalysisWorker
from outdial.domain.agent import AnalysisPlan
from outdial.language.analyst import ModelAnalyst
from outdial.language.analyst_prompt import MOST_LETTERS
from outdial.store.agents.definitions import definition_from_json

PAGE = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text("utf-8")


def example(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


class TestThePage:
    def test_has_an_example_that_comes_out_as_written(self) -> None:
        told = json.loads(example("json"))
        talked = a_talk(*(f"{speaker[0].upper()}: {text}" for speaker, text in told["said"]), began_at=told["began_at"])

        found = analysis_of(talked, AnalysisPlan(keys=told["keys"]))

        assert found.platform is not None
        assert json.loads(json.dumps(asdict(found.platform))) == told["platform"]
        assert found.client == told["client"]

    def test_has_an_agents_wishes_that_can_be_stored(self) -> None:
        assert definition_from_json(yaml.safe_load(example("yaml"))).analysis.labels["hot_lead"]

    def test_names_our_own_labels_in_their_order(self) -> None:
        table = re.findall(r"^\| `(\w+)` \| (?:says|requests) ", PAGE, re.MULTILINE)

        assert table == [
            sorting.NO_RESPONSE,
            sorting.DO_NOT_CALL,
            sorting.WRONG_NUMBER,
            sorting.CALLBACK,
            sorting.NOT_INTERESTED,
            sorting.INTERESTED,
        ]

    def test_names_the_limits_there_are(self) -> None:
        assert f"{MOST_LETTERS:,} letters" in PAGE
        assert (CEILING.total_seconds(), ModelAnalyst.most_s, RuleAnalyst.most_s, AnalysisWorker.most_tries) == (
            600,
            60,
            10,
            4,
        )
