"""``docs/calls.md`` shows the tables as they are, and names nothing that does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from outdial.domain.call import ATTEMPT_MOVES, CALL_MOVES, diagram
from outdial.domain.outcome import Outcome

DOCS = Path(__file__).parents[2] / "docs" / "calls.md"


@pytest.mark.parametrize("picture", [diagram(CALL_MOVES), diagram(ATTEMPT_MOVES)], ids=["call", "attempt"])
def test_the_pictures_are_the_tables(picture: str) -> None:
    assert f"```mermaid\n{picture}```" in DOCS.read_text(), f"put this picture there:\n{picture}"


def test_every_outcome_is_explained() -> None:
    text = DOCS.read_text()

    assert [outcome.value for outcome in Outcome if f"| `{outcome.value}` |" not in text] == []
