"""Rows of a customer's table: which can be rung, and what their calls carry (Ringg §7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from outdial.domain.contacts import Columns, columns_of, contact, region_of
from outdial.domain.errors import Invalid
from outdial.domain.limits import MAX_CELL_BYTES, MAX_ROW_BYTES

TITLES = ("Mobile Number", "Name", "Company")
MAPPING = {"mobile_number": "Mobile Number", "callee_name": "Name", "company_name": "Company"}


def faults(titles: Sequence[str], mapping: Mapping[str, str]) -> list[tuple[str, ...]]:
    with pytest.raises(Invalid) as refused:
        columns_of(titles, mapping)
    return [fault.path for fault in refused.value.faults]


class TestColumns:
    @pytest.mark.parametrize(
        "title",
        [
            *("mobile number", " MOBILE_NUMBER ", "Mobile Number", "mobile_Number", "Mobile  Number"),
            *("Mobile\u00a0Number", "\ufeffMobile\nNumber\u200b", "mobile__number"),
            *("'Mobile Number'", 'Mobile "Number"', "\uff2dobile Number"),
        ],
    )
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

        assert (found.row, found.mobile_number, found.trouble) == (7, "none", "the number holds letters")

    def test_that_repeats_a_subscriber_under_another_number_is_not_rung(self) -> None:
        seen: set[str] = set()
        rows = [["+5215512345678"], ["+52 55 1234 5678"], ["+4402079460123"], ["+44 20 7946 0123"]]

        found = [contact(place, cells, self.columns, "US", seen) for place, cells in enumerate(rows, 1)]

        assert [bool(one.trouble) for one in found] == [False, True, False, True]
        assert [one.mobile_number for one in found[::2]] == ["+5215512345678", "+442079460123"]

    @pytest.mark.parametrize("letter", ["x", "é"])
    def test_with_a_cell_that_is_too_long_names_it_and_keeps_none_of_it(self, letter: str) -> None:
        most = MAX_CELL_BYTES // len(letter.encode())
        fits = contact(1, ["+12025550144", "Sam", letter * most], self.columns, "US", set())
        found = contact(1, ["+12025550144", "Sam", letter * (most + 1)], self.columns, "US", set())

        assert fits.trouble == ""
        assert found.trouble.startswith("company_name is longer than a cell may be")
        assert str(MAX_CELL_BYTES) in found.trouble
        assert found.variables == {"mobile_number": "+12025550144", "callee_name": "Sam"}

    def test_that_is_too_long_with_all_its_variables_is_not_rung(self) -> None:
        columns = columns_of(TITLES, {f"v{place}": "Company" for place in range(20)})
        found = contact(1, ["+12025550144", "Sam", "x" * 1000], columns, "US", set())

        assert str(MAX_ROW_BYTES) in found.trouble
        assert len(found.variables) == 2

    def test_that_is_too_long_shows_the_beginning_of_its_number(self) -> None:
        found = contact(1, ["9" * 130_000], self.columns, "US", set())

        assert len(found.mobile_number) < 200
