"""What is promised: operations, their fields and statuses out of the OpenAPI documents, and what webhooks hold."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from api_builders import open_doors
from outdial.api.root import NATIVE_PATH, RINGG_PATH, RINGLY_PATH
from outdial.store.database import Database
from proofs.recorder import members

DOORS: Final[Mapping[str, str]] = {RINGG_PATH: "Ringg", RINGLY_PATH: "Ringly", NATIVE_PATH: "Native"}
EXAMPLES: Final = Path(__file__).parents[1] / "api" / "examples"
JSON: Final = "application/json"


@dataclass(frozen=True, order=True)
class Field:
    """``path``: members joined by points; ``[]`` is any item of a list, ``*`` any key of an open object."""

    where: str
    path: str
    kind: str
    of: str = ""
    """The model it is a member of, and its name there: the same at every operation that shows the model."""


@dataclass(frozen=True, order=True)
class Operation:
    door: str
    method: str
    path: str
    fields: tuple[Field, ...] = ()
    statuses: tuple[int, ...] = ()
    """The refusals, in their order."""

    def __str__(self) -> str:
        return f"{self.method} {self.door}{self.path}"


def documents() -> dict[str, dict[str, Any]]:
    """What each door says of itself now; no database is needed for that."""

    async def ask() -> dict[str, dict[str, Any]]:
        async with open_doors(cast(Database, None), Path()) as doors:
            return {door: (await doors.http.get(f"{door}/openapi.json")).json() for door in DOORS}

    return asyncio.run(ask())


def operations(door: str, document: Mapping[str, Any]) -> list[Operation]:
    reading = _Document(document)
    return sorted(
        Operation(
            door,
            method.upper(),
            path,
            tuple(dict.fromkeys(reading.fields(said))),
            tuple(sorted(int(status) for status in said["responses"] if int(status) >= 400)),
        )
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    )


def refusal_fields(document: Mapping[str, Any]) -> list[Field]:
    """Members of the body that every refusal of this door has."""
    said = next(iter(next(iter(document["paths"].values())).values()))
    (content,) = said["responses"]["401"]["content"].values()
    return list(dict.fromkeys(_Document(document).members(content["schema"], "refusal")))


def webhooks() -> dict[str, list[Field]]:
    """Members of each documented webhook of the Ringg dialect, by the name of its example."""
    found = {}
    for file in sorted((EXAMPLES / "ringg").glob("*.json")):
        exchange = json.loads(file.read_text("utf-8"))
        if "payload" in exchange:
            names = dict.fromkeys(members(exchange["payload"]))
            found[file.stem] = [Field("webhook", name, "") for name in names]
    return found


def pattern(path: str) -> re.Pattern[str]:
    """What a documented path looks like in a real body."""
    return re.compile(re.escape(path).replace(r"\*", r"[^.]+"))


class _Document:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = document.get("components", {}).get("schemas", {})

    def fields(self, said: Mapping[str, Any]) -> Iterator[Field]:
        for one in said.get("parameters", []):
            if one["in"] != "path":
                yield Field(one["in"], one["name"], self._kind(one.get("schema", {})))
        for content in said.get("requestBody", {}).get("content", {}).values():
            yield from self.members(content["schema"], "body")
        for status, answer in said["responses"].items():
            for media, content in answer.get("content", {}).items() if status[0] == "2" else ():
                if media == JSON:
                    yield from self.members(content["schema"], "answer")
                else:
                    yield Field("answer", media, "text" if media.startswith("text/") else "bytes")

    def members(
        self, schema: Mapping[str, Any], where: str, path: str = "", on: tuple[str, ...] = ()
    ) -> Iterator[Field]:
        """The fields below ``schema``; one that holds itself is followed once (``on``: what we stand in)."""
        for branch, names in self._branches(schema, on):
            for name, inner in branch.get("properties", {}).items():
                here = f"{path}.{name}" if path else name
                yield Field(where, here, self._kind(inner), f"{names[-1]}.{name}" if names else "")
                yield from self.members(inner, where, here, names)
            if "items" in branch:
                yield from self.members(branch["items"], where, f"{path}[]", names)
            if isinstance(more := branch.get("additionalProperties"), dict) and more:
                yield from self.members(more, where, f"{path}.*" if path else "*", names)

    def _branches(
        self, schema: Mapping[str, Any], on: tuple[str, ...]
    ) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
        """``schema`` and all it may be instead, each with the names of the models it stands in."""
        if name := schema.get("$ref", "").rpartition("/")[2]:
            if name not in on:
                yield from self._branches(self._schemas[name], (*on, name))
            return
        yield schema, on
        for word in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(word, []):
                yield from self._branches(one, on)

    def _kind(self, schema: Mapping[str, Any]) -> str:
        if name := schema.get("$ref", "").rpartition("/")[2]:
            return self._kind(self._schemas[name])
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                return " or ".join(dict.fromkeys(self._kind(one) for one in schema[word]))
        kind = str(schema.get("format") or schema.get("type") or "any")
        if "enum" in schema or "const" in schema:
            return "one of " + ", ".join(str(one) for one in schema.get("enum", [schema.get("const")]))
        return f"list of {self._kind(schema.get('items', {}))}" if kind == "array" else kind
