"""Patterns that customers write: searched in time linear in what was heard (RE2), whatever they look like.

The syntax is RE2's (https://github.com/google/re2/wiki/Syntax): no looking around, no back-references. Where Python's
``re``, in which flows used to be written, means the same by another word, the pattern is translated.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import re2
import structlog

from outdial.domain.errors import cut
from outdial.domain.limits import MAX_HEARD_LETTERS, MAX_PATTERN_LETTERS, MAX_PATTERN_MEMORY_BYTES

_TOKEN: Final = re.compile(
    r"\\u(?P<short>[0-9A-Fa-f]{4})|\\U(?P<long>[0-9A-Fa-f]{8})|\\Q.*?(?:\\E|$)|\\(?P<escaped>.)|(?P<most>\{,(?=[0-9]+\}))"
    r"|(?P<opens>\[\^?\]?)|(?P<closes>\])",  # a bracket that comes first in a set is one of the set
    re.DOTALL,
)
_ASCII_WORD: Final = r"0-9A-Za-z_"
_OTHERS: Final = r"\x{80}-\x{10FFFF}"
"""In the plain form of what was heard only letters, marks and digits are left of these, and RE2's \\w knows none."""
_NO_WORD: Final = r"\x00-/:-@\[-^`{-\x7f"
_WORDS: Final = {"w": f"[{_ASCII_WORD}{_OTHERS}]", "W": f"[{_NO_WORD}]", "d": r"\p{Nd}", "D": r"\P{Nd}", "Z": r"\z"}
_WORDS_IN_A_SET: Final = {"w": _ASCII_WORD + _OTHERS, "W": _NO_WORD, "d": r"\p{Nd}", "D": r"\P{Nd}"}
_UNSUPPORTED: Final = {
    r"\C": "a single byte",
    r"\b": "a word's edge beside letters other than a to z: write (^| ) or ( |$)",
}
_SAID: Final = {
    "invalid perl operator": "groups that begin with (? may only be (?:…), (?P<name>…), (?i); not {}",
    "invalid repetition size": "it repeats too often: {}; all its repetitions together at most 1000 times",
    "pattern too large": "it is too large when its repetitions are counted out",
}
_log: Final = structlog.get_logger(__name__)


class PatternError(ValueError):
    """A pattern that cannot be used; the message says why, in words for whoever wrote it."""


class Pattern:
    """A pattern as written, compiled when it is first looked for; letters match in either case.

    One that RE2 refuses never matches: it was stored when others were allowed, and a call goes on without it.
    """

    def __init__(self, written: str) -> None:
        self.written = written

    def check(self) -> None:
        """
        Raises:
            PatternError: it cannot be compiled, or would be too large.
        """
        _compiled(self.written)

    def value_in(self, heard: str) -> str | None:
        """The first group of the first match in ``heard``, or what matched when there is no group; None: no match."""
        found = _usable(self.written)
        matched = found and found.search(heard[:MAX_HEARD_LETTERS])
        if not matched:
            return None
        value: str | None = matched[1] if matched.re.groups else matched[0]
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)


def translated(written: str) -> str:
    """A pattern of Python's ``re`` in RE2's words, as far as they mean the same; anything else stays as it is."""
    in_set = False

    def word(found: re.Match[str]) -> str:
        nonlocal in_set
        if code := found["short"] or found["long"]:
            return f"\\x{{{code}}}"
        if found["opens"] and in_set:
            in_set = not found["opens"].endswith("]")
        elif found["opens"] or found["closes"]:
            in_set = bool(found["opens"])
        if found["most"] and not in_set:
            return "{0,"
        return (_WORDS_IN_A_SET if in_set else _WORDS).get(found["escaped"], found[0])

    return _TOKEN.sub(word, written)


@lru_cache(maxsize=1024)
def _compiled(written: str) -> Any:
    if len(written) > MAX_PATTERN_LETTERS:
        raise PatternError(f"it has more than {MAX_PATTERN_LETTERS} characters")
    for escape, what in _UNSUPPORTED.items():
        if re.search(rf"(?<!\\)(?:\\\\)*{re.escape(escape)}", written) and (escape == r"\C" or not written.isascii()):
            raise PatternError(f"{escape} cannot be used for {what}")
    options = re2.Options()
    options.max_mem = MAX_PATTERN_MEMORY_BYTES
    options.case_sensitive = False
    # Else RE2 writes the pattern itself to the process's standard error.
    options.log_errors = False
    try:
        return re2.compile(translated(written), options)
    except UnicodeEncodeError:
        raise PatternError("it holds half of a character") from None
    except re2.error as error:
        raise PatternError(_reason(error.args[0])) from None


def _reason(said: bytes) -> str:
    text = said.decode(errors="replace")
    for beginning, words in _SAID.items():
        if text.startswith(beginning):
            return words.format(cut(text.partition(": ")[2], 20))
    return cut(text)


@lru_cache(maxsize=1024)
def _usable(written: str) -> Any:
    try:
        return _compiled(written)
    except PatternError as error:
        # Once for each pattern: the cache keeps that it is of no use.
        _log.warning(
            "a flow's pattern cannot be used and never matches", pattern=ascii(cut(written)), reason=str(error)
        )
        return None
