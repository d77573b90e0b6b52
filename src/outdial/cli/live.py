"""A call as it happens, one line for each fact, in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLE: Final = {
    "registered": "bold cyan",
    "dialing": "bold blue",
    "ringing": "bold yellow",
    "answered": "bold green",
    "digits": "magenta",
    "attempt_ended": "bold",
    "recording_ready": "bold",
    "call_ended": "bold",
    "platform_analysed": "dim",
    "client_analysed": "dim",
}
_WHO: Final = {
    "agent": "the agent hung up",
    "callee": "the callee hung up",
    "idle": "the line stayed silent",
    "max_length": "the longest time for a call was reached",
    "carrier": "the carrier ended the call",
    "operator": "an operator ended the call",
}


@dataclass
class LiveView:
    """Prints events (as the native API lists them: ``seq, type, at, attempt, data``) in the order they come."""

    console: Console
    began: datetime | None = None
    last_seq: int = 0
    ended: bool = False

    def show(self, events: Iterable[Mapping[str, Any]]) -> None:
        for event in events:
            at = datetime.fromisoformat(event["at"])
            self.began = self.began or at
            self.last_seq = event["seq"]
            self.ended = self.ended or event["type"] == "processed"
            line = _line(event["type"], event["data"])
            if line is not None:
                passed = max(0.0, (at - self.began).total_seconds())
                row = Table.grid(padding=(0, 1, 0, 0))
                row.add_column(width=7, justify="right")
                row.add_column(width=15)
                row.add_column(ratio=1)
                row.add_row(Text(f"{passed:.1f} s", "dim"), *line)
                self.console.print(row)


def _line(kind: str, data: Mapping[str, Any]) -> tuple[Text, Text] | None:
    """The two cells of one fact; None for facts that say nothing new to a person."""
    if kind == "said":
        agent = data["speaker"] == "agent"
        spoken = ("» " if agent else "« ") + data["text"] + (" …" if data.get("interrupted") else "")
        return Text("agent says" if agent else "callee heard", "green" if agent else "yellow"), Text(spoken)
    if kind == "processed":
        return None
    return Text(kind.replace("_", " "), _STYLE.get(kind, "")), Text(_NOTES.get(kind, _nothing)(data))


def _ending(data: Mapping[str, Any]) -> str:
    parts = [str(data["outcome"]).replace("_", " ")]
    if data.get("ended_by"):
        parts.append(_WHO.get(data["ended_by"], data["ended_by"]))
    if data.get("sip_code"):
        parts.append(f"SIP {data['sip_code']}")
    if data.get("reason"):
        parts.append(str(data["reason"]))
    if data.get("talk_ms"):
        parts.append(f"{data['talk_ms'] / 1000:.1f} s of talk")
    if data.get("next_due_at"):
        parts.append(f"next dial {data['next_due_at']}")
    return " · ".join(parts)


def _nothing(data: Mapping[str, Any]) -> str:
    return ""


_NOTES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "registered": lambda data: "the call is on disk; nothing has been dialled yet",
    "dialing": lambda data: f"from {data.get('from_number', '')}",
    "ringing": lambda data: "with early media" if data.get("early_media") else "",
    "digits": lambda data: str(data.get("digits", "")),
    "attempt_ended": _ending,
    "recording_ready": lambda data: f"{data.get('duration_ms', 0) / 1000:.1f} s, stereo: agent left, callee right",
    "call_ended": lambda data: str(data.get("state", "")),
    "platform_analysed": lambda data: "what the talk told is known",
    "client_analysed": lambda data: "so is what its agent asks for besides",
}
