"""Reads a JSON object out of a request: bounded, strict about JSON, indifferent to the content type."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Final, TypeAlias

from starlette.requests import Request

from outdial.domain.errors import Fault, Invalid, Refused

JsonObject: TypeAlias = dict[str, object]

_MAX_DEPTH: Final = 64
"""Deeper nesting than any client needs, and shallower than what exhausts the stack of a JSON writer."""


class TooLarge(Refused):
    """The body is longer than this door allows."""


async def read_body(request: Request, *, limit_bytes: int, limit_s: float = 30.0) -> bytes:
    """The whole body.

    Raises:
        TooLarge: it is longer than ``limit_bytes``; the rest is not read.
        Invalid: it did not arrive within ``limit_s``.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > limit_bytes:
        raise TooLarge("Request body is too large")
    try:
        async with asyncio.timeout(limit_s):
            return await _read(request, limit_bytes)
    except TimeoutError:
        raise Invalid(Fault((), f"Request body did not arrive within {limit_s:g} seconds", "timeout")) from None


async def _read(request: Request, limit_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge("Request body is too large")
    return bytes(body)


def parse_object(raw: bytes) -> JsonObject | None:
    """The JSON object in ``raw`` (UTF-8, a BOM allowed), or None when it is anything else.

    NaN, infinities, lone surrogates and nesting beyond 64 levels are not JSON here: they could not be stored or
    answered. NUL characters, which no database text holds, are left out.
    """
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
        cleaned = _clean(value, 0)
    except (ValueError, RecursionError):
        return None
    return cleaned if isinstance(cleaned, dict) else None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _clean(value: object, depth: int) -> object:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        value.encode()
        return value.replace("\0", "")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number out of range")
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(_clean(key, depth)): _clean(item, depth + 1) for key, item in value.items()}
    return value
