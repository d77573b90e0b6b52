"""Cuts a TCP stream into SIP messages (RFC 3261 §18.3: ``Content-Length`` tells where one ends)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from outdial.carriers.simulator.sip_messages import MAX_MESSAGE_BYTES, Malformed

_LENGTH: Final = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*:[ \t]*([0-9]{1,6})[ \t]*(?=\r\n)", re.IGNORECASE)


class Framer:
    """The unread rest of one stream."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that ``data`` completes. Line breaks between messages are keep-alives (RFC 5626 §3.5.1).

        Raises:
            Malformed: no message can be found any more; the connection is of no further use.
        """
        self._rest += data
        while (cut := self._next_end()) is not None:
            message, self._rest = self._rest[:cut], self._rest[cut:]
            yield message
        if len(self._rest) > MAX_MESSAGE_BYTES:
            raise Malformed("a message without an end")

    def _next_end(self) -> int | None:
        self._rest = self._rest.lstrip(b"\r\n")
        head_end = self._rest.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        found = _LENGTH.search(self._rest, 0, head_end + 2)
        end = head_end + 4 + (int(found[1]) if found else 0)
        if end > MAX_MESSAGE_BYTES:
            raise Malformed("a message longer than any we take")
        return end if len(self._rest) >= end else None
