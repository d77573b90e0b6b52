"""Phones and callers for the SIP tests: SIPp and baresip as far sides, a process of ours that dials, tones."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np

from outdial.audio.frames import LINE_RATE_HZ

HERE: Final = Path(__file__).parent
LOOPBACK: Final = "127.0.0.1"
PATIENCE_S: Final = 60.0
CALLER: Final = "+15551230001"
CALLEE: Final = "+15550001111"
_APT: Final = {"sipp": "sip-tester", "baresip": "baresip-core", "openssl": "openssl"}
WORDS: Final = {"reason": "X-Reason: none", "payload": "0", "codec": "PCMU/8000"}


def program(name: str) -> str:
    """The path of a program these tests need.

    Raises:
        LookupError: it is not installed; the message says how to mend that.
    """
    path = shutil.which(name)
    if path is None:
        raise LookupError(f"the SIP tests need the program {name}: apt-get install {_APT[name]}")
    return path


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM, *, span: int = 1) -> int:
    """The first of ``span`` neighbouring ports on loopback that are free now; even, as RTP wants it."""
    while True:
        with socket.socket(socket.AF_INET, kind) as first:
            first.bind((LOOPBACK, 0))
            port: int = first.getsockname()[1] & ~1
        if all(is_free(port + step, kind) for step in range(span)):
            return port


def is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


async def until(true: Callable[[], bool]) -> None:
    """Wait for something outside this process that sends no event."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  # a file or port of another program: no event tells
            await asyncio.sleep(0.02)


def tone(hz: float, ms: int, level: float = 8000.0) -> bytes:
    places = np.arange(LINE_RATE_HZ * ms // 1000)
    return (level * np.sin(2 * np.pi * hz * places / LINE_RATE_HZ)).astype("<i2").tobytes()


def peak(pcm: bytes) -> int:
    """The largest sample, of 32767."""
    return int(np.max(np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32)), initial=0))


def loudness(pcm: bytes, hz: float) -> float:
    """How much of the sound is a tone of ``hz``, 0 to 1: the Goertzel energy against the whole."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    whole = float(np.sum(samples**2)) * len(samples) / 2
    if not whole:
        return 0.0
    places = np.arange(len(samples))
    part = np.sum(samples * np.exp(-2j * np.pi * hz * places / LINE_RATE_HZ))
    return float(abs(part) ** 2) / whole


def loudest_second(pcm: bytes, hz: float) -> float:
    """The best ``loudness`` of any half second, so that silence around a tone does not matter."""
    size = LINE_RATE_HZ
    return max((loudness(pcm[at : at + size], hz) for at in range(0, max(1, len(pcm) - size), size // 4)), default=0.0)


@dataclass(frozen=True)
class Message:
    """One SIP message as SIPp saw it."""

    received: bool
    text: str

    @property
    def first_line(self) -> str:
        return self.text.splitlines()[0]

    def header(self, name: str) -> str:
        for line in self.text.splitlines()[1:]:
            if line.lower().startswith(name.lower() + ":"):
                return line.split(":", 1)[1].strip()
        raise LookupError(f"no {name} in {self.first_line}")


@dataclass
class Phone:
    """A running SIPp."""

    port: int
    transport: str
    process: asyncio.subprocess.Process
    trace: Path

    async def finished(self) -> int:
        """SIPp's exit status: 0 says that the scenario went exactly as written."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    def messages(self, method: str) -> list[Message]:
        """The requests with this method that came in, retransmissions included."""
        return [m for m in self.conversation() if m.received and m.first_line.startswith(method + " ")]

    def conversation(self) -> list[Message]:
        found = []
        for part in self.trace.read_text("utf-8", "replace").split("-" * 47)[1:]:
            head, _, text = part.partition("\n\n")
            found.append(Message("received" in head.splitlines()[1], text.strip()))
        return found

    def trunk(self, **settings: Any) -> dict[str, Any]:
        return {
            "id": "t1",
            "name": "Test trunk",
            "host": LOOPBACK,
            "port": self.port,
            "transport": self.transport,
            **settings,
        }


@asynccontextmanager
async def a_phone(
    scenario: str, folder: Path, words: Mapping[str, str] | None = None, *, transport: str = "udp", calls: int = 1
) -> AsyncIterator[Phone]:
    """SIPp playing ``tests/sip/scenarios/<scenario>.xml`` for so many calls, echoing the sound it gets.

    ``words`` replace ``[word]`` in the scenario; ``rtp`` sends the sound to another port than SIPp's own.
    """
    async with AsyncExitStack() as stack:
        # Between looking for free ports and SIPp's taking them, somebody else may have taken one.
        for _ in range(3):
            phone = await stack.enter_async_context(_sipp(scenario, folder, dict(words or {}), transport, calls))
            if phone.process.returncode is None:
                break
        assert phone.process.returncode is None, f"sipp ends at once with {phone.process.returncode}: {phone.trace}"
        yield phone


