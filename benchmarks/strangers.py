"""What calls that are up feel of what strangers send to the same node.

    python benchmarks/strangers.py [--calls 20] [--seconds 10] [--rounds 3] [--json]

`outdial serve` with one media worker carries calls to a telephone of this program's over real SIP; the agent speaks all
the time, so every 20 ms a packet is due. In each round nothing is sent to the node at first; then four clients send it
one request after the other that is made to be expensive: large flows, texts full of markup, forms, lists, files,
braces. For each packet the kernel notes when it came (SO_TIMESTAMPNS), so it does not matter when this program looks.
Reported are medians of the rounds, both ways: how much later than 20 ms after the one before packets came, and how many
are missing. The clients and the telephone share the machine with the node.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import struct
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from outdial.bootstrap.database import open_database
from outdial.bootstrap.installation import installation
from outdial.carriers.simulator import sdp
from outdial.carriers.simulator.sip_messages import Request, answer_to, parse, write
from outdial.commands.provision import add_number, add_trunk
from outdial.domain.attempt import Trunk
from outdial.domain.clock import utc_now
from outdial.settings import load

PORT: Final = 8696
BASE: Final = f"http://127.0.0.1:{PORT}"
CLIENTS: Final = 4
FRAME_MS: Final = 20.0
MONOLOGUE: Final = "Certainly, I will look it up for you. " * 100
_SO_TIMESTAMPNS: Final = 35
_SETTLE_S: Final = 2.0


@dataclass
class Stream:
    """The sound of one call: sequence number and arrival of each packet, in seconds."""

    sock: socket.socket
    packets: list[tuple[int, float]] = field(default_factory=list)

    def receive(self) -> None:
        data, ancillary, *_ = self.sock.recvmsg(2048, 64)
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
        (sequence,) = struct.unpack_from("!H", data, 2)
        self.packets.append((sequence, seconds + nanoseconds / 1e9))


class Telephone:
    """Picks up whatever rings and says nothing."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.sip = _bound()
        self.streams: dict[str, Stream] = {}
        self._loop.add_reader(self.sip, self._signalled)

    @property
    def port(self) -> int:
        return int(self.sip.getsockname()[1])

    def _signalled(self) -> None:
        data, caller = self.sip.recvfrom(65_535)
        message = parse(data)
        if not isinstance(message, Request) or message.method == "ACK":
            return
        call_id = dict(message.headers)["Call-ID"]
        body, more = b"", [("Contact", f"<sip:phone@127.0.0.1:{self.port}>")]
        if message.method == "INVITE":
            stream = self.streams.get(call_id) or self._picked_up(call_id)
            body = sdp.write(sdp.Media("127.0.0.1", int(stream.sock.getsockname()[1])), session_id=1)
            more.append(("Content-Type", "application/sdp"))
        if message.method == "BYE" and (ended := self.streams.pop(call_id, None)) is not None:
            self._loop.remove_reader(ended.sock)
            ended.sock.close()
        answer = answer_to(message, 200, "OK", to_tag=call_id[:8], more=more, body=body)
        self.sip.sendto(write(answer), caller)

    def _picked_up(self, call_id: str) -> Stream:
        stream = self.streams[call_id] = Stream(_bound())
        stream.sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._loop.add_reader(stream.sock, stream.receive)
        return stream

    def forget(self) -> None:
        for stream in self.streams.values():
            stream.packets.clear()

    async def all_gone(self) -> None:
        """Returns when every talk has ended by itself."""
        while self.streams:  # noqa: ASYNC110 - another process, no event tells
            await asyncio.sleep(0.1)


def _bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


@dataclass(frozen=True)
class Heard:
    """``late_*_ms``: beyond 20 ms after the packet before. ``missing``: numbers that never came."""

    packets: int
    late_p50_ms: float
    late_p99_ms: float
    late_most_ms: float
    missing: int


