"""JSON as models write it: in fences, between prose, with single quotes, names without any, comments, or cut off."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn

MAX_LETTERS: Final = 64 * 1024
"""Of a text in which objects are looked for; what comes after is not read."""
_MAX_OBJECTS: Final = 32
_MAX_LITERAL: Final = 4 * 1024
"""Python's own reader needs a hundred times a text's size."""
_TRAILING_COMMA: Final = re.compile(r",(\s*[}\]])")
_CURLY_QUOTES: Final = str.maketrans("“”„‘’", '"""\'\'')
_MAX_REWRITTEN: Final = 16 * 1024
_MAX_BLANKS: Final = 64
_SKIPPED: Final = re.compile(r"\s+|(?://|#)[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_BARE: Final = re.compile(r"[\w.+$-]+")
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_AFTER_TEXT: Final = frozenset(",:}]/#")
_PAIRS: Final = {"{": "}", "[": "]"}
_WORDS: Final = {"true": "true", "false": "false", "null": "null", "none": "null", "undefined": "null"}
_AS_IT_IS: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)
_LENIENT: Final = json.JSONDecoder(parse_constant=_no_constant, strict=False)


def object_in(text: str, *, fits: Callable[[Mapping[str, Any]], bool] = lambda _: True) -> dict[str, Any] | None:
    """The first object in ``text`` that ``fits``; None: there is none that can be read."""
    return next((found for found in objects_in(text) if fits(found)), None)


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """The objects in ``text``, in order, each as a whole; prose, fences and lists around them are passed over."""
    text = text[:MAX_LETTERS]
    at, left = text.find("{"), MAX_LETTERS
    for _ in range(_MAX_OBJECTS):
        if at < 0:
            return
        found, end = _read(text, at, mends=left > 0)
        if found is not None:
            yield found
        else:
            left -= len(text) - at if end else left
        at = text.find("{", end or at + 1)


def balanced_end(text: str, at: int) -> int:
    """Where the bracket that stands at ``at`` is closed, plus one; -1: nowhere. Brackets in quotes don't count."""
    depth, quote = 0, ""
    step = at
    while step < len(text):
        letter = text[step]
        if quote:
            if letter == "\\":
                step += 1
            elif letter == quote and (quote == '"' or _may_close(text, step)):
                quote = ""
        elif letter == '"' or (letter == "'" and not text[step - 1 : step].isalnum()):
            quote = letter
        elif letter in "{[(":
            depth += 1
        elif letter in "}])":
            depth -= 1
            if depth <= 0:
                return step + 1
        step += 1
    return -1


def _may_close(text: str, at: int) -> bool:
    """Whether a single quote ends what it is in, or is an apostrophe: "can't"."""
    return not text[at + 1 : at + 2].isalnum()


def _read(text: str, at: int, *, mends: bool) -> tuple[dict[str, Any] | None, int]:
    """The object at ``at`` and where it ends; 0: nowhere. Only strict JSON is read where it may not be mended."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        if not mends:
            return None, at + 1
        end = balanced_end(text, at)
        if end < 0:
            value = _decoded(_rewritten(text[at:]))
            return (value, len(text)) if isinstance(value, dict) and value else (None, 0)
        value = _mended(text[at:end])
        if value is None:
            return None, at + 1
    return (value if isinstance(value, dict) else None), end


def _mended(text: str) -> Any:
    """What ``text`` says if its quotes, commas or words are another language's; None: it cannot be told."""
    mended = _TRAILING_COMMA.sub(r"\1", text.translate(_CURLY_QUOTES))
    for value in (_decoded(mended), literal(mended)):
        if value is not None:
            return value
    return _decoded(_rewritten(text))


def _decoded(text: str) -> Any:
    try:
        return _LENIENT.decode(text)
    except (ValueError, RecursionError):
        return None


def _rewritten(text: str) -> str:
    """``text`` in strict JSON, as far as it can be told: its last value is left out if it may have been cut off."""
    text = text[:_MAX_REWRITTEN]
    out: list[str] = []
    opened: list[str] = []
    at = 0
    while at < len(text):
        if found := _SKIPPED.match(text, at):
            at = found.end()
        elif text[at] in _QUOTES:
            value, at = _quoted(text, at)
            out.append(value)
        elif found := _BARE.match(text, at):
            out.append(_word(found.group()) if found.end() < len(text) else "")
            at = found.end()
        else:
            _sign(text[at], out, opened)
            at += 1
    return "".join([*_without_stump(out, opened), *(_PAIRS[sign] for sign in reversed(opened))])


def _sign(sign: str, out: list[str], opened: list[str]) -> None:
    if sign in _PAIRS:
        opened.append(sign)
    elif opened and sign == _PAIRS[opened[-1]]:
        opened.pop()
        if out[-1] == ",":
            out.pop()
    out.append(sign)


def _without_stump(out: list[str], opened: list[str]) -> list[str]:
    """Without a value that has not all come, its key and the comma before it."""
    if opened:
        while out and out[-1] in ("", ",", ":"):
            if out.pop() == ":" and out:
                out.pop()
        if opened[-1] == "{" and len(out) > 1 and out[-1][:1] == '"' and out[-2] in (",", "{"):
            del out[-2 if out[-2] == "," else -1 :]
    return out


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The quoted text at ``at`` in strict JSON and where it ends; empty: it does not end."""
    quote, letters = _QUOTES[text[at]], ['"']
    at += 1
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            pair = text[at : at + 2]
            letters.append("'" if pair == "\\'" else pair)
            at += 2
            continue
        at += 1
        if letter == quote and (text[at : at + _MAX_BLANKS].lstrip()[:1] or ",") in _AFTER_TEXT:
            return "".join([*letters, '"']), at
        letters.append('\\"' if letter == '"' else letter)
    return "", at


def _word(word: str) -> str:
    if _AS_IT_IS.fullmatch(word):
        return word
    return _WORDS.get(word.lower(), f'"{word}"')


def literal(text: str) -> Any:
    """A value as Python writes it; None: it is none."""
    if len(text) > _MAX_LITERAL:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def json_of(value: object) -> str:
    """``value`` as JSON; empty: it cannot be written, for example because it nests too deep."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return ""
