"""Numbers as people write them: read when only one phone can be meant, refused with the reason otherwise."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.number_cells import MAX_NUMBER_LETTERS, Unread
from outdial.domain.number_reading import read_number
from outdial.domain.numbers import canonical, e164, is_plain

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def example(region: str, kind: int = phonenumbers.PhoneNumberType.MOBILE) -> phonenumbers.PhoneNumber:
    found = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    assert found is not None
    return found


def written(number: phonenumbers.PhoneNumber, form: int) -> str:
    return str(phonenumbers.format_number(number, form))


def refused(cell: str, region: str) -> str:
    found = read_number(cell, region)
    assert isinstance(found, Unread), f"{cell!r} in {region} was read as {found}"
    return found.reason


class TestANumberAnybodyCanRead:
    @pytest.mark.parametrize(
        ("cell", "region", "number"),
        [
            (" +12025550143 ", "IN", "+12025550143"),
            ("+15551112222", "IN", "+15551112222"),
            ("+447700900123", "IN", "+447700900123"),
            ("+91 98765 43210", "US", "+919876543210"),
            ("(+91) 98765 43210", "US", "+919876543210"),
            ("+1 (202) 555-0143", "IN", "+12025550143"),
            ("+1.202.555.0143", "IN", "+12025550143"),
            ("+44 (0)20 7946 0123", "IN", "+442079460123"),
            ("+44 [0] 20 7946 0123", "IN", "+442079460123"),
            ("+4402079460123", "IN", "+442079460123"),
            ("+34 (0)912345678", "IN", "+34912345678"),
            ("+46 46 812 34 56", "IN", "+46468123456"),
            ("+55 55 98765 4321", "IN", "+5555987654321"),
            ("+47 47 12 34 56", "IN", "+4747123456"),
            ("+34 0912 345 678", "IN", "+34912345678"),
            ("+1 0 202 555 0143", "IN", "+12025550143"),
            ("+48 0 22 123 45 67", "IN", "+48221234567"),
            ("+52 01 55 1234 5678", "IN", "+525512345678"),
            ("+39 06 69812345", "IN", "+390669812345"),
            ("+39 0333 1234567", "IN", "+393331234567"),
            ("+242 06 612 3456", "IN", "+242066123456"),
            ("+39 (0)6 69812345", "IN", "+390669812345"),
            ("+39 (0)333 1234567", "IN", "+393331234567"),
            ("+5215512345678", "IN", "+5215512345678"),
            ("+54 9 11 2345 6789", "IN", "+5491123456789"),
            ("00 91 98765 43210", "US", "+919876543210"),
            ("0091 (0)98765-43210", "US", "+919876543210"),
            ("0012025550143", "IN", "+12025550143"),
            ("011 91 98765 43210", "US", "+919876543210"),
            ("0011 1 202 555 0143", "AU", "+12025550143"),
            ("2025550144", "US", "+12025550144"),
            ("(202) 555-0144", "US", "+12025550144"),
            ("1-202-555-0144", "US", "+12025550144"),
            ("098765 43210", "IN", "+919876543210"),
            ("98765 43210", "IN", "+919876543210"),
            ("919876543210", "IN", "+919876543210"),
            ("030/1234567", "DE", "+49301234567"),
            ("+49 (0)8131/123456", "IN", "+498131123456"),
            ("4915112345678", "DE", "+4915112345678"),
            ("15112345678", "DE", "+4915112345678"),
            ("06.12.34.56.78", "FR", "+33612345678"),
            ("011 15 2345 6789", "AR", "+5491123456789"),
            ("202/555/0143", "US", "+12025550143"),
            ("202_555_0143", "US", "+12025550143"),
            ("202\u2022555\u20270143", "US", "+12025550143"),
            ("202\u2044555\u22150143", "US", "+12025550143"),
            ("06. 12. 34. 56. 78", "FR", "+33612345678"),
            ("12025550143", "IN", "+12025550143"),
            ("447400123456", "IN", "+447400123456"),
            ("+91/98765/43210", "US", "+919876543210"),
        ],
    )
    def test_is_read_the_one_way_it_can_be(self, cell: str, region: str, number: str) -> None:
        assert read_number(cell, region) == number

    @pytest.mark.parametrize(
        "cell",
        [
            "tel:+91-98765-43210",
            "TEL: +919876543210",
            "tel://+919876543210",
            "p:+919876543210",
            "Phone: +91 98765 43210",
            "'+919876543210",
            "'+919876543210'",
            "`+919876543210",
            "(+91 98765 43210)",
            "\u201e+91 98765 43210\u201c",
            "\u00ab+91 98765 43210\u00bb",
            "\u260e\ufe0e +91\u280098765\u316443210",
            "+91/98765/43210",
            "+9\ufe0f\u20e31\ufe0f\u20e3 98765 43210",
            "\u2019+919876543210",
            '="+919876543210"',
            "=+919876543210",
            '"+919876543210"',
            "\ufeff+919876543210\u200b",
            "\u202a+91\u200998765\u202f43210\u202c",
            "+91\u00a098765\u00a043210",
            "+91\u200e98765\u206443210",
            "\uff0b\uff19\uff11\uff19\uff18\uff17\uff16\uff15\uff14\uff13\uff12\uff11\uff10",
            "+\u0669\u0661 \u0669\u0668\u0667\u0666\u0665 \u0664\u0663\u0662\u0661\u0660",
            "+\u096f\u0967 \u096f\u096e\u096d\u096c\u096b \u096a\u0969\u0968\u0967\u0966",
            "+91\u201398765\u201143210",
            "+91\u221298765\u201443210",
            "\u260e\ufe0f +919876543210",
            "+91 98765-43210.",
            "+91\t98765\r\n43210",
            "Phone - +91 98765 43210",
            "Mobile number: +91 98765 43210 (WhatsApp)",
            "(m) +91 98765 43210",
            "+91 98765 43210 (office)",
            "+91 98765 43210 cell",
            "Ph:+919876543210",
            "No. +919876543210",
            "\U0001f4de +919876543210",
            "<+919876543210>",
            "{+919876543210}",
            "`+919876543210`",
        ],
    )
    def test_is_read_through_what_is_invisible_or_only_wrapped_around_it(self, cell: str) -> None:
        assert read_number(cell, "US") == "+919876543210"

    @pytest.mark.parametrize(
        "label",
        [
            *("Mob: {}", "Mob {}", "Mobile No. {}", "Tel.: {}", "TEL {}", "Phone - {}", "Ph.No.{}", "Contact no: {}"),
            *("WhatsApp {}", "WA: {}", "Mobile/WhatsApp: {}", "Cell phone: {}", "Phone (home): {}", "No. {}"),
            *("(M) {}", "m: {}", "M-{}", "Phone 2: {}", "Phone #2: {}", "M\u00f3vil: {}", "Handy {}", "\U0001f4de {}"),
            *("{} (m)", "{} home", "{} (WhatsApp)", "{} - mobile", "{}, office", "{} mob.", "tel: {} (work)"),
            *("\u092e\u094b\u092c\u093e\u0907\u0932: {}", "\u041c\u043e\u0431.: {}"),
        ],
    )
    def test_is_read_beside_a_word_that_says_it_is_one(self, label: str) -> None:
        assert read_number(label.format("98765 43210"), "IN") == "+919876543210"
        assert read_number(label.format("+91 (0)98765-43210"), "US") == "+919876543210"

    @given(st.sampled_from(REGIONS), st.sampled_from(REGIONS), st.sampled_from([0, 1]))
    def test_of_any_country_is_read_with_its_calling_code_wherever_the_list_is_from(
        self, region: str, other: str, kind: int
    ) -> None:
        number = example(region, kind)

        for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
            assert read_number(written(number, form), other) == written(number, phonenumbers.PhoneNumberFormat.E164)

    @given(st.sampled_from(REGIONS), st.sampled_from([0, 1]))
    def test_of_any_country_is_never_read_as_another_one_in_its_own(self, region: str, kind: int) -> None:
        number = example(region, kind)
        national = read_number(written(number, phonenumbers.PhoneNumberFormat.NATIONAL), region)

        right = written(number, phonenumbers.PhoneNumberFormat.E164)
        # The example numbers of Argentina are written with another prefix inside; +549 and +54 … 15 are one phone.
        assert national == right or isinstance(national, Unread)


class TestANumberFromASpreadsheetThatCalculated:
    @pytest.mark.parametrize(
        ("cell", "region", "number"),
        [
            ("2025550143.0", "US", "+12025550143"),
            ("2025550143.00", "US", "+12025550143"),
            ("2025550143,0", "US", "+12025550143"),
            ("(202) 555-0143.0", "US", "+12025550143"),
            ("(2025550143.0)", "US", "+12025550143"),
            ("2025550143\u066b0", "US", "+12025550143"),
            ("2,025,550,143", "US", "+12025550143"),
            ("2,025,550,143.00", "US", "+12025550143"),
            ("2.025.550.143,00", "US", "+12025550143"),
            ("2\u2019025\u2019550\u2019143", "US", "+12025550143"),
            ("9,87,65,43,210", "IN", "+919876543210"),
            ("9876543210.0", "IN", "+919876543210"),
            ("919876543210.0", "IN", "+919876543210"),
            ("+919876543210.0", "IN", "+919876543210"),
            ("9.19876543210E+11", "IN", "+919876543210"),
            ("9,19876543210e11", "IN", "+919876543210"),
            ("9.876543210E9", "IN", "+919876543210"),
        ],
    )
    def test_is_read_without_its_zero(self, cell: str, region: str, number: str) -> None:
        assert read_number(cell, region) == number

    @pytest.mark.parametrize(
        ("cell", "region", "reason"),
        [
            ("442079460123.0", "IN", "no number of IN"),
            ("12025550143.0", "IN", "no number of IN"),
            ("+12025550143.0", "IN", "decimal number"),
            ("011442079460123.0", "US", "decimal number, and is none of US"),
            ("3012345678. 0", "DE", "decimal number"),
            ("3012345678 .0", "DE", "decimal number"),
            ("9.19877E+11", "IN", "digits are lost"),
            ("9.1987654321E+11", "IN", "digits are lost"),
            ("4,91512E+12", "DE", "digits are lost"),
            ("1E99", "US", "digits are lost"),
            ("9.198765432105E+11", "IN", "decimal number"),
            ("2025550143.5", "US", "decimal number"),
            ("030 123456.5", "DE", "decimal number"),
            ("2.025.550,14", "US", "decimal number"),
        ],
    )
    def test_is_never_a_number_of_another_country_nor_one_with_digits_lost(
        self, cell: str, region: str, reason: str
    ) -> None:
        assert reason in refused(cell, region)

    @given(
        st.from_regex(r"[1-9][0-9]{6,13}", fullmatch=True),
        st.sampled_from(REGIONS),
        st.sampled_from([".0", ",0", ".000"]),
    )
    def test_is_of_the_lists_own_country_or_none(self, digits: str, region: str, zero: str) -> None:
        number = read_number(digits + zero, region)

        code = f"+{phonenumbers.country_code_for_region(region)}"
        assert isinstance(number, Unread) or number.startswith(code)
        assert (
            isinstance(number, Unread)
            or digits in (number[1:], number[len(code) :], f"0{number[len(code) :]}")
            or (number.endswith(digits[1:]))
        )


class TestANumberNobodyCanBeSureOf:
    @pytest.mark.parametrize(
        ("cell", "region", "reason"),
        [
            ("", "IN", "is missing"),
            ("\u200b\u00a0", "IN", "is missing"),
            ("not-a-number", "IN", "holds letters"),
            ("1-800-FLOWERS", "US", "holds letters"),
            ("+1202555O143", "US", "holds letters"),
            ("=1+1", "US", "holds '='"),
            ("98765\u00b243210", "IN", "holds '\u00b2'"),
            ("+12", "IN", "too short"),
            ("12", "IN", "too short for a number of IN"),
            ("+919876543", "IN", "too short for a number of IN"),
            ("+1202555014", "IN", "too short for a number of US"),
            ("+120255501431", "IN", "too long for a number of US"),
            ("+0123456789", "IN", "begins with no calling code"),
            ("+9999999999", "IN", "begins with no calling code"),
            ("+10000000000", "IN", "no number of US"),
            ("-9876543210", "IN", "a sign that does not belong there"),
            ("91+9876543210", "IN", "+ in its middle"),
            ("2024-05-12", "DK", "looks like a date"),
            ("12.05.2024", "DK", "looks like a date"),
            ("2024-05-12 00:00:00", "DK", "looks like a date"),
            ("2024-05-12 10.30", "DK", "looks like a date"),
            ("98765432109876543211", "IN", "too long: it has 20 digits"),
            ("7) 9165551234", "US", "its place in a list"),
            ("3. 3012345678", "DE", "its place in a list"),
            ("030 1234567 (12)", "DE", "extension"),
            ("+12025550143 ext. 5", "US", "extension"),
            ("+12025550143x5", "US", "extension"),
            ("(202) 555-0143 #12", "US", "extension"),
            ("+12025550143,,5", "US", "extension"),
            ("tel:+1-202-555-0143;ext=5", "US", "extension"),
            ("Phone: 9876543210 (home) x12", "IN", "extension"),
            ("Fax: 9876543210", "IN", "holds letters"),
            ("Tel/Fax: 9876543210", "IN", "holds letters"),
            ("do not call 9876543210", "IN", "holds letters"),
            ("9876543210 (no WhatsApp)", "IN", "holds letters"),
            ("9876543210 w", "IN", "holds letters"),
            ("Homer 9876543210", "IN", "holds letters"),
            ("no 9876543210", "IN", "holds letters"),
            ("Mobile:", "IN", "holds letters"),
            ("+49 49 151 23456789", "IN", "calling code twice"),
            ("494915123456789", "DE", "calling code twice"),
            ("((201) 555-0123.0)", "IN", "decimal number"),
            ("((201) 555-0123.00)", "IN", "decimal number"),
            ("2 (02) 1234 5678", "IN", "its place in a list"),
            ("Phone 1 02-212-3456", "KR", "its place in a list"),
            # The digit may count the phones.
            ("Mobile 1 9162234567", "IN", "no number of IN"),
            ("Phone 7 9165551234", "US", "too long for a number of US"),
            ("Phone 1 +44 7700 900123", "US", "a + in its middle"),
            # One digit too many, or one wrong, must not ring in Cairo, Teheran or Athens.
            ("20255501431", "US", "too long for a number of US"),
            ("2021550143", "US", "no number of US"),
            ("987654321012", "IN", "no number of IN"),
            ("447400123456", "DE", "no number of DE"),
            ("3906123456", "IT", "may be +3906123456 or +393906123456"),
            ("0091 2025550143", "CO", "may be +12025550143 or +912025550143"),
            ("9" * (MAX_NUMBER_LETTERS + 1), "IN", "longer than 100"),
        ],
    )
    def test_is_refused_with_the_reason(self, cell: str, region: str, reason: str) -> None:
        assert reason in refused(cell, region)

    @pytest.mark.parametrize(
        ("cell", "first", "second"),
        [
            ("+919876543210, +919876543211", "+919876543210", "+919876543211"),
            ("+919876543210 +919876543211", "+919876543210", "+919876543211"),
            ("+919876543210+919876543211", "+919876543210", "+919876543211"),
            ("9876543210/9876543211", "9876543210", "9876543211"),
            ("9876543210/11", "9876543210", "11"),
            ("9876543210 ; 9876543211", "9876543210", "9876543211"),
            ("9876543210\n9876543211", "9876543210", "9876543211"),
            ("9876543210 9876543211", "9876543210", "9876543211"),
            ("9876543210-9876543211", "9876543210", "9876543211"),
            ("98765 43210 98765 43211", "98765 43210", "98765 43211"),
            ("9876543210 or 9876543211", "9876543210", "9876543211"),
            ("tel:9876543210|tel:9876543211", "9876543210", "9876543211"),
            ("9876543210 (M) 022-23456789 (O)", "9876543210", "022-23456789"),
            ("Mob: 9876543210 Tel: 022 23456789", "9876543210", "022 23456789"),
            ("9876543210.0 / 9876543211.0", "9876543210", " 9876543211"),
            ("0151 12345678 0152 12345678", "0151 12345678", "0152 12345678"),
            ("022 2345678 u. 022 2345679", "022 2345678", "022 2345679"),
        ],
    )
    def test_that_is_two_names_both(self, cell: str, first: str, second: str) -> None:
        reason = refused(cell, "IN")

        assert reason.startswith("is two numbers or more")
        assert first in reason
        assert second in reason

    @pytest.mark.parametrize("cell", ["0301234567/8", "1234567/1234568", "1234567 1234568"])
    def test_that_is_two_is_not_one_long_number_where_numbers_may_be_long(self, cell: str) -> None:
        refused(cell, "DE")


class TestAnyCell:
    @given(st.from_regex(r"\+(?:1[2-9][0-9]{9}|91[6-9][0-9]{9}|44[1-357-9][0-9]{9})", fullmatch=True))
    def test_that_is_plain_is_read_as_any_other_would_be(self, number: str) -> None:
        # With a blank in it, it is looked up.
        assert is_plain(number)
        assert read_number(number, "FR") == read_number(f"{number[:4]} {number[4:]}", "FR") == number
        assert phonenumbers.format_number(phonenumbers.parse(number), 0) == canonical(number) == number

    @given(st.text(max_size=25), st.sampled_from(["IN", "US", "DE"]))
    def test_is_e164_or_refused(self, cell: str, region: str) -> None:
        number = read_number(cell, region)

        assert isinstance(number, Unread) or e164(number) == number

    @given(st.sampled_from(REGIONS), st.sampled_from([0, 1]), st.sampled_from(REGIONS), st.data())
    def test_with_signs_between_its_digits_is_that_number_or_refused(
        self, region: str, kind: int, other: str, data: st.DataObject
    ) -> None:
        number = written(example(region, kind), phonenumbers.PhoneNumberFormat.E164)
        signs = st.sampled_from(["", "", "", " ", "-", "\u00a0", "\u200b", "\u2013", "(", ")", "/"])
        cell = "".join(letter + data.draw(signs) for letter in number)

        assert read_number(cell, other) == number or isinstance(read_number(cell, other), Unread)
