"""Knowledge bases as they are thought of: passages, states, names, limits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.knowledge import (
    Faq,
    ItemState,
    SentFile,
    Upload,
    base_state,
    file_type_of,
    passages,
    plain_name,
    upload_faults,
)

PENDING, COMPLETED, FAILED = ItemState.PENDING, ItemState.COMPLETED, ItemState.FAILED


class TestPassages:
    def test_end_where_sentences_do(self) -> None:
        text = "The first sentence is about prices. " * 20

        found = list(passages(text))

        assert len(found) > 1
        assert all(passage.endswith("prices.") for passage in found)

    def test_share_a_short_sentence_with_the_next_so_that_nothing_is_torn_apart(self) -> None:
        text = " ".join(f"Sentence number {number} stands here." for number in range(40))

        found = list(passages(text))

        for one, following in pairwise(found):
            assert one.endswith(following.split(".")[0] + ".")

    def test_end_at_a_paragraph_rather_than_in_the_next(self) -> None:
        first = "A check-up costs 49 dollars. " * 10

        found = list(passages(f"{first}\n\nWhitening is another matter. " + "It costs 120. " * 20))

        assert found[0] == first.strip()

    def test_keep_short_lines_apart(self) -> None:
        assert list(passages("Prices\nCheck-up   49\n\nWhitening 120\n")) == ["Prices\nCheck-up 49\nWhitening 120"]

    def test_of_nothing_are_none(self) -> None:
        assert list(passages(" \n\n ")) == []

    @given(st.text(alphabet=st.characters(codec="utf-8"), max_size=3000))
    def test_are_never_too_long_and_lose_no_word(self, text: str) -> None:
        found = list(passages(text))

        assert all(0 < len(passage) <= 480 for passage in found)
        joined = "".join("".join(found).split())
        assert set("".join(text.split())) == set(joined)

    @given(st.lists(st.integers(0, 10**6), max_size=400))
    def test_hold_every_word_there_is(self, numbers: list[int]) -> None:
        text = " ".join(f"w{number}." for number in numbers)

        assert {word for passage in passages(text) for word in passage.split()} == set(text.split())


class TestTheStateOfABase:
    @pytest.mark.parametrize(
        ("items", "state"),
        [
            ([], "completed"),
            ([PENDING, PENDING], "pending"),
            ([PENDING, COMPLETED], "processing"),
            ([PENDING, FAILED], "processing"),
            ([COMPLETED, FAILED], "completed"),
            ([COMPLETED], "completed"),
            ([FAILED, FAILED], "failed"),
        ],
    )
    def test_is_that_of_its_items_together(self, items: list[ItemState], state: str) -> None:
        assert base_state(items) == state


class TestAFilesName:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("prices.pdf", "prices.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\prices.pdf", "prices.pdf"),
            ("a\x00b\nc.txt", "abc.txt"),
            ("कीमत.txt", "कीमत.txt"),
        ],
    )
    def test_is_a_name_and_no_way_to_anywhere(self, sent: str, kept: str) -> None:
        assert plain_name(sent) == kept

    def test_keeps_its_ending_however_long_it_is(self) -> None:
        assert plain_name("x" * 400 + ".pdf").endswith("x.pdf")

    @pytest.mark.parametrize(
        ("name", "kind"), [("a.PDF", "pdf"), ("a.b.csv", "csv"), ("README.markdown", "md"), ("README", "")]
    )
    def test_says_what_it_is(self, name: str, kind: str) -> None:
        assert file_type_of(name) == kind


class TestAnUpload:
    @pytest.mark.parametrize(
        ("upload", "said"),
        [
            (Upload(files=(SentFile("a.exe", "exe", b"x"),)), "files: a.exe is none of PDF, DOCX, TXT, MD, CSV"),
            (Upload(files=(SentFile("a.txt", "txt", b""),)), "files: a.txt is empty"),
            (Upload(files=(SentFile("a.txt", "txt", bytes(2_000_001)),)), "files: a.txt is larger than 2 MB"),
            (Upload(files=(SentFile("a.txt", "txt", b"x"),) * 11), "files: at most 10 files at a time"),
            (Upload(files=(SentFile("a.txt", "txt", bytes(1_900_000)),) * 3), "files: at most 5 MB at a time"),
            (Upload(urls=tuple(f"https://a.test/{page}" for page in range(21))), "urls: at most 20 URLs at a time"),
            (Upload(urls=("https://a.test/" + "x" * 2000,)), "urls: a URL has at most 2000 characters"),
            (Upload(faqs=(Faq("a", "b"),) * 201), "faqs: at most 200 at a time"),
            (Upload(faqs=(Faq("a", "b" * 5000),)), "faqs: question and answer have at most 5000 characters"),
        ],
    )
    def test_over_a_limit_names_the_field(self, upload: Upload, said: str) -> None:
        assert [fault.message for fault in upload_faults(upload)] == [said]
        [fault] = upload_faults(upload, prefix="new_")
        assert fault.path == (f"new_{said.partition(':')[0]}",)

    def test_up_to_all_limits_has_no_fault(self) -> None:
        files = (SentFile("a.txt", "txt", bytes(500_000)),) * 10
        urls = tuple(f"https://a.test/{page}" for page in range(20))

        assert not upload_faults(Upload(files, urls, (Faq("a", "b" * 4999),) * 200))
