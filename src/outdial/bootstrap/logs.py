"""Where log lines go: standard error, for a person or as JSON, personal data only in fields named ``personal_*``."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from outdial.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Set up structlog and the standard library's logging for this process, once, at its start."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    render: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact_personal,
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        stream=sys.stderr, level=max(level, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )


def redact_personal(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep the last two characters of personal values: enough to tell lines apart, too little to ring anybody."""
    for name, value in event.items():
        if name.startswith("personal_"):
            text = str(value)
            event[name] = f"…{text[-2:]}" if len(text) > 4 else "…"
    return event
