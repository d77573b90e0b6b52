"""Cutting words into sentences."""

from __future__ import annotations

import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.conversation.sentences import SentenceCutter, beginning, pieces
from outdial.domain.limits import MAX_SENTENCE_LETTERS


def cut(*pieces: str) -> list[str]:
    cutter = SentenceCutter()
    sentences = [sentence for piece in pieces for sentence in cutter.add(piece)]
    rest = cutter.rest()
    return [*sentences, rest] if rest else sentences


class TestASentence:
    def test_comes_out_as_soon_as_the_next_begins(self) -> None:
        cutter = SentenceCutter()

        assert cutter.add("It is on the way") == []
        assert cutter.add(". It") == ["It is on the way."]
        assert cutter.rest() == "It"

    @pytest.mark.parametrize(
        ("text", "sentences"),
        [
            ("Hello! How are you? Fine.", ["Hello!", "How are you?", "Fine."]),
            ("Dr. Smith lives at 4 St. James. Call him.", ["Dr. Smith lives at 4 St. James.", "Call him."]),
            ("It costs 4.50 dollars. Really.", ["It costs 4.50 dollars.", "Really."]),
            ('She said "no." Then she left.', ['She said "no."', "Then she left."]),
            ("Come at 9 a.m. please. Thanks.", ["Come at 9 a.m. please.", "Thanks."]),
            ("One\n\nTwo", ["One", "Two"]),
            ("नमस्ते। आप कैसे हैं?", ["नमस्ते।", "आप कैसे हैं?"]),
            ("Wait... what? Oh.", ["Wait...", "what?", "Oh."]),
            ("کیا آپ آئیں گے؟ جی ہاں۔ شکریہ۔", ["کیا آپ آئیں گے؟", "جی ہاں۔", "شکریہ۔"]),
            ("هل أنت هناك؟نعم", ["هل أنت هناك؟", "نعم"]),
            ("你好！你在吗？好。", ["你好！", "你在吗？", "好。"]),
            ("You owe Rs. 25000. Please pay.", ["You owe Rs. 25000.", "Please pay."]),
            ("It is flat No. 5. Ring at ext. 12.", ["It is flat No. 5.", "Ring at ext. 12."]),
            ("Call Ph. +91 98765 43210. Thanks.", ["Call Ph. +91 98765 43210.", "Thanks."]),
            ("On Jan. 5 or Feb. 7. Fine.", ["On Jan. 5 or Feb. 7.", "Fine."]),
            ("Oh no. I would rather not.", ["Oh no.", "I would rather not."]),
            ("डॉ. शर्मा रु. 500 लेते हैं। ठीक?", ["डॉ. शर्मा रु. 500 लेते हैं।", "ठीक?"]),
            ("", []),
            ("  \n ", []),
        ],
    )
    def test_ends_where_a_reader_would_pause(self, text: str, sentences: list[str]) -> None:
        assert cut(text) == sentences


class TestAnyText:
    @given(st.text(alphabet="ab .!?\n1।", max_size=60), st.integers(1, 7))
    def test_loses_no_word_however_it_comes(self, text: str, size: int) -> None:
        pieces = [text[at : at + size] for at in range(0, len(text), size)]

        assert "".join("".join(cut(*pieces)).split()) == "".join(text.split())

    @given(st.text(max_size=900), st.integers(1, 300))
    def test_comes_in_pieces_a_voice_can_bear(self, text: str, size: int) -> None:
        sentences = cut(*(text[at : at + size] for at in range(0, len(text), size)))

        assert all(0 < len(sentence) <= MAX_SENTENCE_LETTERS for sentence in sentences)
        assert "".join("".join(sentences).split()) == "".join(text.split())


class TestATextWithoutAFullStop:
    def test_is_cut_after_a_clause(self) -> None:
        clause = "and then we went on to the next house, "

        assert [piece[-1] for piece in cut(clause * 20)[:-1]] == [","] * 3

    def test_is_else_cut_between_words(self) -> None:
        sentences = cut("word " * 2000)

        assert len(sentences) == 40
        assert set(" ".join(sentences).split()) == {"word"}

    def test_is_not_cut_inside_a_number_of_several_groups(self) -> None:
        text = "x" * 240 + " 98765 43210 is the number"

        assert cut(text) == ["x" * 240, "98765 43210 is the number"]

    def test_is_cut_where_it_must_when_it_has_no_blank(self) -> None:
        assert [len(piece) for piece in cut("x" * 600)] == [250, 250, 100]

    def test_keeps_letters_and_their_marks_together(self) -> None:
        assert "".join(cut("कि" * 400)) == "कि" * 400
        assert all(piece.startswith("क") for piece in pieces("कि" * 400, 101))


class TestTheBeginningOfAText:
    def test_ends_with_a_word(self) -> None:
        assert beginning("one two three", 9) == "one two"

    def test_may_be_nothing_or_all(self) -> None:
        assert beginning("one two", 0) == ""
        assert beginning("one two", 100) == "one two"


@pytest.mark.parametrize(
    "piece",
    [
        *["word ", ".", "a.b", "... ", "\n", "No. ", "(((", "1 ", "،", "\u200d", "(Rs."],
        *["('\n", "Mr. ", ". ", "a\n", "। "],
    ],
)
def test_takes_time_in_proportion_to_the_length(piece: str) -> None:
    def seconds(letters: int) -> float:
        text = piece * (letters // len(piece))
        return min(timeit.repeat(lambda: cut(text), number=1, repeat=3, timer=time.process_time))

    assert seconds(80_000) < 40 * max(seconds(8_000), 0.002)
