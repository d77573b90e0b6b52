"""Files customers send, small and made by hand; a workspace with knowledge, and the work in the background on it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import docx
import pypdf

from outdial.commands.knowledge import create_base
from outdial.domain.clock import Clock
from outdial.domain.errors import Unreachable
from outdial.domain.knowledge import Faq, KnowledgeBase, SentFile, Upload, file_type_of
from outdial.jobs.runner import Jobs
from outdial.knowledge.worker import KnowledgeWorker
from outdial.outgoing.fetching import Fetched
from outdial.store.database import Database
from outdial.store.knowledge.reading import base
from store_builders import NOON
from workspace_builders import AT_NOON


def a_pdf(*pages: str) -> bytes:
    """A PDF with these lines of Latin text, one page for each."""
    count = len(pages)
    kids = " ".join(f"{3 + 2 * at} 0 R" for at in range(count))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {count} >>"]
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    for at, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources {font} /Contents {4 + 2 * at} 0 R >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return written + f"{tail}startxref\n{len(written)}\n%%EOF\n".encode()


def an_encrypted_pdf(text: str, password: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(a_pdf(text)))
    writer.encrypt(password, algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def a_docx(*lines: str, table: Sequence[Sequence[str]] = ()) -> bytes:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    if table:
        drawn = document.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in enumerate(table):
            for column, cell in enumerate(cells):
                drawn.cell(row, column).text = cell
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def a_file(name: str, content: bytes | str) -> SentFile:
    return SentFile(name, file_type_of(name), content if isinstance(content, bytes) else content.encode())


def an_upload(**files: bytes | str) -> Upload:
    """Files by their names, ``_`` for the dot: ``prices_pdf=…``."""
    return Upload(files=tuple(a_file(name.replace("_", "."), content) for name, content in files.items()))


class Web:
    """Pages by URL; every other one cannot be reached. ``asked``: what was fetched."""

    def __init__(self, **pages: Fetched) -> None:
        self.pages = {f"https://{name.replace('_', '.')}": page for name, page in pages.items()}
        self.asked: list[str] = []

    async def __call__(self, url: str, limit_bytes: int) -> Fetched:
        self.asked.append(url)
        if url not in self.pages:
            raise Unreachable("the page did not come")
        return self.pages[url]


def a_page(body: str | bytes, content_type: str = "text/html", status: int = 200, location: str = "") -> Fetched:
    return Fetched(status, content_type, body if isinstance(body, bytes) else body.encode(), location)


class Advancing:
    """A clock that is set forward by hand."""

    def __init__(self) -> None:
        self.now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def read_all(db: Database, web: Web | None = None, *, clock: Clock = AT_NOON) -> None:
    """Do what is to be done in the background, as it stands now."""
    worker = KnowledgeWorker(db, web or Web(), clock)
    while await Jobs(db, [worker], clock).step(worker):
        pass


async def a_base(db: Database, workspace_id: str, upload: Upload, web: Web | None = None) -> KnowledgeBase:
    """A knowledge base whose items were read as far as they can be."""
    made = await create_base(db, workspace_id, "Price list", upload, now=AT_NOON)
    await read_all(db, web)
    return await db.read(base, workspace_id, made.id)


HOURS = Faq("When are you open?", "From 9 to 6, on Saturdays until noon.")


def files_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())
