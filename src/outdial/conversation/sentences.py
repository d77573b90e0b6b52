"""Cutting a stream of words into sentences, so that the first is spoken while the next is being thought of.

No piece is longer than ``MAX_SENTENCE_LETTERS``: a voice's work and memory grow with the length of what it is given,
and other calls wait for it meanwhile. A longer sentence is cut after a clause, else between two words, else where it
must be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from outdial.domain.limits import MAX_SENTENCE_LETTERS

_END: Final = re.compile(r"""(?<![.!?…])[.!?…]++["'”’)\]]*+(?=\s)|[。！？।॥؟۔｡]+["'”’)\]]*|\n+""")
_ABBREVIATION: Final = re.compile(
    r"[\s(](?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Smt|Lt|Col|Capt|Gen|Rev|Hon|vs|e\.g|i\.e|a\.m|p\.m|[A-Z]|डॉ|श्री|सुश्री)\.$",
    re.IGNORECASE,
)
_BEFORE_A_NUMBER: Final = re.compile(
    r"[\s(](?:No|Nos|Rs|Re|Ext|Tel|Ph|Mob|Approx|Vol|Fig|Sec|Apt|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|रु|नं|सं)\.$",
    re.IGNORECASE,
)
"""Abbreviations only where a number follows: "No. 5", but not "No. I would rather not." """
_LONGEST_ABBREVIATION: Final = 8
_NUMBER_BEGINS: Final = "#+-(₹$€£"
_SHORTEST: Final = 2
"""A piece with fewer letters or digits is spoken together with the next one."""
_CLAUSE: Final = re.compile(r"[,;:،؛—–](?=\s)|[、，；：]")
_SHORTEST_CLAUSE: Final = 40
"""An earlier comma is no place to cut a sentence that is too long: the pieces would be heard as a list."""
_BLANK: Final = re.compile(r"\s")
_FEW_WORDS: Final = 3


class Worth(Enum):
    """What is worth saying before its sentence is whole."""

    CLAUSE = auto()
    """Words up to a comma or the like."""
    WORDS = auto()
    """A few whole words."""
    WORD = auto()


class SentenceCutter:
    """Text in, in pieces of any size; whole sentences out. What is left at the end comes out of ``rest``."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, piece: str) -> list[str]:
        # In slices, so that what is searched stays short however much comes at once.
        slices = (piece[at : at + MAX_SENTENCE_LETTERS] for at in range(0, len(piece), MAX_SENTENCE_LETTERS))
        return [sentence for part in slices for sentence in self._add(part)]

    @property
    def waiting(self) -> bool:
        """Whether there are words that no sentence is whole with yet."""
        return any(letter.isalnum() for letter in self._text)

    def clause(self, worth: Worth | None) -> str:
        """The beginning of an unfinished sentence that is worth saying by itself, the rest is kept; empty: none is.

        For streams so slow that somebody would wait in silence.
        """
        if worth is None:
            return ""
        end = max((mark.end() for mark in _CLAUSE.finditer(self._text)), default=0)
        if not end and worth is not Worth.CLAUSE:
            end = self._text.rfind(" ")
            least = 1 if worth is Worth.WORD else _FEW_WORDS
            end = end if len(self._text[: max(end, 0)].split()) >= least else 0
        clause = self._text[: max(end, 0)].strip()
        if not _is_whole(clause, self._text[end:].lstrip()[:1]):
            return ""
        self._text = self._text[end:]
        return clause

    def rest(self) -> str:
        """What has come since the last whole sentence; the cutter is empty afterwards."""
        text, self._text = self._text.strip(), ""
        return text

    def _add(self, part: str) -> list[str]:
        self._text += part
        sentences: list[str] = []
        searched = 0
        while (end := _END.search(self._text, searched)) is not None:
            candidate = self._text[: end.end()].strip()
            whole = _is_whole(candidate, self._text[end.end() :].lstrip()[:1])
            if whole is None:
                break
            searched = end.end()
            if whole:
                sentences += pieces(candidate)
                self._text = self._text[searched:]
                searched = 0
        *long, self._text = _cut(self._text.lstrip())
        return sentences + long


def pieces(text: str, longest: int = MAX_SENTENCE_LETTERS) -> list[str]:
    """``text`` in pieces of at most ``longest`` letters, cut after a clause, else between two words."""
    return [piece for piece in (cut.strip() for cut in _cut(text.strip(), longest)) if piece]


def beginning(text: str, longest: int) -> str:
    """As much of ``text`` as ``longest`` letters hold, to the end of a clause or a word where there is one."""
    return next(iter(_cut(text, longest)), "") if longest > 0 else ""


def _cut(text: str, longest: int = MAX_SENTENCE_LETTERS) -> Iterator[str]:
    """The pieces, the last one with the blanks at its end; at least one, which may be empty."""
    begin = 0
    while len(text) - begin > longest:
        end = begin + _place(text[begin : begin + longest + 1], longest)
        yield text[begin:end].strip()
        begin = end
        while begin < len(text) and text[begin].isspace():
            begin += 1
    yield text[begin:]


def _place(window: str, longest: int) -> int:
    """Where to cut a text of which ``window`` is the beginning, one letter longer than a piece may be."""
    clauses = [found.end() for found in _CLAUSE.finditer(window) if _SHORTEST_CLAUSE <= found.end() <= longest]
    if clauses:
        return clauses[-1]
    blanks = [found.start() for found in _BLANK.finditer(window) if found.start()]
    apart = [at for at in blanks if not (_holds_a_digit(window, at - 1) and _holds_a_digit(window, at + 1))]
    if places := apart or blanks:
        return places[-1]
    place = longest
    while place > 1 and unicodedata.category(window[place])[0] == "M":
        place -= 1  # a letter keeps its marks
    return place


def _holds_a_digit(window: str, at: int) -> bool:
    """Groups of digits apart by a blank are one number."""
    return window[at : at + 1].isdigit()


def _is_whole(candidate: str, following: str) -> bool | None:
    """Whether a sentence ends with ``candidate``; None as long as that depends on the letter after it."""
    if sum(character.isalnum() for character in candidate) < _SHORTEST:
        return False
    if not candidate.endswith("."):
        return True
    tail = f" {candidate}"[-_LONGEST_ABBREVIATION:]
    if _BEFORE_A_NUMBER.search(tail):
        return not (following.isdigit() or following in _NUMBER_BEGINS) if following else None
    return not _ABBREVIATION.search(tail)
