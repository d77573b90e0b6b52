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
from outdial.language.chat_words import storable
from outdial.language.lenient_json import json_of, object_in

_KEYS: Final = re.compile(r"[0-9A-D*#wW,]{1,32}")
_NAMES: Final = (END_CALL, PRESS_DIGITS, NOTE)
_LETTERS: Final = {name.replace("_", ""): name for name in _NAMES}
_NAMESPACE: Final = re.compile(r"(?:functions?|tools?|default_api|api)_(?=\w)", re.IGNORECASE)
_WRAPPERS: Final = ("arguments", "parameters", "args", "input")
_NAME_KEYS: Final = ("name", "key")
_MAX_WRAPPED: Final = 4
_EMPTY: Final = re.compile(r"\s*(?:\{\s*\}|null)\s*")
_BETWEEN_DIGITS: Final = re.compile(r"[\s.()-]+")
_MAX_CALLS: Final = 16
_MAX_ARGUMENTS: Final = 8 * 1024


def plain_name(name: str) -> str:
    """Without what some models put around a tool's name, and ours as we write it.

    ``functions.end_call:0``, ``end_call<|channel|>commentary`` and ``endCall()`` are all ``end_call``.
    """
    name = name.partition("<|")[0].strip("\"'` \n")
    name = re.sub(r"(?::\d+|\(\s*\))$", "", name)
    name = re.split(r"[.:/]", name)[-1].strip()
    letters = re.sub(r"[\W_]", "", _NAMESPACE.sub("", name, count=1)).lower()
    return _LETTERS.get(letters, name)


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
        return json_of(object_given(self.arguments)) or "{}"

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
        known = [(plain_name(call.name), call.given) for call in self._calls]
        self._calls += [call for call in calls if (plain_name(call.name), call.given) not in known]

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
        call.arguments = _continued(call.arguments, piece.arguments)[:_MAX_ARGUMENTS]

    def _index_of(self, piece: CallPiece) -> int:
        """Where the server names no number: the call of that id, else the latest, or a new one where a name comes.

        The latest one's own name is no new one as long as its arguments are not whole.
        """
        by_id = (index for index, call in self._open.items() if piece.id and call.id == piece.id)
        latest = max(self._open, default=-1)
        goes_on = latest >= 0 and (not piece.name or _is_begun(self._open[latest], piece))
        return next(by_id, latest if goes_on else latest + 1)


def object_given(text: str) -> Mapping[str, object]:
    """Arguments as an object: some servers write them as JSON in JSON, some models in a list or with other quotes."""
    value: object = text
    for _ in range(_MAX_WRAPPED):
        match value:
            case str():
                value = _json_in(value)
            case [dict() as first, *_]:
                value = first
            case dict() if len(value) == 1 and (inner := next((value[key] for key in _WRAPPERS if key in value), None)):
                value = inner
    return value if isinstance(value, dict) else {}


def _json_in(text: str) -> object:
    """The JSON in a text; an object with nothing in it counts only where there is no other."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return object_in(text, fits=bool)


def press(given: Mapping[str, object]) -> Press | None:
    digits = given.get("digits", "")
    keys = _BETWEEN_DIGITS.sub("", "".join(map(str, digits)) if isinstance(digits, list) else str(digits))
    return Press(keys) if _KEYS.fullmatch(keys) else None


def capture(given: object) -> Capture | None:
    """A note; ``{"day": "Tuesday"}`` is one as well as ``{"name": "day", "value": "Tuesday"}``."""
    if not isinstance(given, Mapping):
        return None
    members = {str(key).lower(): value for key, value in given.items()}
    if len(members) == 1 and not members.keys() & {*_NAME_KEYS, "value"}:
        (named,) = given.items()
    else:
        named = (next((members[key] for key in _NAME_KEYS if key in members), ""), members.get("value"))
    name = re.sub(r"\W+", "_", str(named[0])[:200]).strip("_")[:64]
    value = ", ".join(map(str, named[1])) if isinstance(named[1], list) else named[1]
    return Capture(name, storable(str(value))[:500]) if name and isinstance(value, str | int | float | bool) else None


def _begins_another(call: ToolCall, piece: CallPiece) -> bool:
    """Some servers send every call under the number 0, some a new id with every piece, some the name with each."""
    if not piece.name or not call.name:
        return False
    if piece.name != call.name and not _goes_on(call.name, piece.name):
        return True
    return _is_whole(call.arguments)


def _is_begun(call: ToolCall, piece: CallPiece) -> bool:
    return not piece.id and piece.name == call.name and call.arguments != "" and not _is_whole(call.arguments)


def _continued(before: str, piece: str) -> str:
    """Arguments so far and more of them: some servers send all so far each time, some begin with empty ones."""
    begins_again = piece.startswith(before) and before.lstrip().startswith("{")
    return piece if begins_again or (piece.strip() and _EMPTY.fullmatch(before)) else before + piece


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
