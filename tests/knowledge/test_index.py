"""Looking passages up: what is found by which words, and files that come, change and go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outdial.domain.knowledge import Entry, Faq
from outdial.knowledge.index import Index, build, revision_of, words_of

PRICES = Entry("prices.txt", "A check-up costs 49 dollars.\n\nWhitening costs 120 dollars and takes an hour.")
CAFE = Entry("menu.txt", "Das Café hat montags Ruhetag. Naïve Gäste klingeln trotzdem.")


@pytest.fixture
def index() -> Iterator[Index]:
    made = Index()
    yield made
    made.close()


def a_file(folder: Path, *entries: Entry, name: str = "one", revision: int = 1) -> str:
    path = folder / f"{name}.db"
    path.unlink(missing_ok=True)
    build(path, revision, entries)
    return str(path)


def found(index: Index, path: str, query: str) -> list[str]:
    return [passage.source for passage in index.search([path], query)]


class TestAQuestion:
    @pytest.mark.parametrize(
        ("query", "hit"),
        [
            ("How much is a check-up?", True),
            ("WHITENING", True),
            ("do you whiten teeth", True),
            ("I would like two check ups", True),
            ("good morning", False),
            ("", False),
            ("?!…", False),
            ('" OR passages MATCH "', False),
            ("NEAR(check, 2) AND NOT dollars*", True),
        ],
    )
    def test_finds_by_words_in_any_form_and_is_never_read_as_a_command(
        self, index: Index, tmp_path: Path, query: str, hit: bool
    ) -> None:
        assert bool(index.search([a_file(tmp_path, PRICES)], query)) is hit

    @pytest.mark.parametrize("query", ["café", "CAFÉ", "Cafe\u0301", "naïve", "Gäste"])
    def test_finds_letters_with_signs(self, index: Index, tmp_path: Path, query: str) -> None:
        assert found(index, a_file(tmp_path, CAFE), query) == ["menu.txt"]

    @pytest.mark.parametrize(("query", "hit"), [("कीमत कितनी है", True), ("सफाई", True), ("कमत", False), ("सफ", False)])
    def test_keeps_devanagari_words_whole(self, index: Index, tmp_path: Path, query: str, hit: bool) -> None:
        path = a_file(tmp_path, Entry("hi.txt", "दांतों की सफाई की कीमत पाँच सौ रुपये।"))

        assert bool(index.search([path], query)) is hit

    def test_prefers_what_has_more_to_do_with_it(self, index: Index, tmp_path: Path) -> None:
        other = Entry("other.txt", "We cost you nothing but an hour of patience. Dollars are not the only currency.")

        assert found(index, a_file(tmp_path, other, PRICES), "what does whitening cost")[0] == "prices.txt"

    def test_prefers_a_known_question_of_equals(self, index: Index, tmp_path: Path) -> None:
        text = "Do you park?\nYes, behind the house."
        asked = Entry("faq", "", Faq("Do you park?", "Yes, behind the house."))

        assert found(index, a_file(tmp_path, Entry("file", text), asked), "park")[:2] == ["faq", "file"]

    def test_is_looked_for_in_all_files_named(self, index: Index, tmp_path: Path) -> None:
        paths = [a_file(tmp_path, PRICES, name="a"), a_file(tmp_path, CAFE, name="b")]

        assert {passage.source for passage in index.search(paths, "whitening in the café")} == {
            "prices.txt",
            "menu.txt",
        }

    def test_of_words_that_stand_everywhere_is_answered_by_the_others(self, index: Index, tmp_path: Path) -> None:
        rows = [Entry(f"{row}", f"the row is the number {row}") for row in range(2000)]
        path = a_file(tmp_path, *rows, Entry("told", "the parking is behind the house"))

        assert found(index, path, "where is the parking") == ["told"]
        assert found(index, path, "is the") == []

    def test_counts_thirty_two_words_and_no_more(self, index: Index, tmp_path: Path) -> None:
        path = a_file(tmp_path, PRICES)

        assert found(index, path, " ".join(f"word{number}" for number in range(31)) + " whitening")
        assert not found(index, path, " ".join(f"word{number}" for number in range(32)) + " whitening")


class TestAFile:
    def test_that_is_not_there_has_no_passages(self, index: Index, tmp_path: Path) -> None:
        assert index.search([str(tmp_path / "none.db")], "whitening") == []

    def test_that_is_damaged_has_none_either(self, index: Index, tmp_path: Path) -> None:
        (tmp_path / "bad.db").write_bytes(b"not a database, and longer than nothing" * 100)

        assert index.search([str(tmp_path / "bad.db")], "whitening") == []
        assert revision_of(tmp_path / "bad.db") is None

    def test_that_was_replaced_is_opened_again(self, index: Index, tmp_path: Path) -> None:
        path = a_file(tmp_path, PRICES)
        before = found(index, path, "whitening")
        Path(a_file(tmp_path, CAFE, name="new", revision=2)).replace(path)

        assert before == ["prices.txt"]
        assert found(index, path, "whitening") == []
        assert found(index, path, "café") == ["menu.txt"]
        assert revision_of(Path(path)) == 2

    def test_that_is_gone_is_let_go(self, index: Index, tmp_path: Path) -> None:
        path = a_file(tmp_path, PRICES)
        found(index, path, "whitening")
        Path(path).unlink()

        assert found(index, path, "whitening") == []

    def test_of_many_is_still_answered_when_too_many_were_open(self, index: Index, tmp_path: Path) -> None:
        paths = [a_file(tmp_path, PRICES, name=f"{number}") for number in range(70)]

        assert all(found(index, path, "whitening") for path in [*paths, *paths])

    def test_holds_nothing_when_there_is_nothing(self, index: Index, tmp_path: Path) -> None:
        assert index.search([a_file(tmp_path)], "whitening") == []


def test_words_are_told_apart_like_the_full_text_search_does() -> None:
    assert list(words_of("Check-up: 49.50 € für Müller_Söhne, सफाई!")) == [
        *("check", "up", "49", "50", "für", "müller", "söhne", "सफाई")
    ]
