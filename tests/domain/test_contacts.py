"""Rows of a customer's table: which can be rung, and what their calls carry (Ringg §7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.contacts import Columns, columns_of, contact, number_of, region_of
from outdial.domain.errors import Invalid
from outdial.domain.numbers import e164

TITLES = ("Mobile Number", "Name", "Company")
MAPPING = {"mobile_number": "Mobile Number", "callee_name": "Name", "company_name": "Company"}


def faults(titles: Sequence[str], mapping: Mapping[str, str]) -> list[tuple[str, ...]]:
    with pytest.raises(Invalid) as refused:
        columns_of(titles, mapping)
    return [fault.path for fault in refused.value.faults]


class TestColumns:
    @pytest.mark.parametrize("title", ["mobile number", " MOBILE_NUMBER ", "Mobile Number", "mobile_Number"])
    def test_are_found_without_case_blanks_and_underscores(self, title: str) -> None:
        assert columns_of(["id", title], {}) == Columns(1, None, ())

    def test_need_not_be_mapped_if_they_are_called_as_usual(self) -> None:
        assert columns_of(("name", "mobile_number", "x"), {"city": "X"}) == Columns(1, 0, (("city", 2),))

    def test_that_are_mapped_win_over_those_called_as_usual(self) -> None:
        found = columns_of((*TITLES, "Second"), {"mobile_number": "second", "callee_name": "company"})

        assert (found.number, found.name) == (3, 2)

    def test_that_are_mapped_and_missing_are_all_named(self) -> None:
        wrong = faults(TITLES, MAPPING | {"city": "City", "mobile_number": "Phone"})

        assert wrong == [("variables_map", "mobile_number"), ("variables_map", "city")]

    def test_without_one_of_numbers_are_no_list(self) -> None:
        assert faults(("Name", "Company"), {}) == [("file",)]


class TestACountry:
    @pytest.mark.parametrize(
        ("code", "region"), [("+91", "IN"), ("91", "IN"), ("IN", "IN"), ("in", "IN"), (" +1 ", "US"), ("US", "US")]
    )
    def test_is_a_calling_code_or_a_name(self, code: str, region: str) -> None:
        assert region_of(code) == region

    @pytest.mark.parametrize("code", ["", "+", "+999", "ZZ", "India", "+1-202", "٩١", "+800"])
    def test_that_does_not_exist_is_named(self, code: str) -> None:
        with pytest.raises(Invalid) as refused:
            region_of(code)

        assert refused.value.faults[0].path == ("country_code",)


class TestANumber:
    @pytest.mark.parametrize(
        ("written", "region", "number"),
        [
            (" +12025550143 ", "IN", "+12025550143"),
            ("+15551112222", "IN", "+15551112222"),
            ("0012025550143", "IN", "+12025550143"),
            ("2025550144", "US", "+12025550144"),
            ("(202) 555-0144", "US", "+12025550144"),
            ("09876543210", "IN", "+919876543210"),
            ("9876543210", "IN", "+919876543210"),
            ("919876543210", "IN", "+919876543210"),
            ("12025550143", "IN", "+12025550143"),
            ("447400123456", "US", "+447400123456"),
        ],
    )
    def test_is_read_the_first_way_the_numbering_plan_allows(self, written: str, region: str, number: str) -> None:
        assert number_of(written, region) == number

    @pytest.mark.parametrize(
        "written",
        [
            "",
            "not-a-number",
            "+91 98765 43210",
            "0091 9876543210",
            "+0123456789",
            "+12",
            "12",
            "1-800-FLOWERS",
            "9.8E+11",
        ],
    )
    def test_that_is_none_is_not_rung(self, written: str) -> None:
        assert number_of(written, "IN") is None

    @given(st.text(max_size=25), st.sampled_from(["IN", "US", "DE"]))
    def test_is_e164_or_nothing(self, written: str, region: str) -> None:
        number = number_of(written, region)

        assert number is None or e164(number) == number


class TestARow:
    columns = columns_of(TITLES, MAPPING)

    def test_brings_every_mapped_name_and_its_number_as_it_is_dialled(self) -> None:
        found = contact(1, ["2025550144", " Alex Sample ", "Example Ltd"], self.columns, "US", set())

        variables = {"mobile_number": "+12025550144", "callee_name": "Alex Sample", "company_name": "Example Ltd"}
        assert (found.mobile_number, found.callee_name, found.trouble) == ("+12025550144", "Alex Sample", "")
        assert found.variables == variables

    def test_that_is_too_short_has_empty_cells(self) -> None:
        found = contact(1, ["+12025550144"], self.columns, "US", set())

        assert found.variables == {"mobile_number": "+12025550144", "callee_name": "", "company_name": ""}

    def test_that_repeats_a_number_however_written_is_not_rung(self) -> None:
        seen: set[str] = set()
        rows = [["+12025550144"], ["2025550144"], ["0012025550144"], ["+12025550145"]]

        found = [contact(place, cells, self.columns, "US", seen) for place, cells in enumerate(rows, 1)]

        assert [bool(one.trouble) for one in found] == [False, True, True, False]

    def test_without_a_number_keeps_what_was_written(self) -> None:
        found = contact(7, ["none", "Robin"], self.columns, "US", set())

        assert (found.row, found.mobile_number, found.trouble) == (7, "none", "the number is not a phone number")
