"""What a model endpoint sends, byte by byte, read as a stream of chunks: server-sent events as they come in the wild.

No I/O here. Whatever is no chunk is skipped and remembered, so that somebody can be told what came. Work is linear in
what came, and what came is bounded: by line and in all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from outdial.domain.errors import Unreachable

MAX_LINE_BYTES: Final = 512 * 1024
MAX_STREAM_BYTES: Final = 16 * 1024 * 1024
"""A thinking model sends some 300 bytes a token: half an hour of it."""
_MAX_EVENT_LINES: Final = 256
_MAX_STRAY_LETTERS: Final = 1024 * 1024
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_ERROR_LINE: Final = re.compile(r"\W{0,3}(?:error|exception|traceback)\b", re.IGNORECASE)
_PAGE: Final = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)

Chunk = Mapping[str, Any]


@dataclass
class ChunkReader:
    """Bytes in, chunks out. ``finished`` once ``[DONE]`` has come; what follows it is ignored."""

    finished: bool = False
    strays: str = ""
    """What stood in the body beside the events, its beginning."""
    malformed: str = ""
    """The first event that was no JSON."""
    foreign: str = ""
    """The first event in another form than a chunk's."""
    failure: str = ""
    """The server's own words for what went wrong, from an event that was no JSON."""
    _size: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _after_return: bool = False
    _data: list[str] = field(default_factory=list)
    _event: str = ""

    def feed(self, received: bytes) -> list[Chunk]:
        """The chunks that ``received`` completes.

        Raises:
            Unreachable: a line or the whole stream is longer than anybody reads.
        """
        self._size += len(received)
        if self._size > MAX_STREAM_BYTES:
            raise Unreachable(f"it sent more than {MAX_STREAM_BYTES // 1024 // 1024} MB in one answer")
        return [chunk for line in self._lines(received) for chunk in self._line(line)]

    def finish(self) -> list[Chunk]:
        """The chunks that only the end of the stream completes."""
        line = bytes(self._rest)
        self._rest.clear()
        return [*self._line(line), *self._flush()]

    @property
    def is_page(self) -> bool:
        """A web page came: the address is another server's, or another one's of this server."""
        return _PAGE.match(self.strays) is not None

    def came(self) -> str:
        """What came instead of words, in one line; empty: nothing odd did."""
        if self.failure:
            return f"answered with an error: {self.failure}"
        stray = self.strays.strip()
        if self.is_page:
            return f"answered with a web page instead of a stream: {stray}"
        if _ERROR_LINE.match(stray):
            return f"answered with an error: {stray}"
        if stray:
            kind = "JSON" if _object(stray) is not None else "text"
            return f"answered with {kind} instead of a stream of chunks: {stray}"
        return f"answered with an error: it sent a chunk that is no JSON: {self.malformed}" if self.malformed else ""

    def came_at_most(self) -> str:
        """The same for a stream in which nothing was part of a reply."""
        return self.came() or (f"answered with events that are no chunks: {self.foreign}" if self.foreign else "")

    def bodies(self) -> list[Chunk]:
        """The body as one JSON object, if that is what came instead of events."""
        body = _object(self.strays)
        return [body] if body is not None else []

    def _lines(self, received: bytes) -> Iterator[bytes]:
        if self._after_return and received[:1] == b"\n":
            received = received[1:]
        self._after_return = received[-1:] == b"\r" if received else self._after_return
        *whole, last = _LINE_END.split(received)
        for piece in whole:
            self._rest += piece
            yield bytes(self._rest)
            self._rest.clear()
        self._rest += last
        if len(self._rest) > MAX_LINE_BYTES:
            raise Unreachable(f"it sent a line of more than {MAX_LINE_BYTES // 1024} kB")

    def _line(self, line: bytes) -> list[Chunk]:
        if self.finished:
            return []
        text = line.decode(errors="replace").lstrip("\ufeff")
        if not text.strip():
            return self._flush()
        name, colon, value = text.partition(":")
        match name.strip().lower() if colon else "":
            case "data":
                return self._take(value.strip())
            case "event":
                self._event = value.strip().lower()
            case "id" | "retry":
                pass
            case _ if text.startswith(":"):
                pass  # a comment: servers send them to keep the connection open
            case _:
                return self._beside(text)
        return []

    def _take(self, data: str) -> list[Chunk]:
        while data.startswith("data:"):
            data = data[5:].strip()
        if data.startswith("[DONE]"):
            flushed = self._flush()
            self.finished = True
            return flushed
        if not self._data:
            chunks = self._chunks(data)
            if chunks is not None:
                return chunks
        if len(self._data) < _MAX_EVENT_LINES:
            self._data.append(data)
        # Servers that forget the blank line between events: the next chunk begins a line of its own.
        if data.startswith("{") and len(self._data) > 1 and any("choices" in one for one in self._chunks(data) or ()):
            self._spoil("\n".join(self._data[:-1]))
            self._data.clear()
            return self._chunks(data) or []
        return []

    def _flush(self) -> list[Chunk]:
        """The end of an event."""
        data = "\n".join(self._data)
        self._data.clear()
        chunks = self._chunks(data) if data else []
        if chunks is None:
            self._spoil(data)
        self._event = ""
        return chunks or []

    def _spoil(self, data: str) -> None:
        self.malformed = self.malformed or data[:500]
        if self._event == "error" or _ERROR_LINE.match(data):
            self.failure = self.failure or data[:500]

    def _chunks(self, data: str) -> list[Chunk] | None:
        """None: it is no JSON. ``null``, numbers and texts are chunks of nothing."""
        if not data:
            return []
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return None
        if self._event == "error" and isinstance(value, dict) and not value.get("error"):
            value = {"error": value}
        chunks: list[Chunk] = [
            chunk for chunk in (value if isinstance(value, list) else [value]) if isinstance(chunk, dict)
        ]
        if not self.foreign and any(chunk and "choices" not in chunk for chunk in chunks):
            self.foreign = data[:500]
        return chunks

    def _beside(self, text: str) -> list[Chunk]:
        """A line that is no part of an event: some servers send chunks as lines of JSON, some send another thing."""
        if text.strip() == "[DONE]":
            self.finished = True
            return []
        if text.startswith("{") and (chunk := _object(text)) is not None and _is_streamed(chunk):
            return [chunk]
        if len(self.strays) < _MAX_STRAY_LETTERS:
            self.strays += f"{text[:_MAX_STRAY_LETTERS]}\n"
        return []


def _object(text: str) -> Chunk | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_streamed(chunk: Chunk) -> bool:
    choices = chunk.get("choices")
    return isinstance(choices, list) and any(isinstance(one, dict) and "delta" in one for one in choices)
