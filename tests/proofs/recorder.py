"""What tests ask the doors and are answered, and which webhooks they see: written down with ``--record-proofs FILE``.

Off, nothing is wrapped and nothing is kept. On, one line of JSON a passed test is added to the file, by as many
processes as the run has.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FORM_FIELD: Final = re.compile(rb'[; ]name="([^"\r\n]*)"')
_BODIES: Final = (
    ("outdial.api.ringg.webhooks.payloads", "event_payload"),
    ("outdial.api.ringg.webhooks.payloads", "callback_payload"),
    ("outdial.api.native.webhooks.payloads", "event_body"),
)
"""What makes the bodies of webhooks."""


class Recorder:
    """A plug-in of pytest: the lines of the test that runs now."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._now: list[list[Any]] = []

    def note(self, *line: Any) -> None:
        if list(line) not in self._now:
            self._now.append(list(line))

    def pytest_runtest_logstart(self) -> None:
        self._now = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed and self._now:
            line = json.dumps({"test": report.nodeid.partition("[")[0], "seen": self._now}) + "\n"
            # One write to a file opened for appending: lines of several processes do not mix.
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)


_recorders: Final[list[Recorder]] = []


def install(config: pytest.Config, file: Path) -> None:
    """Record this run. Called before any test is imported: who imports the makers of bodies gets those that note."""
    recorder = Recorder(file)
    _recorders.append(recorder)
    config.pluginmanager.register(recorder)
    for place, name in _BODIES:
        module = import_module(place)
        setattr(module, name, _noting(getattr(module, name)))


def note(*line: Any) -> None:
    for recorder in _recorders:
        recorder.note(*line)


def heard(app: ASGIApp) -> ASGIApp:
    """``app``, and when this run is recorded somebody who listens in front of it."""
    return _listening(app) if _recorders else app


def _noting(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(*args: Any, **more: Any) -> Any:
        body = make(*args, **more)
        if isinstance(body, dict):
            note("told", make.__name__, sorted(set(members(body))), str(body.get("event_type", "")))
        return body

    return made


def _listening(app: ASGIApp) -> ASGIApp:
    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        asked, answered = bytearray(), bytearray()
        status, media = 0, ""

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def say(message: Message) -> None:
            nonlocal status, media
            if message["type"] == "http.response.start":
                status = message["status"]
                media = dict(message["headers"]).get(b"content-type", b"").decode().partition(";")[0]
            answered.extend(message.get("body", b""))
            await send(message)

        await app(scope, hear, say)
        if scope["type"] == "http":
            sent = {
                "query": sorted({name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), True)}),
                "header": sorted({name.decode("latin-1") for name, _ in scope["headers"]}),
                "body": _members(bytes(asked)),
                "answer": [*_members(bytes(answered)), media],
            }
            note("asked", scope["method"], scope["path"].rstrip("/"), status, sent)

    return listen


def members(value: Any, path: str = "") -> Iterator[str]:
    """The path of every member of a JSON value, at every depth: points between members, ``[]`` for an item."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (here := f"{path}.{key}" if path else str(key))
            yield from members(item, here)
    elif isinstance(value, list):
        for item in value:
            yield from members(item, f"{path}[]")


def _members(body: bytes) -> list[str]:
    """Of a JSON body its members, of a form its fields."""
    try:
        return sorted(set(members(json.loads(body))))
    except (ValueError, RecursionError):
        return sorted({name.decode("latin-1") for name in _FORM_FIELD.findall(body)})
