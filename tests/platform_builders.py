"""A whole Outdial, started as its users start it, on free ports and in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from outdial.bootstrap.agent_file import read_agent
from outdial.bootstrap.installation import installation
from outdial.commands.provision import add_agent, add_number, add_trunk
from outdial.domain.attempt import Trunk
from outdial.domain.clock import utc_now
from outdial.settings import load
from outdial.store.database import Database

PATIENCE_S: Final = 90.0
TERMINAL: Final = frozenset({"completed", "failed", "error", "cancelled", "forwarded"})
SAM: Final = "+15550001111"
BRIEF_AGENT: Final = """
name: Brief
tag: {tag}
language: en-US
greeting: "{greeting}"
flow:
  steps:
    only:
      {step}
"""


def free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait for another process that sends no event."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S:.0f} s: {what}") from None


@dataclass
class Platform:
    """One installation under ``home``; ``start`` and ``kill`` as often as a test likes.

    ``program`` is what Python is told to run: ``outdial serve``, or a test's own program that does the same and more.
    """

    home: Path
    settings: Mapping[str, str]
    port: int = field(default_factory=free_tcp_port)
    process: asyncio.subprocess.Process | None = None
    mine: dict[str, str] = field(default_factory=dict)
    program: Sequence[str] = ("-m", "outdial", "serve")

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OUTDIAL_")}
        return clean | {"OUTDIAL_HOME": str(self.home), "OUTDIAL_HTTP_PORT": str(self.port)} | dict(self.settings)

    async def outdial(self, *arguments: str) -> str:
        """Run one ``outdial`` command to its end; what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "outdial", *arguments, env=self.environment, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, f"outdial {' '.join(arguments)} ended with {process.returncode}: {printed!r}"
        return printed.decode()

    async def start(self) -> None:
        self.mine = self.mine or asdict(await installation(load(self.environment)))
        with (self.home / "serve.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self.program, env=self.environment, stdout=log, stderr=log
            )
        async with asyncio.timeout(PATIENCE_S):
            while not await self.is_up():
                assert self.process.returncode is None, (self.home / "serve.log").read_text()
                await asyncio.sleep(0.05)

    async def is_up(self) -> bool:
        try:
            async with self.client() as http:
                return (await http.get("/health")).status_code == 200
        except httpx.TransportError:
            return False

    async def workers_are_ready(self, count: int) -> None:
        """Returns once so many media workers have come up."""
        async with asyncio.timeout(PATIENCE_S), self.client() as http:
            all_ready = f"{count} of {count} ready"
            while (await http.get("/health")).json()["parts"]["media_workers"] != all_ready:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.05)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=30.0)

    def children(self, module: str = "") -> list[psutil.Process]:
        """Its child processes, those of one module only if named."""
        assert self.process is not None
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in found if module in " ".join(child.cmdline())]

    async def kill(self) -> None:
        """SIGKILL to the node; its children must follow by themselves."""
        assert self.process is not None
        children = self.children()
        self.process.kill()
        await self.process.wait()
        await eventually(lambda: not any(_alive(child) for child in children), "the children of a killed node end")

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            async with asyncio.timeout(PATIENCE_S):
                await self.process.wait()

    async def place(self, to_number: str, **fields: Any) -> str:
        """POST one Ringg call; its id."""
        body = {
            "name": "Sam Sample",
            "mobile_number": to_number,
            "agent_id": self.mine["agent_id"],
            "from_number_id": self.mine["number_id"],
            **fields,
        }
        async with self.client() as http:
            answer = await http.post(
                "/ca/api/v0/calling/outbound/individual", json=body, headers={"X-API-KEY": self.mine["ringg_key"]}
            )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["call_id"])

    async def details(self, call_id: str) -> dict[str, Any]:
        async with self.client() as http:
            answer = await http.get(
                "/ca/api/v0/calling/call-details",
                params={"id": call_id},
                headers={"X-API-KEY": self.mine["ringg_key"]},
            )
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def events(self, call_id: str) -> list[dict[str, Any]]:
        async with self.client() as http:
            answer = await http.get(
                f"/v1/calls/{call_id}/events", headers={"Authorization": f"Bearer {self.mine['native_key']}"}
            )
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["events"]
        return rows

    async def ended(self, call_id: str) -> dict[str, Any]:
        """The call's details once its status is terminal."""
        return await self.until(call_id, lambda data: data["call_status"] in TERMINAL)

    async def whole_story(self, call_id: str) -> list[str]:
        """What is told of the call, up to the last of it."""
        told: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while "processed" not in told:
                await asyncio.sleep(0.1)
                told = [event["type"] for event in await self.events(call_id)]
        return told

    async def talking(self, call_id: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not any(event["type"] == "answered" for event in await self.events(call_id)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def until(self, call_id: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        details: dict[str, Any] = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not true(details := await self.details(call_id)):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            log = (self.home / "serve.log").read_text()[-4000:]
            raise AssertionError(f"still {details.get('call_status')}: {details}\n{log}") from None
        return details

    async def add_agent(self, tag: str, step: str, greeting: str = "") -> str:
        """An agent with a flow of one step; its id."""
        file = read_agent(BRIEF_AGENT.format(tag=tag, step=step, greeting=greeting))
        async with self._database() as database:
            return await add_agent(
                database, self.mine["workspace_id"], file.definition, file.name, now=utc_now, tag=file.tag
            )

    async def add_trunk(self, name: str, number: str, port: int, **more: Any) -> str:
        """A trunk to a phone on loopback with one caller number; the number's id."""
        trunk = Trunk(id="", name=name, host="127.0.0.1", port=port, **more)
        async with self._database() as database:
            trunk_id = await add_trunk(database, self.mine["workspace_id"], trunk, now=utc_now)
            return await add_number(database, self.mine["workspace_id"], trunk_id, number, now=utc_now)

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        settings = load(self.environment)
        database = await Database.open(settings.database_url, migrate=False, keys_path=settings.keys_path)
        try:
            yield database
        finally:
            await database.close()


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def a_platform(home: Path, **settings: str) -> AsyncIterator[Platform]:
    """A running platform; ``settings`` without their prefix, e.g. ``SPEECH="scripted"``."""
    home.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    # Tests ask many times a second how a call stands.
    chosen = {"REQUESTS_PER_S": "100000"} | settings
    platform = Platform(home, {f"OUTDIAL_{name}": value for name, value in chosen.items()})
    try:
        await platform.start()
        yield platform
    finally:
        await platform.stop()
