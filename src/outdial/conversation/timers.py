"""The conversation's patience, counted in milliseconds since the answer."""

from __future__ import annotations

from outdial.conversation.turns import Event, State
from outdial.domain.agent import TalkLimits


class Timers:
    """Idle warning, idle end and maximum length (``TalkLimits``). Each is due once until the silence starts anew.

    After a goodbye ``goodbye_silence_ms`` stands in for the first two, unless they are shorter.
    """

    def __init__(self, limits: TalkLimits, goodbye_silence_ms: int) -> None:
        self._max_ms = round(1000 * limits.max_length_s)
        self._warning_ms = round(1000 * limits.idle_warning_s)
        self._end_ms = round(1000 * limits.idle_end_s)
        self._goodbye_ms = min(goodbye_silence_ms, self._end_ms)
        self._silent_since_ms: int | None = None
        self._warned = False
        self._after_goodbye = False

    def start_idle(self, now_ms: int, *, after_goodbye: bool = False) -> None:
        self._silent_since_ms = now_ms
        self._warned = self._end_ms <= self._warning_ms
        self._after_goodbye = after_goodbye

    def follow(self, state: State) -> None:
        """Silence counts only while it is the callee's turn, the warning included."""
        if state not in (State.LISTENING, State.WARNING):
            self._silent_since_ms = None

    def due(self, now_ms: int) -> Event | None:
        """The most final thing that is due now."""
        if now_ms >= self._max_ms:
            return Event.MAX_LENGTH
        if self._silent_since_ms is None:
            return None
        silent_ms = now_ms - self._silent_since_ms
        if self._after_goodbye:
            return Event.PARTED if silent_ms >= self._goodbye_ms else None
        if silent_ms >= self._end_ms:
            return Event.IDLE_END
        if silent_ms >= self._warning_ms and not self._warned:
            self._warned = True
            return Event.IDLE_WARNING
        return None


class Keypad:
    """Gathers single digits into entries: ``#`` or a pause ends one."""

    def __init__(self, pause_ms: int) -> None:
        self._pause_ms = pause_ms
        self._digits = ""
        self._latest_ms = 0

    def press(self, digits: str, now_ms: int) -> None:
        self._digits += digits
        self._latest_ms = now_ms

    def entry(self, now_ms: int) -> str:
        """A finished entry, else an empty text."""
        if self._digits and (self._digits.endswith("#") or now_ms - self._latest_ms >= self._pause_ms):
            entry, self._digits = self._digits, ""
            return entry
        return ""
