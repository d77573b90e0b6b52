"""Clients in the four languages of Ringly's page, run by their real programs over TLS against a served node.

They are written here, after the spec's table of samples (Ringly §9): it says what each sends, and in which way. Host
and key are put in; the number and the agent they name belong to the workspace.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from api_builders import RINGLY_KEY, open_doors, seed
from api_examples import without
from api_records import WORKSPACE
from http_builders import a_server
from outdial.bootstrap.tls import Certificate
from outdial.commands.provision import add_agent, add_number, add_trunk
from outdial.domain.agent import Definition
from outdial.domain.attempt import Trunk
from outdial.domain.clock import utc_now
from outdial.store import schema
from outdial.store.database import Database
from platform_builders import PATIENCE_S, Platform, a_platform, free_tcp_port
from sip_builders import a_certificate
from store_builders import Ready

SAMPLES: Final = Path(__file__).parent / "samples"
PROGRAMS: Final[Mapping[str, Sequence[str]]] = {
    "curl": ("sh",),
    "python": (sys.executable,),
    "ruby": ("ruby",),
    "javascript": ("node",),
}
_NEEDED: Final = {"curl": "curl", "ruby": "ruby", "node": "nodejs"}
_TRUST: Final = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
_VARIABLES: Final = {
    "customer_name": "Jack",
    "property": "apartment",
    "address": "Fifth Avenue 138",
    "company_name": "Ringly.io",
    "outstanding_payment": "$3605.20",
}
pytestmark = pytest.mark.timeout(240)


@dataclass
class Exchange:
    """What went over one connection, in clear."""

    request: bytearray = field(default_factory=bytearray)
    response: bytearray = field(default_factory=bytearray)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Of the request, in lower case, in their order."""
        lines = bytes(self.request).partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    @property
    def answer(self) -> tuple[int, dict[str, Any]]:
        head, _, body = bytes(self.response).partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)


@dataclass
class Front:
    """TLS in front of a node, as a proxy in front of a real one."""

    port: int
    certificate: Path
    exchanges: list[Exchange] = field(default_factory=list)


@asynccontextmanager
async def a_front(node_port: int, folder: Path) -> AsyncIterator[Front]:
    certificate, key = await a_certificate(folder, "front")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    exchanges: list[Exchange] = []

    async def relay(source: asyncio.StreamReader, target: asyncio.StreamWriter, seen: bytearray) -> None:
        try:
            while data := await source.read(65536):
                seen += data
                target.write(data)
                await target.drain()
        except ConnectionError:
            pass
        finally:
            target.close()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange()
        exchanges.append(exchange)
        node_reader, node_writer = await asyncio.open_connection("127.0.0.1", node_port)
        await asyncio.gather(
            relay(reader, node_writer, exchange.request), relay(node_reader, writer, exchange.response)
        )

    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context)
    async with server:
        yield Front(server.sockets[0].getsockname()[1], certificate, exchanges)


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    home = tmp_path_factory.mktemp("samples")
    async with a_platform(home, SPEECH="scripted", SIMULATOR="false", DRAIN_S="1") as running:
        await running.add_trunk("samples", "+1234567890", free_tcp_port())
        await running.add_agent("agent_1234abcd", "{ask: Hello., go: only}")
        yield running


async def run(language: str, port: int, certificate: Path, key: str, folder: Path) -> None:
    """The sample with its host and key, by the program that is meant for it."""
    program, *_ = command = PROGRAMS[language]
    for needed in {program, language} & _NEEDED.keys():
        assert shutil.which(needed), (
            f"this test needs the program {needed}: make apt, or apt-get install {_NEEDED[needed]}"
        )
    text = (SAMPLES / f"{language}.sample").read_text("utf-8")
    file = folder / f"{language}.js"
    file.write_text(text.replace("app.ringly.io", f"localhost:{port}").replace("Your_Ringly_API_key", key))
    trust = dict.fromkeys(_TRUST, str(certificate))
    process = await asyncio.create_subprocess_exec(
        *command,
        str(file),
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "*", **trust},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        printed, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    assert b"registered" in printed, (printed, complaints)


