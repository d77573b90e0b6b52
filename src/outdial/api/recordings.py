"""Recordings, and the rows of a list nobody can be rung by, are reached by signed links that expire."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from outdial.domain.clock import Clock

LIFE: Final = timedelta(hours=24)


class RecordingLinks:
    """Makes and checks links: HMAC-SHA256 over what they lead to and expiry.

    ``base_url`` is where customers reach us. Every link is valid for 24 hours from when it is made.
    """

    def __init__(self, *, secret: bytes, base_url: str, now: Clock) -> None:
        self._secret = secret
        self._base_url = base_url.rstrip("/")
        self._now = now

    def link(self, call_id: str) -> str:
        """A URL of the call's recording."""
        return self._signed(f"/recordings/{call_id}.wav", call_id)

    def rejected_rows(self, workspace_id: str, list_id: str) -> str:
        """A URL of the rows of a list that cannot be rung."""
        name = f"{workspace_id}/{list_id}"
        return self._signed(f"/lists/{name}/invalid.csv", name)

    def holds(self, name: str, expires: str, signature: str) -> bool:
        """Whether such a link was made here and has not run out. ``name``: a call's id, or workspace and list."""
        genuine = hmac.compare_digest(self._sign(name, expires).encode(), signature.encode())
        return genuine and self._now().timestamp() <= int(expires)

    def _signed(self, path: str, name: str) -> str:
        expires = int((self._now() + LIFE).timestamp())
        query = urlencode({"expires": expires, "sig": self._sign(name, str(expires))})
        return f"{self._base_url}{path}?{query}"

    def _sign(self, name: str, expires: str) -> str:
        return hmac.new(self._secret, f"{name}\n{expires}".encode(), hashlib.sha256).hexdigest()


FindRecording = Callable[[str], Awaitable[Path | None]]
"""The complete recording of a call, if there is one."""


def application(links: RecordingLinks, find: FindRecording) -> Starlette:
    """Serves ``GET /{call_id}.wav?expires=…&sig=…``: the file, with ranges; 403 for a bad or old link, 404 for none."""

    async def recording(request: Request) -> Response:
        call_id = request.path_params["call_id"]
        query = request.query_params
        if not links.holds(call_id, query.get("expires", ""), query.get("sig", "")):
            return PlainTextResponse("This link is not valid or has expired.", 403)
        file = await find(call_id)
        if file is None:
            return PlainTextResponse("There is no such recording.", 404)
        return FileResponse(file, media_type="audio/wav")

    return Starlette(routes=[Route("/{call_id}.wav", recording)])


def find_under(folder: Path, path: str) -> Path | None:
    """The file ``path`` under ``folder``; None when it is missing or would lie outside."""
    file = (folder / path).resolve()
    return file if path and file.is_relative_to(folder.resolve()) and file.is_file() else None
