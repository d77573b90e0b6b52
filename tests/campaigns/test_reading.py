"""Files of people as spreadsheets write them: read, or refused with the line and the cause."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.campaigns.reading import Sheet
from outdial.domain.campaign import Contact
from outdial.domain.errors import Invalid
from outdial.domain.limits import MAX_CELL_BYTES, MAX_LIST_LINE_LETTERS, MAX_ROW_BYTES

MAPPING = {"mobile_number": "Mobile Number", "callee_name": "Name", "company": "Company"}
MAPPING_OF_TWO = {"mobile_number": "Mobile Number", "callee_name": "Name"}
MAPPING_OF_ONE = {"mobile_number": "Mobile Number"}
GERMAN = "Name;Mobile Number;Company;Betrag\r\nJörg Müller;0151 12345678;Café & Söhne;1.234,50\r\n"


def read(content: bytes, mapping: Mapping[str, str] = MAPPING, region: str = "IN") -> list[Contact]:
    with Sheet(io.BytesIO(content), mapping, region) as sheet:
        people: list[Contact] = []
        while some := sheet.next(1000):
            people += some
        return people


def refused(content: bytes, mapping: Mapping[str, str] = MAPPING) -> str:
    with pytest.raises(Invalid) as wrong:
        read(content, mapping)
    return wrong.value.faults[0].message


class TestAGermanSpreadsheet:
    @pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
    @pytest.mark.parametrize("said", ["", "sep={}\r\n", '"sep={}"\r\n', "SEP={}\n"])
    def test_is_read_however_it_was_saved(self, encoding: str, delimiter: str, said: str) -> None:
        text = said.format(delimiter) + GERMAN.replace("1.234,50", "5").replace(";", delimiter)

        (row,) = read(text.encode(encoding), region="DE")

        assert (row.mobile_number, row.callee_name, row.trouble) == ("+4915112345678", "Jörg Müller", "")
        assert row.variables["company"] == "Café & Söhne"

    @pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
    def test_is_read_in_either_order_of_bytes(self, mark: bytes) -> None:
        encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"

        assert read(mark + GERMAN.encode(encoding), region="DE")[0].callee_name == "Jörg Müller"

    def test_keeps_its_decimal_commas(self) -> None:
        (row,) = read(GERMAN.encode("cp1252"), MAPPING | {"amount": "betrag"}, region="DE")

        assert row.variables["amount"] == "1.234,50"

    def test_may_have_more_commas_in_its_titles_than_semicolons(self) -> None:
        text = 'Name;Mobile Number;"Company";Sum, net, in euros, rounded\nAsha;+919876543210;Acme;5\n'

        assert read(text.encode())[0].mobile_number == "+919876543210"


class TestTitles:
    @pytest.mark.parametrize(
        "titles",
        [
            "Name,Mobile  Number,Company",
            "name,MOBILE\u00a0NUMBER,company",
            '"Name","Mobile\nNumber","Company"',
            "\ufeffName , Mobile_Number, Company\u200b",
            "\r\n,,\r\nName,Mobile Number,Company",
            'Name, "Mobile Number" ,\u00a0"Company"',
            '"Name","Mobile "Number"","""Company"""',
            "'Name','Mobile Number',\u201cCompany\u201d",
            'Name,Mobile Number,Company,Size (5")',
            'Name, "Mobile Number", "Company"',
            "'Name','Mobile Number','Company'",
            "“Name”,“Mobile Number”,„Company“",
        ],
    )
    def test_are_found_however_they_are_spaced(self, titles: str) -> None:
        (row,) = read(f"{titles}\r\nAsha,+919876543210,Acme\r\n".encode())

        assert (row.callee_name, row.variables["company"]) == ("Asha", "Acme")

    @pytest.mark.parametrize("said", ["sep=;;;", "sep =;", "sep=,", '"sep=;"'])
    def test_are_found_under_a_delimiter_that_was_said_otherwise(self, said: str) -> None:
        (row,) = read(f"{said}\r\nName;Mobile Number;Company\r\nAsha;+919876543210;Acme\r\n".encode())

        assert row.mobile_number == "+919876543210"

    def test_may_be_parted_by_a_tab_that_is_spelled(self) -> None:
        (row,) = read(b"sep=\\t\r\nName\tMobile Number\tCompany\r\nAsha\t+919876543210\tAcme\r\n")

        assert row.variables["company"] == "Acme"


class TestAQuotedCell:
    def test_may_have_blanks_around_its_quotes(self) -> None:
        (row,) = read(b'Name,Mobile Number,Company\n"Rao, Asha" , "+919876543210" , "Acme, ""Inc""" \n')

        assert (row.callee_name, row.mobile_number) == ("Rao, Asha", "+919876543210")
        assert row.variables["company"] == 'Acme, "Inc"'

    @pytest.mark.parametrize(
        "row",
        [
            'Asha,9876543210,"12 Main St,\nPune, 411001\nTel, 020-23456789"',
            '"Asha\nRao",9876543210,"Acme\r\nInc, Pune"',
            '"Rao, Asha\nDr, med",9876543210,Acme',
        ],
    )
    def test_may_hold_lines_with_delimiters_and_numbers(self, row: str) -> None:
        asha, ravi = read(f"Name,Mobile Number,Company\n{row}\nRavi,9876543211,x\n".encode())

        assert (asha.mobile_number, ravi.mobile_number) == ("+919876543210", "+919876543211")

    @pytest.mark.parametrize("cell", ["9876543210\n9876543211", "9876543210,\n9876543211"])
    def test_may_hold_two_numbers_for_which_its_row_is_refused(self, cell: str) -> None:
        for titles, row in (("Mobile Number,Name", f'"{cell}",Asha'), ("Name,Mobile Number", f'Asha,"{cell}"')):
            asha, ravi = read(f"{titles}\n{row}\n9876543212,9876543212\n".encode(), MAPPING_OF_TWO)

            assert asha.trouble.startswith("the number is two numbers or more: 9876543210 and 9876543211")
            assert ravi.trouble == ""


