"""Who did what: one line for each step of each attempt, written by the nodes and read by the harness."""

from __future__ import annotations

import os
from pathlib import Path


def note(folder: Path, step: str, call_id: str, attempt: int) -> None:
    """Survives whatever becomes of this process, and mixes with no other's line."""
    line = f"{call_id} {attempt} {step} {os.getpid()}\n".encode()
    file = os.open(folder / "steps.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def owner(folder: Path, call_id: str) -> int | None:
    """The process id of the node that took the call's last attempt in hand."""
    lines = (folder / "steps.log").read_text().splitlines()
    found = [line.split() for line in lines if line.startswith(call_id)]
    return int(found[-1][3]) if found else None


def story(folder: Path, call_id: str) -> list[str]:
    """Each step of a call's attempts, in order: ``1 asked 4711``."""
    lines = (folder / "steps.log").read_text().splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(call_id)]
