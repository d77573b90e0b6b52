"""``@{{name}}`` and ``{{name}}`` in the words of an agent (Ringg §2.4, Ringly §4).

One pass: a value is data, never expanded again. A missing value is said as nothing, never as braces; the blanks around
such a gap are tidied, the blanks inside values and elsewhere stay as they were written.

What stands in the braces is a name. Beside plain ones (letters, digits, underscores) a call may bring a variable of
just that name (``{{First Name}}``), or an object with such a member (``{{order.id}}``). Anything else in braces, such
as ``{{ name | default }}``, can never be filled: it is said as nothing, too, and whoever stores the agent is told.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

_PLACEHOLDER: Final = re.compile(r"@?(?:\{\{(\{[^{}\n]{0,200}\})\}\}|\{\{([^{}\n]{0,200})\}\})")
"""Bounded, so that a million braces are read in one go. Three braces are read as two."""
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ANY_NAME: Final = re.compile(r"[\w .'-]+")
_BRACES: Final = re.compile(r"\{\{|\}\}")
_BLANKS: Final = " \t"
_PUNCTUATION: Final = tuple(",.!?;:")


@dataclass(frozen=True)
class Rendered:
    """A text with its values filled in, and the names, in order and once each, that had none."""

    text: str
    missing: tuple[str, ...] = ()


def render(text: str, values: Mapping[str, Any]) -> Rendered:
    """``text`` with every placeholder replaced by its value as it is spoken, see ``spoken``."""
    literals, names = _split(text)
    missing = tuple(dict.fromkeys(name for name in names if value_of(name, values) is None))
    said = [spoken(value_of(name, values)) for name in names]
    return Rendered(_join(literals, said), missing)


def names_in(text: str) -> tuple[str, ...]:
    """The names ``text`` refers to, in order and once each; without what can be no name."""
    return tuple(dict.fromkeys(name for name in _split(text)[1] if _ANY_NAME.fullmatch(name)))


def odd_placeholders(text: str) -> tuple[str, ...]:
    """What stands in braces and is no plain name, in order and once each; also braces that are no pair."""
    literals, names = _split(text)
    odd = [name or "{{}}" for name in names if not _PLAIN_NAME.fullmatch(name)]
    odd += [found[0] for literal in literals for found in _BRACES.finditer(literal)]
    return tuple(dict.fromkeys(odd))


def value_of(name: str, values: Mapping[str, Any]) -> Any:
    """The value of that name, else of a member of an object (``order.id`` is ``id`` in ``order``); None without one."""
    if (value := values.get(name)) is not None or "." not in name:
        return value
    first, _, rest = name.partition(".")
    whole = values.get(first)
    return value_of(rest, whole) if isinstance(whole, Mapping) else None


def spoken(value: Any) -> str:
    """A JSON value in words: numbers in shortest decimal form, null as nothing, objects and lists as compact JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _shortest(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def strings_in(tree: Any) -> Iterator[str]:
    """Every string in a tree of JSON values; the names of an object's members are not among them."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for member in tree.values():
            yield from strings_in(member)
    elif isinstance(tree, list | tuple):
        for member in tree:
            yield from strings_in(member)


def render_tree(tree: Any, values: Mapping[str, Any], leave: frozenset[str] = frozenset()) -> Any:
    """A tree of JSON values with every string rendered, but for the texts of members named in ``leave``.

    The names of an object's members stay.
    """
    if isinstance(tree, str):
        return render(tree, values).text
    if isinstance(tree, Mapping):
        return {
            name: member if name in leave and not isinstance(member, Mapping) else render_tree(member, values, leave)
            for name, member in tree.items()
        }
    if isinstance(tree, list | tuple):
        return [render_tree(member, values, leave) for member in tree]
    return tree


def _shortest(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _split(text: str) -> tuple[list[str], list[str]]:
    """The text between placeholders (one piece more than there are placeholders) and the placeholders' names."""
    pieces = _PLACEHOLDER.split(text)
    names = [(three or two or "").strip("{}") for three, two in zip(pieces[1::3], pieces[2::3], strict=True)]
    return pieces[0::3], [" ".join(name.split()) for name in names]


def _join(literals: list[str], said: list[str]) -> str:
    """Literals and values in turn; where a value is empty, its two neighbours close the gap between them."""
    done: list[str] = []
    open_piece = literals[0]
    for position, (value, following) in enumerate(zip(said, literals[1:], strict=True), start=1):
        if value:
            done += (open_piece, value)
            open_piece = following
        else:
            ends = position == len(said)
            open_piece = _close_gap(open_piece, following, first=not done, last=ends)
    return "".join((*done, open_piece))


def _close_gap(before: str, after: str, *, first: bool, last: bool) -> str:
    head, tail = before.rstrip(_BLANKS), after.lstrip(_BLANKS)
    blank = head != before or tail != after
    at_start = head.endswith("\n") or (not head and first)
    at_end = tail.startswith(("\n", *_PUNCTUATION)) or (not tail and last)
    return head + (" " if blank and not at_start and not at_end else "") + tail
