"""Reads a JSON object out of a request: bounded, strict about JSON, indifferent to the content type."""

from __future__ import annotations

import asyncio
import json
import math
import re
from typing import Final, TypeAlias

from starlette.requests import Request

from outdial.domain.errors import Fault, Invalid, Refused, cut
from outdial.domain.limits import (
    MAX_JSON_DEPTH,
    MAX_JSON_MEMBERS,
    MAX_JSON_NAME_LETTERS,
    MAX_JSON_TEXT_BYTES,
    MAX_JSON_VALUES,
    MAX_NUMBER_DIGITS,
)
from outdial.domain.sizes import utf8_bytes

JsonObject: TypeAlias = dict[str, object]

_SIGNS: Final = (b"[", b"{", b",")
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""To the end where none is: then it is searched once, not from each of its quotes."""


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


def parse_object(raw: bytes, field: str = "") -> JsonObject | None:
    """The JSON object in ``raw`` (UTF-8, a BOM allowed), or None when it is anything else.

    NaN, infinities, lone surrogates and nesting beyond 64 levels are not JSON here: they could not be stored or
    answered. NUL characters, which no database text holds, are left out. ``field``: the one it came in; empty: it is a
    body.

    Raises:
        Invalid: more values, members, letters or digits than any body may have; the fault names the place.
    """
    if _values_in(raw) > MAX_JSON_VALUES:
        raise Invalid(Fault((field,) if field else (), f"more than {MAX_JSON_VALUES} values were sent", "too_long"))
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant, parse_int=_whole)
        cleaned = _Cleaner((field,) if field else ()).cleaned(value, 0)
    except (ValueError, RecursionError):
        return None
    return cleaned if isinstance(cleaned, dict) else None


def _values_in(raw: bytes) -> int:
    """How many values a document has at most: to make 300,000 lists takes longer than a phone call may wait."""
    if (signs := sum(map(raw.count, _SIGNS))) > MAX_JSON_VALUES:
        without_texts = _TEXT.sub(b"", raw)
        signs = sum(map(without_texts.count, _SIGNS))
    return signs + 1


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


class _Huge:
    """Stands for a whole number too long to be read: time grows with the square of its digits."""


def _whole(digits: str) -> int | _Huge:
    return int(digits) if len(digits) <= MAX_NUMBER_DIGITS else _Huge()


class _Cleaner:
    """Looks at every value once."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self._path = list(path)

    def cleaned(self, value: object, depth: int) -> object:
        if depth > MAX_JSON_DEPTH:
            raise ValueError("nested too deeply")
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, _Huge):
            raise self._over(MAX_NUMBER_DIGITS, "digits")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("a number out of range")
        if isinstance(value, list):
            self._bounded(len(value), MAX_JSON_MEMBERS, "items")
            return [self._member(str(index), item, depth) for index, item in enumerate(value)]
        if isinstance(value, dict):
            self._bounded(len(value), MAX_JSON_MEMBERS, "members")
            return {self._name(name): self._member(name, item, depth) for name, item in value.items()}
        return value

    def _member(self, name: str, value: object, depth: int) -> object:
        self._path.append(name)
        cleaned = self.cleaned(value, depth + 1)
        self._path.pop()
        return cleaned

    def _text(self, text: str) -> str:
        # Also refuses half of a surrogate pair.
        text.encode()
        self._bounded(utf8_bytes(text), MAX_JSON_TEXT_BYTES, "bytes")
        return text.replace("\0", "")

    def _name(self, name: str) -> str:
        name.encode()
        if len(name) > MAX_JSON_NAME_LETTERS:
            where = ".".join(self._path) or "the body"
            raise self._wrong(f"{where} has a member whose name is longer than {MAX_JSON_NAME_LETTERS} characters")
        return name.replace("\0", "")

    def _bounded(self, length: int, most: int, what: str) -> None:
        if length > most:
            raise self._over(most, what)

    def _over(self, most: int, what: str) -> Invalid:
        return self._wrong(f"{'.'.join(map(cut, self._path)) or 'the body'} has more than {most} {what}")

    def _wrong(self, message: str) -> Invalid:
        return Invalid(Fault(tuple(self._path), message, "too_long"))
