"""Lists as workbooks: read as a person sees them, in a process that can be ended."""

from __future__ import annotations

import io
import resource
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import pytest

from outdial.campaigns.reading import Sheet
from outdial.campaigns.workbook import cell_text, sheet_lines
from outdial.campaigns.workbooks import Workbooks
from outdial.domain.campaign import Contact
from outdial.domain.errors import Invalid, Refused

FILES = Path(__file__).parent / "lists"
MAPPING = {"mobile_number": "Mobile Number", "callee_name": "Name", "amount": "Betrag"}
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def zipped(members: dict[str, str | bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return written.getvalue()


def an_xlsx(*sheets: str, hidden: int = 0) -> bytes:
    """Each sheet as the XML of its rows; the first ``hidden`` of them are not shown."""
    states = ["hidden" if n < hidden else "visible" for n in range(len(sheets))]
    names = "".join(
        f'<sheet name="S{n}" sheetId="{n}" state="{state}" r:id="rId{n}"/>' for n, state in enumerate(states, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
    }
    for n, rows in enumerate(sheets, 1):
        content = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        members[f"xl/worksheets/sheet{n}.xml"] = content
    return zipped(members)


def a_row(number: int, *cells: str) -> str:
    inner = "".join(
        f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>' for at, cell in enumerate(cells)
    )
    return f'<row r="{number}">{inner}</row>'


PEOPLE = a_row(1, "Mobile Number", "Name") + a_row(2, "+919876543210", "Asha")


async def read(raw: bytes, mapping: dict[str, str], region: str = "IN") -> list[Contact]:
    async with Workbooks().as_text(io.BytesIO(raw)) as file:
        with Sheet(file, mapping, region) as sheet:
            return sheet.next(1000)


async def refused(raw: bytes) -> str:
    with pytest.raises(Invalid) as wrong:
        await read(raw, {"mobile_number": "Mobile Number"})
    return wrong.value.faults[0].message


class TestAWorkbook:
    @pytest.mark.parametrize("name", ["people.xls", "people.xlsx"])
    async def test_is_read_as_it_was_saved(self, name: str) -> None:
        first, *others = await read((FILES / name).read_bytes(), MAPPING, "DE")

        assert (first.mobile_number, first.callee_name) == ("+4915112345678", "Jörg Müller")
        assert first.variables["amount"] == "1234.5"
        assert others[-1].mobile_number == "+49301234567"
        assert not any(row.trouble for row in (first, others[-1]))

    async def test_of_another_program_is_read_too(self) -> None:
        cells = "<table:table-cell office:value-type='string'><text:p>{}</text:p></table:table-cell>"
        rows = "".join(
            f"<table:table-row>{''.join(map(cells.format, row))}</table:table-row>"
            for row in (("Mobile Number", "Name"), ("+919876543210", "Asha"))
        )
        space = "urn:oasis:names:tc:opendocument:xmlns"
        spaces = " ".join(f'xmlns:{name}="{space}:{name}:1.0"' for name in ("office", "table", "text"))
        table = f'<table:table table:name="S">{rows}</table:table>'
        inside = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
        raw = zipped(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "META-INF/manifest.xml": f'<m:manifest xmlns:m="{space}:manifest:1.0"/>',
                "content.xml": f"<office:document-content {spaces}>{inside}</office:document-content>",
            }
        )

        (row,) = await read(raw, {"mobile_number": "Mobile Number"})

        assert row.mobile_number == "+919876543210"

    async def test_is_read_from_its_first_sheet_that_is_shown_and_not_empty(self) -> None:
        raw = an_xlsx(a_row(1, "Secret"), "", PEOPLE, a_row(1, "Other"), hidden=1)

        assert [row.mobile_number for row in await read(raw, {"mobile_number": "Mobile Number"})] == ["+919876543210"]

    async def test_leaves_a_csv_as_it_is(self) -> None:
        file = io.BytesIO(b"Mobile Number\n+919876543210\n")

        async with Workbooks().as_text(file) as text:
            assert text is file

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            (919876543210.0, "919876543210"),
            (-5.0, "-5"),
            (1234.5, "1234.5"),
            (1e16, "1e+16"),
            (True, "true"),
            (date(2026, 3, 18), "2026-03-18"),
            (datetime(2026, 3, 18), "2026-03-18"),
            (datetime(2026, 3, 18, 9, 30), "2026-03-18 09:30:00"),
            (time(9, 30), "09:30:00"),
            ("a\0b", "ab"),
            ("", ""),
        ],
    )
    def test_shows_its_cells_as_a_person_would_write_them(self, cell: object, text: str) -> None:
        assert cell_text(cell) == text


class TestAWorkbookThatIsNone:
    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"PK\x03\x04 not really", "damaged"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "damaged"),
            ((FILES / "people.xlsx").read_bytes()[:3000], "damaged"),
            ((FILES / "people.xls").read_bytes()[:1500], "damaged"),
            (zipped({"a.txt": "hello"}), "damaged"),
            (zipped({"xl/worksheets/sheet1.xml": bytes(410_000_000)}), "larger than 400 MB"),
            (an_xlsx(a_row(1, "x"), hidden=1), "no sheet that is shown"),
        ],
        ids=["zip", "ole", "cut", "cut xls", "other zip", "bomb", "hidden"],
    )
    async def test_is_refused_with_the_reason(self, raw: bytes, reason: str) -> None:
        message = await refused(raw)

        assert message.startswith("the file is a workbook, and it") or "unpacked" in message
        assert reason in message

    async def test_that_says_it_is_as_wide_as_a_sheet_can_be_costs_the_node_nothing(self) -> None:
        wide = PEOPLE + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        message = await refused(an_xlsx(wide))

        assert "more memory" in message
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024

    async def test_of_a_billion_letters_is_refused(self) -> None:
        rows = "".join(a_row(n, "x" * 30_000) for n in range(1, 2500))

        assert "larger than 50 MB" in await refused(an_xlsx(rows))

    def test_with_more_columns_than_are_read_keeps_one_to_be_refused_for(self) -> None:
        cells = "".join(f'<c t="inlineStr"><is><t>{at}</t></is></c>' for at in range(300))

        (text,) = sheet_lines(an_xlsx(f"<row>{cells}</row>"))

        assert len(text.split(",")) == 201

    def test_that_is_empty_is_nothing(self) -> None:
        assert "".join(sheet_lines(an_xlsx(""))) == ""
        with pytest.raises(Refused):
            list(sheet_lines(b"PK\x03\x04"))
