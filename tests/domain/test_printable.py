"""Strangers' text for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.printable import printable


class TestAText:
    @given(st.text())
    def test_steers_no_terminal_and_stays_as_it_is_a_second_time(self, text: str) -> None:
        once = printable(text)

        assert all(letter.isprintable() or letter in "\u200c\u200d" for letter in once)
        assert printable(once) == once

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("\x1b[2Jgone", "\\x1b[2Jgone"),
            ("a\nINFO forged", "a\\nINFO forged"),
            ("\u202eevil", "\\u202eevil"),
            ("\ud800", "\\ud800"),
            ("José, आशा, 東京, क्\u200dष", "José, आशा, 東京, क्\u200dष"),
        ],
    )
    def test_keeps_letters_and_spells_out_the_rest(self, text: str, shown: str) -> None:
        assert printable(text) == shown

    def test_of_several_lines_keeps_them(self) -> None:
        assert printable("a\n\tb\r", lines=True) == "a\n\tb\\r"
