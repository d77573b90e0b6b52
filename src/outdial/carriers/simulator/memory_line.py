"""An answered line inside the process: two ends, and between them the frames of the loop's own time.

Nothing ticks: whoever touches an end first moves all frames that are due by then. So a line costs nothing while nobody
listens, and runs the same on a real and on a virtual clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from outdial.audio.frames import FRAME_BYTES, FRAME_MS, SILENCE
from outdial.carriers.simulator.echo import EchoPath
from outdial.carriers.simulator.rtp import KEYS
from outdial.domain.errors import Refused

_FRAME_S: Final = FRAME_MS / 1000
_EARLY: Final = 1e-6
"""Loop times are sums of floats: a frame that is due in less than a microsecond is due."""
_HEARD_FRAMES: Final = 500
"""How much unread sound an end keeps (10 s)."""
KEY_S: Final = 0.16
"""A pressed key and the pause after it."""


class MemoryLine:
    """Both ends of one call, up from now on; with ``echo`` the caller hears itself, too."""

    def __init__(self, echo: EchoPath | None = None) -> None:
        self._echo = echo
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._moved = 0
        self.over = asyncio.Event()
        self.caller = MemoryLeg(self, "the callee hung up")
        self.callee = MemoryLeg(self, "the caller hung up")
        self.ended_by: MemoryLeg | None = None

    def move(self) -> None:
        """Carry every frame that is due by now to the other end; a silent end sends silence."""
        due = int((self._loop.time() - self._began) / _FRAME_S + _EARLY)
        while self._moved < due and not self.over.is_set():
            self._moved += 1
            said, answered = self.caller.leave(), self.callee.leave()
            if self._echo is not None:
                self._echo.arrive(said)
                answered = self._echo.leave(answered)
            self.callee.arrive(said)
            self.caller.arrive(answered)

    def end(self, by: MemoryLeg) -> None:
        if not self.over.is_set():
            self.move()
            self.ended_by = by
            self.over.set()

    def other(self, leg: MemoryLeg) -> MemoryLeg:
        return self.callee if leg is self.caller else self.caller


class MemoryLeg:
    """One end (``conversation.ports.Leg``). ``why`` is what it reads when the other end hung up."""

    def __init__(self, line: MemoryLine, why: str) -> None:
        self._line = line
        self._why = why
        self._out: deque[bytes] = deque()
        self._in: deque[bytes] = deque(maxlen=_HEARD_FRAMES)
        self._keys = ""
        self.every_digit = ""
        """All keys the other end pressed so far."""

    def hear(self) -> bytes:
        self._line.move()
        pcm = b"".join(self._in)
        self._in.clear()
        return pcm

    def speak(self, pcm: bytes) -> None:
        self._line.move()
        self._out.extend(pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0") for at in range(0, len(pcm), FRAME_BYTES))

    def hush(self) -> None:
        self._line.move()
        self._out.clear()

    def digits(self) -> str:
        keys, self._keys = self._keys, ""
        return keys

    async def press(self, digits: str) -> None:
        """Send DTMF digits, 160 ms each.

        Raises:
            Refused: a character is no DTMF digit.
        """
        if not set(digits.upper()) <= set(KEYS):
            raise Refused("only the keys 0-9, A-D, * and # can be pressed")
        for key in digits:
            await asyncio.sleep(KEY_S)
            if not self._line.over.is_set():
                self._line.other(self).key_heard(key.upper())

    async def hang_up(self) -> None:
        self._line.end(self)

    @property
    def gone(self) -> str | None:
        ended_by = self._line.ended_by
        return None if ended_by is None or ended_by is self else self._why

    async def ended(self) -> None:
        await self._line.over.wait()

    def arrive(self, frame: bytes) -> None:
        self._in.append(frame)

    def leave(self) -> bytes:
        return self._out.popleft() if self._out else SILENCE

    def key_heard(self, key: str) -> None:
        self._keys += key
        self.every_digit += key
