"""One chunk of a streamed reply, or a whole one: what of it are words and tool calls. Nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from outdial.language.lenient_json import json_of

_WORDS: Final = frozenset({"", "text", "output_text", "input_text", "text_delta"})
"""Types of parts that are said; all others (``thinking``, ``reasoning``, ``image`` …) are not."""
_FINE: Final = (None, "", 0, 200, "0", "200", "ok", "OK", "success")
"""Codes and states of chunks that tell of no error."""
_MAX_DIGITS: Final = 9
_NOT_THE_MODEL: Final = frozenset({"user", "system", "developer", "tool", "function"})


@dataclass(frozen=True)
class CallPiece:
    """A piece of a tool call. ``index`` None: the server did not say which call it belongs to."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True)
class Piece:
    """``whole``: the words are those of a whole message, which may repeat what was streamed before."""

    words: str = ""
    calls: tuple[CallPiece, ...] = ()
    finish: str = ""
    refusal: str = ""
    whole: bool = False


def piece_of(chunk: Mapping[str, Any]) -> Piece:
    """What stands in the chunk's first choice; nothing where there is none."""
    choice = _first(chunk.get("choices"))
    delta, message = choice.get("delta"), choice.get("message")
    said = delta if delta else message
    finish = _text(choice.get("finish_reason"))
    if isinstance(said, str):
        return Piece(said, finish=finish)
    if not isinstance(said, dict):
        return Piece(_text(choice.get("text")), finish=finish)
    if _text(said.get("role")) in _NOT_THE_MODEL or _is_thought(said):
        return Piece(finish=finish)
    return Piece(
        words=words_of(said.get("content")),
        calls=tuple(_calls(said)),
        finish=finish,
        refusal=_text(said.get("refusal")),
        whole=not delta,
    )


def error_in(chunk: Mapping[str, Any]) -> str:
    """The server's words for what went wrong; empty: nothing did."""
    error = chunk.get("error")
    if not error and not chunk.get("choices"):
        if chunk.get("object") == "error" or "detail" in chunk:
            error = chunk.get("message") or chunk.get("detail")
        elif any(chunk.get(key) not in _FINE for key in ("code", "status")):
            error = chunk.get("message") or chunk.get("msg")
        elif isinstance(several := chunk.get("errors"), list):
            error = next(iter(several), None)
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error.get("error") or (any(error.values()) and error)
    if not error:
        return ""
    return error if isinstance(error, str) else json_of(error)


def words_of(content: object) -> str:
    """The words in a message's content, whether a text or a list of parts; thoughts are left out."""
    match content:
        case str():
            return content
        case list():
            return "".join(words_of(part) for part in content if isinstance(part, str | dict))
        case dict() if _is_thought(content) or _text(content.get("type")).lower() not in _WORDS:
            return ""
        case {"text": str(text)} | {"text": {"value": str(text)}} | {"content": str(text)}:
            return text
        case {"parts": list(parts)} | {"content": list(parts)}:
            return "".join(
                words_of(part) for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
    return ""


def _first(choices: object) -> Mapping[str, Any]:
    if isinstance(choices, dict):
        choices = [choices]
    if not isinstance(choices, list):
        return {}
    return next((one for one in choices if isinstance(one, dict) and not _number(one.get("index"))), {})


def _is_thought(said: Mapping[str, Any]) -> bool:
    """Gemini's endpoint marks thoughts beside the content."""
    match said.get("extra_content"):
        case {"google": {"thought": True}}:
            return True
    return said.get("thought") is True


def _calls(said: Mapping[str, Any]) -> list[CallPiece]:
    calls = said.get("tool_calls")
    if isinstance(calls, dict):
        calls = [calls]
    pieces = [_call(one) for one in calls if isinstance(one, dict)] if isinstance(calls, list) else []
    if isinstance(said.get("function_call"), dict):
        pieces.append(_call({"function": said["function_call"]}))
    return pieces


def _call(piece: Mapping[str, Any]) -> CallPiece:
    function = piece.get("function")
    named: Mapping[str, Any] = function if isinstance(function, dict) else piece
    arguments = named.get("arguments", named.get("parameters"))
    return CallPiece(
        index=_number(piece.get("index")),
        id=_text(piece.get("id")),
        name=_text(named.get("name")) or _text(function),
        arguments=arguments if isinstance(arguments, str) else _json(arguments),
    )


def _number(value: object) -> int | None:
    """Some servers write numbers as texts or with a point."""
    match value:
        case int() | float() if value == value // 1:
            return int(value)
        case str() if value.isdecimal() and len(value) <= _MAX_DIGITS:
            return int(value)
    return None


def _json(value: object) -> str:
    return "" if value is None else json_of(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
