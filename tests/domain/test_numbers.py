"""E.164, and the one form of each subscriber."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.numbers import canonical, e164

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


class TestTheFormOfASubscriber:
    @pytest.mark.parametrize(
        "numbers",
        [
            ("+525512345678", "+5215512345678", "+52015512345678", "+520445512345678", "+520455512345678"),
            ("+541123456789", "+5491123456789", "+54111523456789", "+549111523456789", "+5401123456789"),
            ("+543514123456", "+5493514123456", "+54351154123456"),
            ("+5511987654321", "+551187654321"),
            ("+442079460123", "+4402079460123"),
            ("+493012345678", "+4903012345678"),
            ("+919876543210", "+9109876543210"),
            ("+33612345678", "+330612345678"),
            ("+12025550143", "+112025550143"),
            ("+79123456789", "+789123456789"),
            ("+34912345678", "+340912345678"),
            ("+393331234567", "+3903331234567"),
        ],
    )
    def test_is_one_however_it_is_spelled(self, numbers: tuple[str, ...]) -> None:
        assert {canonical(number) for number in numbers} == {numbers[0]}

    @pytest.mark.parametrize(
        "number",
        [
            "+390669812345",
            "+551131234567",
            "+15550001111",
            "+447700900123",
            "+9999999999",
            "+1112025550143",
            "+1234567",
        ],
    )
    def test_stays_as_it_is_where_nothing_can_be_dropped(self, number: str) -> None:
        assert canonical(number) == number

    @pytest.mark.parametrize("text", ["", "nobody", "0123", "+0123456789", "\ud800"])
    def test_of_what_is_no_number_is_that(self, text: str) -> None:
        assert canonical(f" {text} ") == text

    @given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
    def test_has_itself_for_its_form(self, number: str) -> None:
        form = canonical(number)

        assert e164(form) == form
        assert canonical(form) == form

    @given(st.sampled_from(REGIONS), st.sampled_from([0, 1]))
    def test_of_a_number_in_use_is_that_number_but_for_what_is_dialled_besides(self, region: str, kind: int) -> None:
        example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
        assert example is not None
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)

        assert canonical(number) == (f"+54{number.removeprefix('+549')}" if number.startswith("+549") else number)

    @given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
    def test_of_two_in_use_is_not_the_same(self, one: str, other: str) -> None:
        valid = [phonenumbers.is_valid_number(phonenumbers.parse(n)) for n in (one, other) if _parses(n)]

        if valid == [True, True] and one[-10:] != other[-10:]:
            assert canonical(one) != canonical(other)


def _parses(number: str) -> bool:
    try:
        phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return True
