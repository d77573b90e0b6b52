"""``python -m outdial.speech.local.engine``: the local models in a process of their own.

Reads requests from standard input and answers on standard output, one after the other, until its owner has gone. Native
code that hangs, crashes or takes all memory then ends with this process, and nothing else does.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from outdial.domain.errors import Unreachable
from outdial.speech.local.engine_wire import message, take_message
from outdial.speech.local.models import WhisperFiles
from outdial.speech.local.synthesis import Synthesis
from outdial.speech.local.whisper import Whisper

_MEMORY_BYTES: Final = 3 << 30
"""For code and work, beside three times the size of the recogniser's weights."""
_MEANT_FOR_THE_OWNER: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Sent to every process of a group; this one ends when its owner does, who may still finish calls."""
_FIRST_TO_DIE: Final = "800"

Answer = tuple[dict[str, Any], bytes]


class Models:
    """The loaded models, and what can be asked of them by name."""

    def __init__(self, files: WhisperFiles) -> None:
        """
        Raises:
            NotInstalled: a model is damaged or another one.
        """
        self._whisper = Whisper(files)
        self._synthesis = Synthesis()
        self._asked: dict[str, Callable[[dict[str, Any], bytes], Answer]] = {
            "phonemes": lambda said, _: ({"phonemes": self._synthesis.phonemes(said["text"])}, b""),
            "render": lambda said, _: ({}, self._synthesis.render(said["phonemes"], said["voice"])),
            "words": lambda _, sound: ({"words": self._whisper.words(sound)}, b""),
        }

    def answer(self, said: dict[str, Any], sound: bytes) -> Answer:
        try:
            return self._asked[said["ask"]](said, sound)
        # Whatever the models raise for a text or a sound, another one may go well.
        except Exception as failure:
            return {"failed": f"{type(failure).__name__}: {failure}"[:300]}, b""


def main() -> None:
    answers = _answers_only()
    files = _files()
    _limit(files)
    try:
        models = Models(files)
    except Unreachable as missing:
        answers.write(message({"missing": str(missing)}))
        return
    answers.write(message({"ready": True}))
    with contextlib.suppress(EOFError):
        while True:
            answers.write(message(*models.answer(*take_message(sys.stdin.buffer))))


def _files() -> WhisperFiles:
    told: dict[str, str] = json.loads(sys.argv[1])
    return WhisperFiles(Path(told["folder"]), Path(told["vocabulary"]), told["sha256"])


def _answers_only() -> BinaryIO:
    """Standard output for answers; what a library prints goes to standard error, where it is logged."""
    ours = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(ours, "wb", buffering=0)


def _limit(files: WhisperFiles) -> None:
    for number in _MEANT_FOR_THE_OWNER:
        signal.signal(number, signal.SIG_IGN)
    most = _MEMORY_BYTES + 3 * files.weights.stat().st_size
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_DIE, encoding="ascii")


if __name__ == "__main__":
    main()
