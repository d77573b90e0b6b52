"""Cutting a stream of words into sentences, so that the first is spoken while the next is being thought of."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s)|[。！？।]+|\n+""")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|e\.g|i\.e|a\.m|p\.m|[A-Z])\.$", re.IGNORECASE
)
_SHORTEST: Final = 2
"""A piece with fewer letters or digits is spoken together with the next one."""


class SentenceCutter:
    """Text in, in pieces of any size; whole sentences out. What is left at the end comes out of ``rest``."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, piece: str) -> list[str]:
        self._text += piece
        sentences = []
        searched = 0
        while (end := _END.search(self._text, searched)) is not None:
            candidate = self._text[: end.end()].strip()
            if not self._is_whole(candidate):
                searched = end.end()
                continue
            sentences.append(candidate)
            self._text = self._text[end.end() :]
            searched = 0
        return sentences

    def rest(self) -> str:
        """What has come since the last whole sentence; the cutter is empty afterwards."""
        text, self._text = self._text.strip(), ""
        return text

    @staticmethod
    def _is_whole(candidate: str) -> bool:
        letters = sum(character.isalnum() for character in candidate)
        return letters >= _SHORTEST and not (candidate.endswith(".") and _ABBREVIATION.search(candidate))
