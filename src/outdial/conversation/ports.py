"""What a conversation needs from outside: a line, ears, a voice and something to say.

Sound is always line-rate PCM (``outdial.audio.frames``). Nothing here may block the clock: methods that are not
``async`` return at once; the ``async`` ones may take as long as a provider takes and are awaited beside the clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from outdial.domain.agent import Brief, Voice
from outdial.domain.attempt import Dial, Turn
from outdial.domain.outcome import NotReached


class Leg(Protocol):
    """An answered line, owned by one conversation, polled once each 20 ms tick."""

    def hear(self) -> bytes:
        """Whole frames that came in since the last call: none, one, or several after a gap."""

    def speak(self, pcm: bytes) -> None:
        """Queue whole frames for sending; they leave at the line's own pace."""

    def hush(self) -> None:
        """Drop what is queued and has not left yet."""

    def digits(self) -> str:
        """DTMF digits that came in since the last call."""

    async def press(self, digits: str) -> None:
        """Send DTMF digits."""

    async def hang_up(self) -> None:
        """End the call. Returns when the far side was told; never raises when it has already gone."""

    @property
    def gone(self) -> str | None:
        """None while the line is up; after the far side or the carrier ended it, one line that says why."""


class Carrier(Protocol):
    """A way to ring phones."""

    async def place(self, dial: Dial, on_ringing: Callable[[bool], None]) -> Leg | NotReached:
        """Ring a number and wait until it is answered or not.

        ``on_ringing`` is called with True when early media comes along, at most once for each kind. Cancelling the
        task hangs up or cancels the dial; no ghost call is left behind. A dial whose last moment is over as it is
        about to leave is not sent (``domain.attempt.missed``): this process may have been frozen in between.

        Raises:
            Unreachable: the trunk itself is down; no phone rang.
        """


class Hearing(Protocol):
    """Speech-to-text for one conversation."""

    def hear(self, pcm: bytes) -> None:
        """Every frame of the callee, in order, silence included, while the conversation lasts."""

    def speech_began(self) -> None:
        """The callee has begun to speak; up to 300 ms of it were already handed over."""

    async def speech_ended(self) -> str:
        """What was said since ``speech_began``; empty if it was no speech.

        Raises:
            Unreachable: the recogniser failed or took too long.
        """

    async def close(self) -> None: ...


class SpeechToText(Protocol):
    def listen(self, language: str) -> Hearing: ...


class TextToSpeech(Protocol):
    def say(self, text: str, voice: Voice) -> AsyncIterator[bytes]:
        """Speak one sentence; chunks of any whole number of samples, as soon as they exist.

        Raises:
            Unreachable: the synthesiser failed or took too long.
        """


@dataclass(frozen=True)
class Say:
    """Words to speak, in pieces of any size; the conversation cuts them into sentences.

    ``asks``: they end with a question, whatever their punctuation; a question mark says the same.
    """

    text: str
    asks: bool = False


@dataclass(frozen=True)
class HangUp:
    """End the call once everything said so far has been heard."""


@dataclass(frozen=True)
class Press:
    """Send DTMF digits."""

    digits: str


@dataclass(frozen=True)
class Capture:
    """An answer worth keeping, e.g. ``appointment_kept = yes``."""

    name: str
    value: str


Move = Say | HangUp | Press | Capture


class Dialogue(Protocol):
    """What one agent says in one conversation.

    Both methods may be cancelled half way, when the callee interrupts: what counts as said is the ``transcript``,
    which holds only words that were really played.
    """

    def greet(self) -> AsyncIterator[Move]:
        """The first words after the answer."""

    def reply(self, heard: str, transcript: Sequence[Turn]) -> AsyncIterator[Move]:
        """What follows on ``heard``, the callee's latest words (also last in ``transcript``).

        Raises:
            Unreachable: the model failed or took too long.
        """


class Language(Protocol):
    def open(self, brief: Brief) -> Dialogue: ...


@dataclass(frozen=True)
class Parts:
    """The speech and language parts of one conversation."""

    hearing: SpeechToText
    voice: TextToSpeech
    language: Language


PartsFor = Callable[[Brief], Parts]
"""Chooses the parts an agent talks with; wired in ``bootstrap``."""
