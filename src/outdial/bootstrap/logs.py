"""Where log lines go: standard error, for a person or as JSON, personal data only in fields named ``personal_*``."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from outdial.domain.printable import printable
from outdial.settings import Settings

_OF_SEVERAL_LINES: Final = frozenset({"exception", "stack"})


def log_apart() -> TextIO:
    """For a child process whose standard output is a pipe to its parent: the log keeps standard error, and whatever
    else is printed from now on, by native code, too, goes into that pipe. Returns where the log goes."""
    log = os.dup(2)
    os.dup2(1, 2)
    return os.fdopen(log, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def configure_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging for this process, once, at its start."""
    stream = sys.stderr if stream is None else stream
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    render: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact_personal,
            structlog.processors.format_exc_info,
            spell_out,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=stream, level=max(level, logging.WARNING), format="%(levelname)s %(name)s %(message)s")


def spell_out(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Texts in a log may come from anybody: nothing in them may steer a terminal or begin a line of its own."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = printable(value, lines=name in _OF_SEVERAL_LINES)
    return event


def redact_personal(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep the last two characters of personal values: enough to tell lines apart, too little to ring anybody."""
    for name, value in event.items():
        if name.startswith("personal_"):
            text = str(value)
            event[name] = f"…{text[-2:]}" if len(text) > 4 else "…"
    return event
