"""Tool calls that a model writes as text, in whatever form it was trained on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from outdial.language.chat_moves import ToolCall, plain_name
from outdial.language.chat_prompt import END_CALL, NOTE, PRESS_DIGITS
from outdial.language.lenient_json import balanced_end, json_of, objects_in

POSITIONS: Final[Mapping[str, tuple[str, ...]]] = {END_CALL: (), PRESS_DIGITS: ("digits",), NOTE: ("name", "value")}
"""Our tools, and the order in which arguments without names are meant."""
_OURS: Final = "|".join(POSITIONS)
_MAX_CALLS: Final = 16
_MAX_ARGUMENTS: Final = 2_000
_MAX_DEPTH: Final = 8
_ARGUMENTS: Final = ("arguments", "parameters", "args", "input", "params", "kwargs", "tool_input", "action_input")
_NAMES: Final = ("name", "tool_name", "tool", "function_name", "recipient_name", "function", "action", "command")
_MAY_BE_PROSE: Final = frozenset({"action", "command"})
_LISTS: Final = ("tool_calls", "tool_uses", "function_calls", "calls")
_PREFIX: Final = r"(?:\w{1,12}[:_]|[|｜]DSML[|｜])?"
_ELEMENT: Final = re.compile(
    rf"""<{_PREFIX}(?:function|invoke|tool_call|tool|tool_use)[=\s(]+(?:name\s*=\s*)?["']?([\w.:-]{{1,64}})["']?""",
    re.IGNORECASE,
)
_PARAMETER: Final = re.compile(
    rf"""<{_PREFIX}parameter(?:=|\s+name\s*=\s*)["']?([\w-]{{1,64}})["']?[^<>]{{0,40}}>(.{{0,500}}?)"""
    rf"(?:</{_PREFIX}parameter>|(?=<{_PREFIX}parameter)|(?=</{_PREFIX}(?:function|invoke))|\Z)"
    rf"|<{_PREFIX}arg_key>(.{{0,64}}?)</{_PREFIX}arg_key>\s*<{_PREFIX}arg_value>(.{{0,500}}?)</{_PREFIX}arg_value>"
    r"|<(?P<child>name|value|digits)>(?P<content>.{0,500}?)</(?P=child)>",
    re.IGNORECASE | re.DOTALL,
)
_QUOTE_TOKEN: Final = re.compile(r"<escape>|<\|\"\|>")
"""A quotation mark, as some models write it in calls."""
_OUR_NAME: Final = re.compile(rf"(?<![\w])({_OURS})(?![\w])", re.IGNORECASE)


def calls_in(text: str) -> list[ToolCall]:
    """The calls that ``text`` makes, which a model set apart as calls; ``arguments`` are JSON."""
    text = _QUOTE_TOKEN.sub('"', text)
    return _elements(text) or _objects(text) or list(_named(text))


def call_of(value: Mapping[str, Any], depth: int = _MAX_DEPTH) -> list[ToolCall]:
    """The calls an object stands for; none: it is something else. ``depth``: so many objects may be in one another."""
    if depth == 0:
        return []
    for several in _LISTS:
        if isinstance(value.get(several), list):
            ones = [one for one in value[several][:_MAX_CALLS] if isinstance(one, dict)]
            return [call for one in ones for call in call_of(one, depth - 1)]
    inner = value.get("function", value.get("function_call"))
    if isinstance(inner, dict):
        return call_of(inner, depth - 1)
    for key in _NAMES:
        if isinstance(name := value.get(key), str) and (key not in _MAY_BE_PROSE or plain_name(name) in POSITIONS):
            given = next((value[key] for key in _ARGUMENTS if key in value), None)
            if given is not None or plain_name(name) in POSITIONS:
                rest = {member: content for member, content in value.items() if member != key}
                return [ToolCall(name=plain_name(name), arguments=_json(rest if given is None else given))]
    ours = [
        name for name in value if plain_name(name) in POSITIONS and isinstance(value[name], dict | str | bool | None)
    ]
    return [ToolCall(name=plain_name(name), arguments=_json(value[name])) for name in ours if value[name] is not False]


def written_arguments(name: str, text: str) -> str:
    """What stands in a call's parentheses, as JSON: an object, or arguments as Python writes them."""
    text = text.strip()[:_MAX_ARGUMENTS]
    if text.startswith("{"):
        return text
    try:
        call = ast.parse(f"_({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    if not isinstance(call, ast.Call):
        return ""
    places = zip(POSITIONS.get(plain_name(name), ()), call.args, strict=False)
    named = [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg]
    return _json({key: node.value for key, node in [*places, *named] if isinstance(node, ast.Constant)})


def _elements(text: str) -> list[ToolCall]:
    """``<function=name>…</function>``, ``<invoke name="…">…</invoke>`` and their like."""
    calls = []
    for start, inside in _sections(_ELEMENT, text):
        given = _parameters(inside) or next(objects_in(inside), {})
        calls.append(ToolCall(name=plain_name(start[1]), arguments=_json(given)))
    return calls


def _objects(text: str) -> list[ToolCall]:
    return [call for found in objects_in(text) for call in call_of(found)][:_MAX_CALLS]


def _named(text: str) -> Iterator[ToolCall]:
    """One of our names, with what follows it up to the next: parentheses, an object, tags of keys and values."""
    for name, following in _sections(_OUR_NAME, text):
        inside = following.removeprefix(".call")
        if inside.lstrip().startswith("("):
            begins = inside.index("(")
            closes = balanced_end(inside, begins)
            given = written_arguments(name[1], inside[begins + 1 : closes - 1 if closes > 0 else len(inside)])
        else:
            given = _json(_parameters(inside) or next(objects_in(inside), {}))
        # Without arguments only hanging up makes sense, and "note" is a word like any other.
        if plain_name(name[1]) == END_CALL or given not in ("", "{}"):
            yield ToolCall(name=plain_name(name[1]), arguments=given)


def _parameters(text: str) -> dict[str, str]:
    """Keys and values that stand in elements."""
    return {one[1] or one[3] or one[5]: (one[2] or one[4] or one[6] or "").strip() for one in _PARAMETER.finditer(text)}


def _sections(heading: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each heading, with the text from there to the next one."""
    found = list(islice(heading.finditer(text), _MAX_CALLS))
    for at, one in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        yield one, text[one.end() : end]


def _json(value: object) -> str:
    return value if isinstance(value, str) else json_of({} if value is None else value)
