"""How soon `outdial serve` answers, and what the HTTP door costs on top of the store.

    python benchmarks/serve.py [--starts 5] [--seconds 5] [--clients 32] [--json]

start   from the start of the process to the first good answer of GET /health, and to the first media worker with its
        local voices loaded; medians of several starts on a home that is there already
door    POST /ca/api/v0/calling/outbound/individual a second, all checks and the durable commit included, from
        keep-alive clients in processes of their own, against a node whose dialer has nothing to do (calls scheduled
        tomorrow); what the store alone does is in benchmarks/store.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
import psutil

PORT: Final = 8697
BASE: Final = f"http://127.0.0.1:{PORT}"
ROUTE: Final = f"{BASE}/ca/api/v0/calling/outbound/individual"


@asynccontextmanager
async def serving() -> AsyncIterator[asyncio.subprocess.Process]:
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "outdial", "serve", stdin=quiet, stdout=quiet, stderr=quiet
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def health(http: aiohttp.ClientSession) -> dict[str, Any]:
    try:
        async with http.get(f"{BASE}/health") as answer:
            body: dict[str, Any] = await answer.json()
            return body
    except aiohttp.ClientError:
        return {}


async def until_ready(http: aiohttp.ClientSession) -> None:
    while not (await health(http)).get("ready"):  # noqa: ASYNC110 - another process, no event tells
        await asyncio.sleep(0.05)


async def one_start(http: aiohttp.ClientSession) -> tuple[float, float]:
    """Seconds to ready, and to the first media worker."""
    began = time.perf_counter()
    ready_s = 0.0
    async with serving():
        while True:
            body = await health(http)
            if body.get("ready") and not ready_s:
                ready_s = time.perf_counter() - began
            if body.get("parts", {}).get("media_workers", "0").startswith("1"):
                return ready_s, time.perf_counter() - began
            await asyncio.sleep(0.02)


async def starts(count: int) -> dict[str, float]:
    async with aiohttp.ClientSession() as http:
        took = [await one_start(http) for _ in range(count)]
    return {
        "start_to_ready_s": round(statistics.median(ready for ready, _ in took), 2),
        "start_to_media_worker_s": round(statistics.median(worker for _, worker in took), 2),
    }


async def door(seconds: float, clients: int, mine: dict[str, str]) -> dict[str, float]:
    async with serving() as process, aiohttp.ClientSession() as http:
        await until_ready(http)
        node = psutil.Process(process.pid)
        before, began = node.cpu_times(), time.perf_counter()
        load = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "--load", json.dumps([mine, seconds, clients]), stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await load.communicate()
        after, passed = node.cpu_times(), time.perf_counter() - began
    took_ms = sorted(json.loads(printed))
    cpu_ms = 1000 * (after.user + after.system - before.user - before.system) / len(took_ms)
    return {
        "door_creates_per_s": round(len(took_ms) / passed, 1),
        "door_p50_ms": round(took_ms[len(took_ms) // 2], 2),
        "door_p99_ms": round(took_ms[len(took_ms) * 99 // 100], 2),
        "door_cpu_ms_per_create": round(cpu_ms, 3),
    }


async def load(mine: dict[str, str], seconds: float, clients: int) -> list[float]:
    """Milliseconds each create took."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {
        "name": "Sam Sample",
        "mobile_number": "+15550001111",
        "agent_id": mine["agent_id"],
        "from_number_id": mine["number_id"],
        "call_config": {"call_time": {"scheduled_at": tomorrow}},
    }
    took_ms: list[float] = []
    until = time.perf_counter() + seconds

    async def client(http: aiohttp.ClientSession) -> None:
        while (began := time.perf_counter()) < until:
            async with http.post(ROUTE, json=body, headers={"X-API-KEY": mine["ringg_key"]}) as answer:
                await answer.read()
                answer.raise_for_status()
            took_ms.append(1000 * (time.perf_counter() - began))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(client(http) for _ in range(clients)))
    return took_ms


async def measure(options: argparse.Namespace) -> dict[str, float]:
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "outdial", "init", "--json", stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await made.communicate()
    return await starts(options.starts) | await door(options.seconds, options.clients, json.loads(printed))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--starts", type=int, default=5)
    asked.add_argument("--seconds", type=float, default=5.0)
    asked.add_argument("--clients", type=int, default=32)
    asked.add_argument("--json", action="store_true", help="the last line only")
    asked.add_argument("--load", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.load:
        print(json.dumps(asyncio.run(load(*json.loads(options.load)))))
        return
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"OUTDIAL_HOME": home, "OUTDIAL_HTTP_PORT": str(PORT), "OUTDIAL_REQUESTS_PER_S": "1000000"}
        numbers = asyncio.run(measure(options))
    if not options.json:
        for name, value in numbers.items():
            print(f"{name:26} {value}")
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
