"""Has a file read by a process of its own, and takes no more from it than agreed."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

from outdial.domain.errors import Refused
from outdial.sandbox.child import UNREADABLE

_CHUNK_BYTES: Final = 64 * 1024
_REASON_BYTES: Final = 2_000
_KEPT: Final = ("PATH", "PYTHONPATH", "LANG", "TMPDIR")
"""What the process is told of the environment: no secret."""


@dataclass(frozen=True)
class Allowance:
    """``limit_s``: from the start of the process to its end. ``most_bytes``: of what it writes."""

    limit_s: float
    most_bytes: int


async def have_read(command: Sequence[str], file: BinaryIO, into: BinaryIO, most: Allowance) -> None:
    """Give ``file`` to ``python -m`` ``command`` and write what it says to ``into``, piece by piece.

    Raises:
        Refused: it cannot be read, or would take more time, memory or room than it may; says which.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", *command),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )
    try:
        async with asyncio.timeout(most.limit_s):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_feed(process, file))
                kept = tasks.create_task(_keep(process, into, most.most_bytes))
                reason = tasks.create_task(_reason(process))
            status = await process.wait()
    except TimeoutError:
        raise Refused(f"it cannot be read within {most.limit_s:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not kept.result():
        raise Refused(f"what is in it is larger than {most.most_bytes // 1_000_000} MB")
    if status != 0:
        said = reason.result() if status == UNREADABLE else ""
        raise Refused(said or "reading it takes more memory or time than it may")


async def _feed(process: Process, file: BinaryIO) -> None:
    assert process.stdin is not None
    # It may have seen enough before the end.
    with suppress(BrokenPipeError, ConnectionResetError):
        while chunk := file.read(_CHUNK_BYTES):
            process.stdin.write(chunk)
            await process.stdin.drain()
    process.stdin.close()


async def _keep(process: Process, into: BinaryIO, most_bytes: int) -> bool:
    """Whether it was no more than that; the process is ended when it is."""
    assert process.stdout is not None
    left = most_bytes
    while chunk := await process.stdout.read(_CHUNK_BYTES):
        left -= len(chunk)
        if left < 0:
            process.kill()
            return False
        into.write(chunk)
    return True


async def _reason(process: Process) -> str:
    assert process.stderr is not None
    said = b""
    while chunk := await process.stderr.read(_CHUNK_BYTES):
        said += chunk[: _REASON_BYTES - len(said)]
    return said.decode("utf-8", "replace")
