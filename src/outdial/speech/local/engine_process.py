"""A process that holds the local models, as its owner sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from outdial.domain.errors import Unreachable
from outdial.speech.local.engine_wire import message, read_message
from outdial.speech.local.models import NotInstalled, WhisperFiles
from outdial.speech.pool import EngineLost

LOAD_WITHIN_S: Final = 60.0
_MODULE: Final = "outdial.speech.local.engine"
_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "HOME")
"""What the process is told of the environment: no secret."""
_TOLD: Final = {"ORT_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class EngineProcess:
    """An ``Engine`` of a ``SpeechPool``: one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def open(cls, files: WhisperFiles) -> EngineProcess:
        """Start one and wait until its models are loaded: about a second.

        Raises:
            NotInstalled: a model is damaged or another one.
            Unreachable: it could not be started, or has ended.
        """
        process = cls(await _start(files))
        try:
            async with asyncio.timeout(LOAD_WITHIN_S):
                loaded, _ = await process._read()
        except TimeoutError as late:
            await process.end()
            raise Unreachable(f"loading the local models took longer than {LOAD_WITHIN_S:g} s") from late
        except BaseException:
            await process.end()
            raise
        if "missing" in loaded:
            await process.end()
            raise NotInstalled(str(loaded["missing"]))
        return process

    async def phonemes(self, text: str) -> list[str]:
        """See ``Synthesis.phonemes``. Raises, as the others do, ``Unreachable``."""
        said, _ = await self._ask({"ask": "phonemes", "text": text})
        return [str(phonemes) for phonemes in said.get("phonemes", ())]

    async def render(self, phonemes: str, voice_name: str) -> bytes:
        """See ``Synthesis.render``."""
        _, sound = await self._ask({"ask": "render", "phonemes": phonemes, "voice": voice_name})
        return sound

    async def words(self, pcm: bytes) -> str:
        """See ``Whisper.words``."""
        said, _ = await self._ask({"ask": "words"}, pcm)
        return str(said.get("words", ""))

    @property
    def pid(self) -> int:
        return self._process.pid

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _ask(self, said: Mapping[str, Any], sound: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """
        Raises:
            Unreachable: the models raised something.
            EngineLost: the process has ended.
        """
        if self._process.stdin is None:
            raise EngineLost("the local models have no process")
        with contextlib.suppress(ConnectionError):  # that it has ended is seen as the answer is read
            self._process.stdin.write(message(said, sound))
            await self._process.stdin.drain()
        answer, made = await self._read()
        if "failed" in answer:
            raise Unreachable(f"the local models failed: {answer['failed']}")
        return answer, made

    async def _read(self) -> tuple[dict[str, Any], bytes]:
        if self._process.stdout is None:
            raise EngineLost("the local models have no process")
        try:
            return await read_message(self._process.stdout)
        except (EOFError, ValueError, ConnectionError) as ended:
            raise EngineLost("the process with the local models has ended") from ended


async def _start(files: WhisperFiles) -> asyncio.subprocess.Process:
    options = {"folder": str(files.folder), "vocabulary": str(files.vocabulary), "sha256": files.sha256}
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", _MODULE, json.dumps(options)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**environment, **_TOLD},
        )
    except OSError as fault:
        raise Unreachable(f"the process for the local models cannot be started: {fault}") from fault
