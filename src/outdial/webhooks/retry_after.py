"""``Retry-After`` (RFC 9110 §10.2.3): seconds, or a date."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from outdial.domain.delivery import MAX_RETRY_AFTER_S

_LONGEST: Final = 64


def retry_after_s(text: str, now: datetime) -> float:
    """Seconds from ``now``, from 0 to ``MAX_RETRY_AFTER_S``; 0 of what is neither seconds nor a date."""
    text = text.strip()
    if len(text) > _LONGEST or not text.isascii():
        return 0.0
    if text.isdigit():
        return float(min(int(text), MAX_RETRY_AFTER_S))
    try:
        at = parsedate_to_datetime(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return min(max((at - now).total_seconds(), 0.0), float(MAX_RETRY_AFTER_S))
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
