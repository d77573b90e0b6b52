"""A model that says the same sentence again and again: noticed, told once, then stopped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from outdial.domain.attempt import Speaker, Turn

MAX_TIMES: Final = 3
"""So often a sentence may be heard before the model is told."""
_MAX_WITHIN: Final = 2
"""So often it may stand in one reply."""
_END: Final = re.compile(r"(?<=[.!?…。！？।؟۔])(?=\s)|\n+|(?<=[。！？।])")
_WORD: Final = re.compile(r"[^\W_]+")
_LEAST_BYTES: Final = 20
"""In UTF-8, of a sentence among others: shorter ones ("Thank you so much.") may come again."""
_LEAST_BYTES_ALONE: Final = 12
"""The same for a question, or for a reply that says nothing else."""

TOLD: Final = (
    "You have now said this {times} times: {sentence!r}. Do not say it again. Go on with the conversation in other "
    "words, or, if there is nothing left to say, say goodbye and end the call."
)


def plain(text: str) -> str:
    """Words only, in lower case, with a blank around each."""
    words = " ".join(_WORD.findall(text.casefold()))
    return f" {words} "


def sentences(text: str) -> list[str]:
    return [sentence for part in _END.split(text) if (sentence := part.strip())]


class Repeats:
    """What one dialogue's model has said. Counted is what was heard: a reply that never sounded was no repetition."""

    def __init__(self) -> None:
        self._own: set[str] = set()
        self._told: set[str] = set()

    def heard(self, transcript: Sequence[Turn]) -> Counter[str]:
        """How often each of the model's sentences was heard by now."""
        turns = [plain(turn.text) for turn in transcript if turn.speaker is Speaker.AGENT]
        return Counter({own: times for own in self._own if (times := sum(own in turn for turn in turns))})

    def note(self, heard: Counter[str]) -> str:
        """What the model is to be told now; each sentence is named once. Empty: nothing."""
        for sentence, times in heard.most_common(1):
            if times >= MAX_TIMES and sentence not in self._told:
                self._told.add(sentence)
                return TOLD.format(times=times, sentence=sentence.strip())
        return ""

    def watch(self, heard: Counter[str]) -> RepeatWatch:
        return RepeatWatch(frozenset(s for s in self._told if heard[s] >= MAX_TIMES))

    def said(self, reply: str) -> None:
        """The model's whole reply."""
        parts = sentences(reply)
        for part in parts:
            least = _LEAST_BYTES_ALONE if len(parts) == 1 or part.endswith(("?", "？", "؟")) else _LEAST_BYTES
            if len(plain(part).strip().encode()) >= least:
                self._own.add(plain(part))


class RepeatWatch:
    """Lets one reply's words through, but for a sentence that was told not to be said, or that comes for ever.

    Words come out at once as long as nothing is suspected, sentence by sentence afterwards.
    """

    def __init__(self, unwanted: frozenset[str]) -> None:
        self.repeated = ""
        """The sentence at which the reply was stopped."""
        self._unwanted = unwanted
        self._times: Counter[str] = Counter()
        self._open = ""
        self._passed = 0
        self._looked = 0

    @property
    def was_told(self) -> bool:
        return f" {self.repeated} " in self._unwanted

    def add(self, piece: str, *, final: bool = False) -> str:
        """The words that may be said; none any more once ``repeated`` is set."""
        out: list[str] = []
        self._open += piece
        while not self.repeated and (end := self._end(final=final)):
            sentence, self._open = self._open[:end], self._open[end:]
            words = plain(sentence)
            self._times[words] += 1
            if words in self._unwanted or (
                self._times[words] > _MAX_WITHIN and len(words.strip().encode()) >= _LEAST_BYTES_ALONE
            ):
                self.repeated = words.strip()
                return "".join(out)
            out.append(sentence[self._passed :])
            self._passed = 0
        if not self.repeated and not self._unwanted and max(self._times.values(), default=0) < _MAX_WITHIN:
            out.append(self._open[self._passed :])
            self._passed = len(self._open)
        return "".join(out)

    def _end(self, *, final: bool) -> int:
        for found in _END.finditer(self._open, max(self._looked - 1, 0)):
            if found.end() and not self._open[: found.end()].isspace():
                self._looked = 0
                return found.end()
        # What was looked at once is not looked at again: a text without an end would cost its square.
        self._looked = len(self._open)
        return len(self._open) if final else 0
