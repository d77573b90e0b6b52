"""Cells of the files we write: nothing in them is run by a spreadsheet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.api.sheets import cell

BEFORE = ["", *" \t\r\n", "\r\n", "\u00a0", "\u200b", "\ufeff", "\u3000", " \t\u202e", "\x00", "\x1f", "\u2028"]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("sign", [*"=+-@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", "\u2212"])
def test_what_begins_a_formula_is_text_whatever_stands_before_it(before: str, sign: str) -> None:
    assert cell(f"{before}{sign}1+1") == f"'{before}{sign}1+1"


@pytest.mark.parametrize("value", ["\tcmd", "\rcmd", "\ncmd", " \t=1", "\t+12025550143", "+12025550143 "])
def test_so_is_what_a_spreadsheet_may_cut(value: str) -> None:
    assert cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "+12025550143", "Sam - Sample", "a=b", "\u200bSam", "1.5", "5-6"])
def test_what_is_harmless_stays_as_it_is(value: str) -> None:
    assert cell(value) == value


@given(st.text())
def test_any_text_is_kept_behind_the_mark(value: str) -> None:
    assert cell(value).removeprefix("'") in (value, value.removeprefix("'"))
