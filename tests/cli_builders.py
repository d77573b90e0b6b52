"""The command line as its users meet it: what they type, what they read, and the exit status."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from typer.testing import CliRunner

from outdial.cli import main
from platform_builders import PATIENCE_S, free_tcp_port


@dataclass(frozen=True)
class Ran:
    """One command that has ended."""

    status: int
    printed: str
    errors: str

    @property
    def error_lines(self) -> list[str]:
        return self.errors.splitlines()


@dataclass(frozen=True)
class Home:
    """An installation's folder. Its HTTP port is free: nobody answers there."""

    folder: Path
    port: int

    def environment(self, **settings: str) -> dict[str, str]:
        """``settings`` without their prefix, e.g. ``LOG_LEVEL="debug"``."""
        given = {"HOME": str(self.folder), "HTTP_PORT": str(self.port), "SPEECH": "scripted", **settings}
        return {f"OUTDIAL_{name}": value for name, value in given.items()}

    def outdial(self, *arguments: str, **settings: str) -> Ran:
        """Run one command in this process, with nothing of this process's own settings."""
        environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith("OUTDIAL_")}
        environment |= self.environment(**settings) | {"COLUMNS": "200", "NO_COLOR": "1"}
        status = 0
        with CliRunner().isolation(env=environment) as (printed, errors, _):
            try:
                main(arguments)
            except SystemExit as ended:
                status = int(ended.code or 0)
            return Ran(status, printed.getvalue().decode(), errors.getvalue().decode())

    def file(self, name: str, content: str | bytes) -> str:
        """A file beside the installation's own; its path."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)


def a_home(folder: Path) -> Home:
    return Home(folder, free_tcp_port())


async def refused_to_serve(home: Home, **settings: str) -> str:
    """Run ``outdial serve`` as a process of its own, which must end by itself; the one line it leaves."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OUTDIAL_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "outdial", "serve"),
        env=clean | home.environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            printed, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 1
    assert not printed
    lines = errors.decode().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("outdial: ")
    return lines[0]


@contextmanager
def an_occupied_port() -> Iterator[int]:
    """A port of loopback that another program holds, for TCP and for UDP; whoever calls there is refused."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        yield port


def printed(app: typer.Typer, *arguments: str) -> str:
    """What one command prints, called in this process.

    Raises: what the command raised.
    """
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None:
        raise result.exception
    return result.stdout
