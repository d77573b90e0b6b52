"""JSON as models write it: in fences, after an introduction, before more prose, with single quotes."""

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
    at = text.find("{")
    for _ in range(_MAX_OBJECTS):
        if at < 0:
            return
        found, end = _read(text, at)
        if found is not None:
            yield found
        at = text.find("{", end)


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


def _read(text: str, at: int) -> tuple[dict[str, Any] | None, int]:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        end = balanced_end(text, at)
        if end < 0:
            return None, len(text)
        value = _mended(text[at:end])
        if value is None:
            return None, at + 1
    return (value if isinstance(value, dict) else None), end


def _mended(text: str) -> Any:
    """What ``text`` says if its quotes, commas or words are another language's; None: it cannot be told."""
    mended = _TRAILING_COMMA.sub(r"\1", text.translate(_CURLY_QUOTES))
    try:
        return _LENIENT.decode(mended)
    except (ValueError, RecursionError):
        return literal(mended)


def literal(text: str) -> Any:
    """A value as Python writes it; None: it is none."""
    if len(text) > _MAX_LITERAL:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None
