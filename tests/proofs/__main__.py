"""``make proofs``: run the tests of the doors and write ``docs/proofs.md``.

Named a file that an earlier run recorded, it only writes the page.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from proofs.choosing import Evidence
from proofs.documented import documents, operations
from proofs.page import NOT_PROVEN, PAGE, written

_ASKED: Final = ("tests/api",)
_NOT: Final = ("--ignore=tests/api/test_openapi.py", "-k", "not postgresql")
"""Generated requests prove nothing of one field; the other engine answers the same (``tests/store``)."""


def main(recorded: str = "") -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(recorded) if recorded else Path(folder) / "proofs.jsonl"
        failed = 0 if recorded else _record(file)
        said = documents()
        evidence = Evidence(file, [one for door, document in said.items() for one in operations(door, document)])
        page = written(evidence, said)
    PAGE.write_text(page, "utf-8")
    sys.stdout.write(f"{PAGE.name}: {page.count(NOT_PROVEN)} rows are not proven\n")
    return failed


def _record(file: Path) -> int:
    """Run the tests; those that fail prove nothing, and make the run fail."""
    spread = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
    command = [sys.executable, "-m", "pytest", "-q", *_ASKED, *_NOT, *spread, f"--record-proofs={file}"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
