"""From a flow as written (YAML or JSON, already loaded) to typed steps, with every fault named by its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final, TypeVar

from outdial.domain.errors import Fault, Invalid, cut
from outdial.domain.limits import (
    MAX_FLOW_BYTES,
    MAX_FLOW_CHOICES,
    MAX_FLOW_NAME_LETTERS,
    MAX_FLOW_STEPS,
    MAX_FLOW_TEXT_LETTERS,
    MAX_PHRASE_LETTERS,
)
from outdial.domain.sizes import json_bytes
from outdial.language.flow_checks import check_ways
from outdial.language.flow_model import Alternative, Branch, Flow, Persona, Reply, Step
from outdial.language.patterns import Pattern, PatternError

T = TypeVar("T")
Path = tuple[str, ...]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYS: Final = re.compile(r"[0-9A-Da-d*#wW,]{1,32}")


def parse(flow: object) -> Flow | Persona:
    """The flow, or the persona when it has ``replies``, as it may be stored: with everything that is wrong named.

    Raises:
        Invalid: with every fault found; paths begin with ``flow``.
    """
    if json_bytes(flow, at_most=MAX_FLOW_BYTES) > MAX_FLOW_BYTES:
        raise Invalid(Fault(("flow",), f"flow is larger than {MAX_FLOW_BYTES // 1024} kB", "too_long"))
    return _parsed(_Reader(stored=False), flow)


def parse_stored(flow: object) -> Flow | Persona:
    """The same of a flow that was stored once: over its limits it still talks, and a pattern of no use never matches.

    Raises:
        Invalid: as ``parse``.
    """
    return _parsed(_Reader(stored=True), flow)


def _parsed(reader: _Reader, flow: object) -> Flow | Persona:
    root = reader.mapping(flow, ("flow",))
    made: Flow | Persona = _persona(reader, root) if "replies" in root else _flow(reader, root)
    if isinstance(made, Flow) and not reader.faults:
        reader.faults += check_ways(made)
    if reader.faults:
        raise Invalid(*reader.faults)
    return made


class _Reader:
    """Takes fields of the expected kind out of loaded YAML and notes what is wrong.

    ``stored``: it was judged when it was stored, and what was allowed then is not over a limit now.
    """

    def __init__(self, *, stored: bool) -> None:
        self.stored = stored
        self.faults: list[Fault] = []

    def fault(self, path: Path, message: str, kind: str = "value_error") -> None:
        self.faults.append(Fault(path, message, kind))

    def bounded(self, length: int, most: int, path: Path, what: str) -> bool:
        """Whether there are no more than ``most`` of them; a fault if there are."""
        if length <= most or self.stored:
            return True
        self.fault(path, f"{cut(path[-1])} has more than {most} {what}", "too_long")
        return False

    def mapping(self, value: object, path: Path) -> Mapping[str, object]:
        if isinstance(value, Mapping):
            # YAML reads a bare yes as True; as a name it is the word.
            return {str(_word(key)): item for key, item in value.items()}
        self.fault(path, f"{path[-1]} must be a mapping")
        return {}

    def known(self, fields: Mapping[str, object], path: Path, allowed: str) -> None:
        """Fault every field that is not in ``allowed``, with the likely spelling."""
        names = allowed.split()
        for field in fields:
            if field not in names:
                close = difflib.get_close_matches(cut(field), names, 1)
                hint = f"did you mean {close[0]}?" if close else f"known are: {', '.join(names)}"
                self.fault((*path, field), f"unknown field {cut(field)}; {hint}")

    def text(self, fields: Mapping[str, object], name: str, path: Path) -> str:
        """Text, or a list of texts said one after the other."""
        if name not in fields:
            return ""
        value = fields[name]
        parts = value if isinstance(value, list) else [value]
        if not self.bounded(len(parts), MAX_FLOW_CHOICES, (*path, name), "texts"):
            return ""
        words = " ".join(str(_word(part)).strip() for part in parts if isinstance(_word(part), str | int | float))
        if not words or any(isinstance(part, Mapping | list) or part is None for part in parts):
            self.fault((*path, name), f"{name} must be text that is not empty")
        else:
            self.bounded(len(words), MAX_FLOW_TEXT_LETTERS, (*path, name), "characters")
        return words

    def flag(self, fields: Mapping[str, object], name: str, path: Path) -> bool:
        value = fields.get(name, False)
        if not isinstance(value, bool):
            self.fault((*path, name), f"{name} must be true or false")
        return value is True

    def count(self, fields: Mapping[str, object], name: str, path: Path, default: int) -> int:
        value = fields.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or (name in fields and not 1 <= value <= 10):
            self.fault((*path, name), f"{name} must be a whole number from 1 to 10")
            return default
        return value

    def shaped(self, fields: Mapping[str, object], name: str, path: Path, shape: re.Pattern[str], what: str) -> str:
        """Text of a given shape; one that still holds a template is checked when it is filled in."""
        text = self.text(fields, name, path)
        if text and not shape.fullmatch(text) and "{{" not in text:
            self.fault((*path, name), f"{name} must be {what}, not {cut(text)!r}")
        return text

    def words(self, fields: Mapping[str, object], name: str, path: Path) -> tuple[str, ...]:
        """One text or a list of texts."""
        value = fields.get(name, [])
        if isinstance(value, list) and not self.bounded(len(value), MAX_FLOW_CHOICES, (*path, name), "entries"):
            return ()
        found = [_word(part) for part in (value if isinstance(value, list) else [value])]
        if not all(isinstance(part, str | int | float) and str(part).strip() for part in found):
            self.fault((*path, name), f"{name} must be a text or a list of texts")
            return ()
        for part in found:
            self.bounded(len(str(part)), MAX_PHRASE_LETTERS, (*path, name), "characters")
        return tuple(str(part) for part in found)

    def each(self, value: object, path: Path, read: Callable[[object, Path], T]) -> tuple[T, ...]:
        items = value if isinstance(value, list) else [value]
        if not self.bounded(len(items), MAX_FLOW_CHOICES, path, "entries"):
            return ()
        return tuple(read(item, (*path, str(at))) for at, item in enumerate(items))


def _word(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _flow(reader: _Reader, root: Mapping[str, object]) -> Flow:
    path = ("flow",)
    reader.known(root, path, "start steps always listen_first unclear give_up tries")
    steps_as_written = root.get("steps", {})
    written = reader.mapping(steps_as_written, ("flow", "steps"))
    for name in steps_as_written if isinstance(steps_as_written, Mapping) else ():
        if not isinstance(name, str):
            reader.fault(
                (*path, "steps", str(name)),
                f"write the step's name {cut(str(name))} in quotes: YAML reads another thing",
            )
    if not reader.bounded(len(written), MAX_FLOW_STEPS, (*path, "steps"), "steps"):
        return Flow("", {}, {})
    for name in written:
        reader.bounded(len(name), MAX_FLOW_NAME_LETTERS, (*path, "steps", name), "characters")
    if not written:
        reader.fault(("flow", "steps"), "a flow needs at least one step")
    steps = {name: _step(reader, name, body) for name, body in written.items()}
    names = list(steps)
    defaults = Flow("", {}, {})
    return Flow(
        start=reader.text(root, "start", path) or (names[0] if names else ""),
        steps=steps,
        after=dict(pairwise(names)),
        always=_alternatives(reader, root.get("always", []), (*path, "always")),
        listen_first=reader.flag(root, "listen_first", path),
        unclear=reader.text(root, "unclear", path) or defaults.unclear,
        give_up=reader.text(root, "give_up", path) or defaults.give_up,
        tries=reader.count(root, "tries", path, defaults.tries),
    )


def _step(reader: _Reader, name: str, body: object) -> Step:
    path = ("flow", "steps", name)
    fields = reader.mapping(body, path)
    reader.known(fields, path, "say press ask save expect unclear tries otherwise branch go hang_up")
    step = Step(
        name=name,
        say=reader.text(fields, "say", path),
        press=reader.shaped(fields, "press", path, _KEYS, "keys of a phone (0-9 A-D * #)"),
        ask=reader.text(fields, "ask", path),
        save=reader.shaped(fields, "save", path, _NAME, "a name of letters, digits and underscores"),
        expect=_alternatives(reader, fields.get("expect", []), (*path, "expect")),
        unclear=reader.text(fields, "unclear", path),
        tries=reader.count(fields, "tries", path, 0),
        otherwise=reader.text(fields, "otherwise", path),
        branch=reader.each(fields.get("branch", []), (*path, "branch"), lambda item, at: _branch(reader, item, at)),
        go=reader.text(fields, "go", path),
        hang_up=reader.flag(fields, "hang_up", path),
    )
    if not step.ask:
        for field in ("save", "expect", "unclear", "tries", "otherwise"):
            if field in fields:
                reader.fault((*path, field), f"{field} needs a question: give the step an ask")
    if isinstance(body, Mapping) and not any((step.ask, step.say, step.press, step.branch, step.hang_up, step.go)):
        reader.fault(path, f"step {cut(name)} does nothing: give it a say or an ask")
    if step.hang_up and (step.ask or step.branch or step.go):
        reader.fault((*path, "hang_up"), "a step that hangs up cannot also ask, branch or go on")
    return step


def _alternatives(reader: _Reader, value: object, path: Path) -> tuple[Alternative, ...]:
    found = reader.each(value, path, lambda item, at: _alternative(reader, item, at))
    reader.bounded(sum(len(one.hears) for one in found), MAX_FLOW_CHOICES, path, "phrases in all")
    return found


def _alternative(reader: _Reader, item: object, path: Path) -> Alternative:
    item = _word(item)
    if isinstance(item, str):
        reader.bounded(len(item), MAX_PHRASE_LETTERS, path, "characters")
        return Alternative(hears=(item,))
    fields = reader.mapping(item, path)
    reader.known(fields, path, "hear regex keys value say go")
    found = Alternative(
        hears=reader.words(fields, "hear", path),
        regex=_regex(reader, fields, path),
        keys=reader.shaped(fields, "keys", path, _KEYS, "keys of a phone (0-9 A-D * #)"),
        value=reader.text(fields, "value", path),
        say=reader.text(fields, "say", path),
        go=reader.text(fields, "go", path),
    )
    if not (found.hears or found.regex or found.keys) and not {"hear", "regex", "keys"} & set(fields):
        reader.fault(path, "an alternative needs hear, regex or keys")
    return found


def _regex(reader: _Reader, fields: Mapping[str, object], path: Path) -> Pattern | None:
    """The pattern, if it can be compiled; one that holds a template is looked at when it is filled in."""
    written = reader.text(fields, "regex", path)
    if not written:
        return None
    pattern = Pattern(written)
    if not reader.stored:
        try:
            pattern.check()
        except PatternError as error:
            reader.fault((*path, "regex"), f"regex cannot be read: {error}")
    return pattern


def _branch(reader: _Reader, item: object, path: Path) -> Branch:
    fields = reader.mapping(item, path)
    reader.known(fields, path, "when go")
    when = reader.mapping(fields.get("when", {}), (*path, "when"))
    reader.bounded(len(when), MAX_FLOW_CHOICES, (*path, "when"), "entries")
    if not when:
        reader.fault((*path, "when"), "when must name at least one answer and its value")
    if "go" not in fields:
        reader.fault((*path, "go"), "a branch needs go, the step it leads to")
    return Branch({name: reader.words(when, name, (*path, "when")) for name in when}, reader.text(fields, "go", path))


def _persona(reader: _Reader, root: Mapping[str, object]) -> Persona:
    path = ("flow",)
    reader.known(root, path, "replies else listen_first")
    replies = reader.each(root["replies"], (*path, "replies"), lambda item, at: _reply(reader, item, at))
    if not replies:
        reader.fault((*path, "replies"), "a persona needs at least one reply")
    otherwise = _reply(reader, root["else"], (*path, "else"), last=True) if "else" in root else Reply(())
    return Persona(replies, otherwise, reader.flag(root, "listen_first", path))


def _reply(reader: _Reader, item: object, path: Path, *, last: bool = False) -> Reply:
    if last and isinstance(item, str):
        item = {"say": item}
    fields = reader.mapping(item, path)
    reader.known(fields, path, "say press hang_up" if last else "hear say press hang_up once")
    reply = Reply(
        hears=reader.words(fields, "hear", path),
        say=reader.text(fields, "say", path),
        press=reader.shaped(fields, "press", path, _KEYS, "keys of a phone (0-9 A-D * #)"),
        hang_up=reader.flag(fields, "hang_up", path),
        once=reader.flag(fields, "once", path),
    )
    if not last and not reply.hears:
        reader.fault((*path, "hear"), "hear must be a text or a list of texts")
    return reply
