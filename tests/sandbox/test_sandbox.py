"""A process that reads for us: what it may not, however it ends, and what its owner is told."""

from __future__ import annotations

import asyncio
import io
import os
import textwrap
from pathlib import Path

import pytest

from outdial.domain.errors import Refused
from outdial.sandbox.reading import Allowance, have_read

ENOUGH = Allowance(limit_s=30.0, most_bytes=1_000_000)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty module that the process can be told to run."""
    here = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), here))))
    return tmp_path / "reads_it.py"


def write(program: Path, body: str) -> None:
    lines = textwrap.indent(textwrap.dedent(body), "    ")
    begins = "import os, signal, sys\nfrom outdial.domain.errors import Refused\n"
    begins += "from outdial.sandbox.child import read_in_here\n"
    program.write_text(f"{begins}def read():\n{lines}\nread_in_here(read, otherwise='it is damaged')\n")


async def ran(program: Path, body: str, given: bytes = b"", most: Allowance = ENOUGH) -> str:
    write(program, body)
    said = io.BytesIO()
    await have_read(("reads_it",), io.BytesIO(given), said, most)
    return said.getvalue().decode()


class TestAProcessThatReads:
    async def test_gives_what_it_finds(self, program: Path) -> None:
        given = os.urandom(300_000)

        assert await ran(program, "yield str(len(sys.stdin.buffer.read()))", given) == "300000"

    async def test_need_not_read_to_the_end(self, program: Path) -> None:
        assert await ran(program, "yield 'enough'", bytes(5_000_000)) == "enough"

    async def test_knows_no_secret(self, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OUTDIAL_TRUNK_PASSWORD", "hush")

        assert "OUTDIAL" not in await ran(program, "yield ' '.join(os.environ)")

    async def test_goes_behind_the_calls(self, program: Path) -> None:
        assert int(await ran(program, "yield str(os.nice(0))")) >= min(19, os.nice(0) + 10)


class TestAFileThatIsTooMuch:
    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ("yield 'half'; raise Refused('it is encrypted')", "it is encrypted"),
            ("yield 'half'; raise ValueError('secret')", "it is damaged"),
            ("yield str(len(bytes(4 * 1024**3)))", "more memory than it may"),
            ("os.abort(); yield ''", "more memory or time than it may"),
            ("os._exit(1); yield ''", "more memory or time than it may"),
            ("while True: yield 'x' * 100_000", "larger than 1 MB"),
        ],
        ids=["refused", "raises", "memory", "aborts", "exits", "endless"],
    )
    async def test_is_refused_with_the_reason(self, program: Path, body: str, reason: str) -> None:
        with pytest.raises(Refused, match=reason):
            await ran(program, body)

    async def test_is_given_up_at_the_deadline(self, program: Path) -> None:
        with pytest.raises(Refused, match=r"cannot be read within 0\.5 s"):
            await ran(program, "while True: pass\nyield ''", most=Allowance(0.5, 1000))

    async def test_that_complains_without_end_is_not_kept(self, program: Path) -> None:
        body = "sys.stderr.write('x' * 5_000_000); raise Refused('y')\nyield ''"

        with pytest.raises(Refused) as refused:
            await ran(program, body)

        assert len(str(refused.value)) <= 2000

    async def test_leaves_no_process_when_nobody_waits_any_more(self, program: Path) -> None:
        begun = program.with_name("begun")
        body = f"open({str(begun)!r}, 'w').write(str(os.getpid()))\nsignal.pause()\nyield ''"
        reading = asyncio.ensure_future(ran(program, body))
        while not (begun.exists() and begun.read_text()):
            await asyncio.wait([reading], timeout=0.02)

        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        with pytest.raises(ProcessLookupError):
            os.kill(int(begun.read_text()), 0)
