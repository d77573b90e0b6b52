"""What a speech engine and its owner say to each other: a JSON object and bytes, both with their length in front."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

_HEAD: Final = struct.Struct(">II")
LONGEST_BYTES: Final = 16_000_000
"""Seventeen minutes of sound; whatever claims to be longer is no message."""


def message(said: Mapping[str, Any], sound: bytes = b"") -> bytes:
    text = json.dumps(said).encode()
    return _HEAD.pack(len(text), len(sound)) + text + sound


async def read_message(stream: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """
    Raises:
        EOFError: the other side has ended.
        ValueError: what came is no message.
    """
    text_bytes, sound_bytes = _lengths(await stream.readexactly(_HEAD.size))
    return _object(await stream.readexactly(text_bytes)), await stream.readexactly(sound_bytes)


def take_message(stream: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The same, for who may wait. Raises the same."""
    text_bytes, sound_bytes = _lengths(_exactly(stream, _HEAD.size))
    return _object(_exactly(stream, text_bytes)), _exactly(stream, sound_bytes)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    read = stream.read(size)
    if len(read) < size:
        raise EOFError
    return read


def _lengths(head: bytes) -> tuple[int, int]:
    text_bytes, sound_bytes = _HEAD.unpack(head)
    if text_bytes + sound_bytes > LONGEST_BYTES:
        raise ValueError("a message is too long")
    return text_bytes, sound_bytes


def _object(text: bytes) -> dict[str, Any]:
    read = json.loads(text)
    if not isinstance(read, dict):
        raise ValueError("a message is no object")  # noqa: TRY004  # the same answer to all that is no message
    return read
