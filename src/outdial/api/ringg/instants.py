"""The five ways this API writes a moment. All take an aware datetime."""

from __future__ import annotations

from datetime import UTC, datetime


def naive_micros(at: datetime) -> str:
    """``2026-03-02T09:15:04.120331``: UTC without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def zulu_seconds(at: datetime) -> str:
    """``2026-03-02T09:15:04Z``"""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zulu_micros(at: datetime) -> str:
    """``2026-03-02T09:15:04.120331Z``"""
    return naive_micros(at) + "Z"


def offset_micros(at: datetime) -> str:
    """``2026-03-02T09:15:04.120331+00:00``"""
    return naive_micros(at) + "+00:00"


def offset_millis(at: datetime) -> str:
    """``2026-03-02T09:15:12.300+00:00``"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def offset_plain(at: datetime) -> str:
    """``2026-03-02T09:15:12+00:00``, with microseconds only when there are any."""
    return at.astimezone(UTC).isoformat()
