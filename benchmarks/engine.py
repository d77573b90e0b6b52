"""How many conversations one core holds: real voice detector, scripted speech parts, lines in memory, real time.

    python benchmarks/engine.py                         # 50, 100, ... until loop lag p99 exceeds 20 ms
    python benchmarks/engine.py --calls 250 --seconds 20 --json

Each call: the callee speaks about 3 s and is silent about 4.5 s, over and over, which makes some 8 turns a minute; the
agent answers each time with about 3 s of speech, 40 % of the time. Recording is on, to a temporary folder. The process
is pinned to one core; CPU is the whole process's, the far ends of the lines included.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import json
import os
import pstats
import resource
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from outdial.audio.frames import FRAME_BYTES, FRAME_MS, SILENCE
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Dialogue, Hearing, Move, Parts, Say
from outdial.conversation.talk import converse
from outdial.conversation.vad import VoiceActivity
from outdial.domain.agent import Brief, TalkLimits, Voice
from outdial.domain.attempt import Speaker, TalkSummary, Turn
from outdial.speech.scripted import ScriptedVoice, speech_sound

LAG_LIMIT_MS: Final = 20.0
CALLEE_SPEAKS: Final = "could you please tell me about that"
CALLEE_SILENT_S: Final = 4.5
AGENT_SPEAKS: Final = "Certainly, I will look it up for you."
MODEL_DELAY_S: Final = 0.05
WARM_UP_S: Final = 3.0


class LoopingLine:
    """A ``Leg`` whose far side repeats one piece of sound for ever; nothing is kept of what it is told."""

    def __init__(self, sound: Sequence[bytes], start: int) -> None:
        self._sound = sound
        self._at = start
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._taken = 0
        self._out: deque[bytes] = deque()
        self._cut = False

    def hear(self) -> bytes:
        due = int((self._loop.time() - self._began_s) * 1000 / FRAME_MS)
        frames = [self._sound[(self._at + number) % len(self._sound)] for number in range(self._taken, due)]
        self._taken = due
        for _ in range(min(len(frames), len(self._out))):
            self._out.popleft()
        return b"".join(frames)

    def speak(self, pcm: bytes) -> None:
        self._out.append(pcm)

    def hush(self) -> None:
        self._out.clear()

    def digits(self) -> str:
        return ""

    async def press(self, digits: str) -> None:
        """Nobody listens for keys here."""

    async def hang_up(self) -> None:
        self._cut = True

    def end(self) -> None:
        self._cut = True

    @property
    def gone(self) -> str | None:
        return "the benchmark is over" if self._cut else None


class Ears:
    """A ``SpeechToText`` that answers at once and always the same."""

    def listen(self, language: str) -> Hearing:
        del language
        return self

    def hear(self, pcm: bytes) -> None:
        """Looks at nothing."""

    def speech_began(self) -> None:
        """Keeps nothing."""

    async def speech_ended(self) -> str:
        return CALLEE_SPEAKS

    async def close(self) -> None:
        """Holds nothing."""


class Mind:
    """A ``Language`` that streams one answer, word by word, after a short delay."""

    def open(self, brief: Brief) -> Dialogue:
        del brief
        return self

    async def greet(self) -> AsyncIterator[Move]:
        nothing: tuple[Move, ...] = ()
        for move in nothing:
            yield move

    async def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        await asyncio.sleep(MODEL_DELAY_S)
        for word in AGENT_SPEAKS.split():
            yield Say(word + " ")


@dataclass(frozen=True)
class Run:
    calls: int
    seconds: float
    cpu_ms_per_call_second: float
    cores: float
    mb_per_call: float
    lag_p50_ms: float
    """Of a timer of its own, beside the metronome's."""
    lag_p99_ms: float
    metronome_lag_p99_ms: float
    callee_turns: int
    replies: int
    latency_p50_ms: float
    latency_p95_ms: float
    trouble: str