class TestRowsThatAQuoteTakesIntoACell:
    @pytest.mark.parametrize(
        ("rows", "lines"),
        [
            ('Ravi,9876543211,"Acme Ltd\nMeera,9876543212,Acme"\nAsha,9876543213,x\n', (3, 4)),
            ('Ravi,9876543211,"Acme\r\nMeera,9876543212,Acme\r\nZed,9876543214,"\r\n', (3, 5)),
            ('"Ravi,9876543211,Acme Ltd\nMeera",9876543212,Acme\n', (3, 4)),
            ('Ravi,"9876543211,Acme\nMeera,9876543212",Acme\n', (3, 4)),
            ('"Ravi\nRao",9876543211,"6 pipe\nMeera,98765 43212,5"\n', (4, 5)),
        ],
    )
    def test_are_not_lost_but_named(self, rows: str, lines: tuple[int, int]) -> None:
        message = refused(f"Name,Mobile Number,Company\nAnna,9876543210,x\n{rows}".encode())

        assert "a quote that opens in line {} is not closed before line {}".format(*lines) in message

    def test_are_named_even_in_the_titles(self) -> None:
        content = b'Name,Mobile Number,"Company\nRavi,9876543211,Acme"\nAsha,9876543213,x\n'

        assert "opens in line 1 is not closed" in refused(content, MAPPING_OF_TWO)

    def test_are_found_when_they_are_only_counted(self) -> None:
        content = b'Name,Mobile Number\nRavi,"9876543211\nMeera,9876543212"\n'

        with Sheet(io.BytesIO(content), MAPPING_OF_TWO, "IN") as sheet, pytest.raises(Invalid, match="line 2"):
            sheet.count()


class TestAFileThatCannotBeRead:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ('N,M\nA,1\nB,"C\nD,2\n', "a quote that opens in line 3 is never closed"),
            ('N,M\nA,"x\ny"\nB,"C\nD,2\n', "a quote that opens in line 4 is never closed"),
            ('N,M\nA,"Acme\nB,2\nC,"Foo, Inc"\n', "a quote that opens in line 2 is not closed before line 4"),
            ('N,M\nA,"x"y\n', "line 2"),
            (
                'N,M\n"A,2025550143\nB,2025550144\nC",2025550145\n',
                "a quote that opens in line 2 is not closed before line 4",
            ),
            ('N,M\nA,1\n"B,2025550144\nC",2025550145\n', "a quote that opens in line 3 is not closed before line 4"),
            (
                'M,N\n2025550143,"x\ny"\n2025550143,"A\n+12025550144, B"\n',
                "a quote that opens in line 4 is not closed before line 5",
            ),
            ('N,"M\nA,1\nB,2\n', "a quote that opens in line 1"),
            ("N,M\nA,\x00\n", "line 2 of the file holds a NUL character"),
            ("N,M\nA,1\nB," + "x" * MAX_LIST_LINE_LETTERS, "line 3 of the file is longer than 1,000,000 characters"),
            ('N,M\nA,1\nB,"' + "x\n" * MAX_LIST_LINE_LETTERS, "a quote that opens in line 3 is never closed"),
            ("", "the file is empty"),
            ("sep=;\r\n", "the file is empty"),
        ],
    )
    def test_names_the_line(self, content: str, message: str) -> None:
        assert message in refused(content.encode(), {"mobile_number": "M"})

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"N,M\nA,1\nCaf\x81,2\n", "line 3 of the file is neither UTF-8 nor Windows-1252"),
            ("N,M\nJosé,1\n".encode() + b"Caf\xe9,2\n", "line 3 of the file is not UTF-8, as the lines before are"),
            (b"\xff\xfe" + "N,M\nA,1\n".encode("utf-16-le") + b"\x00\xd8,", "is not UTF-16"),
            ("N,M\nA,1\n".encode("utf-16-le"), "line 1 of the file holds a NUL character: is it UTF-16"),
            ("N,M\nJosé,1\n".encode("utf-16-le"), "line 1 of the file holds a NUL character: is it UTF-16"),
            ("N,M\nJosé,1\n".encode("utf-16-be"), "line 1 of the file holds a NUL character: is it UTF-16"),
            (bytes(range(256)), "line 1 of the file is neither UTF-8 nor Windows-1252"),
        ],
    )
    def test_names_its_encoding(self, content: bytes, message: str) -> None:
        assert message in refused(content, {"mobile_number": "M"})


