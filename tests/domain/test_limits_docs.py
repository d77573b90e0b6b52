"""The page about limits says what the code does: the same names with the same numbers, and none missing."""

from __future__ import annotations

import re
from pathlib import Path

from outdial.domain import limits

PAGE = (Path(__file__).parents[2] / "docs/limits.md").read_text("utf-8")
ROW = re.compile(r"^\| `(MAX_[A-Z_]+)` \| ([0-9,]+) \| .+ \|$", re.MULTILINE)


def test_every_limit_is_on_the_page_with_its_number() -> None:
    said = {name: int(number.replace(",", "")) for name, number in ROW.findall(PAGE)}

    assert said == {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}


def test_every_limit_is_used() -> None:
    source = Path(limits.__file__).parents[1]
    texts = "\n".join(file.read_text("utf-8") for file in source.rglob("*.py") if file.name != "limits.py")

    # Those of contact lists belong to whoever reads lists.
    unused = [name for name in vars(limits) if name.startswith("MAX_") and not re.search(rf"\b{name}\b", texts)]
    assert set(unused) <= {"MAX_CELL_BYTES", "MAX_ROW_BYTES"}
