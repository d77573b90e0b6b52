"""RTP packets as data (RFC 3550 §5.1) and the digits in them (RFC 4733 §2.3). Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

KEYS: Final = "0123456789*#ABCD"
"""Telephone events 0 to 15, by their code."""
_HEADER: Final = struct.Struct("!BBHII")
_EVENT: Final = struct.Struct("!BBH")


@dataclass(frozen=True, slots=True)
class Packet:
    """``sequence`` counts packets modulo 2**16, ``timestamp`` samples modulo 2**32."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False


def write(packet: Packet) -> bytes:
    second = packet.payload_type | (0x80 if packet.marker else 0)
    return _HEADER.pack(0x80, second, packet.sequence, packet.timestamp, packet.ssrc) + packet.payload


def read(data: bytes) -> Packet | None:
    """The packet, or None when these bytes are none (another version, cut short, or RTCP: RFC 5761 §4)."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start = _HEADER.size + 4 * (first & 0x0F)
    end = len(data)
    if first >> 6 != 2 or 192 <= second <= 223:
        return None
    if first & 0x10:  # a header extension: its length in words stands in its second half-word
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    if first & 0x20:
        end -= data[-1]
    if start > end:
        return None
    return Packet(second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & 0x80))


def event_payload(digit: str, duration_samples: int, *, end: bool) -> bytes:
    """A telephone event at -10 dBm0.

    Raises:
        ValueError: no such key.
    """
    return _EVENT.pack(KEYS.index(digit.upper()), (0x80 if end else 0) | 10, duration_samples)


def event_digit(payload: bytes) -> str:
    """The key of a telephone event; empty for events that are no keys."""
    return KEYS[payload[0]] if len(payload) >= _EVENT.size and payload[0] < len(KEYS) else ""