class TestTheSamplesOfRinglysPage:
    async def test_place_the_same_call_and_get_the_same_answer(self, platform: Platform, tmp_path: Path) -> None:
        async with a_front(platform.port, tmp_path) as front:
            for language in PROGRAMS:
                await run(language, front.port, front.certificate, platform.mine["ringly_key"], tmp_path)
            answers = [exchange.answer for exchange in front.exchanges]
            sent = dict(zip(PROGRAMS, (exchange.headers for exchange in front.exchanges), strict=True))

        assert [status for status, _ in answers] == [200] * 4
        bodies = [without(body, "call_id", "request_id", "created_at") for _, body in answers]
        assert all(body == bodies[0] for body in bodies)
        assert bodies[0] == {
            "from_number": "+1234567890",
            "to_number": "+19876543210",
            "agent_tag": "agent_1234abcd",
            "call_status": "registered",
            "dynamic_variables": _VARIABLES,
            "call_id": "str",
            "request_id": "str",
            "created_at": "str",
        } | ({"warnings": bodies[0]["warnings"]} if "warnings" in bodies[0] else {})
        assert len({body["call_id"] for _, body in answers}) == 4
        keys = {language: dict(headers)["authorization"] for language, headers in sent.items()}
        mine = platform.mine["ringly_key"]
        assert keys == {"curl": mine, "python": mine, "ruby": f"Bearer {mine}", "javascript": mine}
        await self.are_stored_alike(platform, {body["call_id"] for _, body in answers})

    async def are_stored_alike(self, platform: Platform, call_ids: set[str]) -> None:
        url, keys_path = (
            f"sqlite:///{platform.home / 'outdial.db'}",
            platform.home / "secrets" / "database.key",
        )
        database = await Database.open(url, migrate=False, keys_path=keys_path)
        try:
            asked = sa.select(schema.call_requests).where(schema.call_requests.c.call_id.in_(call_ids))
            stored = await database.read(lambda conn: [dict(row) for row in conn.execute(asked).mappings()])
        finally:
            await database.close()
        kept = [{name: value for name, value in row.items() if name != "call_id"} for row in stored]
        assert len(kept) == 4
        assert all(row == kept[0] for row in kept)
        assert kept[0]["variables"] == _VARIABLES


class TestOverTls:
    async def test_of_the_nodes_own_every_sample_passes(self, ready_databases: Ready, tmp_path: Path) -> None:
        certificate, key = await a_certificate(tmp_path)
        async with (
            ready_databases.database("sqlite", tmp_path) as database,
            open_doors(database, tmp_path) as doors,
            a_server(doors.app, certificate=Certificate(certificate, key)) as (_, port),
        ):
            await seed(database)
            await seed_samples(database)
            for language in PROGRAMS:
                await run(language, port, certificate, RINGLY_KEY, tmp_path)

    @pytest.mark.parametrize("proxy", ["nginx", "caddy"])
    async def test_of_the_documented_proxy_every_sample_passes(
        self, platform: Platform, tmp_path: Path, proxy: str
    ) -> None:
        certificate, key = await a_certificate(tmp_path)
        port = free_tcp_port()
        config = as_documented(proxy, port=port, node=platform.port, certificate=certificate, key=key)
        async with a_proxy(proxy, config, port, tmp_path):
            for language in PROGRAMS:
                await run(language, port, certificate, platform.mine["ringly_key"], tmp_path)


async def seed_samples(database: Database) -> None:
    """The number and the agent that the samples name."""
    trunk = await add_trunk(database, WORKSPACE, Trunk(id="", name="samples", host="sip.example.test"), now=utc_now)
    await add_number(database, WORKSPACE, trunk, "+1234567890", now=utc_now)
    await add_agent(database, WORKSPACE, Definition(greeting="Hello."), "Samples", tag="agent_1234abcd", now=utc_now)


def as_documented(proxy: str, *, port: int, node: int, certificate: Path, key: Path) -> str:
    """The recipe of docs/https.md with this test's names and ports."""
    page = (Path(__file__).parents[2] / "docs" / "https.md").read_text("utf-8")
    recipe: str
    (recipe,) = re.findall(rf"```{proxy}\n(.*?)```", page, re.DOTALL)
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "calls.example.com {": f"localhost:{port} {{",
        "server_name calls.example.com": "server_name localhost",
        "/etc/ssl/calls.example.com.pem": str(certificate),
        "/etc/ssl/calls.example.com.key": str(key),
        "127.0.0.1:8600": f"127.0.0.1:{node}",
    }
    for documented, here in changes.items():
        recipe = recipe.replace(documented, here)
    assert "example.com" not in recipe
    return recipe


@asynccontextmanager
async def a_proxy(proxy: str, config: str, port: int, folder: Path) -> AsyncIterator[None]:
    """That program with this configuration, in the foreground, until the block ends."""
    file = folder / "proxy.conf"
    if proxy == "nginx":
        whole = f"pid {folder}/pid; error_log stderr; daemon off; worker_processes 1;\nevents {{}}\n"
        temporary = " ".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file.write_text(f"{whole}http {{ access_log off; {temporary}\n{config}\n}}")
        command = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(file), "-p", str(folder)]
    else:
        file.write_text(f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{config}")
        command = [shutil.which("caddy") or "caddy", "run", "--adapter", "caddyfile", "--config", str(file)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await answers(port):
                assert process.returncode is None, f"{proxy} ended with status {process.returncode}"
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