class TestACellOfSeveralLines:
    @pytest.mark.parametrize(
        "address",
        [
            "12 Main St,\nPune, 411001",
            "1 Broadway\nBoston, MA, 02101-1234",
            "At home\n+91 98765 43210",
            "a, b,\nc, 1,234",
        ],
    )
    def test_may_be_an_address(self, address: str) -> None:
        (row,) = read(f'Mobile Number,Name,Company\n+12025550143,Sam,"{address}"\n'.encode())

        assert (row.mobile_number, row.variables["company"]) == ("+12025550143", address)


class TestAListThatWouldGrow:
    def test_is_told_the_limit_of_a_cell_and_read_on(self) -> None:
        content = b"Name,Mobile Number,Company\n" + b"x" * 130_000 + b",+919876543210,A\nAsha,+919876543211,B\n"

        long, good = read(content, MAPPING | {f"v{place}": "Name" for place in range(200)})

        assert (long.trouble[:2], str(MAX_CELL_BYTES) in long.trouble, good.trouble) == ("ca", True, "")
        assert sum(map(len, long.variables.values())) < 500

    def test_is_told_the_limit_of_a_row(self) -> None:
        content = b"Mobile Number,Name,Company\n+919876543210,A," + b"x" * 1000 + b"\n"

        (row,) = read(content, MAPPING | {f"v{place}": "Company" for place in range(150)})

        assert str(MAX_ROW_BYTES) in row.trouble

    def test_a_hundredfold_is_refused(self) -> None:
        content = b"Mobile Number\n" + b"".join(b"+9198%08d\n" % row for row in range(70_000))
        mapping = {"mobile_number": "Mobile Number"} | {f"{'v' * 40}{place}": "Mobile Number" for place in range(150)}

        assert "more than 32 times its file" in refused(content, mapping)

    def test_takes_no_more_memory_than_a_batch(self) -> None:
        rows = b"".join(b"+9198%08d,%s\n" % (row, b"y" * 900) for row in range(1000))
        content = b"Mobile Number,Company\n" + rows
        mapping = {"mobile_number": "Mobile Number"} | {f"v{place}": "Company" for place in range(12)}
        tracemalloc.start()
        try:
            with Sheet(io.BytesIO(content), mapping, "IN") as sheet:
                while sheet.next(1000):
                    pass
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert most < 32_000_000


class TestAnything:
    @given(st.binary(max_size=300))
    def test_is_read_or_refused(self, content: bytes) -> None:
        for beginning in (b"", b"Mobile Number;x\n", b"\xff\xfe", b'Mobile Number,"'):
            with suppress(Invalid):
                assert all(row.row > 0 for row in read(beginning + content, MAPPING_OF_ONE))

    @pytest.mark.parametrize("piece", ['"', "('\"\n", ";,\t|", '""', ',"', "\r", " \n", "\u00e9;"])
    def test_takes_time_in_proportion_to_its_size(self, piece: str) -> None:
        def took(times: int) -> float:
            began = time.process_time()
            for _ in range(3):
                with suppress(Invalid):
                    read(f"Mobile Number,x\n{piece * times}".encode(), MAPPING_OF_ONE)
            return time.process_time() - began

        small, large = took(20_000), took(80_000)

        assert large < 16 * small + 0.5


def test_the_small_inputs_that_once_failed_are_read_or_named() -> None:
    folder = Path(__file__).parent / "lists"

    american = read((folder / "pandas_float_us.csv").read_bytes(), MAPPING_OF_TWO, "US")
    assert [row.mobile_number for row in american] == [
        *("+12025550143", "+13125550144", "+19175550145", "+14155550146", "+12025550147")
    ]
    spaced = read((folder / "plus_spaces.csv").read_bytes())
    assert [row.mobile_number for row in spaced] == ["+919876543210", "+919876543211", "+919876543212"]
    for name in ("semicolon", "double_blank_header", "cp1252"):
        (row,) = read((folder / f"{name}.csv").read_bytes())
        assert row.mobile_number == "+919876543210"
    assert (row.callee_name, row.variables["company"]) == ("José", "Café")
    assert "line 3" in refused((folder / "unclosed_quote.csv").read_bytes())
