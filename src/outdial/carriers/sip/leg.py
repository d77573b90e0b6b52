"""An answered line as a conversation sees it: frames in, frames out, digits, hang up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from baresip import AudioNotActive, AudioRestarted

from outdial.audio.frames import FRAME_BYTES
from outdial.carriers.sip.line import Line
from outdial.carriers.sip.resample import ToLineRate
from outdial.domain.errors import Refused

_READ_BYTES: Final = 12 * FRAME_BYTES
"""Whole samples of every codec: 20 ms of stereo at 48 kHz, or 240 ms at the line rate."""
_EARLY_FRAMES: Final = 5
"""What the jitter buffer may still hold of the sound before the answer."""
_DTMF: Final = frozenset("0123456789ABCD*#")
_CALLEE_HUNG_UP: Final = "Connection reset by peer"
_SILENT: Final = "rtp stream error"


class SipLeg:
    """Sound goes straight to and from the native stack's rings; what does not fit waits here."""

    def __init__(self, line: Line, hang_up: Callable[[Line], Awaitable[None]], *, early_media: bool) -> None:
        self._line = line
        self._hang_up = hang_up
        self._audio = line.call.audio
        self._heard = bytearray()
        self._waiting = bytearray()
        self._to_line_rate: ToLineRate | None = None
        self._skip_bytes = _EARLY_FRAMES * FRAME_BYTES if early_media else 0
        self._read()  # what the network played before the answer is nobody's speech

    def hear(self) -> bytes:
        self._send()
        self._heard += self._read()
        if self._skip_bytes:
            skipped = min(self._skip_bytes, len(self._heard))
            del self._heard[:skipped]
            self._skip_bytes -= skipped
        whole = len(self._heard) - len(self._heard) % FRAME_BYTES
        frames = bytes(self._heard[:whole])
        del self._heard[:whole]
        return frames

    def speak(self, pcm: bytes) -> None:
        self._waiting += pcm
        self._send()

    def hush(self) -> None:
        self._waiting.clear()
        try:
            self._audio.flush_tx()
        except (AudioNotActive, AudioRestarted):
            return  # new streams start empty

    def digits(self) -> str:
        return self._line.take_digits()

    async def press(self, digits: str) -> None:
        """Send DTMF digits (RFC 4733), about 220 ms each.

        Raises:
            Refused: a character is no DTMF digit.
        """
        if not set(digits.upper()) <= _DTMF:
            raise Refused("only the keys 0-9, A-D, * and # can be pressed")
        await self._line.press(digits.upper())

    async def hang_up(self) -> None:
        await self._hang_up(self._line)

    @property
    def gone(self) -> str | None:
        text = self._line.closed
        if text is None or self._line.ended_by_us:
            return None
        if text.startswith(_CALLEE_HUNG_UP):
            return "the callee hung up"
        if text.startswith(_SILENT):
            return "carrier: no sound arrived any more"
        return f"carrier: {text or 'the call ended without a reason'}"

    def _read(self) -> bytes:
        """All sound that has come in, at the line rate."""
        heard = bytearray()
        try:
            if self._to_line_rate is None:
                info = self._audio.info()
                if not info.rx_sample_rate:
                    return b""
                self._to_line_rate = ToLineRate(info.rx_sample_rate, info.rx_channels)
            while chunk := self._audio.read(_READ_BYTES):
                heard += chunk
        except (AudioNotActive, AudioRestarted):
            self._to_line_rate = None  # a re-INVITE may have brought another codec
            return b""
        return self._to_line_rate.convert(bytes(heard))

    def _send(self) -> None:
        if not self._waiting:
            return
        try:
            sent = self._audio.write(bytes(self._waiting))
        except (AudioNotActive, AudioRestarted):
            return
        del self._waiting[:sent]
