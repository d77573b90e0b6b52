"""What both sides said, in the order it was said, and what of it still wants an answer."""

from __future__ import annotations

from collections.abc import Callable

from outdial.domain.attempt import Turn


class Transcript:
    """``report`` is called with each turn once it is over."""

    def __init__(self, report: Callable[[Turn], None]) -> None:
        self._report = report
        self.turns: list[Turn] = []
        self._open_words: list[str] = []
        self._open_entries: list[str] = []
        self._fresh = False

    def add(self, turn: Turn) -> None:
        self.turns.append(turn)
        self._report(turn)

    def wants_answer(self, words: str) -> None:
        self._open_words.append(words)
        self._fresh = True

    def entry_wants_answer(self, words: str) -> None:
        """As ``wants_answer``, for keys that were pressed: they come in front of what was said meanwhile."""
        self._open_entries.append(words)
        self._fresh = True

    @property
    def has_news(self) -> bool:
        """Words have come since an answer was last asked for."""
        return self._fresh

    def ask(self) -> str:
        """All the words that no answer has been heard to yet, as one."""
        self._fresh = False
        return " ".join([*self._open_entries, *self._open_words])

    def answered(self) -> None:
        """An answer has begun to sound."""
        if not self._fresh:
            self._open_words.clear()
            self._open_entries.clear()

    def in_order(self) -> tuple[Turn, ...]:
        return tuple(sorted(self.turns, key=lambda turn: turn.began_ms))

    @property
    def first_word_ms(self) -> int | None:
        """When the agent or the callee was first heard."""
        return min((turn.began_ms for turn in self.turns), default=None)
