"""How numbers and markup are put into words before they are read aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.speech.spoken import spoken


class TestNumbersThatAreReadDigitByDigit:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("Call 555-0134 now.", "Call 5 5 5, 0 1 3 4 now."),
            ("Call +15550100123.", "Call plus 1, 5 5 5, 0 1 0, 0 1 2 3."),
            ("It is (415) 555-0134", "It is 4 1 5, 5 5 5, 0 1 3 4"),
            ("Your order 47291 is here.", "Your order 4 7 2 9 1 is here."),
            ("Your code is 4829.", "Your code is 4 8 2 9."),
            ("Order number 0042.", "Order number 0 0 4 2."),
            ("Room 07", "Room 0 7"),
            ("Booking AB12CD and INV-2041", "Booking A B 1 2 C D and I N V, 2 0 4 1"),
        ],
    )
    def test_phones_codes_and_references(self, written: str, read: str) -> None:
        assert spoken(written) == read


class TestNumbersThatStay:
    @pytest.mark.parametrize(
        "written",
        [
            "It costs $15000 or 15000 dollars.",
            "In 2026, at 10:30 on 2026-03-04.",
            "1,250 people paid $9.99 for 3 items on 3/4/2026",
            "We have 100 slots at 3pm on the 3rd.",
            "That is 99.5 percent, or 12%.",
            "A B2B deal",
        ],
    )
    def test_amounts_years_dates_and_times(self, written: str) -> None:
        assert spoken(written) == written


class TestMarkup:
    def test_is_not_read_aloud(self) -> None:
        assert spoken("**Hello** 😀, see [our site](http://example.com) `now`") == "Hello , see our site now"


@given(st.from_regex(r"[a-zA-Z0-9 +$.,:/()-]{0,60}", fullmatch=True))
def test_no_digit_and_no_letter_is_lost_or_changes_its_place(text: str) -> None:
    read = spoken(text).replace("plus ", "")

    assert [x for x in read if x.isalnum()] == [x for x in text.replace("plus ", "") if x.isalnum()]


@given(st.integers(min_value=10**6, max_value=10**14).map(str))
def test_a_phone_number_keeps_its_digits_in_order(digits: str) -> None:
    assert "".join(letter for letter in spoken(f"Call +{digits} please") if letter.isdigit()) == digits
