"""All doors of one installation under one roof."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from outdial.api import lists, recordings
from outdial.api.gate import Gate, request_id
from outdial.api.native import routes as native
from outdial.api.parts import Parts
from outdial.api.ringg import routes as ringg
from outdial.api.ringly import routes as ringly
from outdial.store.calls.records import load_call

RINGG_PATH: Final = "/ca/api/v0"
RINGLY_PATH: Final = "/api/1.1/wf"
NATIVE_PATH: Final = "/v1"


def root(parts: Parts) -> Starlette:
    """Both dialects, the native API, what signed links lead to, and ``/health``; everything else is a 404 in JSON."""

    async def health(request: Request) -> Response:
        now = await parts.health()
        body = {"service": "outdial", "ready": now.ready, "status": "ready" if now.ready else "starting"}
        return JSONResponse({**body, "parts": dict(now.parts)}, 200 if now.ready else 503)

    doors: dict[str, ASGIApp] = {
        RINGG_PATH: ringg.application(parts),
        RINGLY_PATH: ringly.application(parts),
        NATIVE_PATH: native.application(parts),
    }
    app = Starlette(
        routes=[
            *(Mount(path, door) for path, door in doors.items()),
            # The bare path is the door's too: its 404 has the door's shape.
            *(Route(path, door) for path, door in doors.items()),
            Mount("/lists", lists.application(parts.links, parts.database)),
            Mount("/recordings", recordings.application(parts.links, partial(_recording, parts))),
            Route("/health", health),
        ],
        middleware=[Middleware(Gate, failed=_failed)],
        exception_handlers={HTTPException: _answer_http},
    )
    app.router.redirect_slashes = False
    return app


async def _recording(parts: Parts, call_id: str) -> Path | None:
    record = await parts.database.read(load_call, call_id, parts.now())
    paths = [attempt.recording_path for attempt in record.attempts if attempt.recording_path] if record else []
    return recordings.find_under(parts.recordings_dir, paths[-1]) if paths else None


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = {"message": error.detail, "request_id": request_id(request)}
    return JSONResponse(body, error.status_code, headers=error.headers)


def _failed(request: Request) -> Response:
    return JSONResponse({"message": "An unexpected server error occurred", "request_id": request_id(request)}, 500)
