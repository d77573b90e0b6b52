"""Every text field of every door, found in the doors' own documents; and texts nobody means well with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from outdial.api.ringg.agents.operations import NAMES
from outdial.domain.agent import Definition

Json = Any
Schema = Mapping[str, Any]
Path = tuple[str, ...]

PIECES: Final = {
    "long": "x",
    "words": "word ",
    "comments": "<!--",
    "tags": "<a ",
    "placeholders": "{{a}}",
    "braces": "{{",
    "brackets": "[",
    "parentheses": "(",
    "angles": "<",
    "quotes": '"',
    "single quotes": "('\n",
    "backslashes": "\\",
    "lines": "\n",
    "carriage returns": "\r\n",
    "blanks": " ",
    "tabs": "\t",
    "repeats": "(a+)+",
    "optional": "(?:[a-z ]?){99}!",
    "stars": ".*",
    "percent": "%0A",
    "digits": "9",
    "other digits": "०",
    "ordinals": "1st",
    "commas": "1,000",
    "entities": "&#x41;",
    "ampersands": "&",
    "emoji": "\U0001f469\u200d\U0001f4bb",
    "right to left": "\u202e\u0627",
    "marks": "e\u0301",
    "ligatures": "ﷺ",
    "nul": "\0a",
    "control": "\x1b[2J",
    "addresses": "a@b.",
    "urls": "https://a.test/",
    "stops": ".",
    "yaml": "- &a [*a, ",
}
"""Repeated until they fill a body."""
SHAPES: Final[Mapping[str, Callable[[int], str]]] = {
    "deep list": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "fairly deep list": lambda size: ",".join(["[" * 60 + "]" * 60] * (size // 121)).join("[]"),
    "deep object": lambda size: '{"a":' * (size // 6) + "1" + "}" * (size // 6),
    "many items": lambda size: ",".join(["1"] * (size // 2)).join("[]"),
    "many texts": lambda size: ",".join(['"ab"'] * (size // 5)).join("[]"),
    "many lists": lambda size: ",".join(["[]"] * (size // 3)).join("[]"),
    "many members": lambda size: ",".join(f'"m{at:06}":1' for at in range(size // 12)).join("{}"),
    "one member again": lambda size: ",".join(['"a":1'] * (size // 6)).join("{}"),
    "long names": lambda size: f'{{"{"n" * size}":1}}',
    "huge number": lambda size: "9" * size,
    "many large numbers": lambda size: ",".join(["9" * 4_000] * (size // 4_001)).join("[]"),
    "long fraction": lambda size: "0." + "1" * size,
    "endless number": lambda _: "1e999",
    "half surrogates": lambda size: '"' + "\\ud800" * (size // 6) + '"',
    "escapes": lambda size: '"' + "\\u0041" * (size // 6) + '"',
}
"""Raw JSON instead of a text."""
NASTIES: Final = (*PIECES, *SHAPES)
_MARK: Final = "@@nasty@@"


def nasty_json(name: str, size: int) -> str:
    """The nasty as JSON, ``size`` bytes long or a little less."""
    if name in SHAPES:
        return SHAPES[name](size)
    piece = json.dumps(PIECES[name], ensure_ascii=False)[1:-1]
    return '"' + piece * (size // len(piece.encode())) + '"'


def nasty_text(name: str, size: int) -> str:
    """As a form or an address carries it."""
    return PIECES[name] * (size // len(PIECES[name].encode())) if name in PIECES else SHAPES[name](size)


@dataclass(frozen=True)
class Field:
    """A place where text may stand. ``where``: body, form, query, path or header."""

    door: str
    method: str
    route: str
    where: str
    path: Path
    body: Json = None
    """Of the request, with a mark where the nasty goes; a form's are its text fields."""

    @property
    def name(self) -> str:
        return next((part for part in reversed(self.path) if not part.isdecimal()), "")

    def __str__(self) -> str:
        return f"{self.method} {self.door}{self.route} {self.where}:{'.'.join(self.path)}"

    def json_body(self, nasty: str, size: int) -> bytes:
        return json.dumps(self.body, ensure_ascii=False).replace(json.dumps(_MARK), nasty_json(nasty, size)).encode()


