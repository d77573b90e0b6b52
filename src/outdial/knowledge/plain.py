"""Texts that are texts already: TXT, Markdown, CSV."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from outdial.domain.errors import Refused

PLAIN_TYPES: Final = frozenset({"txt", "md", "csv"})
_BOMS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def plain_text(raw: bytes, file_type: str, charset: str = "") -> str:
    """``charset``: as whoever sent it names it, if he does.

    Raises:
        Refused: it is no text.
    """
    text = _decoded(raw, charset)
    return "\n".join(_lines(text)) if file_type == "csv" else text


def _decoded(raw: bytes, charset: str) -> str:
    marked = [encoding for bom, encoding in _BOMS.items() if raw.startswith(bom)]
    for encoding in [*marked, charset, "utf-8", "cp1252"]:
        try:
            text = raw.decode(encoding) if encoding else ""
        except (UnicodeError, LookupError):
            continue
        if "\0" in text:
            break
        if text:
            return text
    raise Refused("it holds no text")


def _lines(text: str) -> Iterator[str]:
    """One line for each row: ``Service: Check-up; Price: 49``."""
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:20_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        rows: list[Sequence[str]] = [row for row in csv.reader(io.StringIO(text), dialect) if any(row)]
    except csv.Error as error:
        raise Refused(f"it is not CSV: {error}") from None
    heads = [cell.strip() for cell in rows[0]] if rows else []
    if len(rows) == 1:
        yield "; ".join(heads)
    for row in rows[1:]:
        cells = [cell.strip() for cell in row]
        named = [f"{head}: {cell}" if head else cell for head, cell in zip(heads, cells, strict=False) if cell]
        yield "; ".join(named + [cell for cell in cells[len(heads) :] if cell])
