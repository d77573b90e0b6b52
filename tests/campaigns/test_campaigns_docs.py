"""``docs/campaigns.md`` shows the table and the limits as they are."""

from __future__ import annotations

from pathlib import Path

from outdial.domain.call import diagram
from outdial.domain.campaign import CAMPAIGN_MOVES, CampaignState
from outdial.domain.limits import MAX_LIST_BYTES, MAX_LIST_COLUMNS, MAX_LIST_ROWS

DOCS = Path(__file__).parents[2] / "docs" / "campaigns.md"


def test_the_picture_is_the_table() -> None:
    picture = diagram(CAMPAIGN_MOVES)

    assert f"```mermaid\n{picture}```" in DOCS.read_text(), f"put this picture there:\n{picture}"


def test_every_state_is_explained() -> None:
    text = DOCS.read_text()

    assert [state.value for state in CampaignState if f"`{state.value}`" not in text] == []


def test_the_limits_are_those_of_the_reader() -> None:
    limits = f"at most {MAX_LIST_BYTES // 1_000_000} MB, {MAX_LIST_ROWS:,} rows, {MAX_LIST_COLUMNS} columns"

    assert limits in DOCS.read_text()
