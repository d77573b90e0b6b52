"""Call history to be kept: the same calls as history shows, as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from outdial.api.parts import Parts
from outdial.api.ringg import listing
from outdial.api.ringg.calls import requests
from outdial.api.ringg.calls.history_file import CSV_NAME, ZIP_NAME, HistoryFile, zipped
from outdial.api.ringg.door import RinggDoor
from outdial.domain.record import CallRecord
from outdial.store.calls.exports import call_pages
from outdial.store.calls.reading import Filters

CSV: Final = "text/csv"
ZIP: Final = "application/zip"
_FILES: Final[dict[str, Any]] = {
    CSV: {"schema": {"type": "string"}},
    ZIP: {"schema": {"type": "string", "format": "binary"}},
}
ALSO_FILES: Final[dict[str, Any]] = {"responses": {"200": {"content": _FILES}}}
"""``openapi_extra`` of a route that answers with a file, or may do so."""


def install(door: RinggDoor) -> None:
    routes = _Routes(door)
    door.route(
        "POST /calling/history/download",
        routes.download,
        None,
        400,
        response_class=StreamingResponse,
        openapi_extra=ALSO_FILES,
    )


class _Routes:
    def __init__(self, door: RinggDoor) -> None:
        self._door = door

    async def download(self, request: Request, query: Annotated[requests.DownloadQuery, Query()]) -> StreamingResponse:
        """Calls as CSV, newest first; zipped for whoever accepts that."""
        workspace_id = await self._door.admit(request)
        return await history_file(self._door.parts, request, workspace_id, query)


async def history_file(
    parts: Parts, request: Request, workspace_id: str, query: requests.DownloadQuery
) -> StreamingResponse:
    """The answer to who asks for calls as a file. Its first calls are read before it begins.

    Raises:
        Invalid: something in ``query`` cannot be read.
        Unreachable: the database does not answer.
    """
    page = listing.page(query, default=listing.EXPORT_LIMIT, most=listing.EXPORT_LIMIT)
    analysis = listing.truth("include_analysis", query.include_analysis)
    filters = listing.export_filters(query, page)
    pages = call_pages(parts.database, workspace_id, filters or Filters(limit=0), now=parts.now)
    first: list[CallRecord] = await anext(pages, [])
    content = _content(HistoryFile(parts.links, analysis=analysis), first, pages)
    name, kind = CSV_NAME, CSV
    if _accepts_zip(request):
        content, name, kind = zipped(content, parts.now()), ZIP_NAME, ZIP
    return StreamingResponse(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def _content(
    file: HistoryFile, first: list[CallRecord], pages: AsyncIterator[list[CallRecord]]
) -> AsyncIterator[bytes]:
    # In a thread: nobody else's request waits while lines are written.
    yield file.head() + await asyncio.to_thread(file.rows, first)
    async for page in pages:
        yield await asyncio.to_thread(file.rows, page)


def _accepts_zip(request: Request) -> bool:
    return any(kind.partition(";")[0].strip().lower() == ZIP for kind in request.headers.get("accept", "").split(","))