class Document:
    """A door's OpenAPI document. ``known``: good values by the field's name."""

    def __init__(self, door: str, document: Schema, known: Mapping[str, Json]) -> None:
        self._door = door
        self._document = document
        self._known = known

    def fields(self) -> Iterator[Field]:
        for route, operations in self._document["paths"].items():
            for method, operation in operations.items():
                for parameter in operation.get("parameters", []):
                    yield Field(self._door, method.upper(), route, parameter["in"], (parameter["name"],))
                for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                    yield from self._of_body(method.upper(), route, kind, content["schema"])

    def _of_body(self, method: str, route: str, kind: str, schema: Schema) -> Iterator[Field]:
        if kind == "multipart/form-data":
            texts = {name: self.sample(part, name) for name, part in self._whole(schema)["properties"].items()}
            for name in texts:
                yield Field(self._door, method, route, "form", (name,), {**texts, name: _MARK})
            return
        for path in self._places(schema):
            for body in self._bodies(schema, path):
                yield Field(self._door, method, route, "body", path, body)
        yield Field(self._door, method, route, "body", ("nobody_knows_this",), {"nobody_knows_this": _MARK})

    def _bodies(self, schema: Schema, path: Path) -> Iterator[Json]:
        """The smallest good body around a place, with the mark there."""
        body = self.sample(schema, "")
        if "operation" in body and path != ("operation",):
            body = {"operation": operation_of(path[0]), "agent_id": self._known["agent_id"]}
        yield placed(body, path, self._around(schema, path))
        if path[-1:] == ("definition",):
            for part in definitions():
                yield placed(body, path, part)

    def _around(self, schema: Schema, path: Path) -> Json:
        return _MARK

    def _places(self, schema: Schema, depth: int = 0) -> Iterator[Path]:
        """Every member of an object that is sent, and what stands in it."""
        for one in self._choices(schema):
            for name, part in one.get("properties", {}).items():
                yield (name,)
                yield from ((name, *below) for below in self._places(part, depth + 1))
            more = one.get("additionalProperties")
            if one.get("type") == "object" and (more is True or (isinstance(more, dict) and more)):
                yield ("any",)
            if "items" in one:
                yield ("0",)
                yield from (("0", *below) for below in self._places(one["items"], depth + 1))

    def sample(self, schema: Schema, name: str) -> Json:
        """The smallest value that fits, with the good values that are known."""
        if name in self._known:
            return self._known[name]
        one = next(iter(self._choices(schema)), {})
        if one.get("properties"):
            return {member: self.sample(one["properties"][member], member) for member in one.get("required", [])}
        if "examples" in schema or "examples" in one:
            return (schema.get("examples") or one["examples"])[0]
        if "enum" in one or "const" in one:
            return one.get("const", (one.get("enum") or [None])[0])
        kinds = {"object": {}, "array": [], "integer": 1, "number": 1, "boolean": True, "null": None}
        return kinds.get(one.get("type", ""), "text")

    def _choices(self, schema: Schema) -> Iterator[Schema]:
        whole = self._whole(schema)
        options = [*whole.get("anyOf", []), *whole.get("oneOf", []), *whole.get("allOf", [])]
        if not options:
            yield whole
        for option in options:
            yield from self._choices(option)

    def _whole(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def placed(body: Json, path: Path, value: Json) -> Json:
    """``body`` with ``value`` at ``path``, made where nothing is."""
    if not path:
        return value
    name, *below = path
    if name.isdecimal():
        first = body[0] if isinstance(body, list) and body else {}
        return [placed(first, tuple(below), value)]
    members = dict(body) if isinstance(body, dict) else {}
    return {**members, name: placed(members.get(name), tuple(below), value)}


_OPERATIONS: Final = {
    "agent_prompt": "edit_prompt",
    "voice_id": "edit_voice",
    "language": "edit_language",
    "agent_display_name": "edit_agent_display_name",
    "custom_variables": "edit_custom_vars",
    "secondary_voice_id": "edit_secondary_voice",
    "kb_id": "attach_kb",
    "number_id": "attach_inbound_number",
    "whitelisted_domains": "edit_agent_whitelisted_domains",
    "agent_id": "edit_intro_message",
    "version_id": "edit_intro_message",
    "mute_while_bot_speaking": "edit_noise_settings",
    "mute_during_intro": "edit_noise_settings",
    "pre_query_response_phrases": "edit_query_phrases",
    "pre_query_phrase_probability": "edit_query_phrases",
    "description": "edit_version_description",
    "ab_versions": "edit_traffic",
    "enabled": "toggle_ab_testing",
}


def operation_of(member: str) -> str:
    """The operation that reads a member of the edits of agents."""
    if member in _OPERATIONS:
        return _OPERATIONS[member]
    return next(name for name in NAMES if name.endswith(member))


_END: Final = {"say": "Bye.", "hang_up": True}


def flows() -> Iterator[tuple[str, Json]]:
    """A flow with the mark in each of the places a text may stand in one."""
    asks = {"ask": "Well?", "expect": [{"hear": "x"}], "go": "b"}
    for name in ("say", "ask", "save", "press", "unclear", "otherwise", "go", "branch", "expect"):
        yield name, {"steps": {"a": {**asks, name: _MARK}, "b": _END}}
    for name in ("hear", "regex", "keys", "value", "say", "go"):
        yield name, {"steps": {"a": {**asks, "expect": [{"hear": "x", name: _MARK}]}, "b": _END}}
    for name in ("start", "always", "unclear", "give_up", "tries", "steps"):
        yield name, {"steps": {"a": _END}, name: _MARK}
    yield "when", {"steps": {"a": {"branch": [{"when": {"x": _MARK}, "go": "b"}], "go": "b"}, "b": _END}}
    for name in ("hear", "say", "press"):
        yield name, {"replies": [{"hear": "x", name: _MARK}]}
    yield "else", {"replies": [{"hear": "x"}], "else": _MARK}


def definitions() -> Iterator[Json]:
    """An agent's definition with the mark in each of the places a text may stand in one."""
    for member in fields(Definition):
        yield {member.name: _MARK}
        yield {member.name: [_MARK]}
        yield {member.name: {"any": _MARK}}
    yield {"prompt": [{"title": _MARK, "content": "x"}]}
    yield {"prompt": [{"title": "x", "content": _MARK}]}
    for name in ("prompt", "keys", "hints", "labels"):
        yield {"analysis": {name: _MARK}}
        yield {"analysis": {name: {"any": _MARK}}}
    for name in ("window_start", "timezone", "retry_count"):
        yield {"call_config": {name: _MARK}}
    for _, flow in flows():
        yield {"flow": flow}
