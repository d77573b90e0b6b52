"""Processes that dial, as the benchmark sees them: started, asked, measured, killed; and the server beside them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import psutil

ROOT: Final = Path(__file__).parents[2]
_START_S: Final = 60.0
_STOP_S: Final = 60.0


class Program:
    """A process that says ``{"ready": true}``, answers lines of JSON with lines of JSON, and ends when stdin does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._seen = psutil.Process(process.pid)

    @classmethod
    async def start(cls, command: Sequence[str | Path], **options: Any) -> Program:
        """Returns when it is ready.

        Raises:
            RuntimeError: it ended before that; what it had to say is on stderr.
        """
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, json.dumps(options), stdin=pipe, stdout=pipe, cwd=ROOT)
        async with asyncio.timeout(_START_S):
            await _answer_of(process)
        return cls(process)

    async def ask(self, **what: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        return await _answer_of(self._process)

    def cpu_s(self) -> float:
        """Seconds of processor time taken so far."""
        times = self._seen.cpu_times()
        return times.user + times.system

    async def stop(self) -> None:
        """Lets it finish what it has in hand; a program that does not is killed, and that is an error."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
            raise RuntimeError("a program under test did not end") from None

    async def kill(self) -> None:
        """As a crash does it: SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def running(command: Sequence[str | Path], **options: Any) -> AsyncIterator[Program]:
    program = await Program.start(command, **options)
    try:
        yield program
    except BaseException:
        await program.kill()
        raise
    await program.stop()


async def _answer_of(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a program under test ended too early")
    answer: dict[str, Any] = json.loads(line)
    return answer


class Server:
    """The PostgreSQL server's processes, all of them: on a machine that does nothing else they worked for us."""

    def __init__(self, backend_pid: int | None) -> None:
        """``backend_pid``: a session's process; None: there is no server, or it is not on this host."""
        self._postmaster: psutil.Process | None = None
        if backend_pid is not None:
            with contextlib.suppress(psutil.Error):
                backend = psutil.Process(backend_pid)
                self._postmaster = backend.parent() if "postgres" in backend.name() else None

    def cpu_s(self) -> float:
        """Seconds of processor time taken so far, by sessions that ended too; 0 when it cannot be seen."""
        if self._postmaster is None:
            return 0.0
        own = self._postmaster.cpu_times()
        spent = own.user + own.system + own.children_user + own.children_system
        for child in self._postmaster.children():
            with contextlib.suppress(psutil.Error):
                times = child.cpu_times()
                spent += times.user + times.system
        return float(spent)


class Meter:
    """Processor time of a program and of its server since it was made, until it is stopped."""

    def __init__(self, program: Program, server: Server) -> None:
        self.program = program
        self._server = server
        self._began = self._now()
        self.spent_s = 0.0, 0.0
        self.stolen = 0.0
        """The share of the machine's processor time that its host gave to others meanwhile."""

    def stop(self) -> None:
        """To be called while the program lives."""
        program_s, server_s, stolen_s, all_s = (now - then for now, then in zip(self._now(), self._began, strict=True))
        self.spent_s = program_s, server_s
        self.stolen = stolen_s / max(all_s, 0.01)

    def _now(self) -> tuple[float, float, float, float]:
        machine = psutil.cpu_times()
        return self.program.cpu_s(), self._server.cpu_s(), getattr(machine, "steal", 0.0), sum(machine)
