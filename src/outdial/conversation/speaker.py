"""The agent's mouth: hands frames to the line at its pace and knows exactly which of them have left."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from outdial.audio.frames import FRAME_BYTES, SILENCE
from outdial.conversation.ports import Leg

_BYTES_PER_LETTER: Final = 1000
"""About 60 ms: how long a sentence will be, while its sound is still being made."""


class Utterance:
    """A sentence and its sound. ``done`` is set when all of it was played."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sound = bytearray()
        self.complete = False
        self.done = asyncio.Event()
        self._sent = 0
        self._played = 0

    def add(self, pcm: bytes) -> None:
        self.sound += pcm

    def finish(self) -> None:
        """No more sound will come; the last frame is filled up with silence."""
        self.sound += bytes(-len(self.sound) % FRAME_BYTES)
        self.complete = True

    def next_frame(self) -> bytes | None:
        frame = bytes(self.sound[self._sent : self._sent + FRAME_BYTES])
        if len(frame) < FRAME_BYTES:
            return None
        self._sent += FRAME_BYTES
        return frame

    @property
    def begun(self) -> bool:
        return self._sent > 0

    @property
    def sent_all(self) -> bool:
        return self.complete and self._sent >= len(self.sound)

    def played_frame(self) -> None:
        self._played += FRAME_BYTES
        self.settle()

    def settle(self) -> None:
        if self.complete and self._played >= len(self.sound):
            self.done.set()

    def heard_words(self) -> int:
        """How many words of the text were played to their end, judged by their share of the letters."""
        words = self.text.split()
        if self.done.is_set():
            return len(words)
        length = len(self.sound) if self.complete else max(len(self.sound), _BYTES_PER_LETTER * len(self.text))
        letters = sum(len(word) + 1 for word in words)
        ends = accumulate(len(word) + 1 for word in words)
        return sum(end * length <= self._played * letters for end in ends)


class Speaker:
    """A queue of utterances. ``beat`` is called once a beat; ``on_begin`` for each utterance's first frame."""

    def __init__(self, leg: Leg, lead_frames: int, on_begin: Callable[[Utterance], None]) -> None:
        self._leg = leg
        self._lead = lead_frames
        self._on_begin = on_begin
        self._queue: deque[Utterance] = deque()
        self._line: deque[tuple[bytes, Utterance]] = deque()
        """Frames handed over that have not left yet."""
        self._begun: Utterance | None = None

    def enqueue(self, utterance: Utterance) -> None:
        self._queue.append(utterance)

    def elapse(self, periods: int) -> bytes:
        """What left during the last periods: exactly that many frames, silence where there was nothing to send."""
        if not self._line:
            return SILENCE * periods
        left = []
        for _ in range(min(periods, len(self._line))):
            frame, utterance = self._line.popleft()
            utterance.played_frame()
            left.append(frame)
        return b"".join(left) + SILENCE * (periods - len(left))

    def send(self) -> None:
        """Hand over what the line needs until the next beat, with the lead."""
        while self._queue and len(self._line) <= self._lead:
            utterance = self._queue[0]
            frame = utterance.next_frame()
            if frame is None:
                if not utterance.sent_all:
                    return
                utterance.settle()
                self._queue.popleft()
                continue
            if utterance is not self._begun:
                self._begun = utterance
                self._on_begin(utterance)
            self._leg.speak(frame)
            self._line.append((frame, utterance))

    @property
    def busy(self) -> bool:
        """Sound is leaving."""
        return bool(self._line)

    def hush(self) -> None:
        """Silence now: what is queued here and at the line is dropped."""
        self._leg.hush()
        self._queue.clear()
        self._line.clear()
        self._begun = None

    def is_on(self, utterance: Utterance) -> bool:
        """It has begun to sound and is not over."""
        return self._begun is utterance and not utterance.done.is_set()
