"""One call of the native stack: what it told us, from the INVITE until it closed."""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum
from typing import Final

import structlog
from baresip import BaresipError, Event

from outdial.carriers.sip.native import NativeCall, NativeEvent

_HANG_UP_TIMEOUT_S: Final = 8.0
_log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger(__name__)


class Sign(Enum):
    """What a call tells while it is being set up."""

    RINGING = "ringing"
    EARLY_MEDIA = "early media"
    ANSWERED = "answered"
    CLOSED = "closed"


_SIGNS: Final = {
    Event.CALL_RINGING: Sign.RINGING,
    Event.CALL_PROGRESS: Sign.EARLY_MEDIA,
    Event.CALL_ESTABLISHED: Sign.ANSWERED,
    Event.CALL_CLOSED: Sign.CLOSED,
}


class Line:
    """Owned by one ``SipStack``; ``closed`` is the native stack's close text once the call is over."""

    def __init__(self, call: NativeCall) -> None:
        self.call = call
        self.signs: asyncio.Queue[Sign] = asyncio.Queue()
        self.closed: str | None = None
        self.ended_by_us = False
        self._digits: list[str] = []

    def on_event(self, event: NativeEvent) -> None:
        if event.event == Event.CALL_DTMF_START and event.text:
            self._digits.append(event.text)
        elif event.event == Event.CALL_CLOSED:
            self.close(event.text or "")
        elif sign := _SIGNS.get(event.event):
            self.signs.put_nowait(sign)

    def close(self, text: str) -> None:
        if self.closed is None:
            self.closed = text
            self.signs.put_nowait(Sign.CLOSED)

    def take_digits(self) -> str:
        digits = "".join(self._digits)
        self._digits.clear()
        return digits

    async def hang_up(self) -> None:
        """Send BYE, or CANCEL before the answer; the native stack ends an answer that crosses it. Never raises."""
        if self.closed is not None or self.ended_by_us:
            return
        self.ended_by_us = True
        try:
            async with asyncio.timeout(_HANG_UP_TIMEOUT_S):
                await self.call.hangup()
        except (BaresipError, TimeoutError) as failure:
            _log.info("call was already gone when we hung up", failure=str(failure))
        self.close("hung up by us")

    async def press(self, digits: str) -> None:
        """Send DTMF (RFC 4733); does nothing when the call has gone."""
        with contextlib.suppress(BaresipError):
            await self.call.send_dtmf(digits)
