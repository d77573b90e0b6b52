"""docs/flows.md is a contract: its examples work, and it names what a flow may hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flow_builders import a_brief, moves_of_greeting
from outdial.conversation.ports import Say
from outdial.language.flow import FlowLanguage
from outdial.language.flow_matching import MEANINGS

PAGE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_every_example_is_a_flow_that_talks(example: dict[str, Any]) -> None:
    greeting = example.get("greeting", "")

    moves = moves_of_greeting(FlowLanguage().open(a_brief(example["flow"], greeting=greeting)))

    assert all(isinstance(move, Say) for move in moves)
    assert bool(moves) is not bool(example["flow"].get("listen_first"))


def test_every_meaning_is_explained() -> None:
    assert [name for name in MEANINGS if f"`{name}`" not in PAGE] == []
