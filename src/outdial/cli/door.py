"""The command line as an HTTP client: the same doors a customer's server uses."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from outdial.bootstrap.checks import local_client
from outdial.cli.live import LiveView
from outdial.domain.errors import Refused, Unreachable
from outdial.settings import Settings

_START_S: Final = 60.0
_POLL_S: Final = 0.15


def client(settings: Settings) -> httpx.AsyncClient:
    """A client for this installation's own server; proxies of the environment are not asked."""
    return local_client(settings, timeout_s=15.0)


async def answer(response: httpx.Response) -> Any:
    """The JSON of a good answer.

    Raises:
        Refused: the server said no; its own words are the message.
    """
    body = response.json()
    if response.is_error:
        raise Refused(str(body.get("message") or body.get("error_message") or body.get("detail") or body))
    return body


async def follow(http: httpx.AsyncClient, key: str, call_id: str, view: LiveView) -> None:
    """Show a call's events as they come, until everything about it has ended."""
    while not view.ended:
        response = await http.get(
            f"/v1/calls/{call_id}/events", params={"after": view.last_seq}, headers={"Authorization": f"Bearer {key}"}
        )
        view.show((await answer(response))["events"])
        await asyncio.sleep(_POLL_S)


async def is_ready(http: httpx.AsyncClient) -> bool:
    """Whether a server answers and can take calls.

    Raises:
        Refused: something else answers on this port.
    """
    try:
        response = await http.get("/health")
        health = response.json()
    except httpx.TransportError:
        return False
    except ValueError as error:
        raise Refused(f"another program answers on {http.base_url}: set OUTDIAL_HTTP_PORT to a free port") from error
    if not isinstance(health, dict) or health.get("service") != "outdial":
        raise Refused(f"another program answers on {http.base_url}: set OUTDIAL_HTTP_PORT to a free port")
    return bool(health.get("ready"))


@asynccontextmanager
async def running_server(settings: Settings, http: httpx.AsyncClient) -> AsyncIterator[bool]:
    """The server that already runs, or one started for this block and stopped after it. Yields True for the latter.

    Raises:
        Unreachable: it did not come up; the message holds its last words.
    """
    if await is_ready(http):
        yield False
        return
    log = settings.home / "serve.log"
    with log.open("w") as sink:
        process = subprocess.Popen(  # noqa: ASYNC220 - a fork before anything else runs here
            [sys.executable, "-m", "outdial", "serve"], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
    try:
        await _until_ready(http, process, log)
        yield True
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def _until_ready(http: httpx.AsyncClient, process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        async with asyncio.timeout(_START_S):
            while not await is_ready(http):
                if process.poll() is not None:
                    raise Unreachable(_last_words(log))
                await asyncio.sleep(_POLL_S)
    except TimeoutError as error:
        raise Unreachable(f"the server was not ready after {_START_S:.0f} s; its log is {log}") from error


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return (
        lines[-1].removeprefix("outdial: ") if lines else f"the server ended at once and said nothing; its log is {log}"
    )
