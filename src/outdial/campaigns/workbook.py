"""The first sheet of a workbook as CSV in UTF-8: ``python -m outdial.campaigns.workbook < file``.

XLSX, XLSB, XLS and ODS, whatever the file is called. A process of its own reads it (``outdial.sandbox``): what a few
kilobytes unpack to, and how wide a sheet says it is, is up to whoever sent it.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Final, NoReturn

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from outdial.domain.errors import Refused
from outdial.domain.limits import MAX_LIST_COLUMNS, MAX_LIST_ROWS
from outdial.sandbox.child import read_in_here

_UNPACKED_BYTES: Final = 400_000_000
_ROWS_AT_ONCE: Final = 500
_WHOLE_BELOW: Final = 2**53
"""Above this a spreadsheet has rounded whole numbers."""
_ZIP: Final = b"PK\x03\x04"
_SHOWN: Final = SheetVisibleEnum.Visible
_UNREADABLE: Final = "it is damaged, or no workbook of a spreadsheet"


def sheet_lines(raw: bytes) -> Iterator[str]:
    """Rows in which something stands, a few hundred at a time. Of cells beyond the limit one is kept: it is refused.

    Raises:
        Refused: it cannot be read, is protected, or too large.
    """
    _must_fit(raw)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        seen = [number for number, sheet in enumerate(workbook.sheets_metadata) if sheet.visible == _SHOWN]
        if not seen:
            raise Refused("it has no sheet that is shown")
        sheets = (workbook.get_sheet_by_index(number) for number in seen)
        sheet = next((one for one in sheets if one.height and one.width), None)
    except PasswordError:
        raise Refused("it is protected: save it without a password") from None
    except CalamineError:
        raise Refused(_UNREADABLE) from None
    if sheet is not None:
        yield from _csv(sheet.iter_rows())


def _must_fit(raw: bytes) -> None:
    if not raw.startswith(_ZIP):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(member.file_size for member in packed.infolist())
    except zipfile.BadZipFile:
        raise Refused(_UNREADABLE) from None
    if size > _UNPACKED_BYTES:
        raise Refused(f"unpacked it is larger than {_UNPACKED_BYTES // 1_000_000} MB")


def _csv(rows: Iterator[Sequence[object]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    written = 0
    for row in rows:
        cells = [cell_text(cell) for cell in row[: MAX_LIST_COLUMNS + 1]]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        writer.writerow(cells)
        written += 1
        if written > MAX_LIST_ROWS + 1:
            break
        if written % _ROWS_AT_ONCE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def cell_text(cell: object) -> str:
    """A cell as a person would write it: whole numbers with all their digits, dates as ISO 8601."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE_BELOW else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    # No text in a database has a NUL, and in a CSV it would be an error of its own.
    return str(cell).replace("\0", "")


def main() -> NoReturn:
    read_in_here(lambda: sheet_lines(sys.stdin.buffer.read()), otherwise=_UNREADABLE)


if __name__ == "__main__":
    main()