def heard(streams: Sequence[Stream]) -> Heard:
    late, missing, packets = [], 0, 0
    for stream in streams:
        packets += len(stream.packets)
        for (number, at), (following, later) in zip(stream.packets, stream.packets[1:], strict=False):
            missing += (following - number - 1) & 0xFFFF
            late.append(1000 * (later - at) - FRAME_MS)
    late.sort()
    return Heard(packets, late[len(late) // 2], late[len(late) * 99 // 100], late[-1], missing)


def expensive(mine: Any) -> list[tuple[str, dict[str, Any]]]:
    """Routes, and what is sent to them."""
    native = {"Authorization": f"Bearer {mine.native_key}"}
    ringg = {"X-API-KEY": mine.ringg_key}
    steps = {f"s{at}": {"ask": "Well?", "expect": [{"hear": "x", "go": f"s{at + 1}"}]} for at in range(5_000)}
    texts = ("<!--" * 25_000, "{{a}}" * 20_000, "(" * 100_000, "word " * 20_000, '("\n' * 30_000)
    agents = [{"name": "N", "definition": {"greeting": text}} for text in texts]
    agents.append({"name": "N", "definition": {"flow": {"steps": steps}}})
    pattern = {"ask": "Well?", "expect": [{"regex": "(?:[a-z ]?){99}!", "go": "b"}]}
    agents.append({"name": "N", "definition": {"flow": {"steps": {"a": pattern, "b": {"hang_up": True}}}}})
    deep = "[" * 400_000 + "]" * 400_000
    call: dict[str, Any] = {
        "name": "S",
        "mobile_number": "+12025550143",
        "agent_id": mine.agent_id,
        "from_number_id": mine.number_id,
    }
    call["custom_args_values"] = {"a": "9" * 60_000}
    mapped = {f"v{at}": "Note" for at in range(8)} | {"mobile_number": "Mobile Number"}
    form = {
        "variables_map": json.dumps(mapped),
        "agent_id": mine.agent_id,
        "call_config": "{}",
        "country_code": "+1",
        "campaign_start_time": (utc_now() + timedelta(hours=1)).isoformat(),
        "campaign_end_time": (utc_now() + timedelta(hours=2)).isoformat(),
        "campaign_name": "A large list",
    }
    rows = "".join(f"+1202555{at:04},{'n' * 1_900}\n" for at in range(400))
    listed = {"file": ("list.csv", f"Mobile Number,Note\n{rows}".encode())}
    table = ("h" * 11_428 + ",") * 7 + "\n" + "a,b\n" * 20_000
    known = {"files": ("table.csv", table.encode())}
    return [
        *(("/v1/agents", {"headers": native, "json": body}) for body in agents),
        ("/v1/calls", {"headers": native, "content": deep, "params": {"x": "1"}}),
        ("/v1/calls", {"headers": native, "json": {"to_number": "+12025550143", "variables": {"a": ["x"] * 18_000}}}),
        ("/ca/api/v0/calling/outbound/individual", {"headers": ringg, "json": call}),
        ("/ca/api/v0/campaign/save", {"headers": ringg, "data": form, "files": listed}),
        ("/ca/api/v0/external/kb", {"headers": ringg, "data": {"kb_name": "kb"}, "files": known}),
    ]  # fmt: skip


async def feed(http: httpx.AsyncClient, requests: Sequence[tuple[str, dict[str, Any]]], over: asyncio.Event) -> int:
    """One request after the other until it is over; how many."""
    sent = 0
    while not over.is_set():
        route, what = requests[sent % len(requests)]
        await http.post(route, **what)
        sent += 1
    return sent


@asynccontextmanager
async def serving() -> AsyncIterator[None]:
    quiet = asyncio.subprocess.DEVNULL
    node = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "outdial", "serve"), stdin=quiet, stdout=quiet, stderr=quiet
    )
    try:
        async with httpx.AsyncClient(base_url=BASE, trust_env=False) as http:
            while not await _is_ready(http):  # noqa: ASYNC110 - another process, no event tells
                await asyncio.sleep(0.1)
        yield
    finally:
        node.terminate()
        await node.wait()


async def _is_ready(http: httpx.AsyncClient) -> bool:
    try:
        parts = (await http.get("/health")).json()["parts"]
    except httpx.TransportError:
        return False
    return str(parts["media_workers"]).startswith("1 of 1")


async def measure(options: argparse.Namespace) -> dict[str, float]:
    settings, telephone = load(os.environ), Telephone()
    mine = await installation(settings)
    async with open_database(settings) as database:
        trunk = Trunk(id="", name="telephone", host="127.0.0.1", port=telephone.port)
        trunk_id = await add_trunk(database, mine.workspace_id, trunk, now=utc_now)
        number_id = await add_number(database, mine.workspace_id, trunk_id, "+15551230001", now=utc_now)
    requests = expensive(mine)
    quiet, fed, sent = [], [], 0
    async with serving():
        for _ in range(options.rounds):
            async with _client() as http:
                await _talk(http, mine, number_id, telephone, options.calls)
            quiet.append(await _listen(telephone, options.seconds))
            over = asyncio.Event()
            async with _client() as http:
                feeding = [
                    asyncio.create_task(feed(http, requests[at:] + requests[:at], over)) for at in range(CLIENTS)
                ]
                fed.append(await _listen(telephone, options.seconds))
                over.set()
                sent += sum(await asyncio.gather(*feeding))
            await telephone.all_gone()
    return {
        "calls": options.calls,
        "requests_per_s": round(sent / (options.rounds * options.seconds), 1),
        **_medians("quiet", quiet),
        **_medians("fed", fed),
    }


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=BASE, trust_env=False, timeout=60.0)


async def _talk(http: httpx.AsyncClient, mine: Any, number_id: str, telephone: Telephone, calls: int) -> None:
    headers = {"Authorization": f"Bearer {mine.native_key}"}
    flow = {"steps": {"first": {"say": MONOLOGUE, "go": "last"}, "last": {"say": MONOLOGUE, "hang_up": True}}}
    made = await http.post("/v1/agents", headers=headers, json={"name": "Ada", "definition": {"flow": flow}})
    made.raise_for_status()
    for at in range(calls):
        call = {"to_number": f"+1202555{at:04}", "agent_id": made.json()["id"], "from_number_ids": [number_id]}
        (await http.post("/v1/calls", headers=headers, json=call)).raise_for_status()
    while sum(bool(stream.packets) for stream in telephone.streams.values()) < calls:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.1)
    await asyncio.sleep(_SETTLE_S)


async def _listen(telephone: Telephone, seconds: float) -> Heard:
    telephone.forget()
    await asyncio.sleep(seconds)
    return heard([*telephone.streams.values()])


def _medians(name: str, rounds: Sequence[Heard]) -> dict[str, float]:
    return {
        f"{name}_{member}": round(statistics.median(getattr(one, member) for one in rounds), 2)
        for member in ("packets", "late_p50_ms", "late_p99_ms", "late_most_ms", "missing")
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--calls", type=int, default=20)
    asked.add_argument("--seconds", type=float, default=10.0)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--json", action="store_true", help="the last line only")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {
            "OUTDIAL_HOME": str(Path(home)),
            "OUTDIAL_HTTP_PORT": str(PORT),
            "OUTDIAL_REQUESTS_PER_S": "1000000",
            "OUTDIAL_SPEECH": "scripted",
            "OUTDIAL_SIMULATOR": "false",
        }
        numbers = asyncio.run(measure(options))
    if not options.json:
        for name, value in numbers.items():
            print(f"{name:26} {value}")
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
