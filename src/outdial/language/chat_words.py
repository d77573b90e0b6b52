"""The words of a reply from what its chunks bring: each once, and no letter that cannot be kept."""

from __future__ import annotations

from typing import Final

_LEAST_REPEATED: Final = 12
"""Letters of a text that counts as the reply once more, and not as a word said twice."""
_LEAST_BEGUN: Final = 2
_MAX_KEPT: Final = 8 * 1024
"""Letters; a longer text that comes once more is not noticed."""


class FreshWords:
    """Some servers send the whole text once more at the end, or with each chunk all that came before."""

    def __init__(self) -> None:
        self._all = ""
        self._latest = ""
        self._pieces = 0
        self._by_delta = False
        self._grows = False

    def of(self, words: str, *, whole: bool) -> str:
        """What is new in ``words``; ``whole``: they stood as a whole message and not as a part of one."""
        if not words:
            return ""
        fresh = self._in_message(words) if whole else self._in_part(words)
        self._pieces += 1
        self._by_delta = self._by_delta or not whole
        self._latest = words
        if len(self._all) < _MAX_KEPT:
            self._all += fresh
        return fresh

    def _in_message(self, words: str) -> str:
        if self._by_delta or words.strip() == self._all.strip():
            return ""
        return words.removeprefix(self._all)

    def _in_part(self, words: str) -> str:
        longer = len(words) > len(self._latest) and words.startswith(self._latest)
        begun = sum(letter.isalnum() for letter in self._latest) >= _LEAST_BEGUN
        if longer and begun and (self._grows or self._pieces == 1):
            self._grows = True
            return words.removeprefix(self._latest)
        is_all = len(words) >= _LEAST_REPEATED and words.strip() == self._all.strip()
        return "" if is_all and self._pieces > 1 else words


class WholeLetters:
    """Joins halves of letters beyond the first plane: JSON may write them as two escapes, in two chunks."""

    def __init__(self) -> None:
        self._high = ""

    def add(self, words: str) -> str:
        words = self._high + words
        self._high = ""
        if words and "\ud800" <= words[-1] <= "\udbff":
            words, self._high = words[:-1], words[-1]
        return storable(words)


def storable(text: str) -> str:
    """Without NUL and halves of letters, which no voice speaks and no database takes."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
