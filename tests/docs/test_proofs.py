"""``docs/proofs.md`` is in step with the documents and the tests; nothing is run for that."""

import json
from pathlib import Path

import pytest

from proofs.choosing import Evidence
from proofs.documented import documents, operations
from proofs.page import CANNOT_OCCUR, PAGE, behind, in_short, promised, written
from proofs.tests_named import all_tests


class TestThePageOfProofs:
    def test_has_every_promise_and_names_tests_that_exist(self) -> None:
        lines = list(behind(PAGE.read_text("utf-8"), documents()))

        assert not lines, f"run: make proofs\n{in_short(lines)}"

    def test_is_behind_as_soon_as_a_field_or_a_test_is_not_on_it(self) -> None:
        page, said = PAGE.read_text("utf-8"), documents()
        some = "| answer `data.call_id` |"

        assert some in page
        assert len(list(behind(page.replace(some, "| answer `data.new` |", 1), said))) == 2
        assert list(behind(page.replace("::test_", "::test_no_", 1), said))

    def test_is_behind_where_a_row_that_cannot_occur_has_a_test_or_another_has_none(self) -> None:
        page, said = PAGE.read_text("utf-8"), documents()
        cell = f"| {CANNOT_OCCUR} |"
        first = page.index(cell)
        proven = page.index("::test_")
        some = page.rindex("| [", 0, proven)
        whole = page[some : page.index("\n", proven)]

        assert len(list(behind(page[:first] + "| [`x::y`](../tests/x.py) |" + page[first + len(cell) :], said))) == 2
        assert list(behind(page.replace(whole, cell, 1), said))

    def test_is_not_made_when_a_row_that_cannot_occur_was_seen(self, tmp_path: Path) -> None:
        said, file = documents(), tmp_path / "seen.jsonl"
        everything = [one for door, document in said.items() for one in operations(door, document)]
        parts = {"query": [], "header": [], "body": [], "answer": ["analysis", "analysis.made_by"]}
        seen = [["asked", "PATCH", "/v1/calls/x", 200, parts]]
        file.write_text(json.dumps({"test": min(all_tests()), "seen": seen}) + "\n", "utf-8")

        with pytest.raises(ValueError, match=r"answer `analysis\.made_by` of `PATCH /v1/calls/\{call_id\}`$"):
            written(Evidence(file, everything), said)

    def test_is_about_all_doors(self) -> None:
        assert {heading.split()[-1].split("/")[1] for heading, _, _ in promised(documents()) if " /" in heading} == {
            "ca",
            "api",
            "v1",
        }
