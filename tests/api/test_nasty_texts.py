"""Every text field of every door is sent a megabyte of everything nasty: small answers, and no loop that waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest

from measured_node import SOCKET
from nasty_builders import NASTIES, Document, Field, nasty_text
from outdial.domain.clock import utc_now
from platform_builders import Platform

DOORS: Final = {"/v1": 1024 * 1024, "/ca/api/v0": 1024 * 1024, "/api/1.1/wf": 256 * 1024}
"""How large a body each of them takes."""
ANSWER_BYTES: Final = 1_000_000
LOOP_MS: Final = 100
GROWTH_BYTES: Final = 64 * 1024 * 1024
ADDRESS_BYTES: Final = 40_000
"""Longer ones are refused by the server before anybody looks."""
TO: Final = "+15550001111"
SILENT: Final = "+15550003002"
SENTENCE: Final = "Certainly, I will look it up for you. "


@dataclass
class Fed:
    field: Field
    nasty: str
    status: int
    text: str
    loop_ms: float

    def __str__(self) -> str:
        return f"{self.field} <- {self.nasty}: {self.status}, {len(self.text)} letters, loop {self.loop_ms:.0f} ms"


class Node:
    """A node in a process of its own, and what it tells of itself."""

    def __init__(self, platform: Platform, http: httpx.AsyncClient) -> None:
        self.platform = platform
        self._http = http
        self._headers = {
            "/v1": {"Authorization": f"Bearer {platform.mine['native_key']}"},
            "/ca/api/v0": {"X-API-KEY": platform.mine["ringg_key"]},
            "/api/1.1/wf": {"Authorization": platform.mine["ringly_key"]},
        }

    async def talk(self) -> str:
        """A call that is up, in which the agent speaks for ten minutes; its id."""
        agent_id = await self.platform.add_agent("monologue", f'{{say: "{SENTENCE * 100}", hang_up: true}}')
        call_id = await self.platform.place(SILENT, agent_id=agent_id)
        await self.platform.talking(call_id)
        return call_id

    async def fields(self) -> list[Field]:
        mine = self.platform.mine
        shown = await self._http.get("/v1/agents", headers=self._headers["/v1"])
        (agent, *_) = shown.json()["agents"]
        known: dict[str, Any] = {
            "agent_id": mine["agent_id"],
            "agent_tag": agent["tag"],
            "version_id": agent["version"]["id"],
            "voice_id": agent["version"]["definition"]["voice_id"],
            "from_number_id": mine["number_id"],
            "number_id": mine["number_id"],
            "mobile_number": TO,
            "to_number": TO,
            "operation": "edit_intro_message",
            "primary_language": "en-US",
            "country_code": "+1",
            "campaign_start_time": (utc_now() + timedelta(hours=1)).isoformat(),
            "campaign_end_time": (utc_now() + timedelta(hours=2)).isoformat(),
            "urls": '["https://example.test/"]',
            "faqs": "[]",
            "variables_map": '{"mobile_number": "Mobile Number"}',
            "call_config": "{}",
        }
        numbers = (await self._http.get("/v1/numbers", headers=self._headers["/v1"])).json()["numbers"]
        known["from_number"] = numbers[0]["number"]
        found: list[Field] = []
        for door in DOORS:
            document = (await self._http.get(f"{door}/openapi.json")).json()
            of_this = known | ({"from_number_ids": [mine["number_id"]]} if door == "/v1" else {})
            if door == "/v1":
                # Exactly one of the two names an agent.
                del of_this["agent_tag"], of_this["call_config"]
            found += Document(door, document, of_this).fields()
        return found

    async def feed(self, field: Field, nasty: str) -> Fed:
        sent = self._request(field, nasty)
        await self._measured()
        answer = await self._http.request(field.method, **sent)
        loop_ms, _ = await self._measured()
        return Fed(field, nasty, answer.status_code, answer.text, loop_ms)

    async def post(self, path: str, content: bytes, kind: str) -> tuple[int, int, float]:
        """Status, length of the answer, and how long the loop was kept."""
        return await self._ask("POST", path, content=content, headers={"Content-Type": kind})

    async def get(self, path: str) -> tuple[int, int, float]:
        return await self._ask("GET", path)

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[int, int, float]:
        door = next(door for door in DOORS if path.startswith(door))
        await self._measured()
        answer = await self._http.request(
            method, path, **more | {"headers": more.get("headers", {}) | self._headers[door]}
        )
        loop_ms, _ = await self._measured()
        return answer.status_code, len(answer.content), loop_ms

    async def memory(self) -> int:
        return (await self._measured())[1]

    async def _measured(self) -> tuple[float, int]:
        reader, writer = await asyncio.open_unix_connection(self.platform.settings[SOCKET])
        loop_ms, memory = (await reader.readline()).split()
        writer.close()
        return float(loop_ms), int(memory)

    def _request(self, field: Field, nasty: str) -> dict[str, Any]:
        size = DOORS[field.door] - 4_096
        path = {"agent_id": self.platform.mine["agent_id"], "number_id": self.platform.mine["number_id"]}
        short = nasty_text(nasty, ADDRESS_BYTES // 3)
        address = quote(short, safe="")[:ADDRESS_BYTES]
        if field.where == "path":
            path[field.path[0]] = address
        route = field.route
        while "{" in route:
            before, _, rest = route.partition("{")
            name, _, after = rest.partition("}")
            route = f"{before}{path.get(name, '00000000-0000-4000-8000-000000000000')}{after}"
        headers = dict(self._headers[field.door])
        sent: dict[str, Any] = {"headers": headers}
        if field.where == "query":
            route += f"?{field.path[0]}={address}"
        elif field.where == "header":
            headers[field.path[0]] = "".join(one for one in short if " " <= one <= "~")
        elif field.where == "form":
            sent |= _form(field, nasty, size)
        elif field.where == "body":
            sent["content"] = field.json_body(nasty, size - len(str(field.body)))
            headers["Content-Type"] = "application/json"
        return {"url": f"{field.door}{route}", **sent}


def _form(field: Field, nasty: str, size: int) -> dict[str, Any]:
    """Files are files, everything else is text."""
    data, files = {}, {}
    for name, value in field.body.items():
        text = nasty_text(nasty, size) if name in field.path else str(value)
        if "file" in name and "remove" not in name and "metadata" not in name:
            content = text if name in field.path else "Mobile Number\n+12025550143\n"
            files[name] = (f"{name}.csv", content.encode("utf-8", "surrogatepass"))
        else:
            data[name] = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return {"data": data, "files": files}


@asynccontextmanager
async def a_measured_node(home: Path, media_workers: int = 0) -> AsyncIterator[Node]:
    home.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    program = str(Path(__file__).parents[1] / "measured_node.py")
    settings = {
        "OUTDIAL_REQUESTS_PER_S": "100000",
        "OUTDIAL_MEDIA_WORKERS": str(media_workers),
        "OUTDIAL_SPEECH": "scripted",
        SOCKET: str(home / "measured"),
    }
    platform = Platform(home, settings, program=(program,))
    try:
        await platform.start()
        async with platform.client() as http:
            yield Node(platform, http)
    finally:
        await platform.stop()


def fed_to(fields: list[Field], each: int) -> Iterator[tuple[Field, str]]:
    """Every field and every nasty, ``each`` times at least: their product would take an hour."""
    for at, field in enumerate(fields):
        for turn in range(each):
            yield field, NASTIES[(at * each + turn) % len(NASTIES)]


@pytest.mark.timeout(300)
async def test_no_text_stops_a_node(tmp_path: Path) -> None:
    async with a_measured_node(tmp_path / "node", media_workers=1) as node:
        call_id = await node.talk()
        fields = await node.fields()
        assert {field.door for field in fields} == set(DOORS)
        assert {field.where for field in fields} == {"body", "form", "query", "path", "header"}
        assert len(fields) > 300
        # What is loaded once is no growth.
        for field in fields[:: len(fields) // 20]:
            await node.feed(field, "long")
        before = await node.memory()

        fed = [await node.feed(field, nasty) for field, nasty in fed_to(fields, each=1)]

        assert {one.nasty for one in fed} == set(NASTIES)
        assert [str(one) for one in fed if one.status >= 500 and one.status != 501] == []
        assert [str(one) for one in fed if len(one.text.encode()) > ANSWER_BYTES] == []
        slow = [str(one) for one in fed if one.loop_ms > LOOP_MS]
        assert not slow, "\n".join(slow)
        assert await node.memory() - before < GROWTH_BYTES
        assert (await node.platform.details(call_id))["call_status"] == "ongoing"


@pytest.mark.timeout(300)
async def test_a_long_text_is_refused_with_the_name_of_its_field(tmp_path: Path) -> None:
    async with a_measured_node(tmp_path / "node") as node:
        fields = [
            field for field in await node.fields() if field.where in {"body", "form"} and "file" not in field.name
        ]
        fed = [await node.feed(field, "words") for field in fields]

    wrong = [one for one in fed if not 400 <= one.status < 500 or one.field.name not in one.text]
    unnamed = [f"{one}\n  {one.text[:300]}" for one in wrong if one.status not in {404, 413, 429}]
    assert not unnamed, "\n".join(unnamed)


RAW: Final = {
    "no header's end": b"--b\r\n" + b"a" * 1_000_000,
    "a long header": b'--b\r\nContent-Disposition: form-data; name="' + b"n" * 1_000_000,
    "many headers": b"--b\r\n" + b"a: b\r\n" * 160_000,
    "many parts": b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 18_000,
    "nearly boundaries": b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"\r\n--" * 250_000,
    "many parameters": b"--b\r\nContent-Disposition: form-data" + b"; a=b" * 200_000 + b"\r\n\r\n",
    "many quotes": b"--b\r\nContent-Disposition: form-data; name=" + b'"' * 1_000_000 + b"\r\n\r\n",
}


@pytest.mark.timeout(120)
async def test_no_form_and_no_address_stops_a_node(tmp_path: Path) -> None:
    async with a_measured_node(tmp_path / "node") as node:
        answers = [
            await node.post("/ca/api/v0/campaign/save", content, "multipart/form-data; boundary=b")
            for content in RAW.values()
        ]
        answers += [await node.get(path) for path in _LONG_QUERIES]

    assert max(status for status, _, _ in answers) < 500
    assert {status for status, _, _ in answers[: len(RAW)]} == {400}
    assert max(loop_ms for _, _, loop_ms in answers) < LOOP_MS
    assert max(size for _, size, _ in answers) < ANSWER_BYTES


_LONG_QUERIES: Final = (
    "/v1/calls?" + "&".join(f"metadata.m{at}=1" for at in range(3_400)),
    "/v1/calls?state=" + "registered," * 4_000,
    "/v1/calls?" + "&" * 50_000,
    "/v1/calls?" + "state&" * 8_000,
    "/ca/api/v0/calling/history/download?" + "agent_id[]=%00&" * 3_000,
    "/ca/api/v0/calling/history?" + "x=1&" * 12_000,
)