@asynccontextmanager
async def _sipp(
    scenario: str, folder: Path, words: Mapping[str, str], transport: str, calls: int
) -> AsyncIterator[Phone]:
    """SIPp once it listens, or has ended because it cannot."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    port, media_port = free_port(kind), free_port(span=4)
    trace = folder / f"{scenario}-{port}.msg"
    trace.touch()
    script = folder / f"{scenario}-{port}.xml"
    filled = WORDS | {"rtp": str(media_port)} | dict(words)
    script.write_text(_filled(HERE / "sip" / "scenarios" / f"{scenario}.xml", filled))
    command = ["-sf", str(script), "-i", LOOPBACK, "-p", str(port)]
    command += ["-t", "u1" if transport == "udp" else "t1", "-mi", LOOPBACK, "-mp", str(media_port), "-rtp_echo"]
    command += ["-m", str(calls), "-nostdin", "-trace_msg", "-message_file", str(trace)]
    command += ["-timeout", str(int(PATIENCE_S)), "-timeout_error", "-skip_rlimit"]
    async with running(program("sipp"), *command, cwd=folder) as process:
        await until(lambda: process.returncode is not None or not is_free(port, kind))
        yield Phone(port, transport, process, trace)


def _filled(scenario: Path, words: Mapping[str, str]) -> str:
    text = scenario.read_text()
    for word, value in words.items():
        text = text.replace(f"[{word}]", value)
    return text


@asynccontextmanager
async def running(
    *command: str, cwd: Path, stdin: int = asyncio.subprocess.DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program, ended at the latest when the block is left."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdin=stdin, stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@dataclass
class Caller:
    """Our side, in a process of its own."""

    process: asyncio.subprocess.Process
    answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        number = next(self.numbers)
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"id": number, "do": do, **fields}).encode() + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            answered: dict[str, Any] = await answer
        return answered

    async def place(self, trunk: Mapping[str, Any], **dial: Any) -> PlacedCall:
        name = str(dial.pop("call", f"c{next(self.numbers)}"))
        fields = {"to_number": CALLEE, "from_number": CALLER, "ring_timeout_s": 30, **dial}
        return PlacedCall(self, name, await self.ask("place", call=name, trunk=trunk, **fields))

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            self.answers.setdefault(answer["id"], asyncio.get_running_loop().create_future()).set_result(answer)
        for unanswered in self.answers.values():
            if not unanswered.done():
                unanswered.set_exception(ConnectionError("the calling process ended; its stderr says why"))

    async def ready(self) -> None:
        started = self.answers.setdefault(0, asyncio.get_running_loop().create_future())
        async with asyncio.timeout(PATIENCE_S):
            await started


@dataclass
class PlacedCall:
    caller: Caller
    name: str
    answer: dict[str, Any]

    @property
    def answered(self) -> bool:
        return bool(self.answer.get("answered"))

    @property
    def rings(self) -> list[bool]:
        return list(self.answer["rings"])

    @property
    def not_reached(self) -> dict[str, Any]:
        return dict(self.answer["not_reached"])

    @property
    def error(self) -> tuple[str, str]:
        return self.answer["error"], self.answer["message"]

    async def speak(self, pcm: bytes) -> None:
        await self.caller.ask("speak", call=self.name, pcm=base64.b64encode(pcm).decode())

    async def hush(self) -> None:
        await self.caller.ask("hush", call=self.name)

    async def hear(self, ms: int) -> bytes:
        """At least so much sound from now on (less only after 20 s)."""
        return base64.b64decode((await self.caller.ask("hear", call=self.name, ms=ms))["pcm"])

    async def press(self, digits: str) -> None:
        await self.caller.ask("press", call=self.name, digits=digits)

    async def digits(self, count: int) -> str:
        return str((await self.caller.ask("digits", call=self.name, count=count))["digits"])

    async def gone(self, timeout_s: float = 30.0) -> str | None:
        found: str | None = (await self.caller.ask("gone", call=self.name, timeout_s=timeout_s))["gone"]
        return found

    async def hang_up(self) -> None:
        await self.caller.ask("hang_up", call=self.name)


@asynccontextmanager
async def a_caller(**settings: Any) -> AsyncIterator[Caller]:
    """A process with one SIP stack on loopback; ``settings`` are those of ``SipSettings``."""
    given = {
        "listen_host": LOOPBACK,
        "net_interface": LOOPBACK,
        "rtp_port_min": 20000,
        "rtp_port_max": 29999,
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "sip_agent.py"),
        json.dumps(given),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    caller = Caller(process)
    listening = asyncio.create_task(caller.listen())
    try:
        await caller.ready()
        yield caller
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.wait([listening])
        await process.wait()


async def a_certificate(folder: Path, name: str = "trunk", *, host: str = "localhost") -> tuple[Path, Path]:
    """A self-signed certificate for ``host`` (and 127.0.0.1 beside localhost) and its key, by the openssl command."""
    names = f"IP:{LOOPBACK},DNS:{host}" if host == "localhost" else f"DNS:{host}"
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", f"subjectAltName={names}", "-out", str(certificate), "-keyout", str(key)]
    async with running(program("openssl"), *command, cwd=folder) as process, asyncio.timeout(PATIENCE_S):
        assert await process.wait() == 0
    return certificate, key
