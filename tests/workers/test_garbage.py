"""The garbage collector and what is loaded when a process is ready."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
import outdial.api.root
from outdial.workers.garbage import spare_what_is_loaded

before = len(gc.get_objects())
spare_what_is_loaded()
print(before, len(gc.get_objects()))
"""


def test_a_process_that_is_ready_has_next_to_nothing_left_to_look_through() -> None:
    said = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60)

    before, after = map(int, said.stdout.split())

    assert before > 50_000
    assert after < before / 100
