"""How much of a greeting must be heard before the callee knows who is calling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from outdial.conversation.phrases import plain_words

_AFTER_NAME: Final = 3
"""Words after the agent's name in a long sentence: "this is Ada from Acme Dental"."""
_WITHOUT_NAME: Final = 5
"""Words of a greeting that does not hold the name as it is known here: "hello, this is Ada from …"."""


def introduction_words(greeting: Sequence[str], agent_name: str) -> int:
    """How many words of a greeting, given as sentences, introduce the agent: up to its name and what belongs to it,
    but no further than the end of that sentence; of a greeting without the name, the first few."""
    name = plain_words(agent_name)
    before = 0
    for sentence in greeting:
        words = sentence.split()
        if (end := _name_end(words, name)) is not None:
            return before + min(end + _AFTER_NAME, len(words))
        before += len(words)
    return min(before, _WITHOUT_NAME)


def _name_end(words: Sequence[str], name: tuple[str, ...]) -> int | None:
    """How many words there are up to the end of the name; None if it does not occur."""
    plain: list[str] = []
    for count, word in enumerate(words, start=1):
        plain += plain_words(word)
        if name and tuple(plain[-len(name) :]) == name:
            return count
    return None
