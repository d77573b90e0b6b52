"""Bodies of streamed answers, as text: what a chunk looks like on the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STREAMS = Path(__file__).parent / "language" / "streams"
DONE = "data: [DONE]\n\n"
STOP: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def event(chunk: Any) -> str:
    return f"data: {json.dumps(chunk)}\n\n"


def delta(**members: Any) -> str:
    return event({"choices": [{"index": 0, "delta": members, "finish_reason": None}]})


def finished(reason: str = "stop") -> str:
    return event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def saying(text: str, size: int = 4) -> str:
    """A whole body whose words come ``size`` letters at a time."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return "".join(delta(content=piece) for piece in pieces) + finished() + DONE


def stored(name: str) -> bytes:
    return (STREAMS / name).read_bytes()
