"""The text of what customers send, whatever they send."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import time
import zipfile

import pytest

from knowledge_builders import a_docx, a_pdf, an_encrypted_pdf
from outdial.domain.errors import Refused
from outdial.domain.limits import MAX_KNOWLEDGE_LETTERS
from outdial.knowledge.extract import docx_text
from outdial.knowledge.reading import text_of
from outdial.knowledge.tables import table_lines

PAGE = """
<html><head><title>Prices</title></head><body><nav><a href="/">Home</a></nav><main>
<h1>Prices</h1><p>A check-up at our practice costs 49 dollars.</p>
<table><tr><td>Whitening</td><td>120</td></tr></table><script>var secret = 1;</script></main></body></html>
"""


class TestTexts:
    @pytest.mark.parametrize(
        "raw",
        [
            "Grüße".encode(),
            "Grüße".encode("utf-8-sig"),
            "Grüße".encode("utf-16"),
            "Grüße".encode("cp1252"),
        ],
    )
    @pytest.mark.parametrize("file_type", ["txt", "md"])
    async def test_are_read_in_any_usual_encoding(self, raw: bytes, file_type: str) -> None:
        assert await text_of(raw, file_type) == "Grüße"

    async def test_are_read_as_whoever_sent_them_says(self) -> None:
        assert await text_of("Привет".encode("koi8-r"), "txt", "koi8-r") == "Привет"

    @pytest.mark.parametrize("raw", [b"", b" \n ", b"\x00\x01\x02", bytes(100)])
    async def test_that_are_none_are_refused(self, raw: bytes) -> None:
        with pytest.raises(Refused):
            await text_of(raw, "txt")


class TestTables:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    async def test_become_lines_that_can_be_read_alone(self, separator: str) -> None:
        rows = [("Service", "Price"), ("Check-up", "49"), ("Whitening", "120"), ("", "")]
        raw = "\n".join(separator.join(row) for row in rows).encode()

        assert await text_of(raw, "csv") == "Service: Check-up; Price: 49\nService: Whitening; Price: 120"

    async def test_with_uneven_rows_lose_nothing(self) -> None:
        assert await text_of(b"a,b\n1\n1,2,3\n", "csv") == "a: 1\na: 1; b: 2; 3"

    async def test_of_one_row_are_that_row(self) -> None:
        assert await text_of(b"one,two\n", "csv") == "one; two"

    async def test_with_a_long_heading_do_not_say_it_again_in_every_row(self) -> None:
        heading = ",".join(f"{place}{'x' * 11_427}" for place in range(7))
        raw = f"{heading}\na,b\n".encode() + b"1,2\n" * 20_000

        text = await text_of(raw, "csv")

        first, *rows = text.split("\n")
        assert len(first) > 7 * 11_427
        assert rows[0].endswith(": b")
        assert all(len(row) < 200 for row in rows)
        assert len(text) <= MAX_KNOWLEDGE_LETTERS

    async def test_are_kept_up_to_the_limit(self) -> None:
        raw = b"%s\n" % b",".join(b"c" * 60 for _ in range(200)) + b"%s\n" % b",".join([b"1"] * 200) * 2000

        assert len(await text_of(raw, "csv")) == MAX_KNOWLEDGE_LETTERS

    @pytest.mark.parametrize("piece", ["('\"\n", '"', "\"'", ",;\t|", 'a"b,', "\r", '"";'])
    async def test_of_quotes_are_read_in_proportion_to_their_size(self, piece: str) -> None:
        def took(times: int) -> float:
            began = time.process_time()
            for _ in table_lines(piece * times):
                pass
            return time.process_time() - began

        small, large = took(20_000), took(160_000)

        assert large < 32 * small + 0.5
        assert isinstance(await outcome(piece.encode() * 10_000, "csv"), str)

    async def test_say_in_their_first_line_what_parts_them(self) -> None:
        assert await text_of(b"sep=|\nService, all|Price\nCheck-up|49\n", "csv") == "Service, all: Check-up; Price: 49"


class TestWhateverIsSent:
    @pytest.mark.parametrize("file_type", ["txt", "md", "csv"])
    async def test_is_not_kept_beyond_the_limit(self, file_type: str) -> None:
        assert len(await text_of("é".encode() * 1_000_000, file_type)) <= MAX_KNOWLEDGE_LETTERS

    @pytest.mark.parametrize("charset", ["zlib", "hex", "no such", "x\0y", "idna", "x" * 5000])
    async def test_may_name_any_charset(self, charset: str) -> None:
        assert await text_of(b"Hello", "txt", charset) == "Hello"

    @pytest.mark.parametrize(
        ("raw", "file_type"),
        [
            (b"<div>" * 100_000, "html"),
            (b"<table><tr><td>" * 30_000, "html"),
            (b"<!--" * 200_000, "html"),
            (b"&amp" * 300_000, "html"),
            (b"%PDF-1.4\n" + b"<<" * 300_000, "pdf"),
            (b"%PDF-1.4\n" + b"[" * 300_000, "pdf"),
        ],
        ids=["div", "table", "comment", "entity", "pdf dictionary", "pdf array"],
    )
    async def test_costs_the_node_neither_memory_nor_time(self, raw: bytes, file_type: str) -> None:
        before = resource.getrusage(resource.RUSAGE_SELF)

        await outcome(raw, file_type)

        after = resource.getrusage(resource.RUSAGE_SELF)
        assert after.ru_maxrss - before.ru_maxrss < 64 * 1024
        assert after.ru_utime - before.ru_utime < 2.0


async def outcome(raw: bytes, file_type: str) -> str:
    """Its text, or why it has none."""
    try:
        return await text_of(raw, file_type)
    except Refused as refusal:
        return str(refusal)


class TestPdf:
    async def test_is_read_page_by_page(self) -> None:
        assert await text_of(a_pdf("A check-up costs 49 dollars.", "Second page."), "pdf") == (
            "A check-up costs 49 dollars.\n\nSecond page."
        )

    async def test_with_a_password_says_so(self) -> None:
        with pytest.raises(Refused, match="it is encrypted"):
            await text_of(an_encrypted_pdf("hush", "secret"), "pdf")

    @pytest.mark.parametrize(("known", "strange"), [(b"/Standard", b"/Stranger"), (b"/V 2", b"/V 7")])
    async def test_that_is_encrypted_in_an_unknown_way_says_so(self, known: bytes, strange: bytes) -> None:
        with pytest.raises(Refused, match="it is encrypted or compressed in a way that cannot be read"):
            await text_of(an_encrypted_pdf("Open to all.", "").replace(known, strange), "pdf")

    async def test_that_is_compressed_in_an_unknown_way_says_so(self) -> None:
        with pytest.raises(Refused, match="it is encrypted or compressed in a way that cannot be read"):
            await text_of(a_pdf("Text.").replace(b"<< /Length", b"<< /Filter /Strange /Length"), "pdf")

    async def test_that_only_forbids_printing_is_read(self) -> None:
        assert await text_of(an_encrypted_pdf("Open to all.", ""), "pdf") == "Open to all."

    async def test_without_text_says_so(self) -> None:
        with pytest.raises(Refused, match="no text was found"):
            await text_of(a_pdf(""), "pdf")

    @pytest.mark.parametrize("cut", [0.2, 0.5])
    async def test_that_is_damaged_says_so_or_is_read_as_far_as_it_goes(self, cut: float) -> None:
        raw = a_pdf("A check-up costs 49 dollars.")
        with pytest.raises(Refused, match=r"damaged|no text"):
            await text_of(raw[: int(len(raw) * cut)], "pdf")


class TestWord:
    async def test_is_read_with_its_tables_in_their_place(self) -> None:
        raw = a_docx("Our prices", table=[["Service", "Price"], ["Check-up", "49"]])

        assert await text_of(raw, "docx") == "Our prices\nService; Price\nCheck-up; 49"

    @pytest.mark.parametrize("raw", [b"PK\x03\x04 not really", b"junk"])
    async def test_that_is_none_says_so(self, raw: bytes) -> None:
        with pytest.raises(Refused, match="damaged, or not what DOCX files are"):
            await text_of(raw, "docx")

    def test_that_would_fill_the_memory_is_not_unpacked(self) -> None:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("word/document.xml", bytes(60_000_000))

        assert len(written.getvalue()) < 100_000
        with pytest.raises(Refused, match="unpacked it is larger than 50 MB"):
            list(docx_text(written.getvalue()))


class TestAPage:
    async def test_is_what_it_says_and_not_what_it_runs(self) -> None:
        text = await text_of(PAGE.encode(), "html")

        assert "A check-up at our practice costs 49 dollars." in text
        assert "Whitening" in text
        assert "secret" not in text


class TestTheLibrariesThatRead:
    @pytest.mark.parametrize("module", ["outdial.bootstrap.media", "outdial.cli.app", "outdial.knowledge.worker"])
    def test_are_loaded_by_nobody_but_the_process_that_reads(self, module: str) -> None:
        asked = f"import sys, {module}; print(sorted({{'pypdf', 'docx', 'trafilatura', 'lxml'}} & set(sys.modules)))"

        ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

        assert ran.stdout.strip() == "[]"

    def test_the_media_worker_knows_no_database(self) -> None:
        asked = "import sys, outdial.knowledge.index; print('sqlalchemy' in sys.modules)"

        ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

        assert ran.stdout.strip() == "False"
