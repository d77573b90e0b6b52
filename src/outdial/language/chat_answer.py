"""One answer of a model while it comes: the words to say now, the moves in the end, and why it says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from outdial.conversation.ports import HangUp, Move
from outdial.language.chat_chunk import Piece
from outdial.language.chat_errors import short
from outdial.language.chat_json import JsonReply
from outdial.language.chat_moves import ToolCalls
from outdial.language.chat_prompt import ToolMode
from outdial.language.chat_repeats import RepeatWatch
from outdial.language.chat_text import SpokenText
from outdial.language.chat_words import FreshWords, WholeLetters

_MAX_LETTERS: Final = 1500
"""A reply is cut here: nobody listens to a minute and a half."""


_FILTERED: Final = "its content filter held the answer back"
_BROKEN: Final = "its server broke the answer off"
_FINISHES: Final = {
    "content_filter": _FILTERED,
    "safety": _FILTERED,
    "recitation": _FILTERED,
    "sensitive": _FILTERED,
    "error": _BROKEN,
    "abort": _BROKEN,
    "malformed_function_call": "it called a tool in a way its server does not understand",
}
"""What a server's reason for an end means where no word came."""


class Answer:
    """``thinks_first``: this model is known to begin with thoughts and no mark before them."""

    def __init__(self, mode: ToolMode, watch: RepeatWatch, *, thinks_first: bool) -> None:
        self._mode = mode
        self._watch = watch
        self._text = SpokenText(in_json=mode is ToolMode.JSON_SCHEMA, begins_in_thought=thinks_first)
        self._json = JsonReply() if mode is ToolMode.JSON_SCHEMA else None
        self._calls = ToolCalls()
        self._thinks_first = thinks_first
        self._finish = ""
        self._refusal = ""
        self._fresh = FreshWords()
        self._letters = WholeLetters()
        self.said = ""

    def add(self, batch: Iterable[Piece]) -> str:
        """The words to say now."""
        words = ""
        for piece in batch:
            words += self._fresh.of(piece.words, whole=piece.whole)
            self._calls.add(piece.calls)
            self._finish = piece.finish or self._finish
            self._refusal += piece.refusal
        return self._watched(self._read(self._text.add(self._letters.add(words))))

    def finish(self, *, failed: bool) -> str:
        """What is left to say. When it ``failed``, a thought that was not ended stays one."""
        cut = failed or self._finish == "length"
        rest = "" if cut and self._text.thinks_unbegun else self._text.finish()
        rest = self._read(rest) + (self._json.finish() if self._json else "")
        self._calls.written(self._text.calls)
        return self._watched(rest, final=True)

    def moves(self) -> list[Move]:
        """What it does, hanging up last. Tools that were not offered are not used."""
        if self._mode is ToolMode.NONE:
            return []
        moves = self._calls.moves() + (self._json.moves() if self._json else [])
        return sorted(moves, key=lambda move: isinstance(move, HangUp))

    @property
    def has_words(self) -> bool:
        return any(letter.isalnum() for letter in self.said)

    @property
    def is_over(self) -> bool:
        """Nothing more of it is wanted."""
        return bool(self._watch.repeated)

    @property
    def unwanted(self) -> str:
        """The sentence it was told not to say again, and said."""
        return self._watch.repeated if self._watch.was_told else ""

    @property
    def calls_made(self) -> ToolCalls | None:
        return self._calls if self._mode is ToolMode.NATIVE and list(self._calls) else None

    @property
    def notes_text(self) -> str:
        """Its JSON, if that took notes or called tools and said nothing."""
        return self._json.text if self._json and self.moves() else ""

    @property
    def thought_was_unbegun(self) -> bool:
        return self._text.ended_unbegun_thought

    @property
    def thought_nothing_first(self) -> bool:
        return self._thinks_first and not self._text.thought

    def why_silent(self) -> str:
        """In words for whoever runs the model."""
        if self._refusal:
            return f"it refused: {short(self._refusal)}"
        if said := _FINISHES.get(self._finish.lower()):
            return said
        if foreign := [call.name for call in self._calls if not call.is_ours]:
            return f"it called a tool that does not exist: {short(foreign[0])}"
        if self.moves():
            return "it only took notes"
        if self._finish == "length":
            return "its answer was cut off at its limit of tokens before the first word"
        return "it only thought" if self._text.thought else "the answer was empty"

    def _read(self, words: str) -> str:
        return self._json.add(words) if self._json else words

    def _watched(self, words: str, *, final: bool = False) -> str:
        if len(self.said) >= _MAX_LETTERS:
            return ""
        words = self._watch.add(words, final=final)[: _MAX_LETTERS - len(self.said)]
        self.said += words
        return words
