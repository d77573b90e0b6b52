"""From probabilities to speech: when somebody began to speak, and when they had ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from outdial.conversation.vad import WINDOW_MS


@dataclass(frozen=True)
class Hysteresis:
    """What counts as speech. Probabilities are between 0 and 1, times in milliseconds, rounded up to windows."""

    begin_probability: float = 0.5
    stay_probability: float = 0.35
    begin_speech_ms: int = 64
    """Speech shorter than this is no speech: a click, a cough."""
    end_silence_ms: int = 480
    """Silence that ends what was said: long enough for a breath, short enough for a quick answer."""


class Heard(Enum):
    BEGAN = "began"
    ENDED = "ended"


class SpeechDetector:
    """Probabilities in, one for each window; BEGAN and ENDED out, in turns. Counts windows, knows no clock.

    ``began_ago_ms`` and ``silent_ms`` look back from the end of the latest window: how long ago the present speech (the
    latest, in the window that ends it) began, and how long it has been silent since (0 while it sounds).
    """

    def __init__(self, hysteresis: Hysteresis = Hysteresis()) -> None:
        self._rules = hysteresis
        self.speaking = False
        self.began_ago_ms = 0
        self.silent_ms = 0
        self._loud_ms = 0
        """How long windows that may begin a speech have followed each other."""
        self.quiet_ms = 0
        """How long nobody has been speaking."""

    def hear(self, probability: float) -> Heard | None:
        return self._in_speech(probability) if self.speaking else self._in_silence(probability)

    def _in_silence(self, probability: float) -> Heard | None:
        self.quiet_ms += WINDOW_MS
        self._loud_ms = self._loud_ms + WINDOW_MS if probability >= self._rules.begin_probability else 0
        self.began_ago_ms, self.silent_ms = self._loud_ms, 0
        if not self._loud_ms or self._loud_ms < self._rules.begin_speech_ms:
            return None
        self.speaking, self.quiet_ms = True, 0
        return Heard.BEGAN

    def _in_speech(self, probability: float) -> Heard | None:
        self.began_ago_ms += WINDOW_MS
        self.silent_ms = 0 if probability >= self._rules.stay_probability else self.silent_ms + WINDOW_MS
        if self.silent_ms < self._rules.end_silence_ms:
            return None
        self.stop()
        return Heard.ENDED

    def stop(self) -> None:
        """The present speech is over, whatever it was; the next one begins with the windows to come."""
        self.speaking, self._loud_ms, self.quiet_ms = False, 0, self.silent_ms

    @property
    def speech_ms(self) -> int:
        """Length of the present speech without the silence at its end."""
        return self.began_ago_ms - self.silent_ms
