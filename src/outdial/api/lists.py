"""What could not be used of an uploaded list, for whoever holds the signed link to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from outdial.api.recordings import RecordingLinks
from outdial.api.sheets import cell, lines
from outdial.domain.campaign import Contact
from outdial.domain.errors import NotFound
from outdial.store.campaigns.reading import rejected_rows
from outdial.store.database import Database

_HEAD: Final = ("row", "mobile_number", "callee_name", "reason")


def application(links: RecordingLinks, database: Database) -> Starlette:
    """Serves ``GET /{workspace_id}/{list_id}/invalid.csv?expires=…&sig=…``, rows in the file's order, counted from 1
    without its header; 403 for a bad or old link, 404 when there is no such list any more."""

    async def invalid(request: Request) -> Response:
        workspace_id, list_id = request.path_params["workspace_id"], request.path_params["list_id"]
        query = request.query_params
        if not links.holds(f"{workspace_id}/{list_id}", query.get("expires", ""), query.get("sig", "")):
            return PlainTextResponse("This link is not valid or has expired.", 403)
        try:
            pages = await rejected_rows(database, workspace_id, list_id)
        except NotFound:
            return PlainTextResponse("There is no such list.", 404)
        name = {"Content-Disposition": 'attachment; filename="invalid.csv"'}
        return StreamingResponse(_content(pages), media_type="text/csv", headers=name)

    return Starlette(routes=[Route("/{workspace_id}/{list_id}/invalid.csv", invalid)])


async def _content(pages: AsyncIterator[Sequence[Contact]]) -> AsyncIterator[bytes]:
    yield lines([_HEAD])
    async for page in pages:
        yield lines([str(row.row), cell(row.mobile_number), cell(row.callee_name), cell(row.trouble)] for row in page)
