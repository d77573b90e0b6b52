"""Call history as a CSV file, or that file in a ZIP archive: made while it is sent."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Final

from outdial.api.recordings import RecordingLinks
from outdial.api.ringg.calls import render
from outdial.api.sheets import cell, lines
from outdial.domain.record import CallRecord

COLUMNS: Final = (
    *("id", "name", "to_number", "from_number", "status", "sub_status", "call_type", "created_at"),
    *("call_attempt_time", "call_duration", "call_cost", "voicemail_detected", "agent_id", "agent_name"),
    *("bulk_list_id", "transcript", "audio_recording"),
)
ANALYSIS: Final = ("platform_analysis", "client_analysis")
CSV_NAME: Final = "call_history.csv"
ZIP_NAME: Final = "call_history.zip"


class HistoryFile:
    """``analysis``: with both columns of it."""

    def __init__(self, links: RecordingLinks, *, analysis: bool) -> None:
        self._links = links
        self._analysis = analysis

    def head(self) -> bytes:
        return lines([COLUMNS + (ANALYSIS if self._analysis else ())])

    def rows(self, calls: Iterable[CallRecord]) -> bytes:
        """One line a call; UTF-8, each ended by CR LF."""
        return lines([cell(value) for value in self._row(call)] for call in calls)

    def _row(self, call: CallRecord) -> tuple[str | float | bool | None, ...]:
        row = render.history_row(call, self._links)
        shown = (
            *(row.id, row.name, row.to_number, render.from_number(call, call.last_attempt), row.status),
            *(row.sub_status, row.call_type, row.created_at, row.call_attempt_time, row.call_duration),
            *(row.call_cost, row.voicemail_detected, row.agent.id, row.agent.agent_name, call.bulk_list_id),
            *(row.transcript, row.audio_recording),
        )
        if not self._analysis:
            return shown
        details = render.call_details(call, self._links, analysis=True)
        found = (details.platform_analysis, details.client_analysis)
        return *shown, *(json.dumps(part, ensure_ascii=False) for part in found)


async def zipped(chunks: AsyncIterator[bytes], at: datetime) -> AsyncIterator[bytes]:
    """An archive with one member, of that date, whose content is ``chunks``."""
    sink = _Sink()
    member = zipfile.ZipInfo(CSV_NAME, at.timetuple()[:6])
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(sink, "w") as archive:
        with archive.open(member, "w", force_zip64=True) as file:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
                yield sink.taken()
        yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that can only be written to, and whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self._bytes += content
        return len(content)

    def taken(self) -> bytes:
        content = bytes(self._bytes)
        self._bytes.clear()
        return content
