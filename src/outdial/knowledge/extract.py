"""The text in a PDF, a Word file or a web page: ``python -m outdial.knowledge.extract TYPE < file``.

Files come from customers' hands, and the libraries that read them are large: each file is read in a process of its own
(``outdial.sandbox``). The text goes to stdout as it is found, and no more of it than is kept.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn

import docx
import pypdf
import trafilatura
from docx.table import Table

from outdial.domain.errors import Refused
from outdial.knowledge.kept import joined, kept
from outdial.sandbox.child import read_in_here

_MOST_PAGES: Final = 2_000
_UNPACKED_BYTES: Final = 50_000_000


def pdf_text(raw: bytes) -> Iterator[str]:
    """
    Raises:
        Refused: a password is needed, or it is encrypted or compressed in a way ``pypdf`` does not know here.
    """
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        # Many a file that may not be printed opens without a password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused("it is encrypted: send it without a password")
        yield from joined("\n\n", (page.extract_text() for page in _first(reader)))
    except (pypdf.errors.DependencyError, NotImplementedError):
        raise Refused("it is encrypted or compressed in a way that cannot be read: send it unencrypted") from None


def _first(reader: pypdf.PdfReader) -> Iterator[pypdf.PageObject]:
    for number, page in enumerate(reader.pages):
        if number >= _MOST_PAGES:
            return
        yield page


def docx_text(raw: bytes) -> Iterator[str]:
    """
    Raises:
        Refused: unpacked it would be far larger than any text.
    """
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        if sum(member.file_size for member in packed.infolist()) > _UNPACKED_BYTES:
            raise Refused("unpacked it is larger than 50 MB")
    lines = (line for block in docx.Document(io.BytesIO(raw)).iter_inner_content() for line in _block(block))
    yield from joined("\n", lines)


def _block(block: object) -> Iterator[str]:
    """A paragraph, or the rows of a table."""
    if isinstance(block, Table):
        for row in block.rows:
            # A merged cell stands in its row once for each column it covers.
            yield "; ".join(dict.fromkeys(cell.text.strip() for cell in row.cells if cell.text.strip()))
    else:
        yield str(getattr(block, "text", ""))


def html_text(raw: bytes) -> Iterator[str]:
    """What a page is about, without its menus; all of its text if that cannot be told apart."""
    found = trafilatura.extract(raw, include_comments=False, include_tables=True, favor_recall=True)
    yield str(found or trafilatura.html2txt(raw) or "")


READERS: Final[Mapping[str, Callable[[bytes], Iterator[str]]]] = {"pdf": pdf_text, "docx": docx_text, "html": html_text}


def main() -> NoReturn:
    kind = sys.argv[1]
    read_in_here(
        lambda: kept(READERS[kind](sys.stdin.buffer.read())),
        otherwise=f"it is damaged, or not what {kind.upper()} files are",
    )


if __name__ == "__main__":
    main()
