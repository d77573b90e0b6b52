"""From what a model streams to moves: its words at once, its actions when the reply is whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from openai.types.chat import ChatCompletionChunk

from outdial.conversation.ports import Capture, HangUp, Move, Press
from outdial.language.chat_prompt import END_CALL, NOTE, PRESS_DIGITS

_KEYS: Final = re.compile(r"[0-9A-D*#wW,]{1,32}")
_SAY: Final = re.compile(r'"say"\s*:\s*"')
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\n", "b": "", "f": ""}


@dataclass
class ToolCall:
    """A tool call as it grows: the protocol sends it in pieces."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def move(self) -> Move | None:
        """What it asks for; None when it makes no sense, for example to press keys no phone has."""
        if self.name == END_CALL:
            return HangUp()
        given = _object(self.arguments)
        if self.name == PRESS_DIGITS:
            return _press(given)
        return _capture(given) if self.name == NOTE else None


class ToolCalls:
    """The tool calls of one reply, put together from its chunks."""

    def __init__(self) -> None:
        self._calls: dict[int, ToolCall] = {}

    def add(self, chunk: ChatCompletionChunk) -> None:
        for choice in chunk.choices[:1]:
            for piece in choice.delta.tool_calls or []:
                call = self._calls.setdefault(piece.index, ToolCall())
                call.id = piece.id or call.id
                if piece.function is not None:
                    call.name = piece.function.name or call.name
                    call.arguments += piece.function.arguments or ""

    def __iter__(self) -> Iterator[ToolCall]:
        return iter(self._calls.values())

    def moves(self) -> list[Move]:
        """What they ask for, hanging up last."""
        moves = [move for call in self if (move := call.move()) is not None]
        return sorted(moves, key=lambda move: isinstance(move, HangUp))


class JsonReply:
    """A reply in the form of ``REPLY_SCHEMA``, read while it grows; prose is taken as what is said."""

    def __init__(self) -> None:
        self._text = ""
        self._given = 0

    def add(self, piece: str) -> str:
        """The words that ``piece`` adds to what is said."""
        self._text += piece
        said = self._said()
        fresh, self._given = said[self._given :], len(said)
        return fresh

    def _said(self) -> str:
        if self._text.lstrip()[:1] not in ("{", ""):
            return self._text
        begun = _SAY.search(self._text)
        return unescaped(self._text[begun.end() :]) if begun else ""

    def moves(self) -> list[Move]:
        """The actions of the whole reply."""
        whole = _object(self._text)
        notes = whole.get("notes")
        moves: list[Move | None] = [_capture(note) for note in (notes if isinstance(notes, list) else [])]
        if whole.get("action") == PRESS_DIGITS:
            moves.append(_press(whole))
        if whole.get("action") == END_CALL:
            moves.append(HangUp())
        return [move for move in moves if move is not None]


def unescaped(text: str) -> str:
    """The JSON string that begins ``text``, without its opening quote, as far as it has come."""
    out: list[str] = []
    at = 0
    while at < len(text) and text[at] != '"':
        if text[at] != "\\":
            out.append(text[at])
            at += 1
            continue
        kind = text[at + 1 : at + 2]
        code = text[at + 2 : at + 6]
        if not kind or (kind == "u" and len(code) < 4):
            break
        if kind == "u":
            out.append(chr(int(code, 16)) if re.fullmatch(r"[0-9a-fA-F]{4}", code) else "")
            at += 6
        else:
            out.append(_ESCAPES.get(kind, kind))
            at += 2
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def _object(text: str) -> Mapping[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _press(given: Mapping[str, object]) -> Press | None:
    digits = str(given.get("digits", "")).replace(" ", "")
    return Press(digits) if _KEYS.fullmatch(digits) else None


def _capture(given: object) -> Capture | None:
    if not isinstance(given, Mapping):
        return None
    name = re.sub(r"\W+", "_", str(given.get("name", ""))).strip("_")[:64]
    value = given.get("value")
    return Capture(name, str(value)[:500]) if name and isinstance(value, str | int | float | bool) else None
