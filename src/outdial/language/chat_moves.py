"""From a model's tool calls to moves. Calls come in pieces, in one piece, several under one number, or twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from outdial.conversation.ports import Capture, HangUp, Move, Press
from outdial.language.chat_chunk import CallPiece
from outdial.language.chat_prompt import END_CALL, NOTE, PRESS_DIGITS
from outdial.language.lenient_json import object_in

_KEYS: Final = re.compile(r"[0-9A-D*#wW,]{1,32}")
_NAMES: Final = (END_CALL, PRESS_DIGITS, NOTE)
_MAX_CALLS: Final = 16
_MAX_ARGUMENTS: Final = 8 * 1024


def plain_name(name: str) -> str:
    """Without the namespaces and parentheses some models put around a tool's name: ``functions.end_call:0``."""
    name = re.sub(r"(?::\d+|\(\s*\))$", "", name.strip())
    name = re.split(r"[.:/]", name)[-1].strip()
    return name.lower() if name.lower() in _NAMES else name


@dataclass
class ToolCall:
    """A tool call as it grows. ``arguments`` are JSON, more or less."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    @property
    def is_ours(self) -> bool:
        return plain_name(self.name) in _NAMES

    @property
    def given(self) -> str:
        """The arguments as JSON that any server takes back."""
        return json.dumps(object_given(self.arguments), ensure_ascii=False)

    def move(self) -> Move | None:
        """What it asks for; None when it makes no sense, for example to press keys no phone has."""
        name = plain_name(self.name)
        if name == END_CALL:
            return HangUp()
        given = object_given(self.arguments)
        if name == PRESS_DIGITS:
            return press(given)
        return capture(given) if name == NOTE else None


class ToolCalls:
    """The tool calls of one reply, put together from its pieces."""

    def __init__(self) -> None:
        self._calls: list[ToolCall] = []
        self._open: dict[int, ToolCall] = {}

    def add(self, pieces: Iterable[CallPiece]) -> None:
        for piece in pieces:
            self._add(piece)

    def written(self, calls: Iterable[ToolCall]) -> None:
        """Calls that stood whole in the text."""
        self._calls += [call for call in calls if call not in self._calls]

    def __iter__(self) -> Iterator[ToolCall]:
        return iter(self._calls[:_MAX_CALLS])

    def moves(self) -> list[Move]:
        """What they ask for, hanging up last."""
        moves = [move for call in self if (move := call.move()) is not None]
        return sorted(moves, key=lambda move: isinstance(move, HangUp))

    def _add(self, piece: CallPiece) -> None:
        index = piece.index if piece.index is not None else self._index_of(piece)
        call = self._open.get(index)
        if call is not None and _is_repeated(call, piece):
            return
        if call is None or _begins_another(call, piece):
            if len(self._calls) >= _MAX_CALLS:
                return
            call = self._open[index] = ToolCall()
            self._calls.append(call)
        call.id = call.id or piece.id
        if piece.name and piece.name != call.name:
            call.name = call.name + piece.name if _goes_on(call.name, piece.name) else piece.name
        call.arguments = (call.arguments + piece.arguments)[:_MAX_ARGUMENTS]

    def _index_of(self, piece: CallPiece) -> int:
        """Where the server names no number: the call of that id, else the latest, or a new one where a name comes."""
        by_id = (index for index, call in self._open.items() if piece.id and call.id == piece.id)
        latest = max(self._open, default=-1)
        return next(by_id, latest if latest >= 0 and not piece.name else latest + 1)


def object_given(text: str) -> Mapping[str, object]:
    """Arguments as an object: some servers write them as JSON in JSON, some models with single quotes."""
    try:
        value = json.loads(text)
        if isinstance(value, str):
            value = json.loads(value)
    except (ValueError, RecursionError):
        value = object_in(text)
    return value if isinstance(value, dict) else {}


def press(given: Mapping[str, object]) -> Press | None:
    digits = str(given.get("digits", "")).replace(" ", "")
    return Press(digits) if _KEYS.fullmatch(digits) else None


def capture(given: object) -> Capture | None:
    if not isinstance(given, Mapping):
        return None
    name = re.sub(r"\W+", "_", str(given.get("name", ""))[:200]).strip("_")[:64]
    value = given.get("value")
    return Capture(name, str(value)[:500]) if name and isinstance(value, str | int | float | bool) else None


def _begins_another(call: ToolCall, piece: CallPiece) -> bool:
    """Some servers send every call under the number 0, some a new id with every piece, some the name with each."""
    if not piece.name or not call.name:
        return False
    if piece.name != call.name and not _goes_on(call.name, piece.name):
        return True
    return _is_whole(call.arguments)


def _is_repeated(call: ToolCall, piece: CallPiece) -> bool:
    """The same call again, as a summary at the end of the stream."""
    is_the_same = piece.name == call.name and (not piece.id or piece.id == call.id)
    return bool(piece.name) and is_the_same and _is_whole(call.arguments) and piece.arguments in (call.arguments, "")


def _goes_on(begun: str, piece: str) -> bool:
    return any(name.startswith(begun + piece) for name in _NAMES)


def _is_whole(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False
