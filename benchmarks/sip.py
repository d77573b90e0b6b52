"""What a call costs over real SIP: a media worker as it runs in production, against the simulated network.

    python benchmarks/sip.py [--calls 50 100 200] [--seconds 20] [--json]

One media worker process carries all calls: SIP over UDP, G.711 over RTP, jitter buffer, voice detection, turn-taking,
a stereo recording each. The callees stay silent on the line and their 20 ms frames keep coming; the agent speaks all
the time, with a scripted voice, so that no model but the voice detector's is counted. CPU is the worker process's, all
of its threads; the simulated network runs in another process and is not counted, but it shares the machine. Lag is the
worker's own, over the seconds measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from outdial.bootstrap.children import command
from outdial.bootstrap.ports import free_sip_port
from outdial.domain.agent import Brief, TalkLimits
from outdial.domain.attempt import Answered, Dial, Order, Progress, Result, Trunk
from outdial.domain.clock import utc_now
from outdial.speech.catalogue import AVA
from outdial.workers.supervisor import MediaWorkers, media_workers

SILENT_CALLEE: Final = "+15550003002"
MONOLOGUE: Final = "Certainly, I will look it up for you. " * 100
"""Five minutes of speech, three seconds a sentence."""
RAMP_PER_S: Final = 25


@dataclass(frozen=True)
class Row:
    calls: int
    seconds: float
    cpu_ms_per_call_s: float
    cores: float
    memory_mb_per_call: float
    lag_p99_ms: float
    answered: int


async def measure(calls: int, seconds: float, folder: Path) -> Row:
    """One row, on fresh processes."""
    port = free_sip_port("127.0.0.1", 0, setting="")
    async with (
        media_workers(command("outdial.bootstrap.phones", "--port", str(port)), 1, utc_now) as phones,
        media_workers(command("outdial.bootstrap.media"), 1, utc_now) as workers,
    ):
        await asyncio.gather(phones.wait_ready(60), workers.wait_ready(60))
        worker = psutil.Process(workers.status()[0].pid)
        idle_mb = worker.memory_info().rss / 1e6
        trunk = Trunk(id="t", name="simulated", host="127.0.0.1", port=port, kind="simulator")
        async with asyncio.TaskGroup() as group:
            talks = await _answered(calls, workers, trunk, folder, group)
            row = await _steady(calls, seconds, worker, workers, idle_mb)
            for talk in talks:
                talk.cancel()
    return row


async def _answered(
    calls: int, workers: MediaWorkers, trunk: Trunk, folder: Path, group: asyncio.TaskGroup
) -> Sequence[asyncio.Task[Result]]:
    """All calls placed and picked up."""
    answered = asyncio.Semaphore(0)

    def report(progress: Progress) -> None:
        if isinstance(progress, Answered):
            answered.release()

    talks = []
    for number in range(calls):
        order = Order(
            Dial(f"bench-{number}", 1, SILENT_CALLEE, "+15550009999", trunk), _brief(), str(folder / f"{number}.wav")
        )
        talks.append(group.create_task(workers.carry_out(order, report)))
        await asyncio.sleep(1 / RAMP_PER_S)
    for _ in range(calls):
        await answered.acquire()
    return talks


async def _steady(calls: int, seconds: float, worker: psutil.Process, workers: MediaWorkers, idle_mb: float) -> Row:
    await asyncio.sleep(3.0)
    loop = asyncio.get_running_loop()
    before, began = worker.cpu_times(), loop.time()
    lags = []
    while loop.time() - began < seconds:
        await asyncio.sleep(1.0)
        lags.append(workers.status()[0].lag_p99_ms)
    after, passed = worker.cpu_times(), loop.time() - began
    cpu_s = after.user + after.system - before.user - before.system
    return Row(
        calls=calls,
        seconds=round(passed, 1),
        cpu_ms_per_call_s=round(1000 * cpu_s / passed / calls, 2),
        cores=round(cpu_s / passed, 2),
        memory_mb_per_call=round((worker.memory_info().rss / 1e6 - idle_mb) / calls, 2),
        lag_p99_ms=max(lags),
        answered=workers.status()[0].active,
    )


def _brief() -> Brief:
    return Brief(
        agent_name="Bench",
        language="en-US",
        voice=AVA,
        greeting=MONOLOGUE,
        instructions="",
        flow={"steps": {"end": {"say": "Goodbye.", "hang_up": True}}},
        model="",
        idle_question="",
        farewell="",
        limits=TalkLimits(idle_warning_s=600.0, idle_end_s=600.0, max_length_s=600.0),
        variables={},
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--calls", type=int, nargs="+", default=[50, 100, 200])
    asked.add_argument("--seconds", type=float, default=20.0)
    asked.add_argument("--json", action="store_true", help="the last line only")
    options = asked.parse_args()
    os.environ |= {"OUTDIAL_SPEECH": "scripted", "OUTDIAL_CALLS_PER_WORKER": "250", "OUTDIAL_LOG_LEVEL": "error"}
    rows = []
    for calls in options.calls:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(asyncio.run(measure(calls, options.seconds, Path(folder))))
        if not options.json:
            row = rows[-1]
            print(
                f"{row.calls:4} calls  {row.cpu_ms_per_call_s:5.2f} ms CPU/call-s  {row.cores:.2f} cores  "
                f"{row.memory_mb_per_call:.2f} MB/call  lag p99 {row.lag_p99_ms:.1f} ms  {row.answered} still up"
            )
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
