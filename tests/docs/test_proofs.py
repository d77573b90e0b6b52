"""``docs/proofs.md`` is in step with the documents and the tests; nothing is run for that."""

from proofs.documented import documents
from proofs.page import PAGE, behind, in_short, promised


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

    def test_is_about_all_doors(self) -> None:
        assert {heading.split()[-1].split("/")[1] for heading, _, _ in promised(documents()) if " /" in heading} == {
            "ca",
            "api",
            "v1",
        }
