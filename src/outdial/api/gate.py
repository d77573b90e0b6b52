"""The rim of every door: request ids, trailing slashes, and no fault that reaches a client as a stack trace."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outdial.domain.errors import OutdialError, Refused, Unreachable
from outdial.domain.ids import new_request_id

_HEADERS: Final = "answer_headers"
_STAY_ENCODED: Final = re.compile("%(2f|[01][0-9a-f]|7f)", re.IGNORECASE)
_log: Final = structlog.get_logger(__name__)


class Gate:
    """ASGI middleware around one door.

    A path means the same with and without trailing slashes: a redirect would lose the body in some HTTP clients.
    ``HEAD`` is ``GET`` without the body. Every answer carries ``X-Request-Id``, may not be kept and is what its
    ``Content-Type`` says. What nobody below caught is logged and
    answered by ``failed``.
    """

    def __init__(self, app: ASGIApp, *, failed: Callable[[Request], Response]) -> None:
        self._app = app
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "path": path_of(scope).rstrip("/") or "/", "state": dict(scope.get("state") or {})}
        headed = scope["method"] == "HEAD"
        if headed:
            scope["method"] = "GET"
        identity = scope["state"].setdefault("request_id", new_request_id())
        started = False

        async def send_with_identity(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update({"X-Request-Id": identity, **scope["state"].get(_HEADERS, {})})
                # Nearly everything here is somebody's: no browser guesses at it, and nobody on the way keeps it.
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            elif headed:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, send_with_identity)
        except ClientDisconnect:
            _log.info("client went away before its request was read", request_id=identity)
        except Exception:
            _log.exception("unhandled fault in a request", request_id=identity, path=scope["path"])
            if started:
                raise
            await self._failed(Request(scope, receive))(scope, receive, send_with_identity)


def path_of(scope: Scope) -> str:
    """The path as routes read it: decoded, but for encoded slashes, which separate nothing (RFC 3986 §2.2), and control
    characters, which no path of ours holds and a pattern's ``.`` and ``$`` treat as an end."""
    raw = scope.get("raw_path") or b""
    if b"%" not in raw:
        return str(scope["path"])
    return unquote(_STAY_ENCODED.sub(r"%25\1", raw.decode("latin-1")))


def request_id(request: Request) -> str:
    """The id this request is known by, in answers and logs."""
    state = request.scope.get("state") or {}
    return str(state.get("request_id", ""))


def add_header(request: Request, name: str, value: str) -> None:
    """Let the answer to this request carry that header, whatever the answer will be."""
    request.scope["state"].setdefault(_HEADERS, {})[name] = value


def note_fault(request: Request, error: OutdialError) -> None:
    """Log an error that is not the customer's: the answer says nothing of it, so the log must.

    A refusal is an answer, whatever its status (501): it says everything itself.
    """
    if isinstance(error, Refused):
        return
    if isinstance(error, Unreachable):
        _log.warning("a request could not be served", request_id=request_id(request), reason=str(error))
    else:
        _log.error("a promise of ours does not hold", request_id=request_id(request), exc_info=error)