class LagProbe:
    """How late a timer fires that asks for every 10 ms."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.01
            await asyncio.sleep(0.01)
            self.late_ms.append(max(loop.time() - due, 0.0) * 1000)


def a_brief() -> Brief:
    return Brief(
        agent_name="Ada",
        language="en-US",
        voice=Voice("scripted", "scripted", "scripted", ("en-US",)),
        greeting="",
        instructions="",
        flow=None,
        model="",
        idle_question="Are you still there?",
        farewell="",
        limits=TalkLimits(idle_warning_s=600, idle_end_s=600, max_length_s=3600),
        variables={},
    )


def utc_now() -> datetime:
    return datetime.now(UTC)


def callee_sound() -> list[bytes]:
    pcm = b"".join(speech_sound(CALLEE_SPEAKS))
    spoken = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]
    return spoken + [SILENCE] * int(CALLEE_SILENT_S * 1000 / FRAME_MS)


def rss_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


def at_share(values: Sequence[float], share: float) -> float:
    return round(sorted(values)[min(int(share * len(values)), len(values) - 1)], 2) if values else 0.0


async def measure(calls: int, seconds: float, folder: Path) -> Run:
    metronome = Metronome(VoiceActivity(slots=calls))
    sound, brief = callee_sound(), a_brief()
    parts = Parts(Ears(), ScriptedVoice(), Mind())
    probe = LagProbe()
    lines: list[LoopingLine] = []
    talks: list[asyncio.Task[TalkSummary]] = []
    gc.collect()
    empty_mb = rss_mb()
    async with asyncio.TaskGroup() as tasks:
        for number in range(calls):
            lines.append(LoopingLine(sound, start=number * len(sound) // calls))
            talking = converse(
                lines[-1],
                brief,
                parts,
                metronome=metronome,
                clock=utc_now,
                report=lambda said: None,
                recording_path=folder / f"{number}.wav",
            )
            talks.append(tasks.create_task(talking))
            # Calls are answered one by one, not all in one moment.
            await asyncio.sleep(WARM_UP_S / calls)
        await asyncio.sleep(WARM_UP_S)
        probing = tasks.create_task(probe.run())
        began_s, cpu_s = time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        took_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
        used_mb, metronome_lag = rss_mb() - empty_mb, metronome.lag_p99_ms
        probing.cancel()
        for line in lines:
            line.end()
    turns = [turn for talk in talks for turn in talk.result().turns]
    latencies = [float(turn.latency_ms) for turn in turns if turn.latency_ms is not None]
    return Run(
        calls=calls,
        seconds=round(took_s, 1),
        cpu_ms_per_call_second=round(1000 * cpu_s / calls / took_s, 2),
        cores=round(cpu_s / took_s, 2),
        mb_per_call=round(used_mb / calls, 2),
        lag_p50_ms=at_share(probe.late_ms, 0.50),
        lag_p99_ms=at_share(probe.late_ms, 0.99),
        metronome_lag_p99_ms=round(metronome_lag, 2),
        callee_turns=sum(turn.speaker is Speaker.CALLEE for turn in turns),
        replies=len(latencies),
        latency_p50_ms=at_share(latencies, 0.50),
        latency_p95_ms=at_share(latencies, 0.95),
        trouble="; ".join({talk.result().trouble for talk in talks} - {""}),
    )


def one(calls: int, asked: argparse.Namespace) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        run = asyncio.run(measure(calls, asked.seconds, Path(folder)))
    if not asked.json:
        print(" | ".join(str(value) for value in asdict(run).values()), flush=True)
    return run


def climb(asked: argparse.Namespace) -> list[Run]:
    """Steps of 50, then of 10 between the last that held and the first that did not."""
    runs: list[Run] = []
    held = 0
    for step in (50, 10):
        calls = held + step
        while calls <= asked.limit:
            runs.append(one(calls, asked))
            if runs[-1].lag_p99_ms > LAG_LIMIT_MS:
                break
            held, calls = calls, calls + step
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, nargs="*", help="measure these numbers of calls instead of climbing")
    parser.add_argument("--limit", type=int, default=600, help="climb no higher")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of one measurement")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core to be pinned to")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", action="store_true", help="print where the time goes, on stderr")
    asked = parser.parse_args()
    os.sched_setaffinity(0, {asked.core})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if not asked.json:
        print(" | ".join(Run.__dataclass_fields__), flush=True)
    profile = cProfile.Profile()
    if asked.profile:
        profile.enable()
    runs = [one(calls, asked) for calls in asked.calls] if asked.calls else climb(asked)
    profile.disable()
    if asked.profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(30)
    held = max((run.calls for run in runs if run.lag_p99_ms <= LAG_LIMIT_MS), default=0)
    if asked.json:
        print(json.dumps({"held": held, "runs": [asdict(run) for run in runs]}, indent=1))
    else:
        print(f"most calls held on one core with loop lag p99 <= {LAG_LIMIT_MS:.0f} ms: {held}")


if __name__ == "__main__":
    main()
