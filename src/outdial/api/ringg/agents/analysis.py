"""What an agent's owner wants found out of every talk, in the forms clients send it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from outdial.domain.agent import ANALYSIS_TYPES, AnalysisPlan
from outdial.domain.analysis import fits
from outdial.domain.bounds import text_faults
from outdial.domain.errors import Fault, Invalid, must_be_sound
from outdial.domain.limits import (
    MAX_ANALYSIS_KEYS,
    MAX_ANALYSIS_NAME_LETTERS,
    MAX_ANALYSIS_TEXT_LETTERS,
    MAX_OPTIONS_BYTES,
)
from outdial.domain.sizes import json_bytes

FIELD: Final = "custom_analysis_prompt"
CLIENT: Final = "client_analysis"
LABELS: Final = "classification_labels"
CONTEXT: Final = "analytics_context"
_NESTED: Final = frozenset({"prompt", "keys", "defaults"})
_CLIENT_MEMBERS: Final = frozenset({"context", "goal_key", "keys"})
_CONTEXTS: Final = {"platform_analytics": "platform_context", "client_analytics": "client_context"}
_MOST_LABELS: Final = 10
_MAX_LABEL: Final = 100


def read(value: object, before: AnalysisPlan) -> AnalysisPlan:
    """The plan with ``{prompt, keys: {name: type}, defaults: {name: value}}``, or flat ``{name: description}``, whose
    values are all strings, in the place of what ``before`` asks for; ``{}``: nothing is asked any more.

    Raises:
        Invalid: with every fault.
    """
    asked = _object(FIELD, value)
    must_be_sound(_prompt_faults(asked))
    if not _is_nested(asked):
        return replace(
            before,
            prompt="",
            keys=dict.fromkeys(asked, "string"),
            hints={name: said for name, said in asked.items() if said},
            defaults={},
        )
    return replace(
        before,
        prompt=asked.get("prompt") or "",
        keys=dict(asked.get("keys") or {}),
        hints={},
        defaults=dict(asked.get("defaults") or {}),
    )


def read_client(value: object, before: AnalysisPlan) -> AnalysisPlan:
    """The plan with ``{context, goal_key, keys: {name: {type, default, description}}}``: what it leaves out stays.

    Raises:
        Invalid: with every fault.
    """
    asked = _object(CLIENT, value)
    must_be_sound(_client_faults(asked))
    changed = before
    if "keys" in asked:
        keys: Mapping[str, Mapping[str, Any]] = asked["keys"] or {}
        changed = replace(
            changed,
            keys={name: said.get("type") or "string" for name, said in keys.items()},
            hints={name: said["description"] for name, said in keys.items() if said.get("description")},
            defaults={name: said["default"] for name, said in keys.items() if said.get("default") is not None},
        )
    if "context" in asked:
        changed = replace(changed, context=asked["context"] or "")
    if "goal_key" in asked:
        changed = replace(changed, goal_key=asked["goal_key"] or "")
    if changed.goal_key and changed.goal_key not in changed.keys:
        raise _wrong((CLIENT, "goal_key"), f"{CLIENT}.goal_key is none of the keys", "unknown")
    return changed


def read_labels(value: object) -> dict[str, str]:
    """``{label: description}``.

    Raises:
        Invalid: with every fault.
    """
    labels = _object(LABELS, value)
    must_be_sound(_label_faults(labels))
    return {label.strip(): meaning or "" for label, meaning in labels.items()}


def read_context(value: object, before: AnalysisPlan) -> AnalysisPlan:
    """The plan with ``{platform_analytics: {}, client_analytics: {}}`` merged deeply into what it has.

    Raises:
        Invalid: a part is no object.
    """
    asked = _object(CONTEXT, value)
    changes: dict[str, Any] = {}
    for name, member in _CONTEXTS.items():
        if asked.get(name) is not None:
            changes[member] = _merged(getattr(before, member), _object(name, asked[name], (CONTEXT, name)))
            if json_bytes(changes[member], at_most=MAX_OPTIONS_BYTES) > MAX_OPTIONS_BYTES:
                raise _wrong(
                    (CONTEXT, name), f"{CONTEXT}.{name} may have at most {MAX_OPTIONS_BYTES} bytes", "too_long"
                )
    return replace(before, **changes)


def remembered_client(value: Mapping[str, Any], before: object) -> dict[str, Any]:
    """``client_analysis`` as it is given back: what was sent over what had been sent."""
    held = before if isinstance(before, dict) else {}
    return {"keys": {}, **held, **{name: member for name, member in value.items() if member is not None}}


def _object(name: str, value: object, path: tuple[str, ...] = ()) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path or (name,), f"{name} must be an object", "type")
    return value


def _is_nested(value: Mapping[str, object]) -> bool:
    """A flat form may have keys of these names too, but never an object among its values."""
    return value.keys() <= _NESTED and not isinstance(value.get("keys"), str)


def _prompt_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    if not _is_nested(value):
        yield from _names_faults((FIELD,), value)
        for name, said in value.items():
            yield from _text_faults((FIELD, name), f"the description of {name}", said)
        return
    yield from _text_faults((FIELD, "prompt"), f"{FIELD}.prompt", value.get("prompt"))
    parts = {name: value.get(name) or {} for name in ("keys", "defaults")}
    for name, part in parts.items():
        if not isinstance(part, dict):
            yield Fault((FIELD, name), f"{FIELD}.{name} must be an object", "type")
            return
    yield from _names_faults((FIELD, "keys"), parts["keys"])
    for name, kind in parts["keys"].items():
        yield from _type_faults((FIELD, "keys", name), name, kind)
    for name, default in parts["defaults"].items():
        yield from _default_faults((FIELD, "defaults", name), name, parts["keys"].get(name), default)


def _client_faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    for name in ("context", "goal_key"):
        yield from _text_faults((CLIENT, name), f"{CLIENT}.{name}", value.get(name))
    for name in value:
        if name not in _CLIENT_MEMBERS:
            yield Fault((CLIENT, name), f"{CLIENT}.{name} is not a known field", "unknown")
    keys = value.get("keys") or {}
    if not isinstance(keys, dict):
        yield Fault((CLIENT, "keys"), f"{CLIENT}.keys must be an object", "type")
        return
    yield from _names_faults((CLIENT, "keys"), keys)
    for name, said in keys.items():
        path = (CLIENT, "keys", name)
        if not isinstance(said, dict):
            yield Fault(path, f"{name} must be an object with a type", "type")
            continue
        yield from _text_faults((*path, "description"), f"the description of {name}", said.get("description"))
        kind = said.get("type") or "string"
        yield from _type_faults((*path, "type"), name, kind)
        yield from _default_faults((*path, "default"), name, kind, said.get("default"))


def _label_faults(labels: Mapping[str, Any]) -> Iterator[Fault]:
    if len(labels) > _MOST_LABELS:
        yield Fault((LABELS,), f"{LABELS} may hold at most {_MOST_LABELS} labels", "too_long")
    for label, meaning in labels.items():
        if not label.strip() or len(label) > _MAX_LABEL:
            yield Fault((LABELS, label), f"labels must be 1 to {_MAX_LABEL} characters", "format")
        yield from _text_faults((LABELS, label), f"the description of {label}", meaning)


def _text_faults(path: tuple[str, ...], what: str, text: object) -> Iterator[Fault]:
    if not isinstance(text, str | None):
        yield Fault(path, f"{what} must be a string", "type")
    else:
        yield from text_faults(text or "", MAX_ANALYSIS_TEXT_LETTERS, *path)


def _names_faults(path: tuple[str, ...], keys: Mapping[str, Any]) -> Iterator[Fault]:
    if len(keys) > MAX_ANALYSIS_KEYS:
        yield Fault(path[:1], f"{path[0]} may hold at most {MAX_ANALYSIS_KEYS} keys", "too_long")
    for name in keys:
        if not name.strip() or len(name) > MAX_ANALYSIS_NAME_LETTERS:
            yield Fault((*path, name), f"names of keys must be 1 to {MAX_ANALYSIS_NAME_LETTERS} characters", "format")


def _type_faults(path: tuple[str, ...], name: str, kind: object) -> Iterator[Fault]:
    if kind not in ANALYSIS_TYPES:
        yield Fault(path, f"the type of {name} must be one of {', '.join(ANALYSIS_TYPES)}", "unknown")


def _default_faults(path: tuple[str, ...], name: str, kind: object, default: object) -> Iterator[Fault]:
    if default is None:
        return
    if kind is None:
        yield Fault(path, f"there is a default for {name}, which is none of the keys", "unknown")
    elif kind in ANALYSIS_TYPES and not fits(default, str(kind)):
        yield Fault(path, f"the default of {name} is not of the type {kind}", "type")


def _merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in changes.items():
        held = merged.get(name)
        merged[name] = _merged(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return merged


def _wrong(path: tuple[str, ...], message: str, kind: str) -> Invalid:
    return Invalid(Fault(path, message, kind))
