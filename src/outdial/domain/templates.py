"""``@{{name}}`` and ``{{name}}`` in the words of an agent (Ringg §2.4, Ringly §4).

One pass, in time linear in the text and what it becomes: a value is data, never expanded again. A missing value is
said as nothing, never as braces; the blanks around such a gap are tidied, those inside values and elsewhere stay as
they were written.

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

from outdial.domain.limits import MAX_FLOW_TEXT_LETTERS, MAX_RENDERED_FLOW_LETTERS, MAX_RENDERED_LETTERS

_PLACEHOLDER: Final = re.compile(r"@?(?:\{\{(\{[^{}]{0,200}\})\}\}|\{\{([^{}]{0,200})\}\})")
"""Bounded, so that a million braces are read in one go. Three braces are read as two."""
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ANY_NAME: Final = re.compile(r"[\w .'-]+")
_BRACES: Final = re.compile(r"\{\{|\}\}|\$?\{[A-Za-z_][\w .-]{0,60}\}(?!\})|[{<]%[^%{}<>]{0,200}%[}>]")
"""Braces that are no pair, and placeholders as other tools write them: ``{name}``, ``${name}``, ``{% if x %}``."""
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
"""What copies from web pages hide between letters."""
_BLANKS: Final = " \t"
_PUNCTUATION: Final = tuple(",.!?;:")
_WORD_LETTERS: Final = 100
"""How far before the limit a blank is looked for, so that no word is cut in two."""


@dataclass(frozen=True)
class Rendered:
    """A text with its values filled in, and the names, in order and once each, that had none.

    ``is_cut``: it would have been longer than it may be.
    """

    text: str
    missing: tuple[str, ...] = ()
    is_cut: bool = False


def render(text: str, values: Mapping[str, Any], letters: int = MAX_RENDERED_LETTERS) -> Rendered:
    """``text`` with every placeholder replaced by its value as it is spoken, see ``spoken``.

    A text that its values make longer than ``letters`` ends there, at a blank.
    """
    literals, names = _split(text)
    if not names:
        return Rendered(text)
    found = {name: value_of(name, values) for name in dict.fromkeys(names)}
    words = {name: spoken(value) for name, value in found.items()}
    missing = tuple(name for name, value in found.items() if value is None)
    # Sums of lengths only: a large value in many places is not written down first and cut then.
    within, is_cut = _places_within(literals, [len(words[name]) for name in names], letters)
    joined = _join(literals[: within + 1], [words[name] for name in names[:within]])
    return Rendered(_cut(joined, letters) if is_cut else joined, missing, is_cut)


def rendered_letters(text: str, values: Mapping[str, Any]) -> int:
    """How long ``text`` would become, at most, with its values filled in."""
    if "{{" not in text:
        return len(text)
    literals, names = _split(text)
    words = {name: len(spoken(value_of(name, values))) for name in dict.fromkeys(names)}
    return sum(map(len, literals)) + sum(words[name] for name in names)


def names_in(text: str) -> tuple[str, ...]:
    """The names ``text`` refers to, in order and once each; without what can be no name."""
    return tuple(dict.fromkeys(name for name in _split(text)[1] if _ANY_NAME.fullmatch(name)))


def odd_placeholders(text: str) -> tuple[str, ...]:
    """What stands in braces and is no plain name, in order and once each.

    Also braces that are no pair, and placeholders of other tools.
    """
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


def render_tree(
    tree: Any, values: Mapping[str, Any], leave: frozenset[str] = frozenset(), letters: int = MAX_RENDERED_FLOW_LETTERS
) -> Any:
    """A tree of JSON values with every string rendered, but for the texts of members named in ``leave``.

    The names of an object's members stay. All that is filled in has ``letters`` at most; texts beyond are left empty.
    """
    return _Tree(values, leave, letters).rendered(tree)


class _Tree:
    """Renders a tree, and counts what its texts become."""

    def __init__(self, values: Mapping[str, Any], leave: frozenset[str], letters: int) -> None:
        self._values = values
        self._leave = leave
        self._left = letters

    def rendered(self, tree: Any) -> Any:
        if isinstance(tree, str):
            return self._text(tree)
        if isinstance(tree, Mapping):
            return {
                name: member if name in self._leave and not isinstance(member, Mapping) else self.rendered(member)
                for name, member in tree.items()
            }
        if isinstance(tree, list | tuple):
            return [self.rendered(member) for member in tree]
        return tree

    def _text(self, text: str) -> str:
        if "{{" not in text:
            return text
        done = render(text, self._values, max(0, min(self._left, MAX_FLOW_TEXT_LETTERS))).text
        self._left -= len(done)
        return done


def _shortest(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _split(text: str) -> tuple[list[str], list[str]]:
    """The text between placeholders (one piece more than there are placeholders) and the placeholders' names."""
    pieces = _PLACEHOLDER.split(text)
    names = [(three or two or "").strip("{}") for three, two in zip(pieces[1::3], pieces[2::3], strict=True)]
    return pieces[0::3], [" ".join(_INVISIBLE.sub("", name).split()) for name in names]


def _places_within(literals: list[str], lengths: list[int], letters: int) -> tuple[int, bool]:
    """How many placeholders are needed for the first ``letters``, and whether anything stands behind these."""
    taken = len(literals[0])
    for place, (length, following) in enumerate(zip(lengths, literals[1:], strict=True), start=1):
        taken += length + len(following)
        if taken > letters:
            return place, True
    return len(lengths), False


def _cut(text: str, letters: int) -> str:
    short = text[:letters]
    if len(text) > letters and (at := short.rfind(" ", letters - _WORD_LETTERS)) > 0:
        short = short[:at]
    return short.rstrip(_BLANKS)


def _join(literals: list[str], said: list[str]) -> str:
    """Literals and values in turn; where a value is empty, its two neighbours close the gap between them."""
    done: list[str] = []
    open_pieces = [literals[0]]
    for position, (value, following) in enumerate(zip(said, literals[1:], strict=True), start=1):
        if value:
            done += (*open_pieces, value)
            open_pieces = [following]
        else:
            _close_gap(open_pieces, following, first=not done, last=position == len(said))
    return "".join((*done, *open_pieces))


def _close_gap(before: list[str], after: str, *, first: bool, last: bool) -> None:
    """Put ``after`` behind the pieces ``before``, with one blank between them if there was one and it is of use."""
    blank = False
    while before:
        head = before[-1].rstrip(_BLANKS)
        blank = blank or head != before[-1]
        before[-1] = head
        if head:
            break
        before.pop()
    tail = after.lstrip(_BLANKS)
    blank = blank or tail != after
    at_start = before[-1].endswith("\n") if before else first
    at_end = tail.startswith(("\n", *_PUNCTUATION)) or (not tail and last)
    before += (" " if blank and not at_start and not at_end else "", tail)
