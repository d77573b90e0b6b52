"""Cutting words into sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.conversation.sentences import SentenceCutter


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
