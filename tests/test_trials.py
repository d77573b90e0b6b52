"""Inputs that once made the product fail, replayed: those kept here, and more of each kind where a folder of them lies
beside the checkout. Whatever a file holds, what must never happen does not; the tests of each room say what is right.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from campaigns.test_reading import MAPPING_OF_TWO, read
from language.test_chat_streams import Replied, answered
from outdial.domain.errors import Invalid
from outdial.domain.numbers import e164
from outdial.language.chat_prompt import ToolMode

HERE: Final = Path(__file__).parent
BESIDE: Final = HERE.parents[1] / "shared" / "trials"
"""A folder of further trials: ``lists/*.csv``, ``streams/*.sse``."""
LISTS: Final = (HERE / "campaigns" / "lists", BESIDE / "lists")
STREAMS: Final = (HERE / "language" / "streams", BESIDE / "streams")
UNSPEAKABLE: Final = ("<", ">", "{", "}", "```", "tool_call", "data:")


def files(folders: tuple[Path, ...], ending: str) -> list[Path]:
    """Each file once, by its name."""
    return [*{file.name: file for folder in folders for file in sorted(folder.glob(f"*{ending}"))}.values()]


@pytest.mark.parametrize("file", files(LISTS, ".csv"), ids=lambda file: file.name)
def test_a_list_rings_nobody_who_does_not_stand_in_it(file: Path) -> None:
    region = "US" if file.stem.endswith("_us") else "IN"
    content = file.read_bytes()

    try:
        people = read(content, MAPPING_OF_TWO, region)
    except Invalid as refusal:
        people, cause = [], str(refusal)
    else:
        cause = "line"

    assert any(word in cause for word in ("line", "separated", "column"))
    digits = "".join(letter for letter in content.decode("latin-1") if letter.isdigit() or letter == "\n")
    for person in people:
        if not person.trouble:
            assert e164(person.mobile_number) is not None
            assert person.mobile_number.startswith("+1" if region == "US" else "+91")
            assert person.mobile_number[-10:] in digits


@pytest.mark.parametrize("file", files(STREAMS, ".sse"), ids=lambda file: file.name)
async def test_a_stream_is_spoken_in_words_or_ends_with_a_reason(file: Path) -> None:
    mode = ToolMode.JSON_SCHEMA if file.stem == "fence" else ToolMode.NATIVE
    body = await asyncio.to_thread(file.read_bytes)

    replied: Replied = await answered(body, body, body, mode=mode)

    assert replied.words or replied.actions
    assert not [mark for mark in UNSPEAKABLE if mark in replied.words]
    assert replied.requests <= 3


def test_the_trials_kept_here_are_there() -> None:
    assert len(files(LISTS[:1], ".csv")) >= 6
    assert len(files(STREAMS[:1], ".sse")) >= 9
