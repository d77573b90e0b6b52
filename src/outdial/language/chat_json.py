"""A reply in the form of ``REPLY_SCHEMA``, read while it grows: what is said comes out as it comes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final

from outdial.conversation.ports import HangUp, Move
from outdial.language.chat_calls import call_of
from outdial.language.chat_chunk import words_of
from outdial.language.chat_moves import capture, plain_name, press
from outdial.language.chat_prompt import END_CALL, PRESS_DIGITS
from outdial.language.chat_words import WholeLetters, storable
from outdial.language.lenient_json import MAX_LETTERS, object_in, objects_in

_MAX_INTRODUCTION: Final = 160
"""Letters without an object after which a reply is taken for prose; until then they may introduce one."""
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\n", "b": "", "f": ""}
_CLOSES: Final = frozenset(",:}]")
_QUOTES: Final = {'"': '"', "'": "'", "“": "”"}
_MAX_BLANKS: Final = 64
_MAX_DEPTH: Final = 4
_BEGINS: Final = re.compile(r"\{\s*(?:[\"'“\\]|\w{0,20}\s*(?::|$))")
"""An object, or what may become one."""
_BEGUN: Final = re.compile(r"\{\s*\w*\s*$")
_ESCAPED: Final = re.compile(r"\{\s*\\\"")
_FENCE: Final = re.compile(r"```\w*")


class _At(Enum):
    PROSE = auto()
    VALUE = auto()
    """Between texts, inside the object."""
    TEXT = auto()


class JsonReply:
    """Prose is taken as what is said; before an object it is an introduction, and is not said.

    ``objects_in`` reads the whole again in the end: here only the words are found early.
    """

    def __init__(self) -> None:
        self._text = ""
        self._read = 0
        self._at = _At.PROSE
        self._is_prose = False
        self._key = ""
        self._token: list[str] = []
        self._quote = ""
        self._saying = False
        self._said = False
        self._letters = WholeLetters()

    @property
    def text(self) -> str:
        return self._text

    def add(self, piece: str) -> str:
        """The words that ``piece`` adds to what is said."""
        self._text = (self._text + piece)[:MAX_LETTERS]
        out: list[str] = []
        if self._is_prose and self._at is _At.PROSE:
            out.append(self._prose())
        elif self._at is _At.PROSE:
            self._find_object()
        if self._at is _At.PROSE:
            return self._letters.add("".join(out))
        while self._read < len(self._text) and self._step(out):
            pass
        return self._letters.add("".join(out))

    def finish(self) -> str:
        """What is said where no object has come, or one that says nothing: the prose before it."""
        if self._said or self._saying or self._is_prose:
            return ""
        found = self._reply()
        if found is not None and (said := _said(found.get("say"))) is not None:
            return storable(said)
        begins = _BEGINS.search(self._text)
        return _FENCE.sub("", self._text[: begins.start() if begins else len(self._text)]).strip()

    def moves(self) -> list[Move]:
        """The actions of the whole reply."""
        whole = self._reply()
        if whole is None:
            calls = [call for found in objects_in(self._text) for call in call_of(found)]
            return [move for call in calls if (move := call.move()) is not None]
        moves: list[Move | None] = [capture(note) for note in _notes(whole.get("notes"))]
        action = _action(whole.get("action"))
        if action == PRESS_DIGITS:
            moves.append(press(whole))
        if action == END_CALL:
            moves.append(HangUp())
        return [move for move in moves if move is not None]

    def _reply(self) -> Mapping[str, Any] | None:
        """The object in the form asked for, or one with it inside."""
        found = [*objects_in(self._text)]
        if not found and _ESCAPED.search(self._text):
            found = [*objects_in(self._text.replace('\\"', '"'))]
        replies = (_reply_in(one, depth) for depth in (1, _MAX_DEPTH) for one in found)
        return next((reply for reply in replies if reply is not None), None)

    def _prose(self) -> str:
        """Prose that was not followed by an object for long is said; an object may still come."""
        begins = self._text.find("{", self._read)
        while begins >= 0 and not _BEGINS.match(self._text, begins):
            begins = self._text.find("{", begins + 1)
        end = begins if begins >= 0 else len(self._text)
        words, self._read = self._text[self._read : end], end
        if end < len(self._text) and not _BEGUN.match(self._text, end):
            self._at, self._said = _At.VALUE, False
        return words

    def _find_object(self) -> None:
        begins = self._text.find("{", self._read)
        if begins >= 0:
            self._at, self._read = _At.VALUE, begins
            return
        self._read = len(self._text)
        if len(self._text.strip()) > _MAX_INTRODUCTION:
            self._is_prose, self._said, self._read = True, True, 0

    def _step(self, out: list[str]) -> bool:
        """One letter further. False: what it means depends on the next one."""
        letter = self._text[self._read]
        if self._at is _At.VALUE:
            if letter in _QUOTES:
                self._at, self._quote = _At.TEXT, _QUOTES[letter]
                self._saying = self._key == "say" and not self._said
                self._token.clear()
            elif letter in ",{[":
                self._key = ""
            elif letter == ":":
                self._key = "".join(self._token)[:64].strip().lower()
                self._token.clear()
            self._read += 1
            return True
        return self._step_in_text(letter, out)

    def _step_in_text(self, letter: str, out: list[str]) -> bool:
        into = out if self._saying else self._token
        if letter == "\\":
            decoded, length = _unescaped(self._text, self._read)
            into.append(decoded)
            self._read += length
            return length > 0
        if letter != self._quote:
            into.append(letter)
            self._read += 1
            return True
        ahead = self._text[self._read + 1 : self._read + 1 + _MAX_BLANKS]
        follows = ahead.lstrip()[:1]
        if not follows and len(ahead) < _MAX_BLANKS:
            # An apostrophe or a quote within, or the end: only the next letter tells.
            return False
        if not follows or follows in _CLOSES:
            self._at, self._said, self._saying = _At.VALUE, self._said or self._saying, False
        else:
            into.append(letter)
        self._read += 1
        return True


def _reply_in(value: object, depth: int) -> Mapping[str, Any] | None:
    """``value``, or what is in it, even as a text, as a reply with its names in lower case."""
    if isinstance(value, str) and "{" in value:
        value = object_in(value)
    if not isinstance(value, dict) or depth == 0:
        return None
    members = {name.strip().lower(): member for name, member in value.items() if isinstance(name, str)}
    if _is_reply(members):
        return members
    return next((reply for inner in value.values() if (reply := _reply_in(inner, depth - 1)) is not None), None)


def _is_reply(found: Mapping[str, Any]) -> bool:
    """Not so the schema itself, which some models repeat."""
    says = "say" in found and not (isinstance(found["say"], dict) and "type" in found["say"])
    return says or ("action" in found and isinstance(found.get("notes"), list | dict) and "say" not in found)


def _said(value: object) -> str | None:
    match value:
        case str():
            return value
        case list() | dict():
            return " ".join(words_of(part) for part in (value if isinstance(value, list) else [value])).strip()
    return None


def _notes(value: object) -> list[Any]:
    match value:
        case str():
            return [*objects_in(value)]
        case list():
            return value
        case dict() if "name" not in value:
            return [{name: member} for name, member in value.items()]
        case dict():
            return [value]
    return []


def _action(value: object) -> str:
    match value:
        case [first, *_]:
            return _action(first)
        case {"name": str(name)} | {"type": str(name)}:
            return plain_name(name)
    return plain_name(str(value))


def _unescaped(text: str, at: int) -> tuple[str, int]:
    """What the escape that begins at ``at`` stands for, and its length; 0: it has not all come."""
    kind, code = text[at + 1 : at + 2], text[at + 2 : at + 6]
    if not kind or (kind == "u" and len(code) < 4 and re.fullmatch(r"[0-9a-fA-F]*", code)):
        return "", 0
    if kind != "u":
        return _ESCAPES.get(kind, kind), 2
    return (chr(int(code, 16)), 6) if re.fullmatch(r"[0-9a-fA-F]{4}", code) else ("", 2)
